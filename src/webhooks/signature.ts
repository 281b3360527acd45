import { Webhook } from 'standardwebhooks';
import { newSecret } from '../platform/ids.ts';

/** A message of a webhook: its id is the same whenever it is sent, so that receivers can drop repeats. */
export interface Message {
  /** Without a full stop: those separate what is signed. */
  readonly id: string;
  /** JSON, as it is sent and signed, to the byte. */
  readonly body: string;
}

/** A new secret to sign with, 256 random bits as receivers take them: `whsec_` and base64 (Standard Webhooks, "Signature scheme"). */
export const newSigningSecret = (): string => `whsec_${Buffer.from(newSecret(), 'base64url').toString('base64')}`;

/** Signs a message for one attempt, at that (real) time: the headers that go with it. */
export type Sign = (message: Message, at: Date) => Readonly<Record<string, string>>;

/**
 * Signs with each of these secrets, the one in use first. While a secret is being rotated there are two, and a receiver that knows
 * either of them believes the message.
 */
export function signWith(secrets: readonly string[]): Sign {
  const keys = secrets.map((secret) => new Webhook(secret));
  return ({ id, body }, at) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': keys.map((key) => key.sign(id, at, body)).join(' '),
  });
}
