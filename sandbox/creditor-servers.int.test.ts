import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Agent as FetchAgent, fetch as fetchOver, type RequestInit, type Response } from 'undici';
import { deliverers, sandboxCertificates, type SandboxCertificates } from './authority.ts';
import type { WireBatch, WireCustomer } from './creditor-answers.ts';
import { creditorIds, sandboxCreditors } from './creditor-list.ts';
import { type Behaviour, behaviours, type CreditorServers, startCreditorServers } from './creditor-servers.ts';
import { customersPerPage } from './delivered-batch.ts';
import { testPersons } from './people.ts';
import { generatePersons } from './people-generator.ts';

const NOW = new Date('2026-03-04T05:06:07.890Z');
const LAST_NIGHT = '2026-03-04T03:00:00.000Z';
const SLOW_MS = 150;
const generated = { count: 3000, seed: 5 };

const allAnswer = '14842249091';
const twoSilent = '29868099311';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-creditors-'));
let certificates: SandboxCertificates;
let servers: CreditorServers;
let asOperator: FetchAgent;
before(async () => {
  certificates = await sandboxCertificates(folder, new Date());
  asOperator = new FetchAgent({ connect: { ...certificates.operator, ca: certificates.authority.cert } });
  servers = await startCreditorServers({ now: () => NOW, certificates, slowMs: SLOW_MS, generated });
});
after(async () => {
  await servers.close();
  await asOperator.destroy();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  for (const { id } of servers.creditors) servers.setBehaviour(id, 'normal');
});

function addressOf(creditorId: string): string {
  const creditor = servers.creditors.find((creditor) => creditor.id === creditorId);
  assert.ok(creditor !== undefined);
  return `${creditor.baseUrl}/debt-information/v1/loans/${creditorId}`;
}

/** Over mutual TLS, as the one whom creditors let ask. */
const fetch = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetchOver(url, { dispatcher: asOperator, ...init });

/** Asks a creditor about one person. */
const ask = (creditorId: string, nin: string, options: RequestInit = {}): Promise<Response> =>
  fetch(`${addressOf(creditorId)}/customer`, { ...options, headers: { customerID: nin } });

async function answerOf(creditorId: string, nin: string): Promise<WireCustomer> {
  const response = await ask(creditorId, nin);
  assert.equal(response.status, 200);
  return (await response.json()) as WireCustomer;
}

async function pageOf(creditorId: string, page?: number): Promise<WireBatch> {
  const response = await fetch(`${addressOf(creditorId)}${page === undefined ? '' : `?page=${page}`}`);
  assert.equal(response.status, 200);
  return (await response.json()) as WireBatch;
}

const neverWithin = async (creditorId: string, nin: string, ms: number): Promise<void> => {
  await assert.rejects(ask(creditorId, nin, { signal: AbortSignal.timeout(ms) }), { name: 'TimeoutError' });
};

test('X3: every creditor of the sandbox has a server of its own', () => {
  assert.deepEqual(
    servers.creditors.map((creditor) => creditor.id),
    sandboxCreditors.map((creditor) => creditor.id),
  );
  assert.equal(new Set(servers.creditors.map((creditor) => creditor.baseUrl)).size, sandboxCreditors.length);
});

test('X3: a creditor answers about one customer with loans as of now, in the spelling of the delivery interface', async () => {
  const response = await ask(creditorIds.multebaer, allAnswer);
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  assert.deepEqual(await response.json(), {
    customerID: allAnswer,
    financialInstitutionID: creditorIds.multebaer,
    loans: [
      {
        type: 'chargeCard',
        accountID: 'BK-1003-01',
        timestamp: NOW.toISOString(),
        coBorrower: 0,
        interestBearingBalance: 0,
        nonInterestBearingBalance: 7_412_90,
      },
    ],
  });
});

test('X3: a member that does not apply is left out, and every other member is there', async () => {
  const { loans } = await answerOf(creditorIds.lyngtind, allAnswer);
  assert.deepEqual(loans[1], {
    type: 'repaymentLoan',
    accountID: 'FL-1001-02',
    timestamp: NOW.toISOString(),
    coBorrower: 0,
    originalBalance: 150_000_00,
    balance: 96_780_00,
    terms: 43,
    nominalInterestRate: 1249,
    installmentCharges: 50_00,
    installmentChargePeriod: 'MONTHLY',
  });
  const [card] = (await answerOf(creditorIds.havsule, allAnswer)).loans;
  assert.ok(card !== undefined);
  assert.ok(!('installmentCharges' in card) && !('installmentChargePeriod' in card));
});

test('X2: every creditor of every test person answers, except the two that never do', async () => {
  for (const { nin, holdings } of testPersons) {
    for (const { creditorId, loans, live } of holdings) {
      if (live) assert.equal((await answerOf(creditorId, nin)).loans.length, loans.length);
      else await neverWithin(creditorId, nin, 100);
    }
  }
});

test('X2: a creditor that never answers for one person answers for others', async () => {
  const other = '05886791269';
  for (const creditor of [creditorIds.solvarde, creditorIds.vardeblink]) {
    assert.deepEqual((await answerOf(creditor, other)).loans, []);
  }
});

test('X2: creditors answer about generated persons, whom nobody has stored', async () => {
  for (const { nin, holdings } of [...generatePersons(generated)].slice(-5)) {
    for (const { creditorId, loans } of holdings) {
      const answer = await answerOf(creditorId, nin);
      assert.deepEqual(
        answer.loans.map((loan) => loan['accountID']),
        loans.map((loan) => loan.accountId),
      );
    }
  }
});

test('X3: a person who owes a creditor nothing is answered with no loans', async () => {
  const answer = await answerOf(creditorIds.sildegarn, allAnswer);
  assert.deepEqual(answer, { customerID: allAnswer, financialInstitutionID: creditorIds.sildegarn, loans: [] });
});

test('X3: what is not a question is refused: unknown institution or path 404, bad customer or page 400, other method 405', async () => {
  const base = addressOf(creditorIds.lyngtind);
  const headers = { customerID: allAnswer };
  const statusOf = async (url: string, init: RequestInit = {}): Promise<number> => (await fetch(url, init)).status;
  assert.equal(await statusOf(`${base.replace(creditorIds.lyngtind, creditorIds.havsule)}/customer`, { headers }), 404);
  assert.equal(await statusOf(`${base}/customers`, { headers }), 404);
  assert.equal(await statusOf(`${base}/customer`), 400);
  assert.equal(await statusOf(`${base}/customer`, { headers: { customerID: '14842249092' } }), 400);
  assert.equal(await statusOf(`${base}/customer`, { headers: { customerID: '12120799663' } }), 400);
  assert.equal(await statusOf(`${base}?page=-1`), 400);
  const posted = await fetch(`${base}/customer`, { method: 'POST', headers, body: '{}' });
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get('allow'), 'GET');
});

test('X3: a refusal does not repeat the number', async () => {
  const response = await ask(creditorIds.lyngtind, '14842249092');
  assert.doesNotMatch(await response.text(), /\d{11}/);
});

test('X3: a creditor behaves normally until told otherwise, and one that does not exist cannot be told', () => {
  assert.equal(servers.behaviourOf(creditorIds.granbar), 'normal');
  for (const behaviour of behaviours) {
    assert.equal(servers.setBehaviour(creditorIds.granbar, behaviour), true);
    assert.equal(servers.behaviourOf(creditorIds.granbar), behaviour);
  }
  assert.equal(servers.setBehaviour('314159265', 'slow'), false);
  assert.equal(servers.behaviourOf('314159265'), undefined);
  assert.equal(servers.behaviourOf(creditorIds.lyngtind), 'normal');
});

test('X3: a slow creditor answers rightly, but not at once', async () => {
  servers.setBehaviour(creditorIds.lyngtind, 'slow');
  const start = performance.now();
  assert.equal((await answerOf(creditorIds.lyngtind, allAnswer)).loans.length, 2);
  assert.ok(performance.now() - start >= SLOW_MS - 5);
});

test('X3: a failing creditor answers 500, and others are not affected', async () => {
  servers.setBehaviour(creditorIds.lyngtind, 'failing');
  assert.equal((await ask(creditorIds.lyngtind, allAnswer)).status, 500);
  assert.equal((await fetch(addressOf(creditorIds.lyngtind))).status, 500);
  assert.equal((await ask(creditorIds.havsule, allAnswer)).status, 200);
});

test('X3: a silent creditor takes the question and never answers, and answers again once it is told to', async () => {
  servers.setBehaviour(creditorIds.lyngtind, 'silent');
  const before = servers.questionsTo(creditorIds.lyngtind);
  await neverWithin(creditorIds.lyngtind, allAnswer, 150);
  assert.equal(servers.questionsTo(creditorIds.lyngtind), before + 1);
  servers.setBehaviour(creditorIds.lyngtind, 'normal');
  assert.equal((await answerOf(creditorIds.lyngtind, allAnswer)).loans.length, 2);
});

test('X3: nonsense breaks one rule of delivery each time, in the same order, over and over', async () => {
  for (const nin of [allAnswer, '07857193886']) {
    servers.setBehaviour(creditorIds.lyngtind, 'nonsense');
    for (let round = 0; round < 2; round += 1) {
      const texts: string[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        const response = await ask(creditorIds.lyngtind, nin);
        assert.equal(response.status, 200);
        texts.push(await response.text());
      }
      const [broken = '', ...rest] = texts;
      assert.throws(() => JSON.parse(broken), SyntaxError);
      const [negative, stranger, unknown, elsewhere] = rest.map((text) => JSON.parse(text) as WireCustomer);
      assert.ok(negative?.loans.some((loan) => Object.values(loan).some((value) => Number(value) < 0)));
      assert.notEqual(stranger?.customerID, nin);
      assert.ok(unknown?.loans.some((loan) => loan['type'] === 'studentLoan'));
      assert.equal(elsewhere?.customerID, nin);
      assert.notEqual(elsewhere?.financialInstitutionID, creditorIds.lyngtind);
    }
  }
});

test('X3: a batch has what was drawn last night, page after page, each customer once, the last page shorter', async () => {
  const { lyngtind } = creditorIds;
  const customers: WireCustomer[] = [];
  for (let page = 0; ; page += 1) {
    const batch = await pageOf(lyngtind, page);
    assert.equal(batch.providerID, `9908:${lyngtind}`);
    customers.push(...batch.customers);
    if (batch.customers.length < customersPerPage) break;
  }
  const expected = [...testPersons, ...generatePersons(generated)]
    .filter(({ holdings }) => holdings.some((holding) => holding.creditorId === lyngtind))
    .map((person) => person.nin);
  assert.ok(expected.length > customersPerPage);
  assert.deepEqual(
    customers.map((customer) => customer.customerID),
    expected,
  );
  for (const { financialInstitutionID, loans } of customers) {
    assert.equal(financialInstitutionID, lyngtind);
    assert.ok(loans.length > 0 && loans.every((loan) => loan['timestamp'] === LAST_NIGHT));
  }
  assert.deepEqual((await pageOf(lyngtind, 1_000_000)).customers, []);
  assert.deepEqual(await pageOf(lyngtind), await pageOf(lyngtind, 0));
});

test('X2: a creditor that never answers for a person may have delivered, or not', async () => {
  const delivers = async (creditorId: string): Promise<boolean> =>
    (await pageOf(creditorId, 0)).customers.some(
      (customer) => customer.customerID === twoSilent && customer.loans.length > 0,
    );
  assert.equal(await delivers(creditorIds.solvarde), true);
  assert.equal(await delivers(creditorIds.vardeblink), false);
});

test('X3: nonsense in a batch breaks one rule of delivery each time', async () => {
  servers.setBehaviour(creditorIds.granbar, 'nonsense');
  await assert.rejects(pageOf(creditorIds.granbar), SyntaxError);
  const [negative, twice, unknown, elsewhere] = [
    await pageOf(creditorIds.granbar),
    await pageOf(creditorIds.granbar),
    await pageOf(creditorIds.granbar),
    await pageOf(creditorIds.granbar),
  ];
  assert.ok(negative.customers[0]?.loans.some((loan) => loan['interestBearingBalance'] === -1_00));
  assert.equal(twice.customers[0]?.customerID, twice.customers[1]?.customerID);
  assert.ok(unknown.customers[0]?.loans.some((loan) => loan['type'] === 'studentLoan'));
  assert.notEqual(elsewhere.customers[0]?.financialInstitutionID, creditorIds.granbar);
});

test('X3: a creditor keeps a connection for the next question', async () => {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    ...certificates.operator,
    ca: certificates.authority.cert,
  });
  const askOn = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const url = `${addressOf(creditorIds.lyngtind)}/customer`;
      const asked = httpsRequest(url, { agent, headers: { customerID: allAnswer } }, (response) => {
        response.resume().once('end', () => resolve(asked.reusedSocket));
      });
      asked.once('error', reject).end();
    });
  assert.equal(await askOn(), false);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await askOn(), true);
  agent.destroy();
});

test('X3: nobody asks a creditor without the certificate of who runs the sandbox, a creditor neither', async () => {
  const url = `${addressOf(creditorIds.lyngtind)}/customer`;
  const ca = certificates.authority.cert;
  const before = servers.questionsTo(creditorIds.lyngtind);
  const asking = async (connect: object): Promise<number> => {
    const dispatcher = new FetchAgent({ connect });
    try {
      return (await fetch(url, { dispatcher, headers: { customerID: allAnswer } })).status;
    } finally {
      await dispatcher.destroy();
    }
  };
  await assert.rejects(asking({ ca }), TypeError);
  await assert.rejects(
    asking({ ...certificates.operator }),
    TypeError,
    'nor does anybody take its server for a public one',
  );
  for (const organisation of deliverers)
    assert.equal(await asking({ ...certificates.deliverer(organisation), ca }), 403);
  assert.equal(servers.questionsTo(creditorIds.lyngtind), before);
  assert.equal(await asking({ ...certificates.operator, ca }), 200);
});

test('X3: closing is quick and cuts whoever waits for a silent or slow creditor; a second closing does no harm', async () => {
  const own = await startCreditorServers({ now: () => NOW, certificates, slowMs: 60_000 });
  const waiting = (['silent', 'slow'] satisfies Behaviour[]).map((behaviour, place) => {
    const creditor = own.creditors[place];
    assert.ok(creditor !== undefined);
    own.setBehaviour(creditor.id, behaviour);
    const url = `${creditor.baseUrl}/debt-information/v1/loans/${creditor.id}/customer`;
    return { id: creditor.id, cut: assert.rejects(fetch(url, { headers: { customerID: allAnswer } }), TypeError) };
  });
  while (waiting.some(({ id }) => own.questionsTo(id) === 0)) await new Promise((resolve) => setTimeout(resolve, 5));
  const start = performance.now();
  await own.close();
  assert.ok(performance.now() - start < 1000);
  await Promise.all(waiting.map(({ cut }) => cut));
  await own.close();
});

test('X3: creditors that cannot listen say so', async () => {
  await assert.rejects(
    startCreditorServers({ now: () => NOW, certificates, host: '203.0.113.1' }),
    /cannot listen on 203\.0\.113\.1/,
  );
});
