import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../../test/support/bare-platform.ts';
import { samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { clientOf } from '../../test/support/world.ts';
import { registerConsent } from '../consent/register.ts';
import { bareEnvironment } from '../../test/support/bare-environment.ts';

let database: TestDatabase;
let bare: BarePlatform;
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
});
after(async () => {
  await bare.close();
  await database.drop();
});

const CLIENT = clientOf(1).id;
let made = 0;
const register = () =>
  registerConsent(bare.platform, {
    clientId: CLIENT,
    nin: syntheticNin('14842249091'),
    purpose: 'processing',
    duration: { kind: 'days', days: 3 },
    externalId: `own-${++made}`,
    actor: 'client',
    traceId: 'test',
  });
const tail = (...args: readonly string[]) => samtykkeHere(nodeOver(database), ['feed', 'tail', ...args]);

test('F1: the feed of a client is shown from a number on, for people, and for programs as the client reads it', async () => {
  const consent = await register();
  await register();
  const text = await tail(CLIENT, '--from', '2', '--no-follow');
  assert.deepEqual([text.code, text.stderr], [0, '']);
  assert.match(
    text.stdout,
    new RegExp(`^2  20\\S+ \\S+  created   ${consent.id}  processing  own-1\\n3  .*  own-2\\n$`),
  );
  const json = await tail(CLIENT, '--from', '3', '--no-follow', '--json');
  const [event, ...more] = json.stdout.trimEnd().split('\n');
  assert.deepEqual(more, []);
  const { sequenceNr, eventType, samtykkeOpprettetEvent } = JSON.parse(event ?? '');
  assert.deepEqual(
    [sequenceNr, eventType, samtykkeOpprettetEvent.externalConsentId],
    [3, 'SAMTYKKE_OPPRETTET', 'own-2'],
  );
  assert.deepEqual(
    await tail(CLIENT, '--no-follow'),
    { code: 0, stdout: '', stderr: '' },
    'only what comes from now on',
  );
});

test('F2: it follows as the feed grows, also while the database is away for a moment, and ends at Ctrl-C without an error', async () => {
  const stop = new AbortController();
  const told = { text: '', until: (_text: string): void => undefined };
  const heard = (text: string): void => {
    told.text += text;
    told.until(told.text);
  };
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      told.until = (text) => {
        if (pattern.test(text)) resolve();
      };
      told.until(told.text);
    });
  const env = nodeOver(database);
  const tailing = samtykkeHere(env, ['feed', 'tail', CLIENT, '--from', '2'], { heard, interrupted: stop.signal });
  await until(/own-2\n$/);
  await register();
  await until(/own-3\n$/);
  await withClient(database.superuserUrl, (client) =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'samtykke command%'`,
    ),
  );
  await register();
  await until(/own-4\n$/);
  stop.abort();
  const { code, stdout } = await tailing;
  assert.equal(code, 0);
  assert.equal(stdout.trimEnd().split('\n').length, 4, 'each once');
});

test('R3: numbers that are gone are told, and what is no client, number or flag', async () => {
  await withClient(database.superuserUrl, (client) =>
    client.query(
      "update feed_event set recorded_at = recorded_at - interval '9 days' where seq < 4 and client_id = $1",
      [CLIENT],
    ),
  );
  const gone = await tail(CLIENT, '--from', '0', '--no-follow');
  assert.equal(gone.code, 0);
  assert.match(gone.stderr, /numbers below 4 cannot be read any more/);
  for (const [args, code, message] of [
    [['nobody'], 1, /there is no client 'nobody'/],
    [[CLIENT, '--from', 'x'], 64, /--from is 'x'/],
    [[CLIENT, '--folow'], 64, /unknown option '--folow'/],
    [[], 64, /missing required argument 'client'/],
  ] as const) {
    const wrong = await tail(...args);
    assert.deepEqual([wrong.code, wrong.stdout], [code, '']);
    assert.match(wrong.stderr, message);
  }
});

const MAIN = join(import.meta.dirname, 'main.ts');
/** The command in a process of its own, whose ends are ours to break. */
function tailProcess() {
  const child = spawn(process.execPath, [MAIN, 'feed', 'tail', CLIENT, '--from', '4'], {
    env: { ...bareEnvironment(), ...nodeOver(database) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return { child, closed: once(child, 'exit'), stderr: () => stderr };
}

test('R3: Ctrl-C ends the command with exit code 0, and so does a reader that has read enough', async () => {
  const [stopped, unread] = [tailProcess(), tailProcess()];
  await Promise.all([once(stopped.child.stdout, 'data'), once(unread.child.stdout, 'data')]);
  stopped.child.kill('SIGINT');
  unread.child.stdout.destroy();
  await register();
  assert.deepEqual(await Promise.all([stopped.closed, unread.closed]), [
    [0, null],
    [0, null],
  ]);
  assert.deepEqual([stopped.stderr(), unread.stderr()], ['', '']);
});
