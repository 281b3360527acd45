import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import type { Json } from '../../../test/support/world.ts';
import { openBarePlatform, type BarePlatform } from '../../../test/support/bare-platform.ts';
import { createDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { purgePastRetention } from '../../consent/purge.ts';
import { generateKeysFile, parseKeys, type Keys } from '../../platform/keys.ts';
import type { Platform } from '../../platform/platform.ts';
import type { EvidenceProblem, Verdict } from './check-chain.ts';
import { exportLog, type ExportFilter } from './export-log.ts';
import { logSealer } from './seal-rows.ts';
import { listOf, sha256Hex } from './seal.ts';
import { readSeal, signSeal } from './signature.ts';
import { ExportUnreadable, verifyExport } from './verify-export.ts';
import { verifyLog } from './verify-log.ts';

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
const CLIENT = 'a0000000-0000-4000-8000-000000000001';
const PERSON = '019aaaaa-0000-7000-8000-000000000001';
const write = async (rows: number, age = '0'): Promise<void> => {
  await inspect(
    `insert into audit_log (at, kind, actor, client_id, person_id, trace_id)
     select clock_timestamp() - $2::interval, 'debt_disclosed', 'client', case when it % 2 = 0 then $3::uuid end,
            case when it % 3 = 0 then $4::uuid end, gen_random_uuid() from generate_series(1, $1) it`,
    [rows, age, CLIENT, PERSON],
  );
};
/** Business time, for this node and for the database, so much ahead of real time. */
const ahead = async (seconds: number): Promise<void> => {
  bare.clock.setOffsetSeconds(seconds);
  await inspect('update installation set clock_offset_seconds = $1', [seconds]);
};
const sealWith = (platform: Platform) => logSealer(platform, { leastSeconds: 0 }).seal();
const withKeys = (keys: Keys): Platform => ({ ...bare.platform, keys });
const verify = (how: Partial<Parameters<typeof verifyLog>[1]> = {}): Promise<Verdict> =>
  bare.platform.db.transaction((tx) => verifyLog(tx, { keys: bare.platform.keys.seals, ...how }));
const problems = async (how: Partial<Parameters<typeof verifyLog>[1]> = {}): Promise<readonly EvidenceProblem[]> => {
  const verdict = await verify(how);
  assert.equal(verdict.problemCount, verdict.problems.length);
  return verdict.problems;
};
const named = (found: readonly EvidenceProblem[]) =>
  found.map((it) => [it.what, 'seal' in it ? it.seal : undefined, 'row' in it ? it.row : undefined]);

/** Three seals with rows 1–4, 5–8 and 9–12. */
async function threeSeals(): Promise<void> {
  await inspect('truncate audit_seal, audit_log restart identity');
  await inspect('update audit_sealing set settled = 0, candidate = null');
  await ahead(0);
  for (let seal = 1; seal <= 3; seal++) {
    await write(4);
    await sealWith(bare.platform);
  }
}
beforeEach(threeSeals);

test('C7: a log that nobody touched is told intact, with its seals, rows and times', async () => {
  await write(2);
  const verdict = await verify();
  assert.deepEqual(verdict.problems, []);
  assert.deepEqual(verdict.rows, { intact: 12, purged: 0, waiting: 2 });
  assert.deepEqual([verdict.seals, verdict.firstSeal?.number, verdict.lastSeal?.number], [3, 1, 3]);
  const [span] = await inspect('select min(at) as from, max(at) as until from audit_log where id <= 12');
  assert.deepEqual([Date.parse(verdict.from ?? ''), Date.parse(verdict.until ?? '')], [+span.from, +span.until]);
  assert.deepEqual(
    verdict.keys,
    bare.platform.keys.seals.map((key) => key.kid),
  );
});

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, place) => first + place);

test('C7: whatever is changed, removed or put in afterwards is named, and nothing else is', async () => {
  const changed = (row: number) => [`row_changed`, Math.ceil(row / 4), row];
  const missing = (row: number) => [`row_missing`, Math.ceil(row / 4), row];
  const added = (row: number) => [`row_added`, undefined, row];
  const cases: readonly (readonly [string, readonly unknown[]])[] = [
    ["update audit_log set at = at + interval '1 microsecond' where id = 6", [changed(6)]],
    ['update audit_log set creditors_answered = 0 where id = 5', [changed(5)]],
    ['update audit_log set client_id = null where id = 2', [changed(2)]],
    ["update audit_log set change = '{}' where id in (1, 12)", [changed(1), changed(12)]],
    ['delete from audit_log where id = 7', [missing(7)]],
    ['delete from audit_log', from(1, 12).map(missing)],
    [
      "insert into audit_log (id, at, kind, actor) overriding system value values (0, '2026-01-01', 'debt_disclosed', 'client')",
      [added(0)],
    ],
    ['delete from audit_seal where number = 2', [['seal_missing', 2, undefined], ...from(5, 8).map(added)]],
    ['delete from audit_seal where number = 1', [['seal_missing', 1, undefined], ...from(1, 4).map(added)]],
    ["update audit_seal set list = replace(list, '5 ', '6 ') where number = 2", [['list_changed', 2, undefined]]],
    [
      "update audit_seal set list = '', row_ids = '{}' where number = 3",
      [['list_changed', 3, undefined], ...from(9, 12).map(added)],
    ],
    [
      'update audit_seal set list = null, row_ids = null where number = 1',
      [...from(1, 4).map(added), ['list_missing', 1, undefined]],
    ],
    ["update audit_seal set hash = sha256('other') where number = 3", [['seal_changed', 3, undefined]]],
    ["update audit_seal set jws = 'nonsense' where number = 3", [['seal_changed', 3, undefined]]],
    [
      'update audit_seal set number = 4 where number = 3',
      [
        ['seal_missing', 3, undefined],
        ['seal_changed', 4, undefined],
      ],
    ],
  ];
  for (const [tamper, expected] of cases) {
    await threeSeals();
    await inspect(tamper);
    assert.deepEqual(named(await problems()), expected, tamper);
  }
});

/** Puts another seal in the place of the third, as somebody would who has the database and `keys`. */
async function forge(keys: Keys, changes: Partial<ReturnType<typeof statementOf>>): Promise<void> {
  const [{ jws }] = await inspect('select jws from audit_seal where number = 3');
  const [key] = keys.seals;
  assert.ok(key);
  const forged = await signSeal({ ...statementOf(jws), ...changes }, key);
  await inspect("update audit_seal set jws = $1, hash = decode($2, 'hex') where number = 3", [
    forged,
    sha256Hex(forged),
  ]);
}
function statementOf(jws: string) {
  const read = readSeal(jws);
  assert.ok(read);
  return read.statement;
}
const otherKeys = (): Keys => parseKeys(generateKeysFile({ sandbox: true }));

test('C7: who has the database, but not the key, can make no seal that passes', async () => {
  await inspect('update audit_log set reason = $1 where id = 9', ['rewritten']);
  const rows = await inspect(
    `select to_jsonb(a) || jsonb_build_object('at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) as row
     from audit_log a where id > 8 order by id`,
  );
  const list = listOf(rows.map(({ row }) => row));
  await inspect('update audit_seal set list = $1 where number = 3', [list]);
  assert.deepEqual(named(await problems()), [['list_changed', 3, undefined]]);
  const theirs = otherKeys();
  await forge(theirs, { list: sha256Hex(list) });
  assert.deepEqual(named(await problems()), [['seal_of_unknown_key', 3, undefined]]);

  // Under the name of our key.
  const [ours] = bare.platform.keys.seals;
  const [their] = theirs.seals;
  await forge({ ...theirs, seals: [{ ...their, kid: ours?.kid ?? '' }] }, { list: sha256Hex(list) });
  assert.deepEqual(named(await problems()), [['seal_signature_wrong', 3, undefined]]);
});

test('C7: when the node seals on, over what was put in the place of its seals, that stays an alarm for ever', async () => {
  await inspect('delete from audit_log where id = 9');
  const [{ list }] = await inspect('select list from audit_seal where number = 3');
  const without = String(list).replace(/^9 .*\n/, '');
  await inspect('update audit_seal set list = $1, row_ids = $2, row_count = 3 where number = 3', [
    without,
    [10, 11, 12],
  ]);
  await forge(otherKeys(), { list: sha256Hex(without), rows: 3 });
  await sealWith(bare.platform);
  assert.equal((await verify()).seals, 3, 'it may be of a node whose keys have not come here yet');
  await ahead(1_200);
  await sealWith(bare.platform);
  await write(1);
  await sealWith(bare.platform);
  assert.deepEqual(named(await problems()), [
    ['seals_before_replaced', 4, undefined],
    ['seal_of_unknown_key', 3, undefined],
  ]);
});

test('C7: a node that runs sees when the end of the chain was taken away, and says so in its next seal', async () => {
  const node = logSealer(bare.platform, { leastSeconds: 0 });
  await write(1);
  await node.seal();
  const last = (await verify()).lastSeal;
  assert.ok(last);
  await inspect('delete from audit_seal where number > 2');
  await inspect('update audit_log set creditors_asked = 99 where id = 9');
  assert.deepEqual(await problems(), [], 'nobody can tell from the database alone');
  assert.deepEqual(await problems({ expected: [last.hash] }), [{ what: 'seal_expected', hash: last.hash }]);
  await node.seal();
  assert.deepEqual(named(await problems()), [['seals_before_replaced', 3, undefined]]);
});

test('C7: a hash that somebody noted is found again, as long as the chain is the same', async () => {
  const noted = (await verify()).lastSeal?.hash ?? '';
  await write(1);
  await sealWith(bare.platform);
  assert.deepEqual(await problems({ expected: [noted] }), []);
});

test('C7: one key after another may seal: what the former signed is vouched for by the first seal of the next', async () => {
  const { keys } = bare.platform;
  const next = { ...keys, seals: [...otherKeys().seals, ...keys.seals] };
  await write(1);
  await sealWith(withKeys(next));
  const withoutFormer = { ...next, seals: next.seals.slice(0, 1) };
  await write(1);
  await sealWith(withKeys(withoutFormer));
  for (const known of [next, withoutFormer]) assert.deepEqual(await problems({ keys: known.seals }), []);
  assert.deepEqual(named(await problems({ keys: keys.seals })), [['seal_of_unknown_key', 4, undefined]]);
  // Keys that were changed without an overlap: nobody could check the seal before.
  await ahead(1_200);
  await write(1);
  await sealWith(withKeys(otherKeys()));
  assert.ok((await problems({ keys: next.seals })).some((it) => it.what === 'seals_before_replaced'));
});

test('C7: an installation without keys for seals uses those of tokens, until it gets some', async () => {
  const { keys } = bare.platform;
  await inspect('truncate audit_seal');
  await sealWith(withKeys({ ...keys, seals: [] }));
  await write(1);
  await sealWith(bare.platform);
  const verdict = await verify({ keys: [...keys.seals, ...keys.signing] });
  assert.deepEqual([verdict.problems, verdict.keys], [[], [keys.signing[0]?.kid, keys.seals[0]?.kid]]);
});

test('C8: what was purged on schedule is told as purged; what is missing beyond that is not', async () => {
  const days = (count: number) => ahead(count * 86_400);
  const short = { ...bare.platform, config: { ...bare.platform.config, logRetentionDays: 30 } };
  await write(2, '-20 days'); // as if of twenty days later, and sealed with what is there then
  await days(20);
  await sealWith(short);
  await days(31);
  await sealWith(short);
  await purgePastRetention(short);
  assert.deepEqual([(await verify()).rows, await problems()], [{ intact: 2, purged: 12, waiting: 0 }, []]);
  const lists = await inspect('select number::int, list is null as gone from audit_seal order by number');
  assert.deepEqual(
    lists.map(({ gone }) => gone),
    [true, true, true, false, false],
  );
  // Retention is made longer: what has gone by then has gone rightly.
  await days(32);
  await sealWith(bare.platform);
  assert.deepEqual(await problems(), []);
  await inspect('delete from audit_log where id = 13');
  assert.deepEqual(named(await problems()), [['row_missing', 4, 13]]);
  await inspect('update audit_seal set list = null, row_ids = null where number = 4');
  assert.deepEqual(named(await problems()), [
    ['row_added', undefined, 14],
    ['list_missing', 4, undefined],
  ]);
});

test('C7: the log can be verified from a seal on', async () => {
  await inspect('delete from audit_log where id = 1');
  const verdict = await verify({ since: 2 });
  assert.deepEqual([verdict.problems, verdict.seals, verdict.rows.intact], [[], 2, 8]);
});

const exported = async (filter: ExportFilter = {}): Promise<string[]> => {
  const lines: string[] = [];
  const { db, keys, clock } = bare.platform;
  for await (const line of exportLog(db, filter, { keys, now: clock.now() })) lines.push(JSON.stringify(line));
  return lines;
};
async function* of(lines: readonly string[]) {
  yield* lines;
}
const check = (lines: readonly string[], keys: Keys | undefined = bare.platform.keys) =>
  verifyExport(of(lines), { keys: keys?.seals });

test('C7: an export can be verified without the database, and every change of it is seen', async () => {
  await write(1);
  const lines = await exported();
  const { verdict, head, ownKeys } = await check(lines);
  assert.deepEqual([verdict.problems, verdict.rows, verdict.seals], [[], { intact: 12, purged: 0, waiting: 1 }, 3]);
  assert.deepEqual([head.whole, ownKeys], [true, false]);
  assert.ok(!lines.join('').includes('"d":'), 'no private part of a key');
  assert.equal((await verifyExport(of(lines), { keys: undefined })).ownKeys, true);

  const row = lines.findIndex(
    (line) => (line.includes('"row"') && line.includes('"id": 6')) || line.includes('"id":6,'),
  );
  assert.ok(row > 0);
  const changed = lines.with(row, String(lines[row]).replace('"client"', '"person"'));
  assert.deepEqual(named((await check(changed)).verdict.problems), [['row_changed', 2, 6]]);
  const end = JSON.parse(lines.at(-1) ?? '') as { seals: number; rows: number };
  const without = [...lines.toSpliced(row, 1).slice(0, -1), JSON.stringify({ ...end, rows: end.rows - 1 })];
  assert.deepEqual(named((await check(without)).verdict.problems), [['row_missing', 2, 6]]);
  for (const cut of [lines.slice(0, -1), lines.toSpliced(row, 1), [...lines, lines[1] ?? ''], ['{}'], []]) {
    await assert.rejects(check(cut), ExportUnreadable);
  }
  assert.deepEqual(named((await check(lines, otherKeys())).verdict.problems), [['seal_of_unknown_key', 1, undefined]]);
});

test('C7: of one client, of one person and of some time only that part is exported, and each row can be proved', async () => {
  const of = async (filter: ExportFilter) => {
    const lines = await exported(filter);
    const { verdict } = await check(lines);
    assert.deepEqual(verdict.problems, []);
    const all = lines.map((line) => JSON.parse(line));
    return { rows: all.filter((line) => line.type === 'row').map((line) => line.row.id), seals: verdict.seals };
  };
  await write(2);
  assert.deepEqual(await of({ clientId: CLIENT }), { rows: [2, 4, 6, 8, 10, 12, 14], seals: 3 });
  assert.deepEqual(await of({ persons: [PERSON] }), { rows: [3, 7, 11], seals: 3 });
  assert.deepEqual(await of({ persons: ['019aaaaa-0000-7000-8000-00000000000f'] }), { rows: [], seals: 0 });
  const [{ at }] = await inspect('select at from audit_log where id = 6');
  assert.deepEqual(await of({ from: at, to: new Date(+at + 1) }), { rows: [5, 6, 7, 8], seals: 1 });
  assert.deepEqual(await of({ from: at, to: new Date(+at + 1), persons: [PERSON] }), { rows: [7], seals: 1 });
  assert.deepEqual(await of({ to: new Date(0) }), { rows: [], seals: 0 });
});
