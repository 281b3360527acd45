import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { openEventStream, type EventStream, type Sent } from '../support/event-stream.ts';
import {
  bearer,
  clientOf,
  newConsent,
  startWorld,
  tokenFor,
  type ClientNumber,
  type Json,
  type World,
} from '../support/world.ts';

const PATH = '/feed/v1/consent/stream';

let world: World;
let token: string;
before(async () => {
  world = await startWorld({ env: { FEED_WAITING_PER_CLIENT: '3' } });
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  token = await tokenFor(world, 'events');
});
after(() => world.close());

const open: EventStream[] = [];
afterEach(async () => {
  // Read to its end: then what it said is held against the description too.
  for (const stream of open.splice(0)) {
    stream.cut();
    while ((await stream.next()) !== undefined);
  }
});

const originOf = (of: World): string => `http://127.0.0.1:${(of.app.server.address() as AddressInfo).port}`;

async function stream(
  query: string,
  headers: Record<string, string> = bearer(token),
  of = world,
): Promise<EventStream> {
  const opened = await openEventStream(originOf(of), `${PATH}${query}`, headers);
  open.push(opened);
  return opened;
}
const streamFrom = (from: number): Promise<EventStream> => stream(`?fromSequenceNr=${from}`);

async function take(from: EventStream, count: number): Promise<Sent[]> {
  const events: Sent[] = [];
  while (events.length < count) {
    const event = await from.next();
    assert.ok(event !== undefined, `the stream ended after ${events.length} of ${count} events`);
    events.push(event);
  }
  return events;
}

const get = async (path: string, client: ClientNumber = 1): Promise<Json> => {
  const headers = bearer(await tokenFor(world, 'events', { client }));
  return (await world.call({ method: 'GET', url: `/feed/v1/consent${path}`, headers })).json;
};
const last = async (): Promise<number> => (await get('/lastSequenceNr')).lastSequenceNr;
const revokeToken = (which: string) =>
  world.call({
    method: 'POST',
    url: '/oauth2/revoke',
    headers: { authorization: clientOf(1).basic, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ token: which }).toString(),
  });

test('F1, F2: a stream tells what was there and then what comes, as the poll spells it, with the number as its id', async () => {
  await newConsent(world, { client_consent_id: 'streamed' });
  const events = await streamFrom(2);
  const [first] = await take(events, 1);
  await newConsent(world);
  await newConsent(world, { client: 2 });
  await newConsent(world);
  const sent = [first as Sent, ...(await take(events, 2))];
  const { result } = await get('?fromSequenceNr=2&limit=10');
  assert.deepEqual(
    sent,
    result.map((event: Json) => ({ id: event.sequenceNr, name: event.eventType, data: event })),
  );
  assert.equal(result[0].samtykkeOpprettetEvent.externalConsentId, 'streamed');
  assert.equal(events.status, 200);
  assert.match(String(events.headers['content-type']), /^text\/event-stream/);
  assert.equal(events.headers['cache-control'], 'no-store');
  assert.equal(events.headers['x-accel-buffering'], 'no');
  assert.ok(events.headers['x-trace-id']);
  assert.match(events.text(), /^retry: 2000\n\nid: 2\nevent: SAMTYKKE_OPPRETTET\ndata: \{/);
});

test('F2: whoever connects again with the last number it saw goes on from the next one; the header is taken before the parameter', async () => {
  const ids = [await newConsent(world), await newConsent(world), await newConsent(world)];
  const from = (await last()) - 2;
  const cut = await streamFrom(from);
  const [before] = await take(cut, 1);
  cut.cut();
  const again = await stream('?fromSequenceNr=2', { ...bearer(token), 'last-event-id': String(before?.id) });
  const after = await take(again, 2);
  assert.deepEqual(
    [before, ...after].map((event) => event?.data.consentId),
    ids,
  );
  const headerOnly = await stream('', { ...bearer(token), 'last-event-id': String(from) });
  assert.deepEqual((await take(headerOnly, 2)).at(-1), after.at(-1));
});

test('F2: more events than go into a page come in order, once each', async () => {
  const begin = await last();
  await world.inspect(
    `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason)
     select $1, gen_random_uuid(), gen_random_uuid(), 'archived', now(), 'expired' from generate_series(1, 1234)`,
    [clientOf(1).id],
  );
  const events = await take(await streamFrom(begin + 1), 1234);
  assert.deepEqual(
    events.map(({ id }) => id),
    Array.from({ length: 1234 }, (_, n) => begin + 1 + n),
  );
});

test('F5: a stream needs to know where to begin; anything but whole numbers is 400, before it begins', async () => {
  for (const [query, headers, message] of [
    ['', {}, /^fromSequenceNr is missing/],
    ['', { 'last-event-id': '' }, /^fromSequenceNr is missing/],
    ['?fromSequenceNr=x', {}, /^fromSequenceNr must be a whole number/],
    ['?fromSequenceNr=x', { 'last-event-id': '2' }, /^fromSequenceNr must be a whole number/],
    ['?fromSequenceNr=2&limit=10', {}, /only query parameter here/],
    ['?fromSequenceNr=2', { 'last-event-id': 'x' }, /^Last-Event-ID must be a whole number/],
    ['?fromSequenceNr=2', { 'last-event-id': '-1' }, /^Last-Event-ID must/],
    ['?fromSequenceNr=2', { 'last-event-id': '9007199254740991' }, /^Last-Event-ID must/],
  ] as const) {
    const answer = await world.call({
      method: 'GET',
      url: `${PATH}${query}`,
      headers: { ...bearer(token), ...headers },
    });
    assert.equal(answer.status, 400, query);
    assert.match(answer.json.message, message);
  }
});

test('F1, E2: no token is 401, one for another API 403, another method 405', async () => {
  const url = `${PATH}?fromSequenceNr=2`;
  assert.equal((await world.call({ method: 'GET', url })).status, 401);
  const debt = await tokenFor(world, 'debt');
  assert.equal((await world.call({ method: 'GET', url, headers: bearer(debt) })).status, 403);
  for (const method of ['POST', 'HEAD'] as const) {
    const answer = await world.call({ method, url, headers: bearer(token) });
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET']);
  }
});

test('E4: a client has so many streams at once on a node; the next is 429 with Retry-After, until one ends', async () => {
  const three = [await streamFrom(2), await streamFrom(2), await streamFrom(2)];
  for (const it of three) await take(it, 1);
  const refused = await world.call({ method: 'GET', url: `${PATH}?fromSequenceNr=2`, headers: bearer(token) });
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers['retry-after']) >= 1);
  three[0]?.cut();
  const begin = performance.now();
  for (;;) {
    const next = await streamFrom(2);
    if (next.status === 200) break;
    await next.next();
    assert.ok(performance.now() - begin < 20_000, 'a place is free again');
  }
});

test('F2: a stream ends when its token does, before another event is told, and says so', async () => {
  const own = await tokenFor(world, 'events');
  const from = await last();
  const events = await stream(`?fromSequenceNr=${from}`, bearer(own));
  await take(events, 1);
  await revokeToken(own);
  await newConsent(world);
  const end = await events.next();
  assert.deepEqual([end?.name, end?.id, end?.data.reason], ['end', undefined, 'token_ended']);
  assert.match(end?.data.message, /fetch a new one from \/oauth2\/token/);
  assert.equal(await events.next(), undefined);
});

test('F2: a stream ends when its client is switched off', async () => {
  const own = await tokenFor(world, 'events', { client: 2 });
  const events = await stream('?fromSequenceNr=2', bearer(own));
  await take(events, 1);
  await world.inspect('update client set enabled = false where id = $1', [clientOf(2).id]);
  await world.inspect(
    `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason)
     values ($1, gen_random_uuid(), gen_random_uuid(), 'archived', now(), 'expired')`,
    [clientOf(2).id],
  );
  try {
    const end = await events.next();
    assert.deepEqual([end?.name, end?.data.reason], ['end', 'token_ended']);
    assert.equal(await events.next(), undefined);
  } finally {
    await world.inspect('update client set enabled = true where id = $1', [clientOf(2).id]);
  }
});

test('R5: a node that closes says so on its streams and ends them, and another one goes on', async () => {
  const closing = await startWorld({ database: world.database });
  await closing.app.listen({ port: 0, host: '127.0.0.1' });
  const from = await last();
  const events = await stream(`?fromSequenceNr=${from}`, bearer(token), closing);
  const [before] = await take(events, 1);
  const closed = closing.close();
  const end = await events.next();
  assert.deepEqual([end?.name, end?.data.reason], ['end', 'closing']);
  assert.equal(await events.next(), undefined);
  await closed;
  const id = await newConsent(world);
  const again = await stream('', { ...bearer(token), 'last-event-id': String(before?.id) });
  assert.equal((await take(again, 1))[0]?.data.consentId, id);
});

test('F4: what cannot be read any more is not passed over in silence: a gap is told first, each time, with the oldest number', async () => {
  const begin = await last();
  await newConsent(world, { consent_duration_days: 28 });
  assert.equal(await last(), begin + 1, 'it has its number');
  const moved = await world.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: 8 * 86_400 } });
  assert.equal(moved.status, 200);
  // Nothing can be read.
  const nothing = await streamFrom(begin + 1);
  const [gap] = await take(nothing, 1);
  const first = (await get('/firstSequenceNr')).firstSequenceNr;
  assert.deepEqual([gap?.name, gap?.id, gap?.data.firstSequenceNr], ['gap', undefined, first]);
  assert.match(gap?.data.message, /\/feed\/v1\/consent\/snapshot/);
  const id = await newConsent(world);
  assert.deepEqual(
    (await take(nothing, 1)).map((event) => [event.id, event.data.consentId]),
    [[first, id]],
  );
  // Something can be read.
  const some = await take(await streamFrom(2), 2);
  assert.deepEqual(
    some.map((event) => [event.name, event.id]),
    [
      ['gap', undefined],
      ['SAMTYKKE_OPPRETTET', first],
    ],
  );
  // Who has seen all that cannot be read any more has missed nothing.
  const [next] = await take(await stream('', { ...bearer(token), 'last-event-id': String(first - 1) }), 1);
  assert.deepEqual([next?.name, next?.id], ['SAMTYKKE_OPPRETTET', first]);
});
