import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { badlySent, brokenAnswers, json, soundLoans, type BadAnswer } from '../../test/support/bad-answers.ts';
import { customerText } from '../../test/support/broken-deliveries.ts';
import { hours, testAuthority } from '../../test/support/test-authority.ts';
import { startToldServer, type ToldServer } from '../../test/support/told-server.ts';
import { Nin } from '../person/nin.ts';
import { movableClock } from '../platform/clock.ts';
import { httpClient } from '../platform/http-client.ts';
import { creditorClient } from './creditor-client.ts';
import type { Creditor } from './creditor.ts';

const NIN = '14842249091';
const CREDITOR = '210437185';

const authority = await testAuthority();
const ours = await authority.issue('319009000', { purposes: ['client'], hosts: [] });
const http = httpClient({
  connections: 4,
  plainHttp: false,
  mutualTls: () => ({ ...ours, ca: authority.own.cert, goodUntil: hours(0, 24).to }),
});
const client = creditorClient({ http, clock: movableClock() });
let server: ToldServer;
let elsewhere: ToldServer;
before(async () => {
  const tls = { ca: authority.own.cert, requestCert: true, rejectUnauthorized: true };
  const certified = { ...tls, ...(await authority.issue(CREDITOR)) };
  [server, elsewhere] = await Promise.all([startToldServer(certified), startToldServer(certified)]);
  elsewhere.tell(json(customerText(NIN, CREDITOR, soundLoans)));
});
after(async () => {
  client.close();
  await http.close();
  await Promise.all([server.close(), elsewhere.close()]);
});

const loansNow = () => {
  const creditor: Creditor = {
    id: CREDITOR,
    name: 'Lyngtind',
    providerId: `9908:${CREDITOR}`,
    baseUrl: `${server.url}/base`,
    clientCertificate: null,
    contact: { email: null, phone: null },
  };
  const call = { signal: AbortSignal.timeout(10_000), traceId: 'trace-1' };
  return client.loansOf(creditor, Nin.fromStored(NIN), call);
};

/** Asks, and is answered so; the reason must be told, and nothing of the answer with it. */
async function refused({ what, told, reason }: BadAnswer): Promise<void> {
  server.tell(told);
  client.forgetFailures(CREDITOR);
  await assert.rejects(loansNow, (error: Error) => {
    assert.equal(error.message.slice(0, reason.length), reason, what);
    if (reason.startsWith('rule')) assert.equal(error.message, reason, what);
    assert.doesNotMatch(inspect(error, { depth: 10 }), /\d{11}|\d{6} \d{5}|a-1|creditLimit/, what);
    return true;
  });
}

test('D3: a creditor is asked for one customer at its address, with the trace id, and its loans are read', async () => {
  server.tell(json(customerText(NIN, CREDITOR, soundLoans)));
  assert.deepEqual(
    (await loansNow()).map(({ accountId }) => accountId),
    ['a-1', 'a-2', 'a-3'],
  );
  server.tell(json(customerText(NIN, CREDITOR, []), 'Application/JSON'));
  assert.deepEqual(await loansNow(), []);
  const [request] = server.asked;
  assert.deepEqual(
    [request?.method, request?.url],
    ['GET', `/base/debt-information/v1/loans/${CREDITOR}/customer`],
    'the number is in no address',
  );
  assert.deepEqual(request?.headers, {
    host: server.url.slice('https://'.length),
    connection: 'keep-alive',
    accept: 'application/json',
    'accept-encoding': 'identity',
    customerid: NIN,
    'x-trace-id': 'trace-1',
  });
});

test('D3: a live answer is held to every rule of delivery; the broken one is told with its place, and nothing of the answer', async () => {
  const answers = brokenAnswers({ nin: NIN, creditorId: CREDITOR });
  assert.ok(answers.length > 500, String(answers.length));
  for (const answer of answers) await refused(answer);
});

test('D3: an answer that does not come as it should is none: status, type, encoding, size, and how it is cut', async () => {
  for (const answer of badlySent({ nin: NIN, creditorId: CREDITOR }, elsewhere.url)) await refused(answer);
  assert.deepEqual(elsewhere.asked, [], 'no redirect is followed');
});

test('D3: after all that the creditor is asked and answers as before', async () => {
  client.forgetFailures(CREDITOR);
  server.tell(json(customerText(NIN, CREDITOR, soundLoans)));
  assert.equal((await loansNow()).length, 3);
});
