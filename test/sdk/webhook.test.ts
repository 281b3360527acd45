import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, type SamtykkeErrorCode } from '../../sdk/src/entry.ts';
import { newSigningSecret, signWith } from '../../src/webhooks/signature.ts';
import { eventMessage, gapMessage, testMessage } from '../../src/webhooks/message.ts';
import { wireEvent } from './told-feed.ts';

const now = new Date('2026-11-01T05:00:00Z');
const body = JSON.stringify({ type: 'consent.archived', timestamp: now, data: wireEvent(3) });
const secret = newSigningSecret();

/** A message as the platform's library signs it. */
const signed = (text: string, secrets: readonly string[] = [secret], at = now) =>
  signWith(secrets)({ id: 'msg_1', body: text }, at);

const refusal = (message: RegExp): { code: SamtykkeErrorCode; message: RegExp } => ({
  code: 'webhook_refused',
  message,
});

test("SDK: what the platform's library signs is believed, as text and as bytes, with headers of any kind", async () => {
  const headers = signed(body);
  const bytes = new TextEncoder().encode(body);
  const forms = [
    headers,
    new Headers(headers),
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]])),
  ];
  for (const form of forms) {
    for (const content of [body, bytes, bytes.buffer, Buffer.from(body)]) {
      const { id, sentAt, message } = await verifyWebhook(content, form, secret, { now });
      assert.equal(id, 'msg_1');
      assert.deepEqual(sentAt, now);
      assert.equal(message.type === 'event' && message.event.sequenceNr, 3);
    }
  }
});

test('SDK: the example of the specification is believed', async () => {
  const example = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const payload = '{"test": 2432232314}';
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  // The signature fits; what is inside is no message of ours.
  await assert.rejects(verifyWebhook(payload, headers, example, { now: new Date(1_614_265_330_000) }), {
    code: 'bad_answer',
  });
  await assert.rejects(verifyWebhook(`${payload} `, headers, example, { now: new Date(1_614_265_330_000) }), {
    code: 'webhook_refused',
  });
});

test('SDK: while a secret changes, the old and the new one are good, on either side', async () => {
  const next = newSigningSecret();
  for (const [signers, known] of [
    [[next, secret], [secret]],
    [[next, secret], [next]],
    [[secret], [next, secret]],
    [[next], [next, secret]],
  ] as const) {
    await verifyWebhook(body, signed(body, signers), known, { now });
  }
  const other = {
    ...signed(body),
    'webhook-signature': `v1a,AAAA v2,x v1,not/base64! ${signed(body)['webhook-signature']}`,
  };
  await verifyWebhook(body, other, secret, { now });
  await assert.rejects(verifyWebhook(body, signed(body, [next]), [secret], { now }), refusal(/no signature fits/));
});

test('SDK: a message that was changed, is too old, or was never signed is refused, and the secret is not told', async () => {
  const headers = signed(body);
  const text = body.replace('revoked_by_person', 'used');
  await assert.rejects(verifyWebhook(text, headers, secret, { now }), refusal(/no signature fits/));
  for (const name of Object.keys(headers)) {
    const without = Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
    await assert.rejects(verifyWebhook(body, without, secret, { now }), refusal(new RegExp(name)));
  }
  for (const changes of [
    { 'webhook-id': 'msg_2' },
    { 'webhook-id': 'msg.1' },
    { 'webhook-timestamp': '1.5e9' },
    { 'webhook-timestamp': String(now.getTime() / 1000 + 1) },
    { 'webhook-signature': '' },
    { 'webhook-signature': headers['webhook-signature']?.slice(0, -6) ?? '' },
    { 'webhook-signature': headers['webhook-signature']?.replace('v1,', 'v2,') ?? '' },
  ]) {
    await assert.rejects(verifyWebhook(body, { ...headers, ...changes }, secret, { now }), (error: Error) => {
      assert.ok(!error.message.includes(secret));
      return /^(the message is not from|webhook)/.test(error.message);
    });
  }
  const late = new Date(now.getTime() + 301_000);
  await assert.rejects(verifyWebhook(body, headers, secret, { now: late }), refusal(/301 seconds away/));
  await verifyWebhook(body, headers, secret, { now: late, toleranceSeconds: 600 });
  const early = new Date(now.getTime() - 301_000);
  await assert.rejects(verifyWebhook(body, headers, secret, { now: early }), refusal(/301 seconds away/));
  await assert.rejects(verifyWebhook(body, headers, secret, { now, toleranceSeconds: Number.NaN }), refusal(/away/));
  // The machine's own time, unless told.
  await verifyWebhook(body, signed(body, [secret], new Date()), secret);
  await assert.rejects(verifyWebhook(body, headers, secret), refusal(/away/));
});

test('SDK: a secret that is none is a mistake of the configuration, and not of the message', async () => {
  for (const wrong of [[], '', 'whsec_', 'whsec_not base64!']) {
    await assert.rejects(verifyWebhook(body, signed(body), wrong, { now }), { code: 'configuration' });
  }
});

test('SDK: each kind of message of the platform is told apart', async () => {
  const event = {
    type: 'created',
    sequenceNr: 2,
    eventId: 'e',
    clientId: 'x',
    consentId: 'c',
    occurredAt: now,
    purpose: 'processing',
    externalId: 'mine',
  } as const;
  const subscription = '0192a1b2-0000-7000-8000-000000000001';
  const kinds = [
    eventMessage(subscription, event),
    gapMessage(subscription, { from: 3, to: 8, foundAt: now }),
    testMessage(subscription, now, 'n'),
    { id: 'msg_9', body: JSON.stringify({ type: 'consent.paused', data: {} }) },
  ];
  const told = [];
  for (const message of kinds) {
    const sign = new Webhook(secret).sign(message.id, now, message.body);
    const headers = {
      'webhook-id': message.id,
      'webhook-timestamp': String(now.getTime() / 1000),
      'webhook-signature': sign,
    };
    told.push((await verifyWebhook(message.body, headers, secret, { now })).message);
  }
  const [first, ...others] = told;
  assert.ok(first?.type === 'event' && first.event.type === 'created' && first.event.clientConsentId === 'mine');
  assert.deepEqual(others, [
    { type: 'gap', nextSequenceNr: 9 },
    { type: 'test' },
    { type: 'other', wireType: 'consent.paused', payload: { type: 'consent.paused', data: {} } },
  ]);
});
