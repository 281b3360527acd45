import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { systemClock } from '../platform/clock.ts';
import { newSigningSecret, signWith } from './signature.ts';

// From the tests of the specification's own libraries (github.com/standard-webhooks/standard-webhooks).
const known = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  message: { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' },
  at: new Date(1_614_265_330_000),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const message = { id: 'msg_a_17', body: '{"type":"consent.created","what":"søknad – 💶"}' };

test('F1: a message is signed as the specification has it, to the letter of its own example', () => {
  assert.deepEqual(signWith([known.secret])(known.message, known.at), {
    'webhook-id': known.message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': known.signature,
  });
});

test('F1: what is signed is id, time and body, with full stops between, by HMAC-SHA-256', () => {
  const secret = newSigningSecret();
  const at = new Date(1_700_000_000_999);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${message.id}.1700000000.${message.body}`).digest('base64');
  assert.equal(signWith([secret])(message, at)['webhook-signature'], `v1,${expected}`);
});

test('F1: the receiver’s library believes a message, and none whose body, id or time was changed', () => {
  const secret = newSigningSecret();
  const receiver = new Webhook(secret);
  const headers = signWith([secret])(message, systemClock.realNow());
  assert.deepEqual(receiver.verify(message.body, headers), JSON.parse(message.body));
  for (const [body, changes] of [
    [`${message.body} `, {}],
    [message.body, { 'webhook-id': 'msg_a_18' }],
    [message.body, { 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }],
    [message.body, { 'webhook-signature': headers['webhook-signature']?.replace(/.$/, 'A') ?? '' }],
  ] as const) {
    assert.throws(() => receiver.verify(body, { ...headers, ...changes }), WebhookVerificationError);
  }
});

test('F1: while a secret is being rotated, whoever knows either of the two believes a message, and nobody else does', () => {
  const [inUse, former, foreign] = [newSigningSecret(), newSigningSecret(), newSigningSecret()];
  const headers = signWith([inUse, former])(message, systemClock.realNow());
  assert.equal(headers['webhook-signature']?.split(' ').length, 2);
  for (const secret of [inUse, former]) new Webhook(secret).verify(message.body, headers);
  assert.throws(() => new Webhook(foreign).verify(message.body, headers), WebhookVerificationError);
});

test('F1: a secret is 256 random bits in the specification’s form', () => {
  const secrets = new Set(Array.from({ length: 50 }, newSigningSecret));
  assert.equal(secrets.size, 50);
  for (const secret of secrets) {
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal(Buffer.from(secret.slice(6), 'base64').length, 32);
  }
});
