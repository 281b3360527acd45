import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openBarePlatform } from '../../test/support/bare-platform.ts';
import { eventIds, openWebhookHouse, until, type WebhookHouse } from '../../test/support/webhook-house.ts';
import { isSignedWith } from '../../test/support/webhook-receiver.ts';
import { openWakeUps } from '../feed/wake-ups.ts';
import { changeSubscription, switchWebhook } from './change-subscription.ts';
import { sweepWebhooks } from './sweep.ts';

let house: WebhookHouse;
before(async () => {
  house = await openWebhookHouse();
});
afterEach(() => house.tidy());
after(() => house.close());

const DAY_SECONDS = 86_400;

test('F2: every event is sent once, one after the other, in the order of the feed', async () => {
  const to = await house.receiver();
  const { id, secret } = await house.subscribed(to);
  let atOnce = 0;
  to.answer = (_message, response) => {
    atOnce += 1;
    assert.equal(atOnce, 1, 'one at a time');
    setImmediate(() => {
      atOnce -= 1;
      response.writeHead(202).end('{}');
    });
  };
  const ids = await house.happen(450);
  await house.seal();
  await house.node().deliverDue();
  assert.deepEqual(eventIds(to), ids);
  const numbers = to.received.map(({ data }) => data.sequenceNr);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(to.received.map((message) => message.id)).size, 450);
  assert.ok(to.received.every((message) => isSignedWith(secret, message)));
  assert.equal((await house.state(id)).place, numbers.at(-1));
});

test('F2: a receiver that is down loses nothing: the first message waits, those behind it wait too, and then all come in order', async () => {
  const to = await house.receiver();
  const { id, place } = await house.subscribed(to);
  const deliverer = house.node();
  await to.down();
  const ids = await house.happen(5);
  await house.seal();
  await deliverer.deliverDue();
  const failing = await house.state(id);
  assert.deepEqual([failing.place, failing.failing?.attempts, failing.lastAttempt?.outcome], [place, 1, 'not_reached']);
  await deliverer.deliverDue();
  assert.equal((await house.state(id)).failing?.attempts, 1, 'not before its time');
  house.advance(3);
  await deliverer.deliverDue();
  assert.equal((await house.state(id)).failing?.attempts, 2);
  await to.up();
  ids.push(...(await house.happen(5)));
  await house.seal();
  house.advance(6);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to), ids);
  assert.equal((await house.state(id)).failing, null);
});

test('F2: a message that is refused in the midst is sent again under the same id, with a new time, before any other', async () => {
  const to = await house.receiver();
  await house.subscribed(to);
  const deliverer = house.node();
  const ids = await house.happen(4);
  await house.seal();
  let refusals = 0;
  to.answer = ({ data }, response) => {
    const refuse = data.eventId === ids[2] && refusals < 2;
    refusals += refuse ? 1 : 0;
    response.writeHead(refuse ? 429 : 200, refuse ? { 'retry-after': '30' } : {}).end();
  };
  await deliverer.deliverDue();
  house.advance(20);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to), ids.slice(0, 3), 'left alone for as long as it asked');
  house.advance(11);
  await deliverer.deliverDue();
  house.advance(31);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to), [ids[0], ids[1], ids[2], ids[2], ids[2], ids[3]]);
  assert.equal(new Set(to.received.map((message) => message.id)).size, 4);
});

test('F2: an endpoint that answers 410 is disabled at once, with a row in the log and a notice in the status', async () => {
  const to = await house.receiver();
  const { id, place } = await house.subscribed(to);
  const deliverer = house.node();
  to.answer = (_message, response) => response.writeHead(410).end();
  const ids = await house.happen(3);
  await house.seal();
  await deliverer.deliverDue();
  house.advance(DAY_SECONDS);
  await deliverer.deliverDue();
  assert.equal(to.received.length, 1);
  const gone = await house.state(id);
  assert.deepEqual([gone.disabled?.reason, gone.place, gone.lastAttempt?.status], ['gone', place, 410]);
  const rows = await house.inspect(
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
  await changeSubscription(house.bare.platform, house.askerOf(), id, { enabled: true });
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to).slice(1), ids, 'nothing was skipped');
});

test('F2: an endpoint that has taken nothing for three days is disabled, and nothing is skipped when it is enabled again', async () => {
  const to = await house.receiver();
  const { id } = await house.subscribed(to);
  const deliverer = house.node();
  to.answer = (_message, response) => response.writeHead(503).end();
  const ids = await house.happen(2);
  await house.seal();
  for (let attempts = 1; attempts < 11; attempts++) {
    await deliverer.deliverDue();
    assert.equal((await house.state(id)).failing?.attempts, attempts);
    house.advance(1_200);
  }
  house.advance(3 * DAY_SECONDS);
  await deliverer.deliverDue();
  const givenUp = await house.state(id);
  assert.deepEqual([givenUp.disabled?.reason, givenUp.failing], ['failing', null]);
  assert.equal(to.received.length, 11);
  to.answer = (_message, response) => response.writeHead(200).end();
  await deliverer.deliverDue();
  assert.equal(to.received.length, 11);
  await switchWebhook(house.bare.platform, id, true);
  await deliverer.deliverDue();
  assert.deepEqual(eventIds(to).slice(11), ids);
});

test('F2: an endpoint that hangs or answers slowly holds up no other, and is left when its time is over', async () => {
  const [hangs, answers] = [await house.receiver(), await house.receiver()];
  const config = { ...house.bare.platform.config, webhookTimeoutSeconds: 1, webhooksAtOnce: 2 };
  hangs.answer = () => undefined;
  const hanging = [
    await house.subscribed(hangs, 1),
    await house.subscribed(hangs, 1),
    await house.subscribed(hangs, 1),
  ];
  const { id } = await house.subscribed(answers, 2);
  await house.happen(1, 1);
  await house.seal();
  const deliverer = house.node({ byItself: true }, { config });
  // All places are taken by those that hang, the first time; after that they share one of the two.
  await until(async () =>
    (await Promise.all(hanging.map((one) => house.state(one.id)))).every(({ failing }) => failing !== null),
  );
  const ids: string[] = [];
  for (let round = 0; round < 10; round++) {
    house.advance(900);
    ids.push(...(await house.happen(1, 2)));
    await house.seal();
    await until(() => answers.received.length === ids.length);
  }
  assert.deepEqual(eventIds(answers), ids);
  assert.equal((await house.state(hanging[0]?.id ?? '')).lastAttempt?.outcome, 'timed_out');
  await until(async () => (await house.state(id)).lastAttempt?.status === 204);
  await deliverer.close({ seconds: 0 });
});

test('F2: any number of nodes deliver at once, and still one message at a time, each once, in order', async () => {
  const to = await house.receiver();
  await house.subscribed(to);
  const other = await openBarePlatform(house.database);
  other.clock.setOffsetSeconds(house.bare.clock.offsetSeconds());
  const nodes = [house.node({}), house.node({}, other.platform), house.node({})];
  let atOnce = 0;
  let most = 0;
  to.answer = (_message, response) => {
    most = Math.max(most, ++atOnce);
    setTimeout(() => {
      atOnce -= 1;
      response.writeHead(204).end();
    }, 1);
  };
  try {
    const ids: string[] = [];
    for (let round = 0; round < 20; round++) {
      ids.push(...(await house.happen(20)));
      await house.seal();
      await sleep(10);
    }
    await until(() => to.received.length >= ids.length);
    assert.deepEqual(eventIds(to), ids);
    assert.equal(most, 1);
  } finally {
    await Promise.all(nodes.map((node) => node.close({ seconds: 5 })));
    await other.close();
  }
});

test('F2: who is woken sends at once what has just happened, without anybody having numbered it', async () => {
  const to = await house.receiver();
  await house.subscribed(to);
  const wakeUps = openWakeUps(house.bare.platform);
  const deliverer = house.node({ wakeUps });
  try {
    const ids: string[] = [];
    for (let round = 0; round < 3; round++) {
      ids.push(...(await house.happen(1)));
      await until(() => to.received.length === ids.length);
    }
    assert.deepEqual(eventIds(to), ids);
  } finally {
    await deliverer.close({ seconds: 5 });
    await wakeUps.close();
  }
});

test('R6: metrics tell what became of messages, how late they were, and how many webhooks are in which state', async () => {
  const to = await house.receiver();
  await house.subscribed(to);
  await house.happen(1);
  await house.seal();
  await house.node().deliverDue();
  await sweepWebhooks(house.bare.platform);
  const text = await house.bare.platform.metrics.text();
  assert.match(text, /samtykke_webhook_attempts_total\{outcome="delivered"\} \d+/);
  assert.match(text, /samtykke_webhook_lag_seconds_count \d+/);
  assert.match(text, /samtykke_webhooks\{state="delivering"\} 1/);
});
