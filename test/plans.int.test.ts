import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { seedGrowth } from '../bench/support/growth-seed.ts';
import { knownStatements, type Statement } from '../src/platform/db-statement.ts';
import { POINT_READ_SETTINGS } from '../src/platform/db.ts';
import { openBarePlatform } from './support/bare-platform.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { explained, stepsOf, type PlanNode } from './support/plan.ts';
import { clientOf } from './support/world.ts';

/** So many consents, with all that belongs to them: enough that reading a table from end to end is the dearer way. */
const CONSENTS = 6_000;
/** A table or partition with fewer rows may be read from end to end: it is, whatever there is beside it. */
const FEW = 300;

/** Tables that grow with consents, persons, requests or loans. All others have a row for each client, creditor, key or node. */
const GROWS =
  /^(person|consent|consent_request|audit_log|audit_seal|feed_event.*|feed_pending|oauth_artefact|session|login_attempt|delivery_run|delivered_\w+)$/;

/** What may read through a whole table, by names of statements. */
const WHOLE = new Map([
  ['access_token_end_all', 'an operator ends all tokens of a client, of which there are those of the last hour'],
  ['audit_seal_rows_added', '`samtykke log verify` reads through all of the log'],
  ['audit_seal_range', '`samtykke log export` looks for a time among the seals, one of a thousand rows'],
  ['audit_seal_rows_of', '`samtykke log verify` reads through all of the log, in portions'],
  ['cli_left_undone', '`samtykke doctor` looks once for what is past its time'],
  ['consent_count_active', '`samtykke purpose off` counts what a switch would end'],
  ['consent_list_all', '`samtykke consent list` lists the newest: planned with its values, as it runs once'],
  ['delivery_end_of_node', 'once, when a node starts'],
  ['feed_oldest_pending', 'what waits for a number, which is nothing a second later'],
  ['feed_news', 'for those who wait, all of them in one'],
  ['keys_sessions_under', 'sessions of the last half hour, while keys are rotated'],
  ['keys_needed', 'whoever retires a key asks for one row under each key'],
  ['permission_list', '`samtykke purpose` counts active consents'],
  ['permission_list_of_clients', '`samtykke purpose` counts active consents'],
  ['session_sweep', 'sessions of the last half hour, every five minutes'],
  ['snapshot_unsealed', 'what waits for a number, which is nothing a second later'],
  ['snapshot_open', 'a snapshot reads all consents of a client'],
  ['webhook_find_gaps', 'reads the ends of the feed of each subscription, partition by partition'],
  ['webhook_progress', 'the same'],
]);
/** A collection compares all that a creditor delivered with all that is stored of it: what is staged is read from end to end. */
const OF_A_COLLECTION = /\b(staged|staged_other|loan_difference|customer_difference)\b/;
/** How connections of point reads are set, but for what is set here for all. */
const BY_KEYS = POINT_READ_SETTINGS.map((setting) => setting.split('=')).filter(([name]) => name !== 'plan_cache_mode');
/** Neither reads nor changes a table. */
const NOT_PLANNED = /^(?!select|with|insert|update|delete|merge|declare)/;

let database: TestDatabase;
let client: pg.Client;
let statements: readonly Statement<unknown>[];
const sizes = new Map<string, number>();

before(async () => {
  for (const path of globSync('src/**/*.ts')) {
    if (path.endsWith('.test.ts') || !/\bsql[<(]/.test(readFileSync(path, 'utf8'))) continue;
    await import(join(import.meta.dirname, '..', path));
  }
  statements = knownStatements();
  database = await createDatabase();
  const world = await openBarePlatform(database, { poolSize: 2 });
  await seedGrowth(database.superuserUrl, world.platform, CONSENTS);
  await world.close();
  client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query(MORE);
  await client.query('vacuum (analyze)');
  await client.query('set plan_cache_mode = force_generic_plan');
  const { rows } = await client.query<{ relname: string; reltuples: number }>(
    "select relname, reltuples from pg_class where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace",
  );
  for (const { relname, reltuples } of rows) sizes.set(relname, reltuples);
});
after(async () => {
  await client?.end();
  await database?.drop();
});

/** What the seed has few of. */
const MORE = `
  insert into oauth_artefact (model, id_hash, payload, grant_id, expires_at)
    select 'AccessToken', sha256(int8send(-n)), '{}', 'grant' || n, now() + n * interval '1 second' from generate_series(1, 5000) n;
  insert into session (id_hash, used_for, nin_cipher, nin_cipher_key, level, issuer, issuer_session, signed_in_at, last_seen_at)
    select sha256(int8send(-n)), 'portal', '', 'k', 'l', 'i', 's' || n, now(), now() - n * interval '1 second' from generate_series(1, 3000) n;
  insert into login_attempt (state_hash, browser_hash, used_for, return_to, language, expires_at)
    select sha256(int8send(n)), sha256(int8send(n)), 'portal', '/', 'nb', now() + n * interval '1 second' from generate_series(1, 3000) n;
  insert into consent_request (id, interaction_hash, client_id, purpose, language, created_at, answer_by)
    select gen_random_uuid(), sha256(int8send(-n)), '${clientOf(1).id}', 'processing', 'nb', now() - n * interval '1 hour', now() from generate_series(1, 3000) n;
  insert into delivered_closing (nin_index, creditor_id, provider_id, account_id, closed_at, pushed_at)
    select sha256(int8send(n)), '2104371' || n % 90, '9908:1', 'a' || n, now(), now() from generate_series(1, 3000) n;
  insert into delivery_run (id, creditor_id, provider_id, kind, started_at, finished_at, outcome, node)
    select gen_random_uuid(), '2104371' || n % 90, '9908:1', 'push', now() - n * interval '1 minute', now(), 'applied', 'n' from generate_series(1, 5000) n;
  insert into audit_seal (number, at, jws, hash, row_count, first_id, last_id, first_at, last_at, up_to, kept_since, row_ids, list)
    select n, now(), 'jws', sha256(int8send(n)), 1, n, n, now(), now(), n, now() - interval '1096 days', array[n], '' from generate_series(100001, 104000) n;
  insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason)
    select client_id, event_id, consent_id, 'archived', occurred_at, 'expired' from feed_event limit 3000;
`;

/** What in a plan takes more time the more there is, as a sentence; undefined: nothing. */
function growing([step, above]: readonly [PlanNode, PlanNode | undefined]): string | undefined {
  const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index = '' } = step;
  if (!GROWS.test(table) || (sizes.get(table) ?? 0) < FEW) return undefined;
  if (type === 'Seq Scan') return `reads all of ${table}`;
  // In the order of an index, until there are enough: what is read is bounded by a LIMIT above it.
  const bounded = /^(Limit|LockRows|Incremental Sort)$/.test(above?.['Node Type'] ?? '');
  const whole = /^Index (Only )?Scan$/.test(type) && step['Index Cond'] === undefined && (sizes.get(index) ?? 0) >= FEW;
  return whole && !bounded ? `reads all of ${table} by ${index}` : undefined;
}

const problemsOf = (plan: PlanNode): readonly string[] => stepsOf(plan).flatMap((step) => growing(step) ?? []);

test('no statement reads through a table that grows, whatever the planner knows of its values', async () => {
  const found: string[] = [];
  const needless = new Set(WHOLE.keys());
  let planned = 0;
  for (const { name, text } of statements) {
    if (NOT_PLANNED.test(text) || OF_A_COLLECTION.test(text)) continue;
    // Point reads that are asked together have connections of their own, where they are planned to go by keys.
    const settings = name.endsWith('_together') ? BY_KEYS : [];
    for (const [setting, value] of settings) await client.query(`set ${setting} = ${value}`);
    const problems = problemsOf(await explained(client, text, { options: ', generic_plan' }));
    for (const [setting] of settings) await client.query(`reset ${setting}`);
    planned += 1;
    if (WHOLE.has(name)) needless.delete(name);
    else found.push(...problems.map((problem) => `${name} ${problem}`));
  }
  assert.deepEqual(found, []);
  assert.deepEqual([...needless], [], 'these are no statements');
  assert.ok(planned > 100, `only ${planned} were planned`);
});

test('what reads through a table is told', async () => {
  for (const text of [
    'select count(*) from consent where purpose = $1',
    'select * from consent order by id',
    'delete from feed_pending where event_id = $1',
    'with due as materialized (select id from consent limit $1) update consent set archived_at = now() from due where due.id = consent.id',
  ]) {
    assert.notDeepEqual(problemsOf(await explained(client, text, { options: ', generic_plan' })), [], text);
  }
});

/** Functions plan what is in them by themselves: what they read shows when they run. Fifty of each kind at most. */
const CALLS = [
  "select * from purge_past_retention(now() - interval '1096 days', now() - interval '1096 days', 50)",
  "select * from purge_past_retention(now() - interval '900 days', now() - interval '900 days', 50)",
  "select purge_delivery_runs(now() - interval '8 days', 50)",
  `select * from feed_state('${clientOf(1).id}')`,
  'select audit_settled()',
  `select * from feed_events('${clientOf(1).id}', 2, now() - interval '30 days', 50)`,
  `select * from feed_page('${clientOf(1).id}', 2, now() - interval '30 days', 50)`,
  'select feed_seal(null, now(), 50)',
  `select feed_seal('${clientOf(1).id}', now(), 50)`,
];
/** Fifty rows and what belongs to them, and a seal of a thousand rows is looked through as a whole; never the many thousands that are there. */
const MOST = 2_500;
/** What waits for a number is looked through by whoever gives numbers; persons are found by the ranges of a BRIN, of which so few have one. */
const READ_WHOLE = new Set(['feed_pending', 'person']);

/** How many rows of each table this connection has read in its transaction, and a moment before. */
async function rowsRead(): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ relname: string; read: number }>(
    'select relname, (seq_tup_read + coalesce(idx_tup_fetch, 0))::float8 as read from pg_stat_xact_user_tables',
  );
  return new Map(rows.map(({ relname, read }) => [relname, read]));
}

test('C8, F2: no function reads through a table that grows, whatever is due', async () => {
  // Some of the log need not be kept any more.
  await client.query("update audit_seal set kept_since = now() - interval '800 days'");
  await client.query('analyze audit_seal');
  const found: string[] = [];
  const check = async (call: string): Promise<void> => {
    await client.query('begin');
    const earlier = await rowsRead();
    await client.query(call);
    for (const [table, read] of await rowsRead()) {
      const rows = read - (earlier.get(table) ?? 0);
      if (GROWS.test(table) && !READ_WHOLE.has(table) && rows > MOST)
        found.push(`${call} reads ${rows} rows of ${table}`);
    }
    await client.query('rollback');
  };
  for (const call of CALLS) await check(call);
  assert.deepEqual(found, []);
  await check("select count(*) from consent where purpose = 'processing'");
  assert.equal(found.length, 1, 'what reads through a table is told');
});
