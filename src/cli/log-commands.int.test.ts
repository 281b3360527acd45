import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../../test/support/bare-platform.ts';
import { jsonOfCommand, samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { clientOf, type Json } from '../../test/support/world.ts';
import { logSealer } from '../audit/evidence/seal-rows.ts';
import { registerConsent } from '../consent/register.ts';
import { bareEnvironment } from '../../test/support/bare-environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-log-'));
let database: TestDatabase;
let bare: BarePlatform;
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
  for (const [client, nin] of [
    [1, '14842249091'],
    [2, '14842249091'],
    [1, '07857193886'],
  ] as const) {
    await register(client, nin);
  }
  await inspect(
    `insert into audit_log (at, kind, actor, client_id, change, done_by) values
     (clock_timestamp(), 'client_changed', 'operator', '${clientOf(1).id}', '[{"field": "name", "after": "=cmd()"}]', '=kari')`,
  );
  await logSealer(bare.platform, { leastSeconds: 0 }).seal();
  await register(1, '07857193886');
});
after(async () => {
  await bare.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
const register = (client: 1 | 2, nin: string) =>
  registerConsent(bare.platform, {
    clientId: clientOf(client).id,
    nin: syntheticNin(nin),
    purpose: 'processing',
    duration: { kind: 'days', days: 3 },
    externalId: `own-${++made}`,
    actor: 'client',
    traceId: `trace-${made}`,
  });
const inspect = (text: string) => withClient(database.superuserUrl, (superuser) => superuser.query(text));
const log = (args: readonly string[], stdin?: string) =>
  samtykkeHere(nodeOver(database), ['log', ...args], stdin === undefined ? {} : { stdin });
const answer = (...args: readonly string[]): Promise<Json> => jsonOfCommand(nodeOver(database), ['log', ...args]);
/** Without a database, as a supervisor has it. */
const elsewhere = (args: readonly string[], stdin?: string) =>
  samtykkeHere({ DATA_DIR: folder, DATABASE_URL: 'nonsense' }, ['log', ...args], stdin === undefined ? {} : { stdin });

test('C7: an intact log is told ok, with counts, times and the hash to note; a noted hash is found again', async () => {
  const verdict = await answer('verify');
  assert.deepEqual([verdict.ok, verdict.rows], [true, { intact: 4, purged: 0, waiting: 1 }]);
  const { hash } = verdict.lastSeal;
  const text = await log(['verify', '--expect', hash]);
  assert.deepEqual([text.code, text.stderr], [0, '']);
  assert.match(
    text.stdout,
    /^ok: 4 rows as sealed, in 1 seal\nrows from {2}20\S+ \S+ to 20\S+ \S+ \(UTC\)\nwaiting {4}1 row in no seal yet\n/,
  );
  assert.ok(text.stdout.endsWith(`its hash   ${hash}\n`));
  assert.equal((await log(['verify', '--since', '1'])).code, 0);

  const gone = await log(['verify', '--expect', 'a'.repeat(64)]);
  assert.deepEqual([gone.code, gone.stdout.startsWith('not ok: ')], [1, true]);
  assert.match(gone.stderr, /^samtykke: no seal has the hash a{64}\n/);
  assert.deepEqual((await log(['verify', '--since', '7'])).stderr, 'samtykke: there is no seal 7 nor any after it\n');
});

test('C7: an export is verified elsewhere, by keys got elsewhere, without a database; what was changed in it is named', async () => {
  const [file, keys] = [join(folder, 'log.ndjson'), join(folder, 'keys.json')];
  const exported = await log(['export']);
  assert.deepEqual([exported.code, exported.stderr], [0, 'samtykke: 5 rows of the log exported\n']);
  writeFileSync(file, exported.stdout);
  writeFileSync(keys, (await samtykkeHere(nodeOver(database), ['keys', 'public', 'seals'])).stdout);
  assert.ok(!exported.stdout.includes('14842249091') && !readFileSync(keys, 'utf8').includes('"d"'));

  const intact = await elsewhere(['verify', '--file', file, '--jwks', keys, '--json']);
  assert.deepEqual([intact.code, intact.stderr], [0, '']);
  const told = JSON.parse(intact.stdout);
  assert.deepEqual([told.ok, told.rows.intact, told.export.whole], [true, 4, true]);
  const own = await elsewhere(['verify', '--file', '-'], exported.stdout);
  assert.equal(own.code, 0);
  assert.match(own.stderr, /these are the keys that the export brings along/);

  const changed = await elsewhere(
    ['verify', '--file', '-', '--jwks', keys],
    exported.stdout.replace('trace-2', 'trace-9'),
  );
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /^samtykke: row 2 of 20\S+ \S+ has been changed \(seal 1\)\n/);
  const cut = await elsewhere(['verify', '--file', '-', '--jwks', keys], exported.stdout.slice(0, 500));
  assert.deepEqual([cut.code, cut.stdout], [1, '']);
  assert.match(cut.stderr, /this is no whole export: line 1 is no line of an export/);
  for (const [args, message] of [
    [['--file', join(folder, 'nowhere')], /cannot be read \(ENOENT\)/],
    [['--file', file, '--jwks', file], /holds no JSON/],
    [['--file', file, '--jwks', join(folder, 'nowhere')], /cannot be read \(ENOENT\)/],
  ] as const) {
    const wrong = await elsewhere(['verify', ...args]);
    assert.deepEqual([wrong.code, wrong.stdout], [1, '']);
    assert.match(wrong.stderr, message);
  }
});

const rowsOf = (ndjson: string): readonly number[] =>
  ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => line.type === 'row')
    .map((line) => line.row.id);

test('C7: of a client, of a person by standard input, and of a time only that part is exported', async () => {
  assert.deepEqual(rowsOf((await log(['export', '--client', clientOf(2).id])).stdout), [2]);
  const person = await log(['export', '--person'], '14842249091\n');
  assert.deepEqual([rowsOf(person.stdout), person.stderr], [[1, 2], 'samtykke: 2 rows of the log exported\n']);
  const proved = await elsewhere(['verify', '--file', '-', '--json'], person.stdout);
  assert.deepEqual([proved.code, JSON.parse(proved.stdout).rows.intact], [0, 2]);
  assert.match(proved.stderr, /not that there are no more/);
  assert.deepEqual(rowsOf((await log(['export', '--to', '2020-01-01'])).stdout), []);
  assert.deepEqual(rowsOf((await log(['export', '--from', '2020-01-01T00:00:00+01:00'])).stdout), [1, 2, 3, 4, 5]);
});

test('C7: an export for spreadsheets has a row for each, with its hash and its seal, and no cell that is a formula', async () => {
  const { stdout } = await log(['export', '--csv']);
  const [head = '', ...rows] = stdout.trimEnd().split('\r\n');
  assert.match(head, /^\uFEFF"id";"at";"kind";.*"row_sha256";"seal";"seal_sha256"$/);
  assert.equal(rows.length, 5);
  const { hash } = (await answer('verify')).lastSeal;
  assert.match(rows[0] ?? '', new RegExp(`^"1";"20[^"]+Z";"consent_registered";.*;"[0-9a-f]{64}";"1";"${hash}"$`));
  assert.match(rows[3] ?? '', /;"'=kari";/);
  assert.match(rows[4] ?? '', /;"";""$/, 'in no seal yet');
});

test('C7: what was done to the log is named, a line for each, and the exit code is 1', async () => {
  await inspect(`begin; update audit_log set trace_id = 'x' where id = 1; delete from audit_log where id = 3;
    insert into audit_log (id, at, kind, actor) overriding system value values (-5, '2026-01-01', 'debt_disclosed', 'client'); commit`);
  const { code, stdout, stderr } = await log(['verify']);
  assert.equal(code, 1);
  assert.match(stdout, /^not ok: 2 rows as sealed, in 1 seal\n/);
  const lines = stderr.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^samtykke: row 1 of 20\S+ \S+ has been changed \(seal 1\)$/);
  assert.match(lines[1] ?? '', /^samtykke: row -5 of 2026-01-01 00:00:00 was added afterwards/);
  assert.match(lines[2] ?? '', /^samtykke: row 3 of 20\S+ \S+ is missing \(seal 1\)$/);
  assert.equal(lines.length, 4);
  const json = await log(['verify', '--json']);
  assert.deepEqual(
    [json.code, JSON.parse(json.stdout).problems.map((it: Json) => it.what)],
    [1, ['row_changed', 'row_added', 'row_missing']],
  );
});

test('R3: what is called wrongly is told before anything is read', async () => {
  for (const [args, message] of [
    [['verify', '--expect', 'abc'], /--expect is 'abc': write the 64 characters of a hash/],
    [['verify', '--since', '-1'], /--since is '-1'/],
    [['verify', '--jwks', 'x'], /--jwks goes with --file/],
    [['verify', '--file', 'x', '--since', '2'], /--since goes without --file/],
    [['verfy'], /Did you mean verify\?/],
    [['export', '--form', '2026-01-01'], /Did you mean --from\?/],
    [['export', '--from', '2026-02-31'], /--from is '2026-02-31'/],
    [['export', '--to', 'tomorrow'], /--to is 'tomorrow': write a day/],
    [['export', '--csv', '--json'], /do not go together/],
  ] as const) {
    const { code, stdout, stderr } = await elsewhere(args);
    assert.deepEqual([code, stdout], [64, ''], args.join(' '));
    assert.match(stderr, message);
  }
  assert.equal((await log(['export', '--client', 'nobody'])).code, 1);
});

test('R3: an export that nobody reads any more ends quietly, with exit code 0', async () => {
  await inspect(
    `insert into audit_log (at, kind, actor, trace_id)
     select clock_timestamp(), 'permission_changed', 'operator', repeat('x', 500) from generate_series(1, 5000)`,
  );
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), 'log', 'export'], {
    env: { ...bareEnvironment(), ...nodeOver(database) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  assert.deepEqual([await exited, stderr], [[0, null], '']);
});
