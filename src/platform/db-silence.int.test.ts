import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openSilentProxy, type SilentProxy } from '../../test/support/silent-proxy.ts';
import { queryNamed } from './db-query.ts';
import { watchSilence, watched } from './db-silence.ts';

const LONGEST_MS = 800;
const ONE = { name: 'one', text: 'select 1 as one' };

let database: TestDatabase;
let proxy: SilentProxy;
const clients: pg.Client[] = [];
const watch = watchSilence(LONGEST_MS);

const connected = async (): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: proxy.url });
  client.on('error', () => undefined); // it is cut
  await client.connect();
  watch.add(client);
  clients.push(client);
  return client;
};
/** How it failed, and after how long. */
const failureOf = async (asked: Promise<unknown>): Promise<{ reason: unknown; ms: number }> => {
  const begun = performance.now();
  const [outcome] = await Promise.allSettled([asked]);
  assert.equal(outcome.status, 'rejected');
  return { reason: outcome.status === 'rejected' ? outcome.reason : undefined, ms: performance.now() - begun };
};

before(async () => {
  database = await createDatabase();
  proxy = await openSilentProxy(database.superuserUrl);
});
after(async () => {
  await proxy?.close();
  await Promise.allSettled(clients.map((client) => client.end()));
  await database?.drop();
});

test('E3: who hears nothing for too long is cut, each after its own time, and who has nothing to hear is not', async () => {
  const [first, second, idle] = [await connected(), await connected(), await connected()];
  for (const client of [first, second, idle]) assert.deepEqual(await queryNamed(client, ONE, []), [{ one: 1 }]);
  // Answered long ago: nothing is under way.
  await sleep(LONGEST_MS * 2);
  assert.deepEqual(await queryNamed(first, ONE, []), [{ one: 1 }]);

  proxy.isSilent = true;
  const byStatement = failureOf(queryNamed(first, ONE, []));
  await sleep(LONGEST_MS / 2);
  const byCommit = failureOf(watched(second, () => second.query('commit')));
  for (const { reason, ms } of [await byStatement, await byCommit]) {
    assert.match(String(reason), /Connection terminated/);
    // A timer may be a moment early; a machine that is busy makes it late.
    assert.ok(ms > LONGEST_MS * 0.9 && ms < LONGEST_MS + 5_000, `${ms} ms`);
  }

  proxy.isSilent = false;
  assert.deepEqual(await queryNamed(idle, ONE, []), [{ one: 1 }]);
});

test('E3: of several that wait behind each other each answer gives the next one its time, and the last is watched too', async () => {
  const client = await connected();
  const slow = { name: 'slow', text: `select 1 as one, pg_sleep(${(LONGEST_MS * 0.4) / 1000})` };
  const answers = await Promise.all([1, 2, 3].map(() => queryNamed(client, slow, [])));
  assert.equal(answers.length, 3);
  const first = queryNamed(client, ONE, []);
  const last = failureOf(queryNamed(client, { name: 'long', text: `select pg_sleep(${(LONGEST_MS * 8) / 1000})` }, []));
  assert.deepEqual(await first, [{ one: 1 }]);
  const { ms } = await last;
  assert.ok(ms < LONGEST_MS * 7, `${ms} ms`);
});

test('what fails of itself is not watched any longer', async () => {
  const client = await connected();
  await assert.rejects(queryNamed(client, { name: 'wrong', text: 'select 1 / 0' }, []), { code: '22012' });
  await assert.rejects(
    watched(client, () => client.query('no sql')),
    { code: '42601' },
  );
  await sleep(LONGEST_MS * 2);
  assert.deepEqual(await queryNamed(client, ONE, []), [{ one: 1 }]);
});
