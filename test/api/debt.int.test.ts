import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect, type AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { testPersons } from '../../sandbox/people.ts';
import type { Behaviour } from '../../sandbox/creditor-servers.ts';
import { Nin } from '../../src/person/nin.ts';
import {
  API,
  bearer,
  clientOf,
  newConsent,
  newSingleUse,
  logOf,
  startWorld,
  tokenFor,
  type Answer,
  type Json,
  type World,
} from '../support/world.ts';

let world: World;
let token: string;
before(async () => {
  world = await startWorld();
  token = await tokenFor(world, 'debt');
});
after(() => world.close());
beforeEach(() => {
  for (const { id } of world.servers.creditors) behave(id, 'normal');
});

function behave(creditorId: string, behaviour: Behaviour): void {
  world.servers.setBehaviour(creditorId, behaviour);
  world.creditors.forgetFailures(creditorId);
}

const lookUp = (id: string, headers: Record<string, string> = bearer(token)): Promise<Answer> =>
  world.call({ method: 'GET', url: `/v1/debt/${id}`, headers });
const personOf = (nin: string) => {
  const person = testPersons.find((candidate) => candidate.nin === nin);
  assert.ok(person);
  return person;
};

test('D2, D3, X2: a person whose six creditors all answer: every loan, with the published fields, all three types', async () => {
  const id = await newConsent(world);
  const answer = await lookUp(id);
  assert.equal(answer.status, 200);
  const { ssn, loans, numberOfCreditorsAnswered, numberOfcreditorsMissing, consent } = answer.json;
  assert.equal(ssn, '14842249091');
  assert.deepEqual([numberOfCreditorsAnswered, numberOfcreditorsMissing], [6, 0]);
  const person = personOf('14842249091');
  assert.equal(loans.length, person.holdings.flatMap((holding) => holding.loans).length);
  assert.deepEqual(
    new Set(loans.map((entry: Json) => entry.loan.type)),
    new Set(['creditFacility', 'repaymentLoan', 'chargeCard']),
  );
  assert.deepEqual(Object.keys(consent).sort(), ['exp', 'id', 'scope']);
  assert.equal(consent.id, id);
  assert.ok(Number.isInteger(consent.exp));
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.ok(!answer.text.includes('accountI'), 'the account’s id is not passed on');
});

test('C7: every lookup is logged with who, what, how many creditors were asked and answered, and under which trace id', async () => {
  const id = await newConsent(world, { nin: '29868099311' });
  await lookUp(id, { ...bearer(token), 'x-trace-id': 'my-trace-1' });
  const log = await logOf(world, id);
  assert.deepEqual(log[1], {
    kind: 'debt_disclosed',
    creditors_asked: 6,
    creditors_answered: 4,
    reason: null,
    trace_id: 'my-trace-1',
  });
});

test('D3: a creditor that never answers counts as missing: its delivered loans with their older time, or its name and null', async () => {
  const id = await newConsent(world, { nin: '29868099311' });
  const begun = performance.now();
  const answer = await lookUp(id);
  const took = performance.now() - begun;
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.json.numberOfCreditorsAnswered, answer.json.numberOfcreditorsMissing], [4, 2]);
  const of = (name: string) =>
    answer.json.loans.filter((entry: { creditorName: string }) => entry.creditorName === name);
  const nameOf = (id: string) => world.servers.creditors.find((creditor) => creditor.id === id)?.name ?? '';
  const delivered = of(nameOf(creditorIds.solvarde));
  assert.ok(delivered.length > 0);
  for (const { loan } of delivered) assert.match(loan.timestamp, /T03:00:00\.000Z$/, 'as of last night');
  assert.deepEqual(of(nameOf(creditorIds.vardeblink)), [{ creditorName: nameOf(creditorIds.vardeblink), loan: null }]);
  assert.ok(took < 2_000, `the deadline of 400 ms held: ${Math.round(took)} ms`);
});

test('D3: a creditor that fails, answers nonsense of any kind, or is too slow is missing, and its delivered loans stand in', async () => {
  const bad = creditorIds.lyngtind;
  const asked = personOf('14842249091').holdings.length;
  for (const behaviour of ['failing', 'silent', 'nonsense', 'nonsense', 'nonsense', 'nonsense', 'nonsense'] as const) {
    if (world.servers.behaviourOf(bad) !== behaviour) world.servers.setBehaviour(bad, behaviour);
    world.creditors.forgetFailures(bad);
    const answer = await lookUp(await newConsent(world));
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [answer.json.numberOfCreditorsAnswered, answer.json.numberOfcreditorsMissing],
      [asked - 1, 1],
      behaviour,
    );
    const loans = answer.json.loans.filter(
      (entry: { creditorName: string }) => entry.creditorName === 'Lyngtind Kredittbank ASA',
    );
    assert.equal(loans.length, 2);
    for (const { loan } of loans) assert.match(loan.timestamp, /T03:00:00\.000Z$/);
  }
});

test('D3: a slow creditor within the deadline has answered', async () => {
  behave(creditorIds.lyngtind, 'slow');
  const answer = await lookUp(await newConsent(world));
  assert.deepEqual([answer.json.numberOfCreditorsAnswered, answer.json.numberOfcreditorsMissing], [6, 0]);
});

test('D3: a live empty list is an answer, and overrides what was delivered', async () => {
  // Delivered for someone for whom the creditor's server holds nothing.
  const { hash } = world.platform.vault.index(Nin.fromStored('07857193886'));
  const [row] = await world.inspect('select creditor_id, provider_id from delivered_customer limit 1');
  const key = [hash, row.creditor_id, row.provider_id];
  await world.inspect(
    'insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at) values ($1, $2, $3, now())',
    key,
  );
  await world.inspect(
    `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, type, reported_at, co_borrower,
       interest_bearing_balance, non_interest_bearing_balance)
     values ($1, $2, $3, 'old', 'chargeCard', now(), 0, 1, 1)`,
    key,
  );
  const answer = await lookUp(await newConsent(world, { nin: '07857193886' }));
  assert.deepEqual(answer.json.loans, []);
  assert.deepEqual([answer.json.numberOfCreditorsAnswered, answer.json.numberOfcreditorsMissing], [1, 0]);
  await world.inspect('delete from delivered_loan where nin_index = $1', [hash]);
  await world.inspect('delete from delivered_customer where nin_index = $1', [hash]);
});

test('D3: only creditors that hold something are asked; a person without debt gets an empty list', async () => {
  const before = world.servers.creditors.map((creditor) => world.servers.questionsTo(creditor.id));
  const answer = await lookUp(await newConsent(world, { nin: '07857193886' }));
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json.loans, []);
  assert.deepEqual([answer.json.numberOfCreditorsAnswered, answer.json.numberOfcreditorsMissing], [0, 0]);
  assert.deepEqual(
    world.servers.creditors.map((creditor) => world.servers.questionsTo(creditor.id)),
    before,
  );
});

test('X2: co-borrowers see the same joint loan in full; twelve creditors answer at once; a D-number works', async () => {
  const debts = await Promise.all(
    ['19828891203', '23879191211', '05886791269', '48918391250'].map(
      async (nin) => (await lookUp(await newConsent(world, { nin }))).json,
    ),
  );
  const joint = debts
    .slice(0, 2)
    .map((debt) => debt.loans.map((entry: Json) => entry.loan).filter((loan: Json) => loan.coBorrower !== 0));
  assert.deepEqual(
    joint.map((loans) => loans.length),
    [1, 1],
  );
  assert.equal(joint[0][0].balance, joint[1][0].balance);
  assert.deepEqual(joint.map((loans) => loans[0].coBorrower).sort(), [1, 2]);
  assert.equal(debts[2].numberOfCreditorsAnswered, 12);
  assert.ok(debts[3].numberOfCreditorsAnswered > 0);
});

test('D3: once a creditor has kept failing it is left alone for a while, and nobody waits for it', async () => {
  behave(creditorIds.lyngtind, 'silent');
  const id = await newConsent(world);
  for (let at = 0; at < 6; at++) await lookUp(id);
  const begun = performance.now();
  const answer = await lookUp(id);
  assert.ok(performance.now() - begun < 300, 'no longer the deadline of 400 ms');
  assert.equal(answer.json.numberOfcreditorsMissing, 1);
});

test('C4, D4: a single-use consent is answered once; then it was used, with the time', async () => {
  const id = await newSingleUse(world);
  assert.equal((await lookUp(id)).status, 200);
  const again = await lookUp(id);
  assert.equal(again.status, 403);
  assert.equal(again.json.error, 'invalid consent');
  assert.match(again.json.error_description, /^Consent was used at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(
    (await logOf(world, id)).map((row) => row.kind),
    ['consent_registered', 'debt_disclosed'],
  );
});

test('C4: HEAD looks nothing up and uses nothing up', async () => {
  const id = await newSingleUse(world);
  const head = await world.call({ method: 'HEAD', url: `/v1/debt/${id}`, headers: bearer(token) });
  assert.equal(head.status, 405);
  assert.equal((await lookUp(id)).status, 200);
});

test('C5: debt that waits behind another answer on the same connection does not leave after a revocation', async () => {
  const [slow, id] = [await newConsent(world, { nin: '29868099311' }), await newConsent(world)];
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = world.app.server.address() as AddressInfo;
  const request = (consentId: string) =>
    `GET /v1/debt/${consentId} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const socket = connect(port, '127.0.0.1');
  let answers = '';
  socket.on('data', (data) => (answers += data.toString()));
  socket.write(request(slow) + request(id));
  // The first one waits for two creditors until the deadline of 400 ms; the second would have been ready long before that.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const revoked = await world.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(token) });
  assert.equal(revoked.status, 204);
  while (answers.split('HTTP/1.1 ').length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
  socket.destroy();
  assert.deepEqual(
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]),
    ['200', '403'],
  );
});

test('C4: a lookup that fails on our side does not use up a single-use consent', async () => {
  const id = await newSingleUse(world);
  await world.inspect(
    `create function test_fail() returns trigger language plpgsql as $$ begin raise 'planted'; end $$`,
  );
  await world.inspect(
    `create trigger test_fail before insert on audit_log for each row when (new.kind = 'debt_disclosed') execute function test_fail()`,
  );
  try {
    const failed = await lookUp(id);
    assert.equal(failed.status, 500);
    assert.deepEqual(Object.keys(failed.json).sort(), ['error', 'error_description', 'timestamp', 'trace_id']);
    assert.equal(failed.json.error, 'server error');
  } finally {
    await world.inspect('drop trigger test_fail on audit_log');
  }
  assert.equal((await lookUp(id)).status, 200);
});

test('C2, D4: from its instant of expiry on a consent is refused with that instant, although no job has run', async () => {
  const id = await newConsent(world, { consent_duration_days: 1 });
  const [{ expires_at }] = await world.inspect('select expires_at from consent where id = $1', [id]);
  world.clock.setOffsetSeconds(86_400);
  try {
    const answer = await lookUp(id);
    assert.equal(answer.status, 403);
    assert.equal(answer.json.error_description, `Consent expired at ${expires_at.toISOString()}`);
    const status = await world.call({ method: 'GET', url: `/v1/debt/${id}/status`, headers: bearer(token) });
    assert.deepEqual(status.json, { active: false, expires_at: Math.floor(expires_at.getTime() / 1000) });
    const [{ archived_at }] = await world.inspect('select archived_at from consent where id = $1', [id]);
    assert.equal(archived_at, null);
  } finally {
    world.clock.setOffsetSeconds(0);
  }
});

test('C3, D4: an unknown consent, another client’s, and one for another purpose are refused alike', async () => {
  const theirs = await newConsent(world, { client: 2 });
  const otherPurpose = await newConsent(world, { scope_of_consent: 'debt.unsecured.presentation' });
  const processingOnly = bearer(await tokenFor(world, 'debt', { scope: 'debt.unsecured.processing' }));
  const answers = [await lookUp(randomUUID()), await lookUp(theirs), await lookUp(otherPurpose, processingOnly)];
  for (const answer of answers) {
    assert.equal(answer.status, 403);
    const { timestamp, trace_id, ...rest } = answer.json;
    assert.deepEqual(rest, { error: 'no valid consent' });
    assert.ok(timestamp && trace_id);
  }
  assert.equal((await lookUp(otherPurpose)).status, 200, 'a token with both scopes may');
});

test('D4: no Authorization header and an id that is no UUID are 400; a bad token or one for another API is 403', async () => {
  const id = await newConsent(world);
  for (const [method, suffix] of [
    ['GET', ''],
    ['GET', '/status'],
    ['DELETE', ''],
  ] as const) {
    for (const [consentId, headers] of [
      [id, {}],
      ['14842249091', bearer(token)],
    ] as const) {
      const answer = await world.call({ method, url: `/v1/debt/${consentId}${suffix}`, headers });
      assert.equal(answer.status, 400);
      assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'error_description', 'timestamp', 'trace_id']);
    }
  }
  const tokens = [
    'x',
    `${token}x`,
    'x'.repeat(43),
    await tokenFor(world, 'agreement'),
    await tokenFor(world, 'events'),
  ];
  for (const bad of tokens) {
    const answer = await lookUp(id, bearer(bad));
    assert.equal(answer.status, 403);
    assert.equal(answer.json.error, 'invalid access token');
  }
});

test('A4, D4: a token that has ended, and every token of a disabled client, is an invalid access token', async () => {
  const short = await tokenFor(world, 'debt');
  const id = await newConsent(world);
  await world.inspect(
    `update oauth_artefact set expires_at = now() - interval '1 second' where id_hash = sha256($1::bytea)`,
    [Buffer.from(short)],
  );
  assert.equal((await lookUp(id, bearer(short))).json.error, 'invalid access token');
  await world.inspect('update client set enabled = false where id = $1', [clientOf(1).id]);
  try {
    assert.equal((await lookUp(id)).json.error, 'invalid access token');
  } finally {
    await world.inspect('update client set enabled = true where id = $1', [clientOf(1).id]);
  }
});

test('D3b: a client-credentials token names no consent: GET /v1/debt is 403 `no valid consent`', async () => {
  const answer = await world.call({ method: 'GET', url: '/v1/debt', headers: bearer(token) });
  assert.equal(answer.status, 403);
  assert.equal(answer.json.error, 'no valid consent');
  assert.equal((await world.call({ method: 'GET', url: '/v1/debt' })).status, 400);
});

test('D1, D3b: a token of the code flow names its consent, and is good for that one only', async () => {
  const [own, other] = [await newConsent(world), await newConsent(world)];
  // As the authorization server keeps the token of a code that was exchanged: its grant is the consent.
  const codeToken = 'c'.repeat(43);
  const payload = { clientId: clientOf(1).id, aud: `${API}/v1/debt`, scope: 'debt.unsecured.processing openid' };
  await world.inspect(
    `insert into oauth_artefact (model, id_hash, payload, grant_id, expires_at)
     values ('AccessToken', sha256($1::bytea), $2, $3, now() + interval '1 hour')`,
    [Buffer.from(codeToken), JSON.stringify(payload), own],
  );
  const debt = await world.call({ method: 'GET', url: '/v1/debt', headers: bearer(codeToken) });
  assert.equal(debt.status, 200);
  assert.equal(debt.json.consent.id, own);
  assert.equal((await lookUp(own, bearer(codeToken))).status, 200);
  assert.equal((await lookUp(other, bearer(codeToken))).json.error, 'no valid consent');
  const revokeOther = await world.call({ method: 'DELETE', url: `/v1/debt/${other}`, headers: bearer(codeToken) });
  assert.equal(revokeOther.json.error, 'no valid consent');
});

test('D4, E1: the caller’s trace id comes back in header and error, and one that is not fit for that is replaced', async () => {
  const answer = await lookUp(randomUUID(), { ...bearer(token), 'x-trace-id': 'abc-123' });
  assert.equal(answer.json.trace_id, 'abc-123');
  assert.equal(answer.headers['x-trace-id'], 'abc-123');
  for (const bad of ['14842249091', 'a b', 'x'.repeat(200), '<script>', '']) {
    const replaced = await lookUp(randomUUID(), { ...bearer(token), 'x-trace-id': bad });
    assert.match(replaced.json.trace_id, /^[0-9a-f-]{36}$/, bad);
  }
});

test('E2: other methods and addresses are refused in this API’s shape', async () => {
  const post = await world.call({ method: 'POST', url: `/v1/debt/${randomUUID()}`, headers: bearer(token) });
  assert.equal(post.status, 405);
  assert.equal(post.headers['allow'], 'DELETE, GET');
  assert.equal(post.json.error, 'method not allowed');
  const lost = await world.call({ method: 'GET', url: '/v1/debt/a/b/c', headers: bearer(token) });
  assert.equal(lost.status, 404);
  assert.deepEqual(Object.keys(lost.json).sort(), ['error', 'error_description', 'timestamp', 'trace_id']);
});
