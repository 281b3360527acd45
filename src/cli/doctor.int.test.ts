import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { samtykkeHere } from '../../test/support/command-here.ts';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { nodeOver } from '../../test/support/node-process.ts';
import { newConsent, startWorld, type World } from '../../test/support/world.ts';
import { generateKeysFile } from '../platform/keys.ts';
import type { Env } from '../platform/config.ts';
import { migrate } from '../platform/migrate.ts';
import type { Finding } from './finding.ts';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-doctor-'));
const keysFile = join(folder, 'keys.json');
let world: World;
let empty: TestDatabase;
before(async () => {
  world = await startWorld();
  await newConsent(world);
  await world.inspect('update creditor_provider set delivered_at = clock_timestamp(), drawn_at = clock_timestamp()');
  empty = await createDatabase({ empty: true });
  copyFileSync(process.env['SAMTYKKE_TEST_KEYS'] ?? '', keysFile);
  chmodSync(keysFile, 0o600);
});
after(async () => {
  await world.close();
  await empty.drop();
  rmSync(folder, { recursive: true, force: true });
});

const env = (): Env => ({ ...nodeOver(world.database), KEYS_FILE: keysFile });
/** What was found, by what was looked at, and the exit code. */
async function examine(changes: Env = {}): Promise<{ code: number | null; of: (check: string) => Finding[] }> {
  const { code, stdout } = await samtykkeHere({ ...env(), ...changes }, ['doctor', '--json']);
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  assert.equal(ok, code === 0);
  assert.equal(ok, !findings.some(({ outcome }) => outcome === 'failed'));
  for (const { outcome, todo, what } of findings)
    assert.ok(outcome === 'ok' || todo !== undefined || what.includes(':'), what);
  return { code, of: (check) => findings.filter((finding) => finding.check === check) };
}
const outcomes = (findings: readonly Finding[]) => findings.map(({ outcome }) => outcome);
/** Does something to the database, looks, and takes it back. */
async function during(change: string, back: string, look: () => Promise<void>): Promise<void> {
  await world.inspect(change);
  try {
    await look();
  } finally {
    await world.inspect(back);
  }
}

test('R6: a sound installation is told line by line, with what may be looked at, and exit code 0', async () => {
  await world.jobs.runDue();
  const { code, stdout, stderr } = await samtykkeHere(env(), ['doctor']);
  assert.deepEqual([code, stderr], [0, ''], stdout);
  for (const line of [
    /^ok +configuration +sandbox, at http:\/\/localhost:4000$/m,
    /^ok +database +PostgreSQL \d+/m,
    /^ok +migrations +all \d+ applied$/m,
    /^ok +clock +this machine and the database agree$/m,
    /^ok +keys +KEYS_FILE .* has all that are needed$/m,
    /^ok +certificates +CREDITOR_CERT_FILE: .* days left$/m,
    /^ok +certificates +PUSH_CERT_FILE: .* days left$/m,
    /^ok +creditors +\d+ of \d+ answer$/m,
    /^ok +deliveries +\d+ of \d+ are fresh$/m,
    /^ok +nodes +1 node of version \S+: /m,
    /^ok +jobs +nothing is left undone; the log was last sealed 20/m,
  ]) {
    assert.match(stdout, line);
  }
});

test('R4: what is wrong with the configuration is told, a line for each, and nothing else is looked at', async () => {
  const { code, of } = await examine({ SAMTYKKE_MODE: 'production', PUBLIC_URL: 'http://x.example' });
  assert.equal(code, 1);
  assert.ok(of('configuration').length > 3);
  assert.deepEqual(of('database'), []);
});

test('E3: a database that is away, empty, of another mode or not of this version is told with what to do', async () => {
  const away = await examine({ DATABASE_URL: 'postgresql://x:very-secret@127.0.0.1:1/x' });
  assert.match(away.of('database')[0]?.what ?? '', /cannot be reached \(ECONNREFUSED\): check host and port/);
  const nothing = await examine({ DATABASE_URL: empty.ownerUrl, DATABASE_OWNER_URL: empty.ownerUrl });
  assert.deepEqual([nothing.code, outcomes(nothing.of('migrations'))], [1, ['failed']]);
  assert.match(nothing.of('migrations')[0]?.todo ?? '', /^samtykke migrate/);

  await migrate({ ...empty, mode: 'production' });
  const production = await examine({ DATABASE_URL: empty.servingUrl, DATABASE_OWNER_URL: empty.ownerUrl });
  assert.match(production.of('database').at(-1)?.what ?? '', /belongs to a production installation/);
  const last = 'select max(version) from schema_migration';
  await during(
    `create table kept as select * from schema_migration where version = (${last}); delete from schema_migration where version = (${last})`,
    'insert into schema_migration select * from kept; drop table kept',
    async () => {
      const { of } = await examine();
      assert.match(of('migrations')[0]?.what ?? '', /^1 migration waiting: \d{4}-/);
      assert.deepEqual(of('creditors'), []);
    },
  );
  await during(
    `update schema_migration set checksum = 'x' || checksum where version = 2`,
    'update schema_migration set checksum = substr(checksum, 2) where version = 2',
    async () =>
      assert.match((await examine()).of('migrations')[0]?.what ?? '', /^changed since they were applied: 0002-/),
  );
});

test('R4: keys that others may read, that a sandbox made, that are not there or not all', async () => {
  chmodSync(keysFile, 0o644);
  assert.deepEqual(outcomes((await examine()).of('keys')), ['warning', 'ok']);
  chmodSync(keysFile, 0o600);
  const nowhere = await examine({ KEYS_FILE: join(folder, 'nowhere.json') });
  assert.deepEqual([nowhere.code, outcomes(nowhere.of('keys'))], [1, ['failed']]);
  const other = join(folder, 'other.json');
  writeFileSync(other, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  const lacking = (await examine({ KEYS_FILE: other })).of('keys');
  assert.deepEqual(outcomes(lacking), ['failed']);
  assert.match(lacking[0]?.what ?? '', / lacks .*nin-index /);
});

test('A9: clocks that are apart, a login provider that does not answer, certificates that cannot be read', async () => {
  const later = (seconds: number) => `
    create or replace function public.clock_timestamp() returns timestamptz language sql as
    $$ select pg_catalog.clock_timestamp() + interval '${seconds} seconds' $$`;
  const name = new URL(world.database.servingUrl).pathname.slice(1);
  await during(
    `${later(60)}; alter database ${name} set search_path = public, pg_catalog`,
    `drop function public.clock_timestamp(); alter database ${name} reset search_path`,
    async () => {
      const [clock] = (await examine()).of('clock');
      assert.equal(clock?.outcome, 'failed');
      assert.match(clock?.what ?? '', /^this machine is (59\.\d|60\.0) s behind the database$/);
      await world.inspect(later(-3));
      assert.match((await examine()).of('clock')[0]?.what ?? '', /^this machine is 3\.\d s ahead of the database$/);
    },
  );
  const { of } = await examine({
    LOGIN_ISSUER: 'http://127.0.0.1:1',
    CREDITOR_CERT_FILE: join(folder, 'nowhere.pem'),
  });
  assert.match(of('login')[0]?.what ?? '', /^http:\/\/127\.0\.0\.1:1 does not answer$/);
  assert.match(of('certificates')[0]?.what ?? '', /^CREDITOR_CERT_FILE .* cannot be read \(ENOENT\)$/);
  assert.ok(of('creditors').every(({ outcome }) => outcome === 'failed'));
});

test('D3: a creditor that cannot be reached, and one that has not delivered for long, are named', async () => {
  const [{ creditor_id: id, base_url: url }] = await world.inspect(
    'select creditor_id, base_url from creditor_provider limit 1',
  );
  await during(
    `update creditor_provider set base_url = 'https://localhost:1', delivered_at = delivered_at - interval '9 days' where creditor_id = '${id}'`,
    `update creditor_provider set base_url = '${url}', delivered_at = delivered_at + interval '9 days' where creditor_id = '${id}'`,
    async () => {
      const { code, of } = await examine();
      assert.equal(code, 1);
      const [failed, rest] = of('creditors');
      assert.match(failed?.what ?? '', new RegExp(`^${id} .* at https://localhost:1: `));
      assert.equal(rest?.outcome, 'ok');
      assert.match(of('deliveries')[0]?.what ?? '', new RegExp(`^${id} .*: last delivered 20`));
    },
  );
});

test('C6: what jobs have left undone is told, and that no node runs', async () => {
  const [consent] = await world.inspect('select id from consent limit 1');
  await during(
    `update consent set created_at = created_at - interval '40 days', expires_at = expires_at - interval '40 days' where id = '${consent.id}';
     update audit_seal set at = at - interval '3 hours'; delete from node`,
    `update consent set created_at = created_at + interval '40 days', expires_at = expires_at + interval '40 days' where id = '${consent.id}';
     update audit_seal set at = at + interval '3 hours'`,
    async () => {
      const { code, of } = await examine();
      assert.deepEqual([code, outcomes(of('jobs'))], [1, ['failed', 'failed']]);
      assert.match(of('jobs')[0]?.what ?? '', /^1 consent expired more than ten minutes ago/);
      assert.deepEqual(outcomes(of('nodes')), ['warning']);
      assert.match(of('jobs')[1]?.what ?? '', /^the log was last sealed 20/);
    },
  );
});

test('F1: a webhook that takes nothing, and one that was given up, are named; the others are counted', async () => {
  const insert = (id: number, more: string, values: string) => `
    insert into webhook_subscription (id, client_id, url, event_types, created_at, secret_cipher, secret_cipher_key, place${more})
    values ('019ab01e-2f3c-7d40-9c1a-00000000000${id}', (select id from client order by id limit 1), 'https://client.example/hook',
            '{created}', clock_timestamp(), 'x', '${world.platform.keys.ninEncryption[0]?.id}', 1${values})`;
  await during(
    [
      insert(1, '', ''),
      insert(2, ', failing_since, attempts, next_attempt_at', ', clock_timestamp(), 3, clock_timestamp()'),
      insert(3, ', disabled_at, disabled_reason', ", clock_timestamp(), 'gone'"),
    ].join(';'),
    'delete from webhook_subscription',
    async () => {
      const { code, of } = await examine();
      assert.deepEqual([code, outcomes(of('webhooks'))], [0, ['warning', 'warning', 'ok']]);
      const [failing, gone, rest] = of('webhooks').map(({ what }) => what);
      assert.match(failing ?? '', /0002 of Sparekompis AS, https:\/\/client\.example\/hook: takes nothing since 20/);
      assert.match(gone ?? '', /0003 of .*: has been given up \(20/);
      assert.equal(rest, '1 of 3 take what is sent');
    },
  );
});
