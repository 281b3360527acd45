import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { switchPermission } from '../../src/consent/switch-permission.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { codeFor, exchange, formOn, go, sentBack, toConsentScreen } from '../support/flow.ts';
import { agreement, bearer, putAgreement, startWorld, tokenFor, type Answer, type World } from '../support/world.ts';

/*
 * Races that other files run at one node, here at two over one database: each request goes to the other node than the one before.
 * A memory of one node decides nothing.
 */

let database: TestDatabase;
let nodes: readonly [World, World];
before(async () => {
  database = await createDatabase();
  nodes = [await startWorld({ database }), await startWorld({ database })];
});
after(async () => {
  for (const node of nodes) await node.close();
  await database.drop();
});

let turns = 0;
const next = (): World => (turns++ % 2 === 0 ? nodes[0] : nodes[1]);
const both: Pick<World, 'app' | 'call'> = {
  get app() {
    return next().app;
  },
  call: (request) => next().call(request),
};
const many = <Result>(count: number, run: (n: number) => Promise<Result>): Promise<readonly Result[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => run(n)));
const statusesOf = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))].toSorted();

test('G3: of fifty equal requests at two nodes one makes the consent, and all answer it', async () => {
  const token = await tokenFor(both, 'agreement');
  const answers = await many(50, () => putAgreement(both, token, agreement({ client_consent_id: 'equal' })));
  assert.deepEqual(statusesOf(answers), [200]);
  assert.equal(new Set(answers.map(({ json }) => json.consent.id)).size, 1);
  const rows = await nodes[0].inspect("select from consent where external_id = 'equal'");
  assert.equal(rows.length, 1);
});

test('G3: of fifty requests at two nodes under one id with different data one wins, its like agree, the others get 409', async () => {
  const token = await tokenFor(both, 'agreement');
  const days = (n: number): number => 7 * (1 + (n % 4));
  const answers = await many(50, (n) =>
    putAgreement(both, token, agreement({ client_consent_id: 'different', consent_duration_days: days(n) })),
  );
  const won = answers.flatMap(({ status }, n) => (status === 200 ? [days(n)] : []));
  assert.deepEqual(statusesOf(answers), [200, 409]);
  assert.equal(new Set(won).size, 1);
  assert.equal(won.length, Array.from({ length: 50 }, (_, n) => days(n)).filter((it) => it === won[0]).length);
});

test('A10: a form that is sent to two nodes at once makes one consent, and each answer that counts is told', async () => {
  for (let round = 0; round < 4; round++) {
    const { visitor, screen } = await toConsentScreen(both);
    const { action, fields } = formOn(screen, /\/answer$/);
    const before = (await nodes[0].inspect('select from consent')).length;
    await many(8, (n) => visitor.request(action, { ...fields, answer: n % 2 === 0 ? 'yes' : 'no' }));
    const given = (await nodes[0].inspect('select from consent')).length - before;
    const back = sentBack(await go(visitor, `${screen.url.pathname}/done`));
    assert.ok(given <= 1);
    if (given === 1) assert.equal((await exchange(both, back['code'] ?? '')).status, 200);
    else assert.equal(back['error'], 'consent_denied');
  }
});

test('A11: of many uses of a code at two nodes at most one gets a token, and none has one that is good afterwards', async () => {
  for (let round = 0; round < 5; round++) {
    const code = await codeFor(both, { scope: 'debt.unsecured.presentation.10' });
    const answers = await many(8, () => exchange(both, code));
    const won = answers.filter(({ status }) => status === 200);
    assert.ok(won.length <= 1, `${won.length} got a token`);
    for (const { json } of won) {
      const headers = bearer(json.access_token);
      assert.equal((await both.call({ method: 'GET', url: '/v1/debt', headers })).status, 403);
    }
  }
});

test('F1: a client has five webhooks at most, also when it asks two nodes for many at once', async () => {
  const headers = bearer(await tokenFor(both, 'events'));
  const payload = { url: 'https://hooks.example/' };
  const answers = await many(12, () =>
    both.call({ method: 'POST', url: '/feed/v1/consent/webhooks', headers, payload }),
  );
  const made = answers.filter(({ status }) => status === 201);
  assert.deepEqual([made.length, ...statusesOf(answers)], [5, 201, 409]);
  await many(5, (n) => both.call({ method: 'DELETE', url: `/feed/v1/consent/webhooks/${made[n]?.json.id}`, headers }));
});

test('C9: registrations at two nodes that race a switch are either ended by it or refused: none is left active', async () => {
  const token = await tokenFor(both, 'agreement');
  for (let round = 0; round < 8; round++) {
    const racing = many(12, (n) => putAgreement(both, token, agreement({ client_consent_id: `race ${round} ${n}` })));
    const order = { kind: 'purpose', purpose: 'processing' } as const;
    await switchPermission(next().platform, order, false);
    for (const { status } of await racing) assert.ok([200, 403].includes(status), String(status));
    const [{ left }] = await nodes[0].inspect(
      "select count(*) as left from consent where archived_at is null and purpose = 'processing'",
    );
    assert.equal(left, 0, `round ${round}`);
    await switchPermission(next().platform, order, true);
  }
});

test('A4: a token that one node gave is good at the other', async () => {
  const token = await tokenFor({ call: (request) => nodes[0].call(request) }, 'agreement');
  assert.equal((await putAgreement(nodes[1], token, agreement({ client_consent_id: 'handed-on' }))).status, 200);
});
