import assert from 'node:assert/strict';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../support/database.ts';
import {
  agreement,
  bearer,
  clientOf,
  newConsent,
  newSingleUse,
  putAgreement,
  startWorld,
  tokenFor,
  type Answer,
  type ClientNumber,
  type Json,
  type World,
} from '../support/world.ts';

const PATH = '/feed/v1/consent/snapshot';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const get = async (path: string, client: ClientNumber = 1): Promise<Answer> =>
  world.call({ method: 'GET', url: path, headers: bearer(await tokenFor(world, 'events', { client })) });

interface Snapshot {
  readonly asOf: number;
  readonly consents: readonly Json[];
}

/** A whole snapshot, taken apart. */
function wholeOf(text: string): Snapshot {
  assert.ok(text.endsWith('\n'));
  const [begin, ...lines] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const end = lines.pop();
  assert.deepEqual(Object.keys(begin), ['asOfSequenceNr']);
  assert.deepEqual(end, { complete: true, count: lines.length });
  return { asOf: begin.asOfSequenceNr, consents: lines };
}
const snapshot = async (client: ClientNumber = 1): Promise<Snapshot> => wholeOf((await get(PATH, client)).text);
const feed = async (from: number): Promise<Json[]> =>
  (await get(`/feed/v1/consent?fromSequenceNr=${from}&limit=1000`)).json.result;
const last = async (): Promise<number> => (await get('/feed/v1/consent/lastSequenceNr')).json.lastSequenceNr;

test('F3: a client that never had a consent gets number 1, nothing, and the last line', async () => {
  const answer = await get(PATH, 2);
  assert.equal(answer.text, '{"asOfSequenceNr":1}\n{"complete":true,"count":0}\n');
  assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/);
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('F1, F2: a snapshot has all consents of the client and no others, spelt as the events spell them, as of the last number', async () => {
  const active = await newConsent(world, { client_consent_id: 'snapshot-1' });
  const revoked = await newConsent(world, { client_consent_id: 'snapshot-2' });
  const single = await newSingleUse(world);
  await newConsent(world, { client: 2 });
  const debt = bearer(await tokenFor(world, 'debt'));
  assert.equal((await world.call({ method: 'DELETE', url: `/v1/debt/${revoked}`, headers: debt })).status, 204);
  assert.equal((await world.call({ method: 'GET', url: `/v1/debt/${single}`, headers: debt })).status, 200);

  const { asOf, consents } = await snapshot();
  assert.equal(asOf, await last());
  const events = await feed(2);
  const timestampOf = (id: string, type: string) =>
    events.find((event) => event.consentId === id && event.eventType === type)?.timestamp;
  const [{ expires_at }] = await world.inspect('select expires_at from consent where id = $1', [active]);
  const byId = new Map(consents.map((consent) => [consent.consentId, consent]));
  assert.deepEqual(byId.get(active), {
    consentId: active,
    externalConsentId: 'snapshot-1',
    scope: 'debt.unsecured.processing',
    active: true,
    createdAt: timestampOf(active, 'SAMTYKKE_OPPRETTET'),
    expiresAt: expires_at.toISOString(),
    archivedAt: null,
    reason: null,
  });
  assert.partialDeepStrictEqual(byId.get(revoked), {
    active: false,
    archivedAt: timestampOf(revoked, 'SAMTYKKE_ARKIVERT'),
    reason: 'revoked_by_client',
  });
  assert.partialDeepStrictEqual(byId.get(single), { active: false, reason: 'used' });
  assert.ok(!('externalConsentId' in byId.get(single)), 'it did not come by an agreement');
  assert.deepEqual(new Set(byId.keys()), new Set([active, revoked, single]));
  assert.equal((await snapshot(2)).consents.length, 1);
});

test('F2: a consent that has expired and has no event yet is active in a snapshot as in the feed, and its expiry tells', async () => {
  const id = await newConsent(world, { consent_duration_days: 1 });
  const before = world.clock.offsetSeconds();
  world.clock.setOffsetSeconds(before + 86_401);
  const find = async () => (await snapshot()).consents.find((consent) => consent.consentId === id);
  const expired = await find();
  assert.equal(expired.active, true);
  assert.ok(Date.parse(expired.expiresAt) < world.clock.now().getTime());
  await world.jobs.runDue();
  assert.partialDeepStrictEqual(await find(), { active: false, reason: 'expired', archivedAt: expired.expiresAt });
});

test('F2: thousands of consents come whole, each once, and the connection is given back', async () => {
  await world.inspect(
    `insert into consent (id, client_id, person_id, purpose, single_use, duration_days, created_at, expires_at)
     select gen_random_uuid(), $1, (select id from person limit 1), 'processing', false, 1, now(), now() + interval '1 day'
     from generate_series(1, 4321)`,
    [clientOf(2).id],
  );
  const { consents } = await snapshot(2);
  assert.equal(consents.length, 4322);
  assert.equal(new Set(consents.map((consent) => consent.consentId)).size, 4322);
  await untilConnections(0);
});

test('E4: a client takes so many snapshots at once; the next is 429 with Retry-After', async () => {
  await withClient(world.database.ownerUrl, async (owner) => {
    await newConsent(world);
    // Whoever gives numbers now has to wait.
    await owner.query('begin');
    await owner.query('select from feed_head where client_id = $1 for update', [clientOf(1).id]);
    const waiting = [get(PATH), get(PATH)];
    await untilWaiting(2);
    const refused = await get(PATH);
    assert.equal(refused.status, 429);
    assert.match(refused.json.message, /^a client may have 2 snapshots on a node: /);
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await get(PATH, 2)).status, 200);
    await owner.query('commit');
    for (const answer of await Promise.all(waiting)) wholeOf(answer.text);
  });
  wholeOf((await get(PATH)).text);
});

test('F2: a snapshot whose reader leaves, or whose connection to the database is cut, has no last line, and leaves nothing behind', async () => {
  await world.inspect(
    `insert into consent (id, client_id, person_id, purpose, single_use, duration_days, external_id, created_at, expires_at)
     select gen_random_uuid(), $1, (select id from person limit 1), 'processing', false, 1, repeat(md5(n::text), 7), now(),
            now() + interval '1 day'
     from generate_series(1, 30000) as n`,
    [clientOf(2).id],
  );
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = world.app.server.address() as AddressInfo;
  const token = await tokenFor(world, 'events', { client: 2 });
  for (const end of ['reader', 'database'] as const) {
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`);
    // Its reader has read nothing, and so it waits.
    await untilConnections(1);
    if (end === 'reader') socket.destroy();
    else await cutConnections();
    await untilConnections(0);
    let text = '';
    const closed = once(socket, 'close');
    if (end === 'database') {
      socket.on('data', (piece) => (text += String(piece))).resume();
      await closed;
      assert.match(text, /\{"asOfSequenceNr":\d+\}/);
      assert.doesNotMatch(text, /complete|\r\n0\r\n\r\n$/);
    }
  }
  assert.ok((await snapshot()).consents.length > 0, 'others are served');
});

test('F1, E2: no token is 401, one for another API 403, another method 405', async () => {
  assert.equal((await world.call({ method: 'GET', url: PATH })).status, 401);
  const headers = bearer(await tokenFor(world, 'debt'));
  assert.equal((await world.call({ method: 'GET', url: PATH, headers })).status, 403);
  for (const method of ['POST', 'HEAD'] as const) {
    const answer = await world.call({ method, url: PATH, headers });
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET']);
  }
  // The agreement API is not disturbed by an address of the feed.
  const registered = await putAgreement(
    world,
    await tokenFor(world, 'agreement'),
    agreement({ client_consent_id: 'z' }),
  );
  assert.equal(registered.status, 200);
});

/** Waits until so many connections send snapshots. */
async function untilConnections(wanted: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const [{ count }] = await world.inspect(
      "select count(*) as count from pg_stat_activity where datname = current_database() and application_name = 'samtykke snapshot'",
    );
    if (count === wanted) return;
    assert.ok(tries < 1_000, `${count} connections send snapshots, not ${wanted}`);
    await sleep(10);
  }
}

async function cutConnections(): Promise<void> {
  await sleep(500); // it has filled what lies between it and its reader
  await world.inspect(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and application_name = 'samtykke snapshot'",
  );
}

/** Waits until so many backends wait for a lock. */
async function untilWaiting(wanted: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const [{ count }] = await world.inspect(
      "select count(*) as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (count >= wanted) return;
    assert.ok(tries < 1_000, 'nobody came to wait for a lock');
    await sleep(10);
  }
}
