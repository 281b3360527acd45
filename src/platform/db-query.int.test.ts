import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { queryNamed, types } from './db-query.ts';

let database: TestDatabase;
let client: pg.Client;
before(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
});
after(async () => {
  await client.end();
  await database.drop();
});

const ask = (name: string, text: string, values: unknown[] = []): Promise<unknown[]> =>
  queryNamed(client, { name, text }, values);
/** What the driver itself makes of it, with our parsers. */
const asTheDriver = async (text: string, values: unknown[] = []): Promise<unknown[]> =>
  (await client.query({ text, values, types })).rows;

const KINDS = `select $1::int as n, 5::bigint as big, 'Ære'::text as word, null::text as nothing, true as yes, 1.5::float8 as half,
  '\\x00ff'::bytea as bytes, array['a', null] as list, '{"a": [1]}'::jsonb as json, date '2026-02-01' as day,
  timestamptz '2026-11-23 08:00:00.123+00' as at, gen_random_uuid() is null as last`;

test('values of all kinds are as the driver reads them, the first time and every other', async () => {
  for (let call = 0; call < 3; call += 1) {
    assert.deepEqual(await ask('kinds', KINDS, [call]), await asTheDriver(KINDS, [call]));
  }
});

test('columns are asked for once for each statement on a connection', async () => {
  let described = 0;
  const count = (): void => void (described += 1);
  const { connection } = client as unknown as { connection: { on(name: string, then: () => void): void } };
  connection.on('rowDescription', count);
  for (let call = 0; call < 4; call += 1)
    assert.deepEqual(await ask('once', 'select $1::int as n', [call]), [{ n: call }]);
  assert.equal(described, 1);
  assert.deepEqual(await ask('another', 'select 1 as other'), [{ other: 1 }]);
  assert.equal(described, 2);
});

test('no rows, no columns, several rows, and a change', async () => {
  await ask('make', 'create temporary table made (n integer primary key)');
  for (let call = 0; call < 2; call += 1) {
    assert.deepEqual(await ask('none', 'select n from made where n < 0'), []);
    assert.deepEqual(
      await ask('add', 'insert into made select generate_series($1::int, $1::int + 2)', [call * 10]),
      [],
    );
    assert.equal((await ask('all', 'select n from made order by n')).length, (call + 1) * 3);
  }
});

test('an error is told to who asked, and the next answer is its own', async () => {
  for (let call = 0; call < 2; call += 1) {
    await assert.rejects(ask('divide', 'select 1 / $1::int as n', [0]), { code: '22012' });
    assert.deepEqual(await ask('divide', 'select 1 / $1::int as n', [1]), [{ n: 1 }]);
    await assert.rejects(ask('no_such', 'select no_such'), { code: '42703' });
    await assert.rejects(ask('bad_value', 'select $1::int as n', ['x']), { code: '22P02' });
    await assert.rejects(ask('too_big', 'select 9007199254740993::bigint as n'), RangeError);
    assert.deepEqual(await ask('after', 'select 2 as n'), [{ n: 2 }]);
  }
});

test('a name that stands for another text is refused', async () => {
  await ask('taken', 'select 1 as n');
  await assert.rejects(ask('taken', 'select 2 as n'), /unique/);
});

test('instants are read to the millisecond, in whatever way the server writes them', async () => {
  const texts = [
    '2026-11-23 08:00:00+00',
    '2026-11-23 08:00:00.1+00',
    '1969-12-31 23:59:59.999+00',
    '0044-03-15 12:00:00+00 BC',
  ];
  for (const zone of ['UTC', 'Europe/Oslo', 'Asia/Kathmandu']) {
    await client.query(`set timezone = '${zone}'`);
    for (const [place, text] of texts.entries()) {
      const [row] = (await ask(`at_${place}`, `select $1::timestamptz as at`.concat(' '.repeat(place)), [text])) as {
        at: Date;
      }[];
      const { rows } = await client.query<{ ms: string }>(
        'select (extract(epoch from $1::timestamptz) * 1000)::bigint as ms',
        [text],
      );
      assert.equal(row?.at.getTime(), Number(rows[0]?.ms), `${zone} ${text}`);
    }
  }
  await client.query('reset timezone');
  const [row] = (await ask('endless', `select timestamptz 'infinity' as at`)) as { at: unknown }[];
  assert.equal(row?.at, Infinity);
});

test('over one connection in a row, without waiting for answers, each has its own', async () => {
  const pipelined = new pg.Client({ connectionString: database.superuserUrl, pipeline: true });
  await pipelined.connect();
  const statement = { name: 'row', text: 'select $1::int as n, 10 / $1::int as part' };
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, n) => queryNamed(pipelined, statement, [n % 7])),
  );
  answers.forEach((answer, place) => {
    const n = place % 7;
    if (n === 0) assert.equal(answer.status, 'rejected');
    else assert.deepEqual(answer, { status: 'fulfilled', value: [{ n, part: Math.trunc(10 / n) }] });
  });
  await pipelined.end();
});
