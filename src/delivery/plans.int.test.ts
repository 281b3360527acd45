import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { explained, stepsOf } from '../../test/support/plan.ts';
import { HOLDINGS, HOLDINGS_UNDER_KEYS } from '../creditors/store.ts';
import type { Statement } from '../platform/db-statement.ts';
import { PUSH_ADD_CUSTOMERS, PUSH_REMOVE, PUSH_REMOVE_CUSTOMERS } from './store.ts';

const [INSTITUTION, PROVIDER] = ['310472654', '9908:318465711'];
const LOANS = 30_000;

let database: TestDatabase;
before(async () => {
  database = await createDatabase();
});
after(() => database.drop());

/** The indexes that a statement goes by, and whether it reads a table from end to end. */
async function indexesOf(statement: Statement<unknown>, values: readonly unknown[]): Promise<readonly string[]> {
  const found: string[] = [];
  await withClient(database.superuserUrl, async (client) => {
    for (const [step] of stepsOf(await explained(client, statement.text, { values }))) {
      const { 'Index Name': index, 'Node Type': type, 'Relation Name': table = '' } = step;
      if (index !== undefined) found.push(index);
      if (type === 'Seq Scan' && table.startsWith('delivered_')) found.push(`all of ${table}`);
    }
  });
  return found;
}

async function checkPlans(): Promise<void> {
  const hash = Buffer.alloc(32, 7);
  const now = new Date('2026-11-23T08:00:00Z');
  const pair = [INSTITUTION, PROVIDER];
  for (const [statement, values] of [
    [HOLDINGS, [hash, now]],
    [HOLDINGS_UNDER_KEYS, [[hash, hash], now]],
    [PUSH_REMOVE, [...pair, now, [hash], ['a'], [now]]],
    [PUSH_ADD_CUSTOMERS, [...pair, now, [hash]]],
    [PUSH_REMOVE_CUSTOMERS, [...pair, [hash]]],
  ] as const) {
    const indexes = await indexesOf(statement, values);
    assert.ok(indexes.length > 0, statement.name);
    for (const index of indexes)
      assert.doesNotMatch(index, /by_provider|^all of/, `${statement.name} goes by ${index}`);
  }
}

/** As a first collection leaves it. */
async function fill(creditor: string, from: number): Promise<void> {
  await withClient(database.superuserUrl, async (client) => {
    await client.query('alter table delivered_loan set (autovacuum_enabled = off)');
    await client.query('alter table delivered_customer set (autovacuum_enabled = off)');
    await client.query(
      `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, reported_at, type, co_borrower,
         interest_bearing_balance, non_interest_bearing_balance)
       select sha256(n::text::bytea), $1, $2, n::text, now(), 'chargeCard', 0, 0, 1 from generate_series($3::int, $4::int) n`,
      [creditor, PROVIDER, from, from + LOANS],
    );
    await client.query(
      `insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at)
       select sha256(n::text::bytea), $1, $2, now() from generate_series($3::int, $4::int) n`,
      [creditor, PROVIDER, from, from + LOANS],
    );
  });
}

test('D3: loans of a person are found by the number, also right after a first collection, of which PostgreSQL knows nothing yet', async () => {
  await fill('211872543', 0);
  await checkPlans();
  await withClient(database.superuserUrl, (client) => client.query('analyze delivered_loan, delivered_customer'));
  await checkPlans();
  // What it knows is of another creditor.
  await fill(INSTITUTION, LOANS);
  await checkPlans();
});

test('the loans of a person are not planned anew for each lookup, and the plan that is kept goes by the number too', async () => {
  await withClient(database.superuserUrl, async (client) => {
    const { name, text } = HOLDINGS;
    for (let call = 0; call < 12; call += 1) {
      await client.query({ name, text, values: [Buffer.alloc(32, call), new Date('2026-11-23T08:00:00Z')] });
    }
    const { rows } = await client.query<{ generic_plans: string }>(
      'select generic_plans from pg_prepared_statements where name = $1',
      [name],
    );
    assert.ok(Number(rows[0]?.generic_plans) >= 6, `${rows[0]?.generic_plans} of 12 calls used the plan that is kept`);
    const kept = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${text}`);
    const plan = kept.rows.map((row) => row['QUERY PLAN']).join('\n');
    assert.doesNotMatch(plan, /Seq Scan on delivered_|by_provider/);
  });
});
