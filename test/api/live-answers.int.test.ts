import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sandboxCertificates } from '../../sandbox/authority.ts';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { testPersons } from '../../sandbox/people.ts';
import { badlySent, brokenAnswers, json, soundLoans, type BadAnswer } from '../support/bad-answers.ts';
import { customerText } from '../support/broken-deliveries.ts';
import { startToldServer, type Told, type ToldServer } from '../support/told-server.ts';
import { bearer, newConsent, startWorld, tokenFor, type Answer, type Json, type World } from '../support/world.ts';

const DEADLINE_MS = 1_000;
/** Six creditors hold something for this person; the first one of these is the one that answers badly. */
const NIN = '14842249091';
const BAD = creditorIds.lyngtind;
const NAME = 'Lyngtind Kredittbank ASA';

let world: World;
let server: ToldServer;
let elsewhere: ToldServer;
let token: string;
let consent: string;
before(async () => {
  const env = { LOOKUP_DEADLINE_MS: String(DEADLINE_MS), CREDITOR_CONNECTIONS: '2' };
  world = await startWorld({ env });
  const { config, clock } = world.platform;
  const certificates = await sandboxCertificates(join(config.dataDir, 'certificates'), clock.realNow());
  const tls = {
    ...certificates.creditorServer(BAD),
    ca: certificates.authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  };
  [server, elsewhere] = await Promise.all([startToldServer(tls), startToldServer(tls)]);
  elsewhere.tell(json(customerText(NIN, BAD, soundLoans)));
  await world.inspect('update creditor_provider set base_url = $1 where creditor_id = $2', [server.url, BAD]);
  token = await tokenFor(world, 'debt');
  consent = await newConsent(world, { nin: NIN });
});
after(async () => {
  await world.close();
  await Promise.all([server.close(), elsewhere.close()]);
});

let lookups = 0;
/** Looks the person up, with a trace id of its own. */
async function lookUp(id = consent): Promise<Answer & { traceId: string; took: number }> {
  const traceId = `live-answer-${++lookups}`;
  const begin = performance.now();
  const headers = { ...bearer(token), 'x-trace-id': traceId };
  const answer = await world.call({ method: 'GET', url: `/v1/debt/${id}`, headers });
  return { ...answer, traceId, took: performance.now() - begin };
}

const counts = ({ json }: Answer): readonly number[] => [json.numberOfCreditorsAnswered, json.numberOfcreditorsMissing];
const loansOf = ({ json }: Answer): Json[] =>
  json.loans.filter((entry: Json) => entry.creditorName === NAME).map((entry: Json) => entry.loan);

/** Looks up while that creditor does something; it must be missing, what it delivered stands in, and the others have answered. */
async function lookUpWhile(told: Told, what: string): Promise<string> {
  server.tell(told);
  world.creditors.forgetFailures(BAD);
  const answer = await lookUp();
  assert.deepEqual([answer.status, ...counts(answer)], [200, 5, 1], what);
  const loans = loansOf(answer);
  assert.equal(loans.length, 2, what);
  for (const { timestamp } of loans) assert.match(timestamp, /T03:00:00\.000Z$/, what);
  assert.ok(answer.took < DEADLINE_MS + 400, `${what}: ${answer.took} ms`);
  return answer.traceId;
}

/** Why that creditor was missing, by the trace id of the lookup; the whole log is read, and no number may be in it. */
function reasons(): ReadonlyMap<string, string> {
  world.platform.log.flush();
  const log = readFileSync(world.platform.config.logFile, 'utf8');
  assert.doesNotMatch(log, /\b\d{11}\b|\b\d{6} \d{5}\b/);
  // Ids of requests and consents are hexadecimal on both sides of their hyphens.
  assert.doesNotMatch(log, /(?<![\da-f])a-1(?![\da-f])|creditLimit/, 'nothing of an answer is in the log');
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return new Map(lines.filter(({ creditorId }) => creditorId === BAD).map(({ traceId, reason }) => [traceId, reason]));
}

/** Each broken rule at each place once. */
function oneOfEach(answers: readonly BadAnswer[]): readonly BadAnswer[] {
  return [...new Map(answers.map((answer) => [answer.reason, answer])).values()];
}

test('D3: a right answer of the same server is the answer, and it is asked with the trace id of the lookup', async () => {
  server.tell(json(customerText(NIN, BAD, soundLoans)));
  const answer = await lookUp();
  assert.deepEqual(counts(answer), [6, 0]);
  assert.deepEqual(
    loansOf(answer).map(({ type }) => type),
    ['creditFacility', 'repaymentLoan', 'chargeCard'],
  );
  assert.deepEqual(
    server.asked.map(({ headers }) => [headers['x-trace-id'], headers['customerid']]),
    [[answer.traceId, NIN]],
  );
});

test('D3: a creditor that breaks a rule of delivery is missing with that lookup, whichever rule, and the others have answered', async () => {
  const asked = { nin: NIN, creditorId: BAD };
  const told = new Map<string, string>();
  for (const { what, told: conduct, reason } of oneOfEach(brokenAnswers(asked)))
    told.set(await lookUpWhile(conduct, what), reason);
  assert.ok(told.size > 30, String(told.size));
  const found = reasons();
  for (const [traceId, reason] of told) assert.equal(found.get(traceId), reason);
});

test('D3: a creditor whose answer does not come as it should is missing, the others have answered; nobody is asked elsewhere', async () => {
  const told = new Map<string, string>();
  for (const { what, told: conduct, reason } of badlySent({ nin: NIN, creditorId: BAD }, elsewhere.url))
    told.set(await lookUpWhile(conduct, what), reason);
  const found = reasons();
  for (const [traceId, reason] of told) assert.equal(found.get(traceId)?.slice(0, reason.length), reason);
  assert.deepEqual(elsewhere.asked, []);
});

test('D3: a lookup is back by its deadline while a creditor sends byte after byte', async () => {
  for (const head of ['x: ', 'content-type: application/json\r\ncontent-length: 100000\r\n\r\n{']) {
    const trickle: Told = (response) => {
      response.socket?.write(`HTTP/1.1 200 OK\r\n${head}`);
      const drip = setInterval(() => response.socket?.write(' '), 20);
      response.socket?.on('close', () => clearInterval(drip)).on('error', () => undefined);
    };
    const traceId = await lookUpWhile(trickle, head);
    assert.equal(reasons().get(traceId), 'deadline');
  }
});

test('D3: a silent creditor whose calls are all used up costs others nothing, and those who wait for it no more than the deadline', async () => {
  const other = testPersons.find(
    ({ holdings }) => holdings.length > 0 && holdings.every(({ creditorId, live }) => live && creditorId !== BAD),
  );
  assert.ok(other);
  const theirs = await newConsent(world, { nin: other.nin });
  server.tell(() => undefined);
  world.creditors.forgetFailures(BAD);
  const waiting = Promise.all(Array.from({ length: 12 }, () => lookUp()));
  for (let looks = 0; server.asked.length < 2 && looks < 200; looks++) await new Promise((done) => setTimeout(done, 5));
  for (let round = 0; round < 5; round++) {
    const answer = await lookUp(theirs);
    assert.deepEqual(counts(answer), [other.holdings.length, 0]);
    assert.ok(answer.took < DEADLINE_MS * 0.8, `${answer.took} ms`);
  }
  assert.equal(server.asked.length, 2, 'no more than are allowed at once');
  for (const answer of await waiting) {
    assert.deepEqual(counts(answer), [5, 1]);
    assert.ok(answer.took < DEADLINE_MS + 600, `${answer.took} ms`);
  }
});
