import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  clientOf,
  bearer,
  newConsent,
  startWorld,
  tokenFor,
  type Answer,
  type ClientNumber,
  type World,
} from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

interface FeedEvent {
  sequenceNr: number;
  eventId: string;
  consentId: string;
  timestamp: string;
  eventType: string;
  samtykkeOpprettetEvent: { externalConsentId?: string } | null;
  samtykkeArkivertEvent: { reason?: string } | null;
}

async function feed(query: string, client: ClientNumber = 1): Promise<Answer> {
  const token = await tokenFor(world, 'events', { client });
  return world.call({ method: 'GET', url: `/feed/v1/consent${query}`, headers: bearer(token) });
}
const from = async (number: number, limit = 1_000, client: ClientNumber = 1): Promise<FeedEvent[]> =>
  (await feed(`?fromSequenceNr=${number}&limit=${limit}`, client)).json.result;
const last = async (client: ClientNumber = 1): Promise<number> =>
  (await feed('/lastSequenceNr', client)).json.lastSequenceNr;
const first = async (client: ClientNumber = 1): Promise<number> =>
  (await feed('/firstSequenceNr', client)).json.firstSequenceNr;

async function revoke(id: string): Promise<void> {
  const token = await tokenFor(world, 'debt');
  assert.equal((await world.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(token) })).status, 204);
}

test('F3, F4: a client that never had an event: last is 1, first is 2, and a page says one less than it was asked from', async () => {
  assert.equal(await last(2), 1);
  assert.equal(await first(2), 2);
  for (const [asked, told] of [
    [0, 1],
    [1, 1],
    [2, 1],
    [17, 16],
  ]) {
    const { json } = await feed(`?fromSequenceNr=${asked}&limit=10`, 2);
    assert.deepEqual([json.startSequenceNr, json.endSequenceNr, json.result], [told, told, []], String(asked));
  }
});

test('F1, F3: events begin at 2, carry the published fields, an explicit null, the client’s own id, and why a consent ended', async () => {
  const id = await newConsent(world, { client_consent_id: 'feed-1' });
  await revoke(id);
  const { json } = await feed('?fromSequenceNr=2&limit=10');
  assert.deepEqual(Object.keys(json).sort(), ['endSequenceNr', 'generatedAt', 'result', 'startSequenceNr']);
  assert.deepEqual([json.startSequenceNr, json.endSequenceNr], [2, 3]);
  const [created, archived] = json.result;
  const clientId = clientOf(1).id;
  assert.deepEqual(
    { ...created, eventId: '', timestamp: '' },
    {
      sequenceNr: 2,
      eventId: '',
      consentId: id,
      timestamp: '',
      eventType: 'SAMTYKKE_OPPRETTET',
      samtykkeOpprettetEvent: {
        clientId,
        consentId: id,
        scope: 'debt.unsecured.processing',
        externalConsentId: 'feed-1',
      },
      samtykkeArkivertEvent: null,
    },
  );
  assert.deepEqual(
    { ...archived, eventId: '', timestamp: '' },
    {
      sequenceNr: 3,
      eventId: '',
      consentId: id,
      timestamp: '',
      eventType: 'SAMTYKKE_ARKIVERT',
      samtykkeOpprettetEvent: null,
      samtykkeArkivertEvent: { clientId, consentId: id, reason: 'revoked_by_client' },
    },
  );
  assert.equal(await last(), 3);
  assert.equal(await first(), 2);
});

test('F2: the change that was acknowledged a moment ago is in the very next poll, and in the last number', async () => {
  for (let round = 0; round < 20; round++) {
    const before = await last();
    const id = await newConsent(world);
    assert.equal(await last(), before + 1);
    await revoke(id);
    const events = await from(before + 1);
    assert.deepEqual(
      events.map((event) => [event.consentId, event.eventType]),
      [
        [id, 'SAMTYKKE_OPPRETTET'],
        [id, 'SAMTYKKE_ARKIVERT'],
      ],
    );
  }
});

test('F5: pages of any size give the same events once each, in order; below the oldest it starts at the oldest', async () => {
  const all = await from(0);
  assert.ok(all.length > 10);
  for (const limit of [1, 3, 7, 1_000, 5_000]) {
    const seen: FeedEvent[] = [];
    for (let number = 2; ;) {
      const { json } = await feed(`?fromSequenceNr=${number}&limit=${limit}`);
      if (json.result.length === 0) {
        assert.equal(json.endSequenceNr, number - 1);
        break;
      }
      assert.ok(json.result.length <= Math.min(limit, 1_000));
      assert.deepEqual(
        [json.startSequenceNr, json.endSequenceNr],
        [json.result[0].sequenceNr, json.result.at(-1).sequenceNr],
      );
      seen.push(...json.result);
      number = json.endSequenceNr + 1;
    }
    assert.deepEqual(seen, all);
  }
});

test('F5: anything but whole numbers, given once, is 400 with a sentence that names the parameter', async () => {
  for (const [query, message] of [
    ['?fromSequenceNr=abc&limit=1', /^fromSequenceNr must be a whole number, 0 or more/],
    ['?fromSequenceNr=-1&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=1.5&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=1e3&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=%201&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=99999999999999999999&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=9007199254740993&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=1&fromSequenceNr=2&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=&limit=1', /^fromSequenceNr must/],
    ['?fromSequenceNr=2&limit=0', /^limit must be a whole number, 1 or more/],
    ['?fromSequenceNr=2&limit=-5', /^limit must/],
    ['?fromSequenceNr=2&limit=ten', /^limit must/],
    ['?limit=1', /^fromSequenceNr is missing/],
    ['?fromSequenceNr=2', /^limit is missing/],
    ['', /^fromSequenceNr is missing/],
    ['?fromSequenceNr=2&limit=1&limitt=3', /only query parameters/],
  ] as const) {
    const answer = await feed(query);
    assert.equal(answer.status, 400, query);
    assert.match(answer.json.message, message);
    assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'message', 'path', 'requestId', 'status', 'timestamp']);
  }
  assert.equal((await feed('?fromSequenceNr=9007199254740991&limit=1')).status, 200);
});

test('F1: a client sees its own events only', async () => {
  const before = await last();
  const theirs = await newConsent(world, { client: 2 });
  assert.equal(await last(), before);
  assert.deepEqual(
    (await from(0, 1_000, 2)).map((event) => event.consentId),
    [theirs],
  );
  assert.ok(!(await from(0)).some((event) => event.consentId === theirs));
});

test('F1: no token is 401, a token for another API is 403, at each of the three addresses', async () => {
  const debt = await tokenFor(world, 'debt');
  for (const path of ['?fromSequenceNr=2&limit=1', '/firstSequenceNr', '/lastSequenceNr']) {
    const url = `/feed/v1/consent${path}`;
    assert.equal((await world.call({ method: 'GET', url })).status, 401);
    assert.equal((await world.call({ method: 'GET', url, headers: bearer(debt) })).status, 403);
  }
});

test('C6, F1, X4: time moved forward announces expiry once, at the instant of expiry, before the answer', async () => {
  const id = await newConsent(world, { consent_duration_days: 2 });
  const [{ expires_at }] = await world.inspect('select expires_at from consent where id = $1', [id]);
  const before = await last();
  const moved = await world.call({
    method: 'POST',
    url: '/sandbox/clock',
    payload: { advanceSeconds: 2 * 86_400 + 60 },
  });
  assert.equal(moved.status, 200);
  assert.ok(Math.abs(Date.parse(moved.json.now) - Date.now() - (2 * 86_400 + 60) * 1000) < 10_000);
  const events = (await from(before + 1)).filter((event) => event.consentId === id);
  assert.equal(events.length, 1);
  assert.equal(events[0]?.timestamp, expires_at.toISOString());
  assert.equal(events[0]?.samtykkeArkivertEvent?.reason, 'expired');
  await world.jobs.runDue();
  assert.equal((await from(before + 1)).filter((event) => event.consentId === id).length, 1);
});

test('F4, C8: after seven days events can no longer be read, after thirty they are gone, and the last number stays', async () => {
  const id = await newConsent(world, { consent_duration_days: 28 });
  const number = await last();
  const advance = (days: number) =>
    world.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: days * 86_400 } });
  const rows = async () =>
    (
      await world.inspect('select count(*) as count from feed_event where client_id = $1 and seq <= $2', [
        clientOf(1).id,
        number,
      ])
    )[0].count;
  await advance(6);
  assert.ok((await from(0)).some((event) => event.consentId === id));
  await advance(2);
  assert.ok(!(await from(0)).some((event) => event.sequenceNr <= number), 'eight days later');
  assert.equal(await last(), number);
  assert.equal(await first(), number + 1);
  assert.ok((await rows()) > 0, 'kept, though not readable');
  await advance(15);
  assert.ok((await rows()) > 0);
  await advance(9);
  assert.equal(await rows(), 0, 'thirty-two days later');
  assert.ok((await last()) >= number);
  // The consent expired meanwhile, with an event numbered above all that went.
  const events = await from(0);
  assert.ok(events.every((event) => event.sequenceNr > number));
});

test('F1, F2: who reads on with one token misses nothing of what happened a moment ago, and gets nothing once the token is no good', async () => {
  const tokens = { 1: await tokenFor(world, 'events'), 2: await tokenFor(world, 'events', { client: 2 }) };
  const page = (client: 1 | 2, number: number, limit: number): Promise<Answer> =>
    world.call({
      method: 'GET',
      url: `/feed/v1/consent?fromSequenceNr=${number}&limit=${limit}`,
      headers: bearer(tokens[client]),
    });
  const begin = (await last()) + 1;
  for (let n = 0; n < 4; n += 1) await newConsent(world);
  for (let round = 0; round < 10; round += 1) {
    // Something is left after it, so that the next page is read while it is found out who asks.
    const { result } = (await page(1, begin, 2)).json as { result: FeedEvent[] };
    assert.deepEqual(
      result.map(({ sequenceNr }) => sequenceNr),
      [begin, begin + 1],
    );
    const id = await newConsent(world);
    const all = (await page(1, begin, 1_000)).json as { result: FeedEvent[] };
    assert.equal(all.result.at(-1)?.consentId, id);
    assert.deepEqual(
      all.result.map(({ sequenceNr }) => sequenceNr),
      all.result.map((_event, place) => begin + place),
    );
    assert.deepEqual((await page(2, begin, 1_000)).json.result, []);
  }
  await page(1, begin, 2);
  const revoked = await world.call({
    method: 'POST',
    url: '/oauth2/revoke',
    headers: { authorization: clientOf(1).basic, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ token: tokens[1] }).toString(),
  });
  assert.equal(revoked.status, 200);
  assert.equal((await page(1, begin, 2)).status, 401);
});
