import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { openSilentProxy } from '../../test/support/silent-proxy.ts';
import { DomainError } from '../errors/domain-error.ts';
import { sql } from './db-statement.ts';
import { openDatabase, type Database } from './db.ts';
import { httpClient } from './http-client.ts';

let database: TestDatabase;
let db: Database;
before(async () => {
  database = await createDatabase();
  db = openDatabase({ url: database.superuserUrl, poolSize: 5 });
  await db.query(sql('make', 'create table t (id integer primary key, n bigint not null check (n < 100))'));
  await db.query(sql('fill', 'insert into t values (1, 0), (2, 0)'));
});
after(async () => {
  await db.close();
  await database.drop();
});

const ADD = sql<{ n: number }>('add', 'update t set n = n + 1 where id = $1 returning n');
const READ = sql<{ n: number }>('read', 'select n from t where id = $1');
const nOf = async (id: number) => (await db.query(READ, [id]))[0]?.n;

test('a transaction that throws leaves nothing behind, and the connection can be used again', async () => {
  for (let round = 0; round < 12; round++) {
    await assert.rejects(
      db.transaction(async (tx) => {
        await tx.query(ADD, [1]);
        throw new Error('planted');
      }),
      /planted/,
    );
  }
  assert.equal(await nOf(1), 0);
});

test('a transaction in which a statement failed, and whose work went on, does not pass for committed', async () => {
  await assert.rejects(
    db.transaction(async (tx) => {
      await tx.query(ADD, [1]);
      await tx.query(sql('too_much', 'update t set n = 100 where id = 1')).catch(() => undefined);
    }),
    /rolled back instead of committed/,
  );
  assert.equal(await nOf(1), 0);
});

test('two transactions that lock each other out are tried again, and both are done', async () => {
  const both = async (first: number, second: number) =>
    db.transaction(async (tx) => {
      await tx.query(ADD, [first]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await tx.query(ADD, [second]);
    });
  await Promise.all([both(1, 2), both(2, 1)]);
  assert.deepEqual([await nOf(1), await nOf(2)], [2, 2]);
});

test('E3: connections that are cut fail as `unavailable`, are replaced, and end nothing else', async () => {
  // A change under way may have been made: it is not tried again.
  const waiting = db.query(sql('slow_change', 'update t set n = n + 0 where pg_sleep(5) is not null'));
  const failed = assert.rejects(
    waiting,
    (error) => error instanceof DomainError && error.code === 'unavailable' && (error.retryAfterSeconds ?? 0) > 0,
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  await withClient(database.superuserUrl, (client) =>
    client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    ),
  );
  await failed;
  assert.equal(await nOf(1), 2);
});

test('E3: a database that has gone silent fails as `unavailable` within its time, and what it held is free again', async () => {
  const proxy = await openSilentProxy(database.superuserUrl);
  const through = openDatabase({ url: proxy.url, poolSize: 2, statementMs: 200 });
  try {
    await through.query(READ, [1]);
    proxy.isSilent = true;
    const unavailable = (error: unknown) => error instanceof DomainError && error.code === 'unavailable';
    await assert.rejects(through.query(ADD, [2]), unavailable);
    await assert.rejects(
      through.transaction((tx) => tx.query(ADD, [2])),
      unavailable,
    );
    proxy.isSilent = false;
    assert.equal((await through.query(READ, [1]))[0]?.n, 2);
  } finally {
    await through.close();
    await proxy.close();
  }
});

test('a serving role is taken on whatever options the address brings along', async () => {
  for (const options of ['', '?options=-c%20search_path%3Dpublic', '?options=-c%20role%3Dpostgres']) {
    const other = openDatabase({ url: database.superuserUrl + options, poolSize: 1, role: 'samtykke_app' });
    const [who] = await other.query(sql<{ role: string }>('who', 'select current_user as role'));
    await other.close();
    assert.equal(who?.role, 'samtykke_app', options);
  }
});

test('a number beyond 2^53 is an error and not another number', async () => {
  await assert.rejects(db.query(sql('large', 'select 9007199254740993::bigint as n')), /2\^53/);
  assert.equal(await nOf(1), 2);
});

test('no HTTP call can be made while a transaction is open', async () => {
  const http = httpClient({ connections: 1, plainHttp: true, mutualTls: () => assert.fail('never asked for') });
  const call = () =>
    http.get({ origin: 'http://127.0.0.1:9', path: '/', headers: {}, signal: AbortSignal.timeout(500), maxBytes: 1 });
  await assert.rejects(db.transaction(call), /while a database transaction is open/);
  await assert.rejects(call(), (error: Error) => !error.message.includes('transaction'));
  await http.close();
});
