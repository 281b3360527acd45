import assert from 'node:assert/strict';
import { request as httpRequest, type ClientRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConsent } from '../../src/consent/find.ts';
import { revokeConsent } from '../../src/consent/revoke.ts';
import {
  bearer,
  clientOf,
  newConsent,
  startWorld,
  tokenFor,
  type Answer,
  type ClientNumber,
  type World,
} from '../support/world.ts';

/** Long enough that an answer which comes before it was not brought by the time. */
const LONG = 30;
const PER_CLIENT = 3;

let world: World;
/** Client 1's. */
let token: string;
before(async () => {
  world = await startWorld({ env: { FEED_WAITING_PER_CLIENT: String(PER_CLIENT), FEED_WAITING: '4' } });
  token = await tokenFor(world, 'events');
});
after(() => world.close());

const address = (from: number, waitSeconds: number | string): string =>
  `/feed/v1/consent?fromSequenceNr=${from}&limit=1000&waitSeconds=${waitSeconds}`;
const poll = (from: number, waitSeconds: number | string, bearerToken = token, of: World = world): Promise<Answer> =>
  of.call({ method: 'GET', url: address(from, waitSeconds), headers: bearer(bearerToken) });
const last = async (of: World = world): Promise<number> =>
  (await of.call({ method: 'GET', url: '/feed/v1/consent/lastSequenceNr', headers: bearer(token) })).json
    .lastSequenceNr;

/** What came, and after how many milliseconds. */
async function timed(answer: Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const begin = performance.now();
  return { answer: await answer, ms: performance.now() - begin };
}

/** As `poll`, and comes again while all places are taken. */
async function insist(from: number, bearerToken = token): Promise<Answer> {
  for (;;) {
    const answer = await poll(from, LONG, bearerToken);
    if (answer.status !== 429) return answer;
    await sleep(50);
  }
}

/** Waits until so many requests wait for events: as many as may, and one more is refused. */
async function untilFull(bearerToken = token): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const answer = await poll((await last()) + 1, 1, bearerToken);
    if (answer.status === 429) return answer;
    assert.ok(tries < 20, 'the places are taken');
    await sleep(300); // this one took a place itself: whoever wants it comes now
  }
}

async function revokeByPerson(id: string): Promise<void> {
  const consent = await readConsent(world.platform.db, id);
  await revokeConsent(world.platform, { consent, clientId: clientOf(1).id, by: 'person', traceId: 'portal' });
}

test('F3: with waitSeconds what is there comes at once, and when nothing comes the answer is the empty one, after that time', async () => {
  await newConsent(world);
  const there = await timed(poll(2, LONG));
  assert.equal(there.answer.json.result.length, 1);
  assert.ok(there.ms < LONG * 1000);
  const from = (await last()) + 1;
  const { answer, ms } = await timed(poll(from, 1));
  assert.deepEqual([answer.status, answer.json.startSequenceNr, answer.json.result], [200, from - 1, []]);
  assert.ok(ms >= 950, `${ms} ms`);
  assert.deepEqual((await poll(from, 0)).json.result, [], 'as without it');
});

test('F2: whoever waits is answered when a person withdraws a consent on the portal, long before the time is over', async (t) => {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const id = await newConsent(world);
    const from = (await last()) + 1;
    const waiting = poll(from, LONG);
    await sleep(50 * round);
    const revoked = revokeByPerson(id).then(() => performance.now());
    const { json } = await waiting;
    const now = performance.now();
    times.push(Math.round(now - (await revoked)));
    assert.deepEqual(
      json.result.map((event: { consentId: string; samtykkeArkivertEvent: { reason: string } }) => [
        event.consentId,
        event.samtykkeArkivertEvent.reason,
      ]),
      [[id, 'revoked_by_person']],
    );
    assert.ok(now - (await revoked) < LONG * 1000 * 0.8, 'not brought by the time');
  }
  t.diagnostic(`known after ${times.join(', ')} ms`);
});

test('F2: any number of changes while one waits, asks again and waits again are told once each, in order', async () => {
  const made: string[] = [];
  const begin = await last();
  const writing = (async () => {
    for (let n = 0; n < 12; n += 1) {
      made.push(await newConsent(world));
      await sleep(n % 3 === 0 ? 120 : 5);
    }
  })();
  const seen: string[] = [];
  for (let own = begin; seen.length < 12;) {
    const { json } = await poll(own + 1, LONG);
    assert.ok(json.result.length > 0 && json.startSequenceNr > own);
    own = json.endSequenceNr;
    seen.push(...json.result.map((event: { consentId: string }) => event.consentId));
  }
  await writing;
  assert.deepEqual(seen, made);
});

test('F5: waitSeconds is a whole number from 0 to 30, given once, or the answer is 400', async () => {
  for (const wait of ['31', '-1', '1.5', 'a', '', ' 1', '1e1', '99999999999999999999', '1&waitSeconds=2']) {
    const answer = await poll(2, wait);
    assert.equal(answer.status, 400, wait);
    assert.match(answer.json.message, /^waitSeconds must be a whole number, 0 or more and at most 30, given once$/);
  }
});

test('E4: one client has so many places to wait, and a node so many in all; the next is 429, and whoever finds events needs none', async () => {
  const from = (await last()) + 1;
  const other = await tokenFor(world, 'events', { client: 2 });
  const waiting = Array.from({ length: PER_CLIENT }, () => insist(from));
  const refused = await untilFull();
  assert.match(refused.json.message, /^a client may have 3 requests that wait for events on a node: /);
  assert.ok(Number(refused.headers['retry-after']) >= 1);
  assert.equal((await poll(2, LONG)).status, 200, 'there are events');
  assert.equal((await poll(from, 0)).status, 200, 'nobody waits');

  const theirs = insist(2, other);
  const full = await untilFull(other);
  assert.match(full.json.message, /^this node has as many requests that wait for events as it may: /);

  await newConsent(world);
  await newConsent(world, { client: 2 });
  for (const answer of await Promise.all([...waiting, theirs])) assert.equal(answer.json.result.length, 1);
  assert.equal((await poll((await last()) + 1, 1)).status, 200, 'the places are free again');
});

test('F2: waiting holds no connection to the database', async () => {
  const small = await startWorld({ env: { DATABASE_POOL_SIZE: '2' }, database: world.database });
  try {
    const from = (await last(small)) + 1;
    const waiting = Array.from({ length: 12 }, () => poll(from, LONG, token, small));
    await newConsent(small, { client: 2 });
    assert.equal((await poll(2, 0, token, small)).status, 200);
    await newConsent(small);
    for (const answer of await Promise.all(waiting)) assert.equal(answer.json.result.length, 1);
  } finally {
    await small.close();
  }
});

test('F2: a token or a client that ended meanwhile gets what a new request would get', async () => {
  const theirs = async (client: ClientNumber): Promise<string> => tokenFor(world, 'events', { client });
  const [revoked, disabled] = [await theirs(1), await theirs(2)];
  const first = poll((await last()) + 1, LONG, revoked);
  const second = poll(1_000, LONG, disabled);
  await sleep(100);
  const form = new URLSearchParams({ token: revoked }).toString();
  const ended = await world.call({
    method: 'POST',
    url: '/oauth2/revoke',
    headers: { authorization: clientOf(1).basic, 'content-type': 'application/x-www-form-urlencoded' },
    payload: form,
  });
  assert.equal(ended.status, 200);
  await world.inspect('update client set enabled = false where id = $1', [clientOf(2).id]);
  try {
    const id = await newConsent(world);
    assert.equal((await first).status, 401, 'although there is an event now');
    assert.ok(id !== '');
    await world.inspect(
      `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason)
       values ($1, gen_random_uuid(), gen_random_uuid(), 'archived', now(), 'expired')`,
      [clientOf(2).id],
    );
    assert.equal((await second).status, 401);
  } finally {
    await world.inspect('update client set enabled = true where id = $1', [clientOf(2).id]);
  }
});

test('R5: a node that closes answers those who wait at once, with the empty answer, and the next node goes on', async () => {
  const closing = await startWorld({ database: world.database });
  const from = (await last()) + 1;
  const waiting = [poll(from, LONG, token, closing), poll(from, LONG, token, closing)];
  await sleep(100);
  const { ms } = await timed(
    closing
      .close()
      .then(() => Promise.all(waiting))
      .then(([answer]) => answer as Answer),
  );
  for (const answer of await Promise.all(waiting)) {
    assert.deepEqual([answer.status, answer.json.endSequenceNr, answer.json.result], [200, from - 1, []]);
    assert.equal(answer.headers['connection'], 'close');
  }
  assert.ok(ms < LONG * 1000 * 0.8);
  await newConsent(world);
  assert.equal((await poll(from, LONG)).json.result.length, 1);
});

test('E4: a request that is cut gives its place back at once', async () => {
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = world.app.server.address() as AddressInfo;
  const from = (await last()) + 1;
  const cut = Array.from({ length: PER_CLIENT }, () => hold(port, from));
  await untilFull();
  for (const end of cut) end();
  const begin = performance.now();
  while ((await poll(from, 1)).status !== 200) {
    assert.ok(performance.now() - begin < LONG * 1000 * 0.8, 'the places are free again');
  }
});

/** Takes a place to wait, over a connection of its own; answers with what cuts that one. */
function hold(port: number, from: number): () => void {
  let request: ClientRequest | undefined;
  const ask = (): void => {
    request = httpRequest({ port, host: '127.0.0.1', path: address(from, LONG), headers: bearer(token), agent: false });
    request.on('error', () => undefined);
    // All places were taken: again, a little later.
    request.on('response', (answer) => answer.resume().on('end', () => setTimeout(ask, 50)));
    request.end();
  };
  ask();
  return () => {
    request?.removeAllListeners('response').destroy();
  };
}
