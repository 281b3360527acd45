import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import { clientOf, type Json } from '../../../test/support/world.ts';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../../../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../../../test/support/database.ts';
import { registerConsent } from '../../consent/register.ts';
import { purgePastRetention } from '../../consent/purge.ts';
import { sqlState } from '../../platform/db.ts';
import { readSeal } from './signature.ts';
import { logSealer } from './seal-rows.ts';

let database: TestDatabase;
let bare: BarePlatform;
let superuser: pg.Client;
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
  superuser = new pg.Client(database.superuserUrl);
  await superuser.connect();
});
after(async () => {
  await superuser.end();
  await bare.close();
  await database.drop();
});

const inspect = async (text: string, values: readonly unknown[] = []): Promise<Json[]> =>
  (await superuser.query(text, [...values])).rows;
const seals = (): Promise<Json[]> =>
  inspect(
    'select number::int, row_ids::int[] as rows, up_to::int, encode(hash, $1) as hash, jws from audit_seal order by number',
    ['hex'],
  );
const write = async (times = 1): Promise<void> => {
  for (let time = 0; time < times; time++) {
    await inspect(
      "insert into audit_log (at, kind, actor) values (clock_timestamp(), 'permission_changed', 'operator')",
    );
  }
};
/** Business time goes on, for this node and for the database. */
const later = async (seconds: number): Promise<void> => {
  bare.clock.setOffsetSeconds(bare.clock.offsetSeconds() + seconds);
  await inspect('update installation set clock_offset_seconds = $1', [bare.clock.offsetSeconds()]);
};
/** Of a node that seals whenever it is asked to. */
const sealer = () => logSealer(bare.platform, { leastSeconds: 0 });

beforeEach(() =>
  inspect('truncate audit_seal, audit_log restart identity').then(() =>
    inspect('update audit_sealing set settled = 0, candidate = null'),
  ),
);

test('C7: rows are sealed once, in the order of their numbers, each seal over the one before it', async () => {
  await write(3);
  const node = sealer();
  assert.equal(await node.seal(), 3);
  await write(2);
  assert.equal(await node.seal(), 2);
  assert.equal(await node.seal(), 0, 'nothing new: no seal');
  const [first, second, ...more] = await seals();
  assert.deepEqual([first.rows, first.up_to, second.rows, second.up_to, more], [[1, 2, 3], 3, [4, 5], 5, []]);
  const statement = readSeal(second.jws)?.statement;
  assert.deepEqual([statement?.previous, statement?.vouched, statement?.rows], [first.hash, true, 2]);
  assert.equal(readSeal(first.jws)?.statement.previous, null);
});

test('C7: a row that is committed late is sealed by the seal that comes after, however much later others began', async () => {
  const node = sealer();
  await withClient(database.servingUrl, async (slow) => {
    await slow.query('begin');
    await slow.query(
      "insert into audit_log (at, kind, actor) values (clock_timestamp(), 'permission_changed', 'operator')",
    ); // 1
    await write(2); // 2 and 3
    await node.seal();
    const [seal] = await seals();
    assert.deepEqual([seal.rows, seal.up_to], [[2, 3], 0], 'it does not say that all up to 3 are sealed');
    await write();
    await node.seal();
    await slow.query('commit');
  });
  await write();
  await node.seal();
  await write();
  await node.seal();
  const made = await seals();
  assert.deepEqual(
    made.map((seal) => seal.rows),
    [[2, 3], [4], [1, 5], [6]],
  );
  assert.deepEqual(made.at(-1).up_to, 6);
});

test('C7: a row that is rolled back holds nothing up', async () => {
  await withClient(database.servingUrl, async (client) => {
    await client.query('begin');
    await client.query(
      "insert into audit_log (at, kind, actor) values (clock_timestamp(), 'permission_changed', 'operator')",
    );
    await write();
    await client.query('rollback');
  });
  await sealer().seal();
  const [seal] = await seals();
  assert.deepEqual([seal.rows, seal.up_to], [[2], 2]);
});

test('C7: many nodes seal at once while others write: each row is in one seal, and no seal is left out or forked', async () => {
  const nodes = Array.from({ length: 5 }, sealer);
  const writers = Array.from({ length: 4 }, async (_, place) => {
    await withClient(database.servingUrl, async (client) => {
      for (let time = 0; time < 40; time++) {
        await client.query('begin');
        await client.query(
          "insert into audit_log (at, kind, actor) values (clock_timestamp(), 'permission_changed', 'operator')",
        );
        if (time % 7 === place) await client.query('select pg_sleep(0.01)');
        await client.query(time % 5 === place ? 'rollback' : 'commit');
      }
    });
  });
  const written = new AbortController();
  const sealing = nodes.map(async (node) => {
    while (!written.signal.aborted) await node.seal();
  });
  await Promise.all(writers).finally(() => written.abort());
  await Promise.all(sealing);
  await sealer().seal();
  const made = await seals();
  const sealed = made.flatMap((seal) => seal.rows as number[]);
  const rows = (await inspect('select id::int from audit_log order by id')).map(({ id }) => id);
  assert.deepEqual(
    sealed.toSorted((one, other) => one - other),
    rows,
  );
  assert.deepEqual(
    made.map((seal) => seal.number),
    made.map((_, place) => place + 1),
  );
  for (const [place, seal] of made.entries()) {
    assert.equal(readSeal(seal.jws)?.statement.previous ?? undefined, made[place - 1]?.hash);
    assert.equal(readSeal(seal.jws)?.statement.vouched, true);
  }
});

test('C7: where nothing happens a seal an hour says so; where much does, no more than one in a while is made', async () => {
  const node = logSealer(bare.platform);
  assert.equal(await node.seal(), 0);
  assert.equal((await seals()).length, 1);
  await write();
  assert.equal(await node.seal(), 0, 'a moment after the last one');
  await later(60);
  assert.equal(await node.seal(), 1);
  await later(3_500);
  await node.seal();
  assert.equal((await seals()).length, 2);
  await later(200);
  await node.seal();
  assert.deepEqual(
    (await seals()).map((seal) => seal.rows),
    [[], [1], []],
  );
});

test('C7: a clock that is wrong makes no seal of the future, lets no row go early, and stops nothing', async () => {
  const ahead = (seconds: number) =>
    logSealer(
      {
        ...bare.platform,
        clock: { ...bare.platform.clock, now: () => new Date(+bare.platform.clock.now() + seconds * 1000) },
      },
      { leastSeconds: 0 },
    );
  await write();
  await ahead(400 * 86_400).seal();
  const [{ fair }] = await inspect(
    "select at <= business_now() and kept_since <= business_now() - interval '1096 days' as fair from audit_seal",
  );
  assert.equal(fair, true);
  // Both were wrong, and the database's clock has been put right since.
  await later(86_400);
  await write();
  await sealer().seal();
  await later(-86_400);
  await write();
  assert.equal(await logSealer(bare.platform).seal(), 1);
});

test('C7: a log from before there were seals is sealed by and by, in portions', async () => {
  await inspect(
    "insert into audit_log (at, kind, actor) select clock_timestamp(), 'permission_changed', 'operator' from generate_series(1, 2500)",
  );
  assert.equal(await sealer().seal(), 2500);
  const made = await seals();
  assert.deepEqual(
    made.map((seal) => [seal.rows.length, seal.up_to]),
    [
      [1000, 1000],
      [1000, 2000],
      [500, 2500],
    ],
  );
});

test('C8: only what is sealed is purged, and no more than a seal allows', async () => {
  const { platform } = bare;
  for (const days of [2000, 500]) {
    await inspect(
      `insert into audit_log (at, kind, actor) select clock_timestamp() - make_interval(days => $1), 'permission_changed', 'operator'`,
      [days],
    );
  }
  const rows = async () => (await inspect('select id::int from audit_log order by id')).map(({ id }) => id);
  await purgePastRetention(platform);
  assert.deepEqual(await rows(), [1, 2], 'in no seal yet');
  await sealer().seal();
  await purgePastRetention({ ...platform, config: { ...platform.config, logRetentionDays: 30 } });
  assert.deepEqual(await rows(), [2], 'the seal says that 1096 days are kept');
  const listed = async () => (await inspect('select list from audit_seal where number = 1'))[0].list;
  assert.match(await listed(), /^1 .*\n2 .*\n$/, 'one of its rows is there yet');
  await later(4_000);
  await logSealer({ ...platform, config: { ...platform.config, logRetentionDays: 30 } }, { leastSeconds: 0 }).seal();
  await purgePastRetention({ ...platform, config: { ...platform.config, logRetentionDays: 30 } });
  assert.deepEqual([await rows(), await listed()], [[], null]);
});

test('C7: whoever serves can add seals, but neither change nor remove one, nor say what is settled', async () => {
  await withClient(database.servingUrl, async (client) => {
    for (const statement of [
      'update audit_seal set list = null, row_ids = null',
      'delete from audit_seal',
      'truncate audit_seal',
      'update audit_sealing set settled = 1000000',
      'select * from audit_sealing',
      "update audit_log set done_by = 'nobody'",
    ]) {
      await assert.rejects(client.query(statement), (error) => sqlState(error) === '42501', statement);
    }
  });
});

test('C7: registering a consent is sealed with all that its row says', async () => {
  const { platform } = bare;
  const consent = await registerConsent(platform, {
    clientId: clientOf(1).id,
    nin: syntheticNin('14842249091'),
    purpose: 'processing',
    duration: { kind: 'days', days: 3 },
    externalId: null,
    actor: 'client',
    traceId: 'trace-1',
  });
  await sealer().seal();
  const [row] = await inspect('select consent_id, done_by from audit_log');
  assert.deepEqual(row, { consent_id: consent.id, done_by: null });
  const [seal] = await inspect('select list, first_at = last_at as one from audit_seal');
  assert.match(seal.list, /^1 \S+Z [0-9a-f]{64}\n$/);
  assert.equal(seal.one, true);
});
