import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { sql } from '../src/platform/db-statement.ts';
import { openDatabase, sqlState } from '../src/platform/db.ts';
import { newSecret } from '../src/platform/ids.ts';
import { MigrationError, SERVING_ROLE, knownMigrations, migrate } from '../src/platform/migrate.ts';
import { createDatabase, withClient, type TestDatabase } from './support/database.ts';
import { schemaText } from './support/schema-text.ts';
import { ROOT } from './support/sources.ts';

const opened: TestDatabase[] = [];
const newDatabase = async (options: { empty?: boolean } = {}): Promise<TestDatabase> => {
  const database = await createDatabase(options);
  opened.push(database);
  return database;
};
let migrated: TestDatabase;
before(async () => {
  migrated = await newDatabase({ empty: true });
  await migrate({ ...migrated, mode: 'sandbox' });
});
after(async () => {
  for (const database of opened) await database.drop();
});

/** The SQLSTATE with which a login fails to do this; undefined when it succeeds. Nothing is kept. */
async function failureOf(url: string, statement: string): Promise<string | undefined> {
  let state: string | undefined;
  await withClient(url, async (client) => {
    await client.query('begin');
    await client.query(statement).catch((error: unknown) => (state = sqlState(error) ?? 'no SQLSTATE'));
    await client.query('rollback');
  });
  return state;
}

const NOT_PERMITTED = '42501';

test('db/schema.sql is the schema that the migrations make', async () => {
  await withClient(migrated.ownerUrl, async (client) => {
    const now = (await schemaText(client)).split('\n');
    const written = readFileSync(join(ROOT, 'db/schema.sql'), 'utf8').split('\n');
    const at = now.findIndex((line, place) => line !== written[place]);
    assert.ok(
      at < 0 && now.length === written.length,
      `run 'npm run schema': db/schema.sql:${at + 1} has '${written[at] ?? ''}' where the migrations make '${now[at] ?? ''}'`,
    );
  });
});

test('the schema as text leaves out the partitions of the days', async () => {
  await withClient(migrated.ownerUrl, async (client) => {
    const before = await schemaText(client);
    await client.query('begin');
    await client.query("select feed_keep_partitions('2026-11-23', '2026-10-23')");
    const partitions = await client.query("select from pg_inherits where inhparent = 'feed_event'::regclass");
    assert.ok((partitions.rowCount ?? 0) > 1);
    assert.equal(await schemaText(client), before);
    await client.query('rollback');
  });
});

test('the schema as text has every table, and nothing of it depends on who owns them', async () => {
  await withClient(migrated.ownerUrl, async (client) => {
    const text = await schemaText(client);
    const { rows } = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    for (const { name } of rows) assert.ok(text.includes(`create table ${name} (`), name);
    assert.ok(!text.includes('samtykke_owner'));
  });
});

test('the serving role cannot make or change what the database consists of', async () => {
  for (const statement of [
    'create table public.mine (id integer)',
    'create function public.mine() returns integer language sql as $$ select 1 $$',
    'create schema mine',
    'alter table consent add column more text',
    'alter table audit_log disable trigger all',
    'drop table feed_event',
    'drop function feed_seal(uuid, timestamptz, integer)',
    'create index mine on consent (id)',
    `grant delete on consent to ${SERVING_ROLE}`,
  ]) {
    // A grant by somebody who has nothing to give is a warning only, and gives nothing.
    const wanted = statement.startsWith('grant') ? [undefined, NOT_PERMITTED] : [NOT_PERMITTED];
    assert.ok(wanted.includes(await failureOf(migrated.servingUrl, statement)), statement);
  }
});

test('the serving role can neither change nor delete what was logged, told or migrated', async () => {
  for (const table of [
    'audit_log',
    'audit_seal',
    'audit_sealing',
    'feed_event',
    'feed_event_default',
    'feed_pending',
    'feed_head',
    'schema_migration',
  ]) {
    const columns: Readonly<Record<string, string>> = {
      schema_migration: 'checksum',
      audit_log: 'reason',
      audit_seal: 'list',
      audit_sealing: 'settled',
      feed_head: 'last_seq',
    };
    const column = columns[table] ?? 'consent_id';
    for (const statement of [
      `update ${table} set ${column} = null`,
      `update ${table} set ${column} = ${column} where false`,
      `delete from ${table} where false`,
      `truncate ${table}`,
    ]) {
      assert.equal(await failureOf(migrated.servingUrl, statement), NOT_PERMITTED, statement);
    }
  }
});

test('the serving role cannot write numbered events, heads, migrations or the mode itself', async () => {
  for (const statement of [
    "insert into feed_head (client_id) values ('a0000000-0000-4000-8000-000000000001')",
    'insert into feed_event select * from feed_event',
    "insert into schema_migration values (9999, '9999-mine.sql', '', clock_timestamp())",
    "update installation set mode = 'production'",
  ]) {
    assert.equal(await failureOf(migrated.servingUrl, statement), NOT_PERMITTED, statement);
  }
});

test('the serving role cannot delete consents, persons, clients or creditors, nor change what was agreed on', async () => {
  for (const statement of [
    ...['consent', 'person', 'client', 'client_purpose', 'permission_switch', 'creditor', 'installation'].map(
      (table) => `delete from ${table} where false`,
    ),
    ...['expires_at', 'client_id', 'person_id', 'purpose', 'duration_days', 'created_at', 'external_id'].map(
      (column) => `update consent set ${column} = ${column} where false`,
    ),
    'update person set nin_cipher = nin_cipher where false',
    'update client set organisation_number = organisation_number where false',
  ]) {
    assert.equal(await failureOf(migrated.servingUrl, statement), NOT_PERMITTED, statement);
  }
  assert.equal(
    await failureOf(migrated.servingUrl, 'update consent set archived_at = archived_at where false'),
    undefined,
  );
});

test('the serving role purges and drops nothing that is younger than seven days, whatever it asks for', async () => {
  for (const statement of [
    "select purge_past_retention(business_now() - interval '6 days', business_now() - interval '9 days', 1)",
    "select purge_past_retention(business_now() - interval '9 days', business_now() - interval '6 days', 1)",
    'select feed_keep_partitions(business_now()::date, business_now()::date - 5)',
  ]) {
    assert.equal(await failureOf(migrated.servingUrl, statement), 'P0001', statement);
  }
  const allowed =
    "select purge_past_retention(business_now() - interval '8 days', business_now() - interval '8 days', 1)";
  assert.equal(await failureOf(migrated.servingUrl, allowed), undefined);
});

test('two nodes that migrate an empty database at once both succeed, and each migration is applied once', async () => {
  const database = await newDatabase({ empty: true });
  await Promise.all(Array.from({ length: 4 }, () => migrate({ ...database, mode: 'sandbox' })));
  await withClient(database.ownerUrl, async (client) => {
    const { rows } = await client.query('select version from schema_migration order by version');
    assert.deepEqual(
      rows.map((row: { version: number }) => row.version),
      knownMigrations().map((migration) => migration.version),
    );
  });
});

/** A copy of the migrations for the duration of `work`. */
async function withCopy(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-migrations-'));
  try {
    cpSync(join(ROOT, 'db/migrations'), folder, { recursive: true });
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a migration that has been changed since it was applied is refused, by its name', async () => {
  await withCopy(async (folder) => {
    const [first] = knownMigrations(folder);
    appendFileSync(join(folder, first?.name ?? ''), '-- changed\n');
    await assert.rejects(migrate({ ...migrated, mode: 'sandbox', folder }), (error: unknown) => {
      assert.ok(error instanceof MigrationError);
      assert.match(error.message, new RegExp(`^${first?.name} has been changed since it was applied`));
      return true;
    });
  });
});

test('a migration that fails leaves nothing behind, and the next try begins with it', async () => {
  const database = await newDatabase({ empty: true });
  await withCopy(async (folder) => {
    const file = join(folder, '9000-planted.sql');
    appendFileSync(file, 'create table planted (id integer);\nselect no_such_column from planted;\n');
    await assert.rejects(
      migrate({ ...database, mode: 'sandbox', folder }),
      /9000-planted\.sql failed, and nothing of it/,
    );
    assert.equal(await failureOf(database.ownerUrl, 'select from planted'), '42P01');
    rmSync(file);
    appendFileSync(file, 'create table planted (id integer);\n');
    await migrate({ ...database, mode: 'sandbox', folder });
    assert.equal(await failureOf(database.ownerUrl, 'select from planted'), undefined);
  });
  // The code without that migration leaves the newer database as it is.
  await migrate({ ...database, mode: 'sandbox' });
});

test('R4: a database of the other mode is refused before anything in it is changed', async () => {
  const database = await newDatabase({ empty: true });
  await migrate({ ...database, mode: 'production' });
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-migrations-'));
  cpSync(join(ROOT, 'db/migrations'), folder, { recursive: true });
  appendFileSync(join(folder, '9999-more.sql'), 'create table more (id integer);');
  try {
    await assert.rejects(migrate({ ...database, mode: 'sandbox', folder }), /belongs to a production installation/);
    await withClient(database.ownerUrl, async (client) => {
      const { rows } = await client.query(`select to_regclass('more') as made`);
      assert.deepEqual(rows, [{ made: null }]);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('R4: the database of a sandbox never serves production, nor the other way round', async () => {
  await assert.rejects(
    migrate({ ...migrated, mode: 'production' }),
    /^MigrationError: this database belongs to a sandbox installation: give production a database of its own$/,
  );
  const production = await newDatabase({ empty: true });
  await migrate({ ...production, mode: 'production' });
  await assert.rejects(migrate({ ...production, mode: 'sandbox' }), /belongs to a production installation/);
});

/** A login of its own that owns a new, empty database. */
async function loginThatOwns(options: { mayTakeOn: boolean }): Promise<{ url: string; forget: () => Promise<void> }> {
  const database = await newDatabase({ empty: true });
  const name = new URL(database.superuserUrl).pathname.slice(1);
  const login = `only_${name}`;
  const password = newSecret();
  await withClient(database.superuserUrl, async (client) => {
    await client.query(`create role ${login} login password ${pg.escapeLiteral(password)}`);
    await client.query(`alter database ${name} owner to ${login}`);
    await client.query(`alter schema public owner to ${login}`);
    if (options.mayTakeOn) await client.query(`grant ${SERVING_ROLE} to ${login}`);
  });
  return {
    url: Object.assign(new URL(database.superuserUrl), { username: login, password }).href,
    forget: () =>
      withClient(database.superuserUrl, async (client) => {
        await client.query(`reassign owned by ${login} to current_user`);
        await client.query(`drop owned by ${login}`);
        await client.query(`drop role ${login}`);
      }),
  };
}

test('R3: one login is enough: it migrates as owner, and serves in the serving role', async () => {
  const { url, forget } = await loginThatOwns({ mayTakeOn: true });
  try {
    await migrate({ ownerUrl: url, servingUrl: url, mode: 'production' });
    const db = openDatabase({ url, poolSize: 1, role: SERVING_ROLE });
    try {
      const [who] = await db.query(sql<{ role: string }>('test_who', 'select current_user as role'));
      assert.equal(who?.role, SERVING_ROLE);
      for (const statement of ['delete from audit_log', 'delete from consent', 'drop table consent']) {
        await assert.rejects(db.query(sql(statement, statement)), (error) => sqlState(error) === NOT_PERMITTED);
      }
      assert.deepEqual(await db.query(sql('test_read', 'select id from consent')), []);
    } finally {
      await db.close();
    }
  } finally {
    await forget();
  }
});

test('R3: a login that made the serving role itself, and so administers it without being allowed to become it, can serve', async () => {
  const { url, forget } = await loginThatOwns({ mayTakeOn: false });
  try {
    // As PostgreSQL does since 16 for whoever creates a role.
    await withClient(migrated.superuserUrl, (client) =>
      client.query(
        `grant ${SERVING_ROLE} to ${pg.escapeIdentifier(new URL(url).username)} with admin true, inherit false, set false`,
      ),
    );
    await migrate({ ownerUrl: url, servingUrl: url, mode: 'production' });
    const db = openDatabase({ url, poolSize: 1, role: SERVING_ROLE });
    try {
      assert.deepEqual(await db.query(sql('test_read', 'select id from consent')), []);
    } finally {
      await db.close();
    }
  } finally {
    await forget();
  }
});

test('R3: once the database is migrated, a node starts with the serving login alone', async () => {
  await migrate({ ownerUrl: migrated.servingUrl, servingUrl: migrated.servingUrl, mode: 'sandbox' });
});

test('R3: a login that may neither make nor take on the serving role is told what to run', async () => {
  const { url, forget } = await loginThatOwns({ mayTakeOn: false });
  try {
    await assert.rejects(
      migrate({ ownerUrl: url, servingUrl: url, mode: 'production' }),
      new RegExp(`as an administrator run 'create role ${SERVING_ROLE} nologin; grant ${SERVING_ROLE} to "only_`),
    );
  } finally {
    await forget();
  }
});
