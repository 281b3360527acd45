import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import type { Permission } from '../../src/clients/client-registry.ts';
import { switchPermission } from '../../src/consent/switch-permission.ts';
import { openWebhooks, type WebhookDeliverer } from '../../src/webhooks/deliverer.ts';
import { isSignedWith, startReceiver, type Receiver } from '../support/webhook-receiver.ts';
import {
  bearer,
  clientOf,
  newConsent,
  startWorld,
  tokenFor,
  type Answer,
  type ClientNumber,
  type Json,
  type World,
} from '../support/world.ts';

const BASE = '/feed/v1/consent/webhooks';
const NOBODY = '01890000-0000-7000-8000-000000000000';

let world: World;
let receiver: Receiver;
let webhooks: WebhookDeliverer;
before(async () => {
  world = await startWorld();
  receiver = await startReceiver();
  webhooks = openWebhooks(world.platform, { byItself: false });
});
after(async () => {
  await webhooks.close({ seconds: 1 });
  await receiver.down();
  await world.close();
});

async function ask(
  method: NonNullable<InjectOptions['method']>,
  path: string,
  options: { body?: unknown; client?: ClientNumber } = {},
): Promise<Answer> {
  const { body, client = 1 } = options;
  const headers = bearer(await tokenFor(world, 'events', { client }));
  return world.call({
    method,
    url: `${BASE}${path}`,
    headers,
    ...(body === undefined ? {} : { payload: body as object }),
  });
}

async function added(body: object = {}, client: ClientNumber = 1): Promise<Json> {
  const answer = await ask('POST', '', { body: { url: receiver.url, ...body }, client });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}
const status = async (id: string): Promise<Json> => (await ask('GET', `/${id}`)).json;
const removed = async (id: string): Promise<void> => assert.equal((await ask('DELETE', `/${id}`)).status, 204);
const seal = () => world.jobs.runDue();

async function deliver(): Promise<void> {
  await seal();
  await webhooks.deliverDue();
}

const auditOf = (id: string): Promise<Json[]> =>
  world.inspect(
    `select actor, client_id, reason, change, trace_id from audit_log
     where kind = 'webhook_changed' and change ->> 'webhook' = $1 order by id`,
    [id],
  );

test('F1: a webhook is added, shows its secret once, and from then on is sent what happens, signed', async () => {
  await newConsent(world);
  receiver.received.length = 0;
  const webhook = await added();
  assert.match(webhook.secret, /^whsec_/);
  assert.deepEqual(
    { ...webhook, id: '', createdAt: '', secret: '', deliveredSequenceNr: 0, lastSequenceNr: 0 },
    {
      id: '',
      url: receiver.url,
      eventTypes: ['consent.created', 'consent.archived'],
      createdAt: '',
      enabled: true,
      disabledReason: null,
      disabledAt: null,
      notice: null,
      deliveredSequenceNr: 0,
      lastSequenceNr: 0,
      failingSince: null,
      attempts: 0,
      nextAttemptAt: null,
      lastAttempt: null,
      lastDeliveredAt: null,
      gap: null,
      formerSecretUntil: null,
      secret: '',
    },
  );
  const { secret, ...shown } = webhook;
  assert.deepEqual(await status(webhook.id), shown);
  assert.deepEqual((await ask('GET', '')).json, { webhooks: [shown] });

  const id = await newConsent(world, { client_consent_id: 'told-by-webhook' });
  await deliver();
  const [message, ...more] = receiver.received;
  assert.deepEqual(more, [], 'what was before is not told');
  assert.ok(message !== undefined && isSignedWith(secret, message));
  const body = JSON.parse(message.text);
  assert.deepEqual(Object.keys(body), ['type', 'timestamp', 'data']);
  assert.equal(body.type, 'consent.created');
  const { sequenceNr } = body.data;
  const fromFeed = await world.call({
    method: 'GET',
    url: `/feed/v1/consent?fromSequenceNr=${sequenceNr}&limit=1`,
    headers: bearer(await tokenFor(world, 'events')),
  });
  assert.deepEqual(body.data, fromFeed.json.result[0], 'the event as the feed has it');
  assert.equal(body.data.consentId, id);
  assert.equal(body.timestamp, body.data.timestamp);
  assert.match(message.headers['content-type'] ?? '', /^application\/json/);
  assert.match(message.headers['user-agent'] ?? '', /^Samtykke\//);
  assert.doesNotMatch(message.id, /\./);

  const now = await status(webhook.id);
  assert.deepEqual([now.deliveredSequenceNr, now.lastSequenceNr], [sequenceNr, sequenceNr]);
  assert.deepEqual([now.lastAttempt.outcome, now.lastAttempt.status], ['delivered', 204]);
  assert.equal(now.lastDeliveredAt, now.lastAttempt.at);
  await deliver();
  assert.equal(receiver.received.length, 1, 'told once');
  await removed(webhook.id);
});

test('F1: it begins with a number that is asked for, and goes back to one, but never beyond what there is', async () => {
  const ids = [await newConsent(world), await newConsent(world), await newConsent(world)];
  const last = (await added()).lastSequenceNr as number;
  receiver.received.length = 0;
  const webhook = await added({ fromSequenceNr: last - 1 });
  await deliver();
  assert.deepEqual(
    receiver.received.map(({ data }) => data.consentId),
    ids.slice(1),
  );
  const again = await ask('PATCH', `/${webhook.id}`, { body: { fromSequenceNr: last - 2 } });
  assert.equal(again.json.deliveredSequenceNr, last - 3);
  await deliver();
  assert.deepEqual(
    receiver.received.slice(2).map(({ data }) => data.consentId),
    ids,
  );
  const [, repeated] = receiver.received.filter(({ data }) => data.consentId === ids[2]);
  assert.equal(repeated?.id, receiver.received[1]?.id, 'the same event has the same id');
  for (const [method, path, body] of [
    ['POST', '', { url: receiver.url, fromSequenceNr: last + 2 }],
    ['PATCH', `/${webhook.id}`, { fromSequenceNr: last + 2 }],
  ] as const) {
    const answer = await ask(method, path, { body });
    assert.equal(answer.status, 400);
    assert.equal(answer.json.message, `fromSequenceNr must be at most ${last + 1}: the last number is ${last}`);
  }
  for (const { id } of (await ask('GET', '')).json.webhooks) await removed(id);
});

test('F1: it is told of the types that it asks for, and its place goes past the others', async () => {
  receiver.received.length = 0;
  const webhook = await added({ eventTypes: ['consent.archived'] });
  const id = await newConsent(world);
  const debt = await tokenFor(world, 'debt');
  assert.equal((await world.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(debt) })).status, 204);
  await newConsent(world);
  await deliver();
  assert.deepEqual(
    receiver.received.map(({ type, data }) => [type, data.consentId, data.samtykkeArkivertEvent.reason]),
    [['consent.archived', id, 'revoked_by_client']],
  );
  const now = await status(webhook.id);
  assert.equal(now.deliveredSequenceNr, now.lastSequenceNr);
  await removed(webhook.id);
});

test('F1: a client sees and changes its own webhooks only; another’s is answered like one that does not exist', async () => {
  const webhook = await added({}, 2);
  assert.deepEqual((await ask('GET', '')).json, { webhooks: [] });
  for (const id of [webhook.id, NOBODY, 'none', `${NOBODY}x`]) {
    for (const [method, path, body] of [
      ['GET', `/${id}`, undefined],
      ['PATCH', `/${id}`, { enabled: false }],
      ['DELETE', `/${id}`, undefined],
      ['POST', `/${id}/rotate-secret`, {}],
      ['POST', `/${id}/test`, undefined],
    ] as const) {
      const answer = await ask(method, path, { body });
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.equal(answer.json.message, 'you have no webhook of this id: GET /feed/v1/consent/webhooks lists them');
    }
  }
  assert.equal((await ask('GET', `/${webhook.id}`, { client: 2 })).json.enabled, true);
  assert.equal((await ask('DELETE', `/${webhook.id}`, { client: 2 })).status, 204);
  assert.equal((await ask('DELETE', `/${webhook.id}`, { client: 2 })).status, 404);
});

test('F1: a client has five webhooks at most, also when it asks for many at once', async () => {
  const answers = await Promise.all(Array.from({ length: 9 }, () => ask('POST', '', { body: { url: receiver.url } })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 201, 201, 201, 201, 409, 409, 409, 409]);
  const refused = answers.find((answer) => answer.status === 409);
  assert.match(refused?.json.message, /there may be 5 webhooks/);
  for (const { id } of (await ask('GET', '')).json.webhooks) await removed(id);
});

test('F1, E2: a malformed request is refused with a sentence that names what is wrong', async () => {
  const webhook = await added();
  const one = `/${webhook.id}`;
  for (const [method, path, body, message] of [
    ['POST', '', {}, /^url is missing$/],
    ['POST', '', { url: 17 }, /^url must be an address/],
    ['POST', '', { url: 'nowhere' }, /^url must be an address: write it as https/],
    ['POST', '', { url: 'http://bank.example/' }, /^url must be https/],
    ['POST', '', { url: receiver.url, eventTypes: [] }, /^eventTypes must be a list/],
    ['POST', '', { url: receiver.url, eventTypes: ['consent.made'] }, /^eventTypes\.0 must be one of consent\.created/],
    ['POST', '', { url: receiver.url, fromSequenceNr: -1 }, /^fromSequenceNr must be a whole number/],
    ['POST', '', { url: receiver.url, secret: 'mine' }, /^'secret' is not a field/],
    ['PATCH', one, { url: 'https://user:pass@bank.example/' }, /^url must not hold a user/],
    ['PATCH', one, { enabled: 'yes' }, /^enabled must be true or false/],
    ['PATCH', one, { place: 3 }, /^'place' is not a field/],
    ['POST', `${one}/rotate-secret`, { overlapSeconds: -1 }, /^overlapSeconds must be a whole number of seconds/],
    ['POST', `${one}/rotate-secret`, { overlapSeconds: 604_801 }, /^overlapSeconds must be .* 0 to 604800/],
  ] as const) {
    const answer = await ask(method, path, { body });
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.json.message, message);
    assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'message', 'path', 'requestId', 'status', 'timestamp']);
  }
  const token = bearer(await tokenFor(world, 'events'));
  for (const [method, url] of [
    ['POST', BASE],
    ['PATCH', `${BASE}${one}`],
    ['POST', `${BASE}${one}/rotate-secret`],
  ] as const) {
    const text = { ...token, 'content-type': 'text/plain' };
    assert.equal((await world.call({ method, url, headers: text, payload: 'url' })).status, 415);
    const large = { url: 'x'.repeat(70_000) };
    assert.equal((await world.call({ method, url, headers: token, payload: large })).status, 413);
  }
  const wrong = await ask('PUT', one, { body: {} });
  assert.deepEqual([wrong.status, wrong.headers['allow']], [405, 'DELETE, GET, PATCH']);
  await removed(webhook.id);
});

test('F1: it is switched off and on by its client, and goes on from where it was', async () => {
  const webhook = await added();
  receiver.received.length = 0;
  const off = await ask('PATCH', `/${webhook.id}`, { body: { enabled: false } });
  assert.deepEqual([off.json.enabled, off.json.disabledReason], [false, 'client']);
  assert.match(off.json.notice, /Disabled by you/);
  const ids = [await newConsent(world), await newConsent(world)];
  await deliver();
  assert.equal(receiver.received.length, 0);
  const on = await ask('PATCH', `/${webhook.id}`, { body: { enabled: true } });
  assert.deepEqual([on.json.enabled, on.json.disabledReason, on.json.notice], [true, null, null]);
  await deliver();
  assert.deepEqual(
    receiver.received.map(({ data }) => data.consentId),
    ids,
  );
  await removed(webhook.id);
});

test('F1: a secret is rotated: both are signed with while they overlap, the former one no longer after that', async () => {
  const webhook = await added();
  receiver.received.length = 0;
  const tell = async () => {
    await newConsent(world);
    await deliver();
    return receiver.received.at(-1) ?? assert.fail('nothing came');
  };
  const rotate = async (body?: object) => {
    const answer = await ask('POST', `/${webhook.id}/rotate-secret`, { body });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const { secret, formerSecretUntil } = await rotate();
  assert.notEqual(secret, webhook.secret);
  const days = (Date.parse(formerSecretUntil) - world.clock.now().getTime()) / 86_400_000;
  assert.ok(days > 0.99 && days <= 1, 'a day, unless told');
  assert.equal((await status(webhook.id)).formerSecretUntil, formerSecretUntil);
  const both = await tell();
  assert.ok(isSignedWith(webhook.secret, both) && isSignedWith(secret, both));

  await world.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: 86_400 } });
  assert.equal((await status(webhook.id)).formerSecretUntil, null);
  const later = await tell();
  assert.ok(isSignedWith(secret, later) && !isSignedWith(webhook.secret, later));
  const [kept] = await world.inspect('select former_secret_cipher from webhook_subscription where id = $1', [
    webhook.id,
  ]);
  assert.equal(kept.former_secret_cipher, null, 'and it is forgotten');

  const now = await rotate({ overlapSeconds: 0 });
  assert.equal(now.formerSecretUntil, null);
  const alone = await tell();
  assert.ok(isSignedWith(now.secret, alone) && !isSignedWith(secret, alone));
  await removed(webhook.id);
});

test('F1: a test message is sent at once, and the answer says what became of it', async () => {
  const webhook = await added();
  receiver.received.length = 0;
  const tried = await ask('POST', `/${webhook.id}/test`);
  assert.deepEqual(
    { ...tried.json, milliseconds: 0 },
    { delivered: true, outcome: 'delivered', status: 204, milliseconds: 0 },
  );
  const [message] = receiver.received;
  assert.ok(message !== undefined && isSignedWith(webhook.secret, message));
  assert.deepEqual([message.type, message.data.webhookId], ['webhook.test', webhook.id]);
  receiver.answer = (_message, response) => response.writeHead(500).end('an error page that nobody reads');
  const refused = await ask('POST', `/${webhook.id}/test`);
  assert.deepEqual(
    { ...refused.json, milliseconds: 0 },
    { delivered: false, outcome: 'refused', status: 500, milliseconds: 0 },
  );

  // A queue that waits for its next attempt goes on at once when a test succeeds.
  await newConsent(world);
  await deliver();
  const waiting = await status(webhook.id);
  assert.deepEqual([waiting.attempts, waiting.lastAttempt.status], [1, 500]);
  assert.match(waiting.notice, /does not take messages/);
  assert.ok(Date.parse(waiting.nextAttemptAt) > Date.parse(waiting.failingSince));
  receiver.answer = (_message, response) => response.writeHead(200).end('ok');
  await ask('POST', `/${webhook.id}/test`);
  await webhooks.deliverDue();
  const well = await status(webhook.id);
  assert.deepEqual([well.failingSince, well.attempts, well.nextAttemptAt, well.notice], [null, 0, null, null]);
  assert.equal(well.deliveredSequenceNr, well.lastSequenceNr);
  await removed(webhook.id);
});

test('F1: no second test is sent while one is under way', async () => {
  const webhook = await added();
  let letGo = (): void => undefined;
  receiver.answer = (_message, response) => (letGo = () => response.writeHead(204).end());
  receiver.received.length = 0;
  const first = ask('POST', `/${webhook.id}/test`);
  while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await ask('POST', `/${webhook.id}/test`);
  assert.equal(second.status, 429);
  assert.match(String(second.headers['retry-after']), /^\d+$/);
  letGo();
  assert.equal((await first).json.delivered, true);
  receiver.answer = (_message, response) => response.writeHead(204).end();
  await removed(webhook.id);
});

test('C7: every change is in the log, with who, what and the request, and never a secret', async () => {
  const webhook = await added({ url: `${receiver.url}?token=of-the-client` });
  await ask('PATCH', `/${webhook.id}`, { body: { enabled: false, eventTypes: ['consent.archived'] } });
  await ask('PATCH', `/${webhook.id}`, { body: { enabled: false } });
  const { secret } = (await ask('POST', `/${webhook.id}/rotate-secret`)).json;
  await removed(webhook.id);
  const rows = await auditOf(webhook.id);
  assert.deepEqual(
    rows.map(({ actor, client_id, reason }) => [actor, client_id, reason]),
    ['added', 'changed', 'secret_rotated', 'removed'].map((reason) => ['client', clientOf(1).id, reason]),
  );
  assert.deepEqual(rows[1].change.differences, [
    { field: 'eventTypes', before: 'consent.created consent.archived', after: 'consent.archived' },
    { field: 'enabled', before: true, after: false },
  ]);
  assert.ok(rows.every((row) => /^[\w-]+$/.test(row.trace_id)));
  const text = JSON.stringify(rows);
  for (const word of [webhook.secret, secret, 'of-the-client']) assert.ok(!text.includes(word));
  assert.ok(text.includes(`${receiver.url}?…`));
});

test('C9: a disabled client is sent nothing, nor one that may read no events; when it is enabled again it is told what it has missed', async () => {
  const consentId = await newConsent(world, { client: 2 });
  const webhook = await added({}, 2);
  receiver.received.length = 0;
  const client: Permission = { kind: 'client', clientId: clientOf(2).id };
  assert.equal(await switchPermission(world.platform, client, false), 1);
  await deliver();
  assert.equal(receiver.received.length, 0);
  await world.inspect('update client set may_read_events = false where id = $1', [clientOf(2).id]);
  await switchPermission(world.platform, client, true);
  await deliver();
  assert.equal(receiver.received.length, 0);
  await world.inspect('update client set may_read_events = true where id = $1', [clientOf(2).id]);
  await deliver();
  assert.deepEqual(
    receiver.received.map(({ data }) => [data.consentId, data.samtykkeArkivertEvent?.reason]),
    [[consentId, 'revoked_by_operator']],
  );
  assert.equal((await ask('DELETE', `/${webhook.id}`, { client: 2 })).status, 204);
});
