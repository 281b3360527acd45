import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jsonOfCommand, samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { knownMigrations } from '../platform/migrate.ts';

let empty: TestDatabase;
before(async () => {
  empty = await createDatabase({ empty: true });
});
after(() => empty.drop());

const names = knownMigrations().map(({ name }) => name);
const migrate = (...args: readonly string[]) => samtykkeHere(nodeOver(empty), ['migrate', ...args]);

test('R3: what waits is listed, applied by the owner, and then there is nothing to do', async () => {
  const before = await jsonOfCommand(nodeOver(empty), ['migrate', '--status']);
  assert.deepEqual(before, { applied: [], waiting: names });
  const listed = await migrate('--status');
  assert.match(listed.stdout, /^migration +applied \(UTC\) +remark\n0001-consents-and-clients\.sql +waiting\n/);
  assert.match(listed.stderr, /samtykke migrate applies them/);
  await withClient(empty.ownerUrl, async (client) => {
    const { rows } = await client.query("select to_regclass('consent') as made");
    assert.equal(rows[0].made, null, 'a list applies nothing');
  });

  const applied = await migrate();
  assert.deepEqual(
    [applied.code, applied.stdout, applied.stderr],
    [0, names.map((name) => `applied ${name}\n`).join(''), ''],
  );
  assert.deepEqual(await migrate(), { code: 0, stdout: 'nothing to apply\n', stderr: '' });
  const after = await jsonOfCommand(nodeOver(empty), ['migrate']);
  assert.deepEqual(
    [after.outcome, after.migrated, after.waiting, after.applied.length],
    ['unchanged', [], [], names.length],
  );
  assert.equal((await samtykkeHere(nodeOver(empty), ['creditor', 'list'])).code, 0);
});

test('R3: a migration that was changed, or comes from a newer version, is told as that; the first stops the command', async () => {
  await withClient(empty.ownerUrl, async (client) => {
    await client.query("insert into schema_migration values (9999, '9999-later.sql', 'x', now())");
    await client.query("update schema_migration set checksum = 'x' where version = 3");
  });
  const { stdout } = await migrate('--status');
  assert.match(stdout, /^0003-\S+ +20\S+ \S+ +its file has been changed since$/m);
  assert.match(stdout, /^9999-later\.sql +20\S+ \S+ +of a newer version$/m);
  const { code, stderr } = await migrate();
  assert.equal(code, 1);
  assert.match(stderr, /^samtykke: 0003-\S+ has been changed since it was applied to this database/);
});

test('R3: without a database, or without the right to make tables, one line says so', async () => {
  for (const [env, message] of [
    [
      { DATA_DIR: '/nonexistent' },
      /^samtykke: DATABASE_URL is not set, and a sandbox brings its own database up to date/,
    ],
    [
      { DATABASE_URL: 'postgresql://x:very-secret@127.0.0.1:1/x' },
      /^samtykke: the database of DATABASE_URL cannot be reached/,
    ],
    [{ ...nodeOver(empty), DATABASE_OWNER_URL: 'nonsense' }, /^samtykke: DATABASE_OWNER_URL is malformed/],
  ] as const) {
    const { code, stdout, stderr } = await samtykkeHere(env, ['migrate']);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
    assert.ok(!stderr.includes('very-secret'));
  }
});
