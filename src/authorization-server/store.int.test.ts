import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBarePlatform, type BarePlatform } from '../../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { clientOf } from '../../test/support/world.ts';
import { findCaller } from '../clients/access-token.ts';
import { sha256 } from '../platform/crypto.ts';
import { sql } from '../platform/db-statement.ts';
import { newSecret } from '../platform/ids.ts';
import { saveToken } from './store.ts';

let database: TestDatabase;
let node: BarePlatform;
before(async () => {
  database = await createDatabase();
  node = await openBarePlatform(database);
});
after(async () => {
  await node.close();
  await database.drop();
});

const clientId = clientOf(1).id;
const payload = JSON.stringify({ clientId, aud: 'https://api.example/v1/debt', scope: 'debt.unsecured.processing' });

/** Issues a token; undefined when it was told that it may not have been. */
async function issue(): Promise<string | undefined> {
  const token = newSecret();
  const expiresAt = new Date(node.platform.clock.realNow().getTime() + 60_000);
  const saving = saveToken(node.platform, { model: 'ClientCredentials', idHash: sha256(token), payload, expiresAt });
  return saving.then(
    () => token,
    () => undefined,
  );
}

/** How many tokens there are, and by how many transactions they were written: PostgreSQL keeps that with each row. */
async function written(): Promise<readonly [tokens: number, transactions: number]> {
  const [row] = await node.platform.db.query(WRITTEN);
  return [row?.tokens ?? 0, row?.transactions ?? 0];
}
const WRITTEN = sql<{ tokens: number; transactions: number }>(
  'test_tokens_written',
  "select count(*)::int as tokens, count(distinct xmin::text)::int as transactions from oauth_artefact where model = 'ClientCredentials'",
);

test('A4: tokens that are issued at the same moment share commits, and each is there when it has been answered', async () => {
  const tokens = await Promise.all(
    Array.from({ length: 400 }, async () => {
      const token = await issue();
      assert.ok(token !== undefined);
      const caller = await findCaller(node.platform.db, token, node.platform.clock.realNow());
      assert.deepEqual([caller?.clientId, caller?.consentId], [clientId, null]);
      return token;
    }),
  );
  assert.equal(new Set(tokens).size, 400);
  const [saved, transactions] = await written();
  assert.equal(saved, 400);
  assert.ok(transactions < 200, `${transactions} commits`);
});

test('A4: a token that shares its statement with one that cannot be saved is saved all the same', async () => {
  const known = newSecret();
  const save = (token: string) =>
    saveToken(node.platform, {
      model: 'ClientCredentials',
      idHash: sha256(token),
      payload,
      expiresAt: new Date(Date.now() + 60_000),
    });
  await save(known);
  const outcomes = await Promise.allSettled([...Array.from({ length: 30 }, () => save(newSecret())), save(known)]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [...Array.from({ length: 30 }, () => 'fulfilled'), 'rejected'],
  );
});

test('A4: where connections are cut while many are issued, those that were answered are there', async () => {
  const cutting = withClient(database.superuserUrl, async (client) => {
    for (let round = 0; round < 20; round += 1) {
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'samtykke_serving'",
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  const tokens: string[] = [];
  let refused = 0;
  for (let round = 0; round < 20; round += 1) {
    for (const token of await Promise.all(Array.from({ length: 40 }, issue))) {
      if (token === undefined) refused += 1;
      else tokens.push(token);
    }
  }
  await cutting;
  assert.ok(refused > 0 && tokens.length > 100, `${refused} refused, ${tokens.length} issued`);
  for (const token of tokens) assert.ok(await findCaller(node.platform.db, token, node.platform.clock.realNow()));
});
