import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DomainError } from '../../src/errors/domain-error.ts';
import { whatPoolerLacks } from '../../src/platform/db-pooler.ts';
import { UnfitConnectionError } from '../../src/platform/db-primary.ts';
import { sql } from '../../src/platform/db-statement.ts';
import { openDatabase } from '../../src/platform/db.ts';
import { SERVING_ROLE } from '../../src/platform/migrate.ts';
import { samtykkeHere } from '../support/command-here.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { nodeOver } from '../support/node-process.ts';

/* What only PgBouncer itself can show; run by `test/torture/pgbouncer.ts`. */

let database: TestDatabase;
before(async () => {
  database = await createDatabase();
});
after(() => database.drop());

const WHO = sql<{ who: string }>('who', 'select current_user as who');
const viaCareless = (url: string): string =>
  Object.assign(new URL(url), { port: process.env['SAMTYKKE_TEST_CARELESS_POOLER'] }).href;
const viaPooler = (url: string): string =>
  Object.assign(new URL(url), { port: new URL(database.servingUrl).port }).href;
const unfit =
  (why: RegExp) =>
  (error: unknown): boolean =>
    error instanceof DomainError && error.cause instanceof UnfitConnectionError && why.test(error.cause.message);

test('R4: a pooler that drops settings does not make the owner of a node: the serving role is missed, and nothing is asked', async () => {
  const url = viaCareless(database.ownerUrl);
  const told = openDatabase({ url, poolSize: 1, role: SERVING_ROLE });
  await assert.rejects(told.query(WHO), unfit(/DATABASE_DIRECT_URL/));
  await told.close();
  const pooled = openDatabase({ url, directUrl: database.ownerUrl, poolSize: 1, role: SERVING_ROLE });
  await assert.rejects(pooled.query(WHO), unfit(/owns the tables/));
  await pooled.close();
});

test('R4: the login that serves works through a pooler, named statements and all, and what it lacks is told', async () => {
  const url = database.servingUrl;
  const db = openDatabase({ url, directUrl: database.directUrl, poolSize: 8, role: SERVING_ROLE });
  for (let round = 0; round < 20; round++) {
    const rows = await Promise.all(Array.from({ length: 8 }, () => db.query(WHO)));
    for (const [row] of rows) assert.equal(row?.who, 'samtykke_serving');
  }
  await db.close();
  const timeless = await whatPoolerLacks(url);
  assert.match(timeless.join('\n'), /^no statement of the login of DATABASE_URL has a limit of time/);
  assert.match((await whatPoolerLacks(viaCareless(url))).join('\n'), /does not know named statements/);
  // As operations.md says.
  await withClient(database.superuserUrl, (admin) =>
    admin.query(
      `alter role samtykke_serving in database ${new URL(url).pathname.slice(1)} set statement_timeout = 8000`,
    ),
  );
  await withClient(viaPooler(database.superuserUrl), async () => undefined);
  await withClient(database.superuserUrl, (admin) =>
    admin.query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'samtykke_serving'"),
  );
  assert.deepEqual(await whatPoolerLacks(url), []);
});

test('R4: a node that is not told of a pooler says what to set, and the doctor does', async () => {
  const { DATABASE_DIRECT_URL: _direct, ...untold } = nodeOver(database) as Record<string, string>;
  const { stdout, stderr } = await samtykkeHere(untold, ['doctor']);
  assert.match(stdout + stderr, /DATABASE_DIRECT_URL/);
  const told = await samtykkeHere(nodeOver(database), ['doctor']);
  assert.match(told.stdout + told.stderr, /pooler/);
});
