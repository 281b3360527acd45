import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { openSilentProxy } from '../../test/support/silent-proxy.ts';
import { DomainError } from '../errors/domain-error.ts';
import { pointRead, sql } from './db-statement.ts';
import { openDatabase, sqlState, type Database } from './db.ts';

const READ = pointRead<{ n: number; by: number }>('read', 'select n, pg_backend_pid() as by from t where id = $1', [
  'integer',
]);
const READ_OTHER = pointRead<{ n: number }>('read_other', 'select n from other where id = $1', ['integer']);
const DIVIDE = pointRead<{ n: number }>('divide', 'select 1 / n as n from t where id = $1', ['integer']);
const ADD = sql<{ n: number }>('add', 'update t set n = n + 1 where id = $1 returning n');

let database: TestDatabase;
let db: Database;
before(async () => {
  database = await createDatabase();
  db = openDatabase({ url: database.superuserUrl, poolSize: 5 });
  await db.query(sql('make', 'create table t (id integer primary key, n bigint not null)'));
  await db.query(sql('make_other', 'create table other (id integer primary key, n bigint not null)'));
  await db.query(sql('fill', 'insert into t select id, id from generate_series(0, 199) id'));
  await db.query(sql('fill_other', 'insert into other values (1, 1)'));
});
after(async () => {
  await db.close();
  await database.drop();
});

/** Reads until they go over a shared connection: nobody waits for it to be opened. Answers who serves them. */
async function untilShared(on = db): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const rows = (await Promise.all(Array.from({ length: 20 }, () => on.query(READ, [1])))).flat();
    const [first] = rows;
    if (first !== undefined && new Set(rows.map((row) => row.by)).size === 1) return first.by;
    await sleep(10);
  }
  throw new Error('reads do not share a connection');
}

test('point reads share a connection, and each has its own answer', async () => {
  await untilShared();
  const ids = Array.from({ length: 1_000 }, (_, n) => n % 200);
  const answers = await Promise.all(ids.map((id) => db.query(READ, [id])));
  assert.deepEqual(
    answers.map((rows) => rows.map((row) => row.n)),
    ids.map((id) => [id]),
  );
  const pool = db.pool();
  assert.ok(pool.open >= 1 && pool.idle === pool.open, JSON.stringify(pool));
});

test('C5: a read sees whatever was committed before it was asked, however many are under way', async () => {
  await untilShared();
  for (let round = 0; round < 40; round += 1) {
    const beside = Array.from({ length: 50 }, (_, n) => db.query(READ, [n + 100]));
    const changed = (await db.query(ADD, [0]))[0]?.n;
    assert.equal((await db.query(READ, [0]))[0]?.n, changed);
    await Promise.all(beside);
  }
});

test('a read that fails takes no other with it', async () => {
  await untilShared();
  await db.query(sql('zero', 'update t set n = 0 where id = 0'));
  const [before, failed, after] = await Promise.allSettled([
    db.query(READ, [5]),
    db.query(DIVIDE, [0]),
    db.query(READ, [6]),
  ]);
  assert.equal(failed.status === 'rejected' && sqlState(failed.reason), '22012');
  assert.deepEqual(
    [before, after].map((read) => read.status === 'fulfilled' && read.value[0]?.n),
    [5, 6],
  );
});

test('E3: reads whose connection is cut while they are under way are answered all the same', async () => {
  for (let round = 0; round < 5; round += 1) {
    await untilShared();
    const reads = Array.from({ length: 300 }, (_, n) => db.query(READ, [n % 200]));
    await withClient(database.superuserUrl, (client) =>
      client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      ),
    );
    const answers = await Promise.all(reads);
    assert.ok(answers.every(([row], n) => row?.n === n % 200));
    // Also where it was cut while it lay idle.
    assert.equal((await db.query(READ, [7]))[0]?.n, 7);
  }
});

test('a read that waits keeps others waiting for a moment only, and gets its answer in the end', async () => {
  await untilShared();
  await withClient(database.superuserUrl, async (admin) => {
    await admin.query('begin');
    await admin.query('lock table other in access exclusive mode');
    let answered = false;
    const waiting = db.query(READ_OTHER, [1]).then((rows) => {
      answered = true;
      return rows;
    });
    const behind = Array.from({ length: 20 }, (_, n) => db.query(READ, [n + 10]));
    await sleep(200);
    for (let n = 10; n < 60; n += 1) assert.equal((await db.query(READ, [n]))[0]?.n, n);
    assert.deepEqual(
      (await Promise.all(behind)).map(([row]) => row?.n),
      Array.from({ length: 20 }, (_, n) => n + 10),
    );
    assert.equal(answered, false);
    await admin.query('commit');
    assert.equal((await waiting)[0]?.n, 1);
  });
});

test('E3: reads of a database that has gone silent fail as `unavailable` within their time, and go on when it is back', async () => {
  const proxy = await openSilentProxy(database.superuserUrl);
  const through = openDatabase({ url: proxy.url, poolSize: 2, statementMs: 200 });
  try {
    await untilShared(through);
    await through.query(ADD, [3]); // a connection of the pool, which is lost too
    proxy.isSilent = true;
    const unavailable = (error: unknown) => error instanceof DomainError && error.code === 'unavailable';
    await Promise.all([1, 2].map((id) => assert.rejects(through.query(READ, [id]), unavailable)));
    proxy.isSilent = false;
    assert.equal((await through.query(READ, [2]))[0]?.n, 2);
    await untilShared(through);
  } finally {
    await through.close();
    await proxy.close();
  }
});

test('what changes or locks is no point read', () => {
  for (const text of ['update t set n = 1', 'with x as (select 1) select', 'select n from t for no key update']) {
    assert.throws(() => pointRead('wrong', text, []), /no point read/);
  }
});
