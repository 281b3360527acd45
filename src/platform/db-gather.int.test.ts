import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { NoLaneError, gathering, togetherOf, type GatheredRead } from './db-gather.ts';
import { openDatabase, sqlState, type Database } from './db.ts';
import { pointRead, sql } from './db-statement.ts';

/** Reads that are asked within one turn of the event loop are one statement, and each has the rows of its own values. */

const ROWS = pointRead<{ n: number; at: Date; tag: Buffer }>(
  'gather_rows',
  'select n, at, tag from g where owner = $1::uuid and at > $2 order by n',
  ['uuid', 'timestamptz'],
);
const DIVIDE = pointRead<{ n: number }>('gather_divide', 'select 1 / n as n from g where tag = $1 and n < 2', [
  'bytea',
]);
const ADD = sql<{ n: number }>('gather_add', 'update g set n = n + 10 where n = 1 returning n');
const owner = (place: number): string => `00000000-0000-4000-8000-${String(place).padStart(12, '0')}`;
const EPOCH = new Date('2026-01-01T00:00:00Z');

let database: TestDatabase;
let db: Database;
before(async () => {
  database = await createDatabase();
  db = openDatabase({ url: database.superuserUrl, poolSize: 3 });
  await db.query(sql('gather_make', 'create table g (owner uuid, n bigint, at timestamptz, tag bytea)'));
  // As many rows as the owner's place.
  await db.query(
    sql(
      'gather_fill',
      `insert into g select ('00000000-0000-4000-8000-' || lpad(o::text, 12, '0'))::uuid, n, '2026-01-02Z'::timestamptz + n * interval '1 day', int4send(n)
       from generate_series(0, 6) o, generate_series(1, o) n`,
    ),
  );
  // Nobody waits for the shared connection to be opened.
  for (let tries = 0; tries < 200 && db.pool().idle < 2; tries += 1) {
    await db.query(ROWS, [owner(1), EPOCH]);
    await sleep(10);
  }
});
after(async () => {
  await db?.close();
  await database?.drop();
});

const numbers = (rows: readonly { n: number }[]): readonly number[] => rows.map(({ n }) => n);

test('each reader has the rows of its own values, none, one or several, in their order, and as alone', async () => {
  const asked = Array.from(
    { length: 230 },
    (_, place) => [owner(place % 8), new Date(EPOCH.getTime() + (place % 3) * 2 * 86_400_000)] as const,
  );
  const together = await Promise.all(asked.map((values) => db.query(ROWS, values)));
  for (const [place, values] of asked.entries()) {
    const alone = await db.query(ROWS, values);
    assert.deepEqual(
      together[place]?.map(({ n, at, tag }) => ({ n, at, tag })),
      alone,
      String(place),
    );
  }
  assert.deepEqual(numbers(together[6] ?? []), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(together[0], []);
});

test('what was committed before it was asked is seen, also by who asks last of many', async () => {
  const beside = Array.from({ length: 20 }, () => db.query(ROWS, [owner(2), EPOCH]));
  await db.query(sql('gather_one', "delete from g where owner = '00000000-0000-4000-8000-000000000001'"));
  assert.deepEqual(await db.query(ROWS, [owner(1), EPOCH]), []);
  await Promise.all(beside);
});

test('one whose values are at fault fails alone', async () => {
  const tag = (n: number): Buffer => Buffer.from([0, 0, 0, n]);
  await db.query(sql('gather_zero', "insert into g values (null, 0, '2026-01-02Z', int4send(99))"));
  const reads = await Promise.allSettled([1, 99, 50].map((n) => db.query(DIVIDE, [tag(n)])));
  assert.ok(reads[0]?.status === 'fulfilled' && numbers(reads[0].value).every((n) => n === 1));
  assert.equal(reads[1]?.status === 'rejected' && sqlState(reads[1].reason), '22012');
  assert.deepEqual(reads[2], { status: 'fulfilled', value: [] });
  await db.query(ADD);
});

test('those who ask in one turn are one statement; who is alone asks for itself; without a lane each is told so', async () => {
  const sent: string[] = [];
  let isFree = true;
  const statement: GatheredRead = {
    name: 'one',
    text: 'select $1::text as t',
    together: togetherOf({ name: 'one', text: 'select $1::text as t' }, ['text']),
  };
  const read = gathering(
    {
      read: (asked, values) => {
        if (!isFree) return undefined;
        sent.push(asked.name);
        const [texts] = values as [string | string[]];
        return Promise.resolve(
          typeof texts === 'string' ? [{ t: texts }] : texts.map((t, place) => ({ asked_by: place + 1, t })),
        );
      },
    },
    () => true,
  );
  const texts = async (...asked: string[]): Promise<readonly unknown[]> =>
    (await Promise.all(asked.map((text) => read(statement, [text])))).flat().map((row) => (row as { t: string }).t);
  assert.deepEqual(await texts('a'), ['a']);
  assert.deepEqual(await texts('a', 'b', 'c'), ['a', 'b', 'c']);
  const [first] = [texts('a'), await turn()];
  await Promise.all([first, texts('b')]);
  assert.deepEqual(sent, ['one', 'one_together', 'one', 'one']);
  isFree = false;
  for (const asked of [['a'], ['a', 'b']]) await assert.rejects(texts(...asked), NoLaneError);
});
