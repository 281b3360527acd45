import { SamtykkeError } from './errors.ts';
import { eventFrom, type ConsentEvent } from './events.ts';
import { fieldsOf, jsonOf, textOf, wholeNumberOf } from './wire.ts';

/** Headers as `fetch` has them, or as Node's servers do. */
export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface WebhookOptions {
  /** How far its time may be from ours, either way: 300 seconds unless told. */
  readonly toleranceSeconds?: number | undefined;
  /** The time, where it is not the machine's. */
  readonly now?: Date | undefined;
}

export interface VerifiedWebhook {
  /** The same for each delivery of one message: whoever remembers it handles a message once. */
  readonly id: string;
  /** When it was sent. */
  readonly sentAt: Date;
  readonly message: WebhookMessage;
}

/** What a webhook tells: an event; that events before a number will not come, since they are too old; or nothing, when it is tried out. */
export type WebhookMessage =
  | { readonly type: 'event'; readonly event: ConsentEvent }
  | { readonly type: 'gap'; readonly nextSequenceNr: number }
  | { readonly type: 'test' }
  | { readonly type: 'other'; readonly wireType: string; readonly payload: unknown };

/**
 * Whether a message is from the platform: its signature after the Standard Webhooks specification (`v1`, HMAC-SHA-256), compared in constant
 * time, and its age. `body`: exactly the bytes or text that came, before anything has parsed it. `secrets`: the one of the subscription
 * (`whsec_…`), or the old and the new one while it changes. Rejects with `webhook_refused`, which says what was wrong.
 */
export async function verifyWebhook(
  body: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: WebhookOptions = {},
): Promise<VerifiedWebhook> {
  const { toleranceSeconds = 300, now = new Date() } = options;
  const keys = [secrets].flat().map(keyOf);
  if (keys.length === 0) throw new SamtykkeError('configuration', 'there is no secret to check webhooks with');
  const id = headerOf(headers, 'webhook-id');
  const timestamp = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  // With a full stop in it, what was signed could be read in two ways.
  if (id === undefined || !/^[^\s.]{1,255}$/.test(id)) throw refused('webhook-id is missing or malformed');
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp))
    throw refused('webhook-timestamp is missing or malformed');
  if (signatures === undefined) throw refused('webhook-signature is missing');
  const apart = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (!(apart <= toleranceSeconds)) throw refused(`it was sent ${Math.round(apart)} seconds away from now`);

  const bytes = bytesOf(body);
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  const offered = signatures
    .split(' ')
    .flatMap((each) => (each.startsWith('v1,') ? (fromBase64(each.slice(3)) ?? []) : []));
  const checks = keys.flatMap((key) => offered.map((signature) => isBy(key, signature, signed)));
  if (!(await Promise.all(checks)).includes(true)) throw refused('no signature fits');
  return {
    id,
    sentAt: new Date(Number(timestamp) * 1000),
    message: messageFrom(jsonOf(new TextDecoder().decode(bytes))),
  };
}

function messageFrom(payload: unknown): WebhookMessage {
  const fields = fieldsOf(payload, 'its body');
  const wireType = textOf(fields, 'type');
  switch (wireType) {
    case 'consent.created':
    case 'consent.archived':
      return { type: 'event', event: eventFrom(fields['data']) };
    case 'feed.gap':
      return { type: 'gap', nextSequenceNr: wholeNumberOf(fieldsOf(fields['data'], 'data'), 'nextSequenceNr') };
    case 'webhook.test':
      return { type: 'test' };
    default:
      return { type: 'other', wireType, payload };
  }
}

async function isBy(
  secret: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  return crypto.subtle.verify('HMAC', key, signature, signed);
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const key = fromBase64(secret.replace(/^whsec_/, ''));
  if (key !== undefined && key.length > 0) return key;
  throw new SamtykkeError('configuration', 'a secret for webhooks must be whsec_ and base64');
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  if (typeof headers.get === 'function')
    return (headers as { get(name: string): string | null }).get(name) ?? undefined;
  const found = Object.entries(headers as Readonly<Record<string, unknown>>).find(
    ([key]) => key.toLowerCase() === name,
  );
  const value: unknown = Array.isArray(found?.[1]) ? found[1][0] : found?.[1];
  return typeof value === 'string' ? value : undefined;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  } catch {
    return undefined;
  }
}

const bytesOf = (body: string | Uint8Array | ArrayBuffer): Uint8Array =>
  typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const refused = (why: string): SamtykkeError<'webhook_refused'> =>
  new SamtykkeError('webhook_refused', `the message is not from the platform, or not of now: ${why}`);
