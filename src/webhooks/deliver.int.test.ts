import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openBarePlatform, type BarePlatform } from '../../test/support/bare-platform.ts';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { isSignedWith, startReceiver, type Receiver } from '../../test/support/webhook-receiver.ts';
import { clientOf, type ClientNumber, type Json } from '../../test/support/world.ts';
import { sealEvents } from '../consent/event-log.ts';
import { openWakeUps } from '../feed/wake-ups.ts';
import { refusedAddress } from '../platform/address-ranges.ts';
import { httpClient } from '../platform/http-client.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { changeSubscription, switchWebhook } from './change-subscription.ts';
import { openWebhooks, type DelivererOptions, type WebhookDeliverer } from './deliverer.ts';
import { findSubscription } from './find.ts';
import { rotateWebhookSecret } from './rotate-secret.ts';
import { subscribe, unsubscribe, type Asker } from './subscribe.ts';
import { eventTypes } from './subscription.ts';
import { sweepWebhooks } from './sweep.ts';

const DAY_SECONDS = 86_400;

let database: TestDatabase;
let bare: BarePlatform;
let superuser: pg.Pool;
const opened: WebhookDeliverer[] = [];
const receivers: Receiver[] = [];
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
  superuser = new pg.Pool({ connectionString: database.superuserUrl, max: 2 });
});
afterEach(async () => {
  for (const deliverer of opened.splice(0)) await deliverer.close({ seconds: 5 });
  for (const receiver of receivers.splice(0)) await receiver.down();
  await superuser.query('delete from webhook_subscription');
});
after(async () => {
  await superuser.end();
  await bare.close();
  await database.drop();
});

const askerOf = (client: ClientNumber = 1): Asker => ({ clientId: clientOf(client).id, traceId: 'test' });

async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  receivers.push(started);
  return started;
}

/** A node that delivers; unless told it does so only when it is asked to. */
function node(options: DelivererOptions = { byItself: false }, changes: Partial<Platform> = {}): WebhookDeliverer {
  const deliverer = openWebhooks({ ...bare.platform, ...changes }, options);
  opened.push(deliverer);
  return deliverer;
}

async function subscribed(to: Receiver, client: ClientNumber = 1) {
  const { subscription, secret } = await subscribe(bare.platform, askerOf(client), { url: to.url, eventTypes });
  return { id: subscription.id, place: subscription.place, secret };
}
const state = async (id: string) => (await findSubscription(bare.platform.db, id)) ?? assert.fail('it is gone');

/** Events as verbs leave them, waiting for their numbers: of so many consents, each given and then ended. Answers their ids. */
async function happen(count: number, client: ClientNumber = 1): Promise<string[]> {
  const events = Array.from({ length: count }, newId);
  await superuser.query(
    `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, purpose, reason)
     select $1, e.id, gen_random_uuid(), t.type, $3, case when t.type = 'created' then 'processing' end,
            case when t.type = 'archived' then 'expired' end
     from unnest($2::uuid[]) with ordinality e (id, at), lateral (select case when e.at % 2 = 1 then 'created' else 'archived' end as type) t
     order by e.at`,
    [clientOf(client).id, events, bare.clock.now()],
  );
  return events;
}
const seal = () => sealEvents(bare.platform.db, null, bare.clock.now());

const eventIds = ({ received }: Receiver): string[] => received.map(({ data }) => data.eventId);

async function until(met: () => boolean | Promise<boolean>, what = 'it has come so far'): Promise<void> {
  for (let looks = 0; looks < 1_500; looks++) {
    if (await met()) return;
    await sleep(20);
  }
  assert.fail(`not within half a minute: ${what}`);
}
const advance = (seconds: number): void => bare.clock.setOffsetSeconds(bare.clock.offsetSeconds() + seconds);

test('F2: every event is sent once, one after the other, in the order of the feed', async () => {
  const to = await receiver();
  const { id, secret } = await subscribed(to);
  let atOnce = 0;
  to.answer = (_message, response) => {
    atOnce += 1;
    assert.equal(atOnce, 1, 'one at a time');
    setImmediate(() => {
      atOnce -= 1;
      response.writeHead(202).end('{}');
    });
  };
  const ids = await happen(450);
  await seal();
  await node().deliverDue();
  assert.deepEqual(eventIds(to), ids);
  const numbers = to.received.map(({ data }) => data.sequenceNr);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(to.received.map((message) => message.id)).size, 450);
  assert.ok(to.received.every((message) => isSignedWith(secret, message)));
  assert.equal((await state(id)).place, numbers.at(-1));
});

test('F2: a receiver that is down loses nothing: the first message waits, those behind it wait too, and then all come in order', async () => {
  const to = await receiver();
  const { id, place } = await subscribed(to);
  const deliverer = node();
  await to.down();
  const ids = await happen(5);
  await seal();
  await deliverer.deliverDue();
  const failing = await state(id);
  assert.deepEqual([failing.place, failing.failing?.attempts, failing.lastAttempt?.outcome], [place, 1, 'not_reached']);
  await deliverer.deliverDue();
  assert.equal((await state(id)).failing?.attempts, 1, 'not before its time');
  advance(3);
  await deliverer.deliverDue();
  assert.equal((await state(id)).failing?.attempts, 2);
  await to.up();
  ids.push(...(await happen(5)));
  await seal();
  advance(6);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to), ids);
  assert.equal((await state(id)).failing, null);
});

test('F2: a message that is refused in the midst is sent again under the same id, with a new time, before any other', async () => {
  const to = await receiver();
  await subscribed(to);
  const deliverer = node();
  const ids = await happen(4);
  await seal();
  let refusals = 0;
  to.answer = ({ data }, response) => {
    const refuse = data.eventId === ids[2] && refusals < 2;
    refusals += refuse ? 1 : 0;
    response.writeHead(refuse ? 429 : 200, refuse ? { 'retry-after': '30' } : {}).end();
  };
  await deliverer.deliverDue();
  advance(20);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to), ids.slice(0, 3), 'left alone for as long as it asked');
  advance(11);
  await deliverer.deliverDue();
  advance(31);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to), [ids[0], ids[1], ids[2], ids[2], ids[2], ids[3]]);
  assert.equal(new Set(to.received.map((message) => message.id)).size, 4);
});

test('F2: an endpoint that answers 410 is disabled at once, with a row in the log and a notice in the status', async () => {
  const to = await receiver();
  const { id, place } = await subscribed(to);
  const deliverer = node();
  to.answer = (_message, response) => response.writeHead(410).end();
  const ids = await happen(3);
  await seal();
  await deliverer.deliverDue();
  advance(DAY_SECONDS);
  await deliverer.deliverDue();
  assert.equal(to.received.length, 1);
  const gone = await state(id);
  assert.deepEqual([gone.disabled?.reason, gone.place, gone.lastAttempt?.status], ['gone', place, 410]);
  const { rows } = await superuser.query<Json>(
    "select actor, reason, change from audit_log where change ->> 'webhook' = $1 order by id desc limit 1",
    [id],
  );
  assert.deepEqual(rows, [
    {
      actor: 'clock',
      reason: 'gone',
      change: { webhook: id, differences: [{ field: 'enabled', before: true, after: false }] },
    },
  ]);
  to.answer = (_message, response) => response.writeHead(200).end();
  await changeSubscription(bare.platform, askerOf(), id, { enabled: true });
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to).slice(1), ids, 'nothing was skipped');
});

test('F2: an endpoint that has taken nothing for three days is disabled, and nothing is skipped when it is enabled again', async () => {
  const to = await receiver();
  const { id } = await subscribed(to);
  const deliverer = node();
  to.answer = (_message, response) => response.writeHead(503).end();
  const ids = await happen(2);
  await seal();
  for (let attempts = 1; attempts < 11; attempts++) {
    await deliverer.deliverDue();
    assert.equal((await state(id)).failing?.attempts, attempts);
    advance(1_200);
  }
  advance(3 * DAY_SECONDS);
  await deliverer.deliverDue();
  const givenUp = await state(id);
  assert.deepEqual([givenUp.disabled?.reason, givenUp.failing], ['failing', null]);
  assert.equal(to.received.length, 11);
  to.answer = (_message, response) => response.writeHead(200).end();
  await deliverer.deliverDue();
  assert.equal(to.received.length, 11);
  await switchWebhook(bare.platform, id, true);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to).slice(11), ids);
});

test('F2: an endpoint that hangs or answers slowly holds up no other, and is left when its time is over', async () => {
  const [hangs, answers] = [await receiver(), await receiver()];
  const config = { ...bare.platform.config, webhookTimeoutSeconds: 1, webhooksAtOnce: 2 };
  hangs.answer = () => undefined;
  const hanging = [await subscribed(hangs, 1), await subscribed(hangs, 1), await subscribed(hangs, 1)];
  const { id } = await subscribed(answers, 2);
  await happen(1, 1);
  await seal();
  const deliverer = node({ byItself: true }, { config });
  // All places are taken by those that hang, the first time; after that they share one of the two.
  await until(async () =>
    (await Promise.all(hanging.map((one) => state(one.id)))).every(({ failing }) => failing !== null),
  );
  const ids: string[] = [];
  for (let round = 0; round < 10; round++) {
    advance(900);
    ids.push(...(await happen(1, 2)));
    await seal();
    await until(() => answers.received.length === ids.length);
  }
  assert.deepEqual(eventIds(answers), ids);
  assert.equal((await state(hanging[0]?.id ?? '')).lastAttempt?.outcome, 'timed_out');
  await until(async () => (await state(id)).lastAttempt?.status === 204);
  await deliverer.close({ seconds: 0 });
});

test('R4: a redirect is not followed, whereto it leads', async () => {
  const [to, inside] = [await receiver(), await receiver()];
  const { id } = await subscribed(to);
  to.answer = (_message, response) => response.writeHead(308, { location: inside.url }).end();
  await happen(1);
  await seal();
  await node().deliverDue();
  const { lastAttempt, place } = await state(id);
  assert.deepEqual([lastAttempt?.outcome, lastAttempt?.status], ['refused', 308]);
  assert.equal(inside.received.length, 0);
  assert.equal(place, (await state(id)).last - 1);
});

test('R4: a name that has come to stand for an address of our own network is not connected to outside of a sandbox', async () => {
  const to = await receiver();
  const { id } = await subscribed(to);
  await superuser.query('update webhook_subscription set url = $2 where id = $1', [
    id,
    to.url.replace('http:', 'https:'),
  ]);
  let connections = 0;
  to.answer = () => (connections += 1);
  const http = httpClient({
    connections: 1,
    plainHttp: false,
    mutualTls: () => assert.fail('nobody is told who we are'),
    mayReach: (address) => refusedAddress(address) === undefined,
  });
  await happen(1);
  await seal();
  await node({ byItself: false }, { http }).deliverDue();
  assert.equal((await state(id)).lastAttempt?.outcome, 'not_allowed');
  assert.equal(connections, 0);
  await http.close();
});

test('F2: any number of nodes deliver at once, and still one message at a time, each once, in order', async () => {
  const to = await receiver();
  await subscribed(to);
  const other = await openBarePlatform(database);
  other.clock.setOffsetSeconds(bare.clock.offsetSeconds());
  const nodes = [node({ byItself: true }), openWebhooks(other.platform), node({ byItself: true })];
  let atOnce = 0;
  let most = 0;
  to.answer = (_message, response) => {
    most = Math.max(most, ++atOnce);
    setTimeout(() => {
      atOnce -= 1;
      response.writeHead(204).end();
    }, 1);
  };
  const ids: string[] = [];
  for (let round = 0; round < 20; round++) {
    ids.push(...(await happen(20)));
    await seal();
    await sleep(10);
  }
  await until(() => to.received.length >= ids.length);
  assert.deepEqual(eventIds(to), ids);
  assert.equal(most, 1);
  await nodes[1]?.close({ seconds: 5 });
  await other.close();
});

test('F2: who is woken sends at once what has just happened, without anybody having numbered it', async () => {
  const to = await receiver();
  await subscribed(to);
  const wakeUps = openWakeUps(bare.platform);
  const deliverer = node({ wakeUps });
  const ids: string[] = [];
  for (let round = 0; round < 3; round++) {
    ids.push(...(await happen(1)));
    await until(() => to.received.length === ids.length);
  }
  assert.deepEqual(eventIds(to), ids);
  await deliverer.close({ seconds: 5 });
  await wakeUps.close();
});

test('F1: a secret is rotated in the midst of it all: nothing is lost, and a receiver that knows the new one only believes all that comes after', async () => {
  const to = await receiver();
  const { id, secret } = await subscribed(to);
  node({ byItself: true });
  to.secrets = [secret];
  to.answer = (_message, response) => setTimeout(() => response.writeHead(204).end(), 2);
  const ids = await happen(300);
  await seal();
  await until(() => to.received.length > 50);
  for (let rotation = 0; rotation < 3; rotation++) {
    const rotated = await rotateWebhookSecret(bare.platform, askerOf(), id, 3_600);
    to.secrets = [rotated.secret];
    const before = to.received.length;
    // A message that was signed before may be on its way, and is then refused, and comes again.
    await until(() => to.received.length > before + 20 || to.received.length >= ids.length);
    advance(3);
  }
  await until(async () => {
    advance(5);
    return (await state(id)).place === (await state(id)).last;
  });
  const taken = [...new Set(eventIds(to))];
  assert.deepEqual(taken, ids);
  assert.ok(to.received.filter((message) => !isSignedWith(to.secrets[0] ?? '', message)).length < ids.length);
});

test('F1: from the moment a webhook is removed or disabled nothing more is begun, though it was being sent for', async () => {
  for (const end of [
    (id: string) => unsubscribe(bare.platform, askerOf(), id),
    (id: string) => switchWebhook(bare.platform, id, false),
    (id: string) => changeSubscription(bare.platform, askerOf(), id, { enabled: false }),
  ]) {
    const to = await receiver();
    const { id } = await subscribed(to);
    const deliverer = node({ byItself: true });
    to.answer = (_message, response) => setTimeout(() => response.writeHead(204).end(), 5);
    await happen(500);
    await seal();
    await until(() => to.received.length > 20);
    await end(id);
    // What is on its way at this moment may arrive; what a node knows of it is a matter of some hundredths of a second.
    await sleep(300);
    const after = to.received.length;
    await sleep(300);
    assert.equal(to.received.length, after);
    assert.ok(after < 500);
    await deliverer.close({ seconds: 5 });
  }
});

test('F4: what has become too old to be read is told as a gap, in its place, and then it goes on with the oldest that can be read', async () => {
  const to = await receiver();
  const { id, place } = await subscribed(to);
  await changeSubscription(bare.platform, askerOf(), id, { enabled: false });
  await happen(4);
  await seal();
  advance(8 * DAY_SECONDS);
  const ids = await happen(3);
  await seal();
  await sweepWebhooks(bare.platform);
  const resting = await state(id);
  assert.deepEqual([resting.gap?.from, resting.gap?.to, resting.gap?.toldAt], [place + 1, place + 4, null]);
  await changeSubscription(bare.platform, askerOf(), id, { enabled: true });
  const deliverer = node();
  // Refused at first, it is told again before anything else.
  to.answer = (_message, response) => response.writeHead(500).end();
  await deliverer.deliverDue();
  to.answer = (_message, response) => response.writeHead(204).end();
  advance(60);
  await deliverer.deliverDue();
  const [refused, gap, ...events] = to.received;
  assert.deepEqual([gap?.type, gap?.id, gap?.text], ['feed.gap', refused?.id, refused?.text]);
  const { message, ...data } = gap?.data as Json;
  assert.deepEqual(data, {
    fromSequenceNr: place + 1,
    toSequenceNr: place + 4,
    nextSequenceNr: place + 5,
    snapshot: '/feed/v1/consent/snapshot',
  });
  assert.match(message, /too old before they could be sent\. Take the snapshot/);
  assert.deepEqual(
    events.map((event) => event.data.eventId),
    ids,
  );
  const told = await state(id);
  assert.ok(told.gap?.toldAt instanceof Date);
  assert.equal(told.place, told.last);
  await deliverer.deliverDue();
  assert.equal(to.received.length, 5);
});

test('F4: a gap is told also when all that was missed has been dropped, and there is nothing else', async () => {
  const to = await receiver();
  const { id, place } = await subscribed(to);
  await happen(2);
  await seal();
  await superuser.query('delete from feed_event where client_id = $1 and seq > $2', [clientOf(1).id, place]);
  await node().deliverDue();
  assert.deepEqual(
    to.received.map(({ type, data }) => [type, data.fromSequenceNr, data.toSequenceNr]),
    [['feed.gap', place + 1, place + 2]],
  );
  assert.equal((await state(id)).place, place + 2);
});

test('C8: a webhook that nothing can be sent to is removed after a year, with a row in the log; the others stay', async () => {
  const to = await receiver();
  const [unused, used, ofDisabled] = [await subscribed(to), await subscribed(to), await subscribed(to, 2)];
  await switchWebhook(bare.platform, unused.id, false);
  await superuser.query('update client set enabled = false where id = $1', [clientOf(2).id]);
  const find = (id: string) => findSubscription(bare.platform.db, id);
  advance(365 * DAY_SECONDS);
  await sweepWebhooks(bare.platform);
  assert.ok((await find(unused.id)) !== undefined && (await find(ofDisabled.id)) !== undefined);
  advance(2 * DAY_SECONDS);
  await sweepWebhooks(bare.platform);
  assert.deepEqual([await find(unused.id), await find(ofDisabled.id)], [undefined, undefined]);
  assert.ok((await find(used.id)) !== undefined);
  const { rows } = await superuser.query<Json>(
    "select actor from audit_log where reason = 'removed' and change ->> 'webhook' = any ($1)",
    [[unused.id, ofDisabled.id]],
  );
  assert.deepEqual(rows, [{ actor: 'clock' }, { actor: 'clock' }]);
  await superuser.query('update client set enabled = true where id = $1', [clientOf(2).id]);
});

test('R6: metrics tell what became of messages, how late they were, and how many webhooks are in which state', async () => {
  const to = await receiver();
  await subscribed(to);
  await happen(1);
  await seal();
  await node().deliverDue();
  await sweepWebhooks(bare.platform);
  const text = await bare.platform.metrics.text();
  assert.match(text, /samtykke_webhook_attempts_total\{outcome="delivered"\} \d+/);
  assert.match(text, /samtykke_webhook_lag_seconds_count \d+/);
  assert.match(text, /samtykke_webhooks\{state="delivering"\} 1/);
});
