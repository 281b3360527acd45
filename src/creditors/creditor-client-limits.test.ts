import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { json } from '../../test/support/bad-answers.ts';
import { customerText } from '../../test/support/broken-deliveries.ts';
import { startToldServer, type Told, type ToldServer } from '../../test/support/told-server.ts';
import { Nin } from '../person/nin.ts';
import { movableClock } from '../platform/clock.ts';
import { httpClient, type HttpClient } from '../platform/http-client.ts';
import { creditorClient, type CreditorClient } from './creditor-client.ts';
import type { Creditor } from './creditor.ts';

const NIN = Nin.fromStored('14842249091');
const [ONE, OTHER] = ['210437185', '211872543'];
const AT_ONCE = 3;
const REST_MS = 300;

let server: ToldServer;
let http: HttpClient;
let client: CreditorClient;
before(async () => {
  server = await startToldServer();
});
after(() => server.close());
beforeEach(() => {
  http = httpClient({ connections: AT_ONCE, plainHttp: true, mutualTls: () => assert.fail('never asked for') });
  client = creditorClient({ http, clock: movableClock() }, { restMs: REST_MS });
});

/** Ends what the test before has left open. */
async function over(): Promise<void> {
  client.close();
  await http.close();
}

const loansOf = (id: string, options: { ms?: number; provider?: string } = {}) => {
  const { ms = 10_000, provider = '318465711' } = options;
  const creditor: Creditor = {
    id,
    name: id,
    providerId: `9908:${provider}`,
    baseUrl: server.url,
    clientCertificate: null,
    contact: { email: null, phone: null },
  };
  return client.loansOf(creditor, NIN, { signal: AbortSignal.timeout(ms), traceId: 'trace' });
};

const good: Told = (response, request) => {
  const [, id = ''] = /loans\/(\d+)\//.exec(request.url ?? '') ?? [];
  json(customerText(NIN.reveal(), id, []))(response, request);
};
/** Does something with the questions to one creditor, and answers those to the others. */
const toOne =
  (told: Told): Told =>
  (response, request) =>
    (request.url?.includes(ONE) === true ? told : good)(response, request);
const askedOf = (id: string): number => server.asked.filter(({ url }) => url?.includes(id)).length;

async function until(met: () => boolean): Promise<void> {
  for (let looks = 0; !met() && looks < 400; looks++) await sleep(5);
  assert.ok(met());
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
};

test('D3: a creditor is asked by so many calls at once and no more; those who wait get their turn', async () => {
  const waiting: (() => void)[] = [];
  server.tell(toOne((response, request) => waiting.push(() => good(response, request))));
  const calls = Array.from({ length: 8 }, () => loansOf(ONE));
  const answered: number[] = [];
  while (answered.length < 8) {
    await until(() => waiting.length > 0);
    await sleep(20);
    answered.push(...waiting.map((_, index) => index));
    assert.ok(waiting.length <= AT_ONCE, `${waiting.length} at once`);
    for (const answer of waiting.splice(0)) answer();
  }
  assert.deepEqual(
    await Promise.all(calls),
    Array.from({ length: 8 }, () => []),
  );
  await over();
});

test('D3: one whose calls are all used up by waiting holds up nobody else, also where both answer at the same address', async () => {
  server.tell(toOne(() => undefined));
  const stuck = Array.from({ length: 20 }, () => loansOf(ONE, { ms: 1_500 }).catch((error: unknown) => error));
  await until(() => askedOf(ONE) === AT_ONCE);
  for (let round = 0; round < 5; round++) {
    const took = await timed(() =>
      Promise.all([loansOf(OTHER), loansOf(ONE, { provider: '319290834', ms: 100 }).catch(() => 0)]),
    );
    assert.ok(took < 1_000, `${took} ms`);
    assert.ok((await timed(() => loansOf(OTHER))) < 1_000);
  }
  const ends = (await Promise.all(stuck)) as Error[];
  assert.deepEqual(new Set(ends.map(({ name }) => name)), new Set(['TimeoutError']), 'each at its own deadline');
  await over();
});

test('D3: a call ends at its deadline whatever comes: nothing, headers or a body byte by byte, a body without its end', async () => {
  const trickle =
    (head: string): Told =>
    (response) => {
      response.socket?.write(head);
      const drip = setInterval(() => response.socket?.write(' '), 20);
      response.socket?.on('close', () => clearInterval(drip)).on('error', () => undefined);
    };
  const json200 = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  for (const told of [
    () => undefined,
    trickle('HTTP/1.1 200 OK\r\nx: '),
    trickle(`${json200}content-length: 100000\r\n\r\n{`),
    trickle(`${json200}\r\n{`),
    (response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
  ] satisfies Told[]) {
    server.tell(told);
    let gone = false;
    const took = await timed(async () => {
      const call = loansOf(ONE, { ms: 250 });
      await until(() => server.asked.length === 1);
      server.asked[0]?.socket.on('close', () => (gone = true));
      await assert.rejects(call, { name: 'TimeoutError' });
    });
    assert.ok(took >= 240 && took < 1_500, `${took} ms`);
    await until(() => gone);
    client.forgetFailures(ONE);
  }
  await over();
});

test('D3: connections are kept for the next question, each creditor’s for itself', async () => {
  server.tell(good);
  const before = server.connections;
  for (let round = 0; round < 20; round++) await Promise.all([loansOf(ONE), loansOf(OTHER)]);
  const opened = server.connections - before;
  assert.ok(opened >= 2 && opened <= 2 * AT_ONCE, `${opened} connections for 40 questions`);
  await over();
});

test('D3: one that keeps failing is left alone for a while, then asked once; when that is answered, all ask it again', async () => {
  server.tell(toOne((response) => response.writeHead(500).end()));
  for (let failures = 0; failures < 5; failures++) await assert.rejects(loansOf(ONE), /^Error: status 500$/);
  await assert.rejects(loansOf(ONE), /^Error: Breaker is open$/);
  assert.equal(askedOf(ONE), 5, 'it is not asked any more');
  assert.deepEqual(await loansOf(OTHER), [], 'and others are');
  server.tell(good);
  assert.deepEqual(await loansOf(ONE, { provider: '319290834' }), [], 'also the same one at another provider');

  server.tell(toOne((response) => response.writeHead(500).end()));
  await sleep(REST_MS + 50);
  const trial = await Promise.allSettled(Array.from({ length: 6 }, () => loansOf(ONE)));
  assert.ok(trial.every(({ status }) => status === 'rejected'));
  assert.equal(askedOf(ONE), 1, 'one finds out for all');
  await assert.rejects(loansOf(ONE), /Breaker is open/);

  server.tell(good);
  await sleep(REST_MS + 50);
  assert.deepEqual(await loansOf(ONE), []);
  assert.deepEqual(await Promise.all(Array.from({ length: 6 }, () => loansOf(ONE))), [[], [], [], [], [], []]);
  await over();
});

test('D3: one that fails now and then is asked each time', async () => {
  let count = 0;
  server.tell((response, request) => (++count % 3 === 0 ? response.writeHead(500).end() : good(response, request)));
  for (let round = 0; round < 30; round++) await loansOf(ONE).catch(() => undefined);
  assert.equal(server.asked.length, 30);
  await over();
});

test('D3: one that breaks the rules, or never answers, is left alone like one that fails', async () => {
  for (const told of [json('{}'), json('', 'text/html'), () => undefined] satisfies Told[]) {
    client.forgetFailures(ONE);
    server.tell(told);
    for (let failures = 0; failures < 5; failures++) await assert.rejects(loansOf(ONE, { ms: 60 }));
    await assert.rejects(loansOf(ONE), /Breaker is open/);
    assert.equal(server.asked.length, 5);
  }
  await over();
});
