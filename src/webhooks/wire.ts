import { Type, type Static } from 'typebox';
import { FeedEvent } from '../feed/feed-event.ts';
import type { Attempt, Outcome } from './attempt.ts';
import { MOST_OVERLAP_SECONDS, USUAL_OVERLAP_SECONDS } from './rotate-secret.ts';
import { eventTypes, noticeOf, type DisabledReason, type EventType, type Subscription } from './subscription.ts';

const Url = Type.String({
  minLength: 1,
  maxLength: 2_000,
  description: 'Where messages are sent, by POST: https, at a host on the open internet',
  'x-says': 'an address, as https://bank.example/webhooks, of at most 2000 characters',
});

const EventTypes = Type.Unsafe<EventType[]>({
  type: 'array',
  items: { type: 'string', enum: [...eventTypes], 'x-says': `one of ${eventTypes.join(', ')}` },
  minItems: 1,
  uniqueItems: true,
  description: 'What it is told of; all of it, unless told',
  'x-says': `a list of some of ${eventTypes.join(', ')}, each of them once`,
});

const FromSequenceNr = Type.Integer({
  minimum: 0,
  description:
    'Number to begin from (included), at most the last one + 1; a new one begins with what happens from now on, unless told',
  'x-says': 'a whole number, 0 or more',
});

export const WebhookRequest = Type.Object(
  {
    url: Url,
    eventTypes: Type.Optional(EventTypes),
    fromSequenceNr: Type.Optional(FromSequenceNr),
  },
  { additionalProperties: false },
);
export type WebhookRequest = Static<typeof WebhookRequest>;

export const WebhookChange = Type.Object(
  {
    url: Type.Optional(Url),
    eventTypes: Type.Optional(EventTypes),
    enabled: Type.Optional(
      Type.Boolean({
        description: 'Whether messages are sent; it goes on from where it was',
        'x-says': 'true or false',
      }),
    ),
    fromSequenceNr: Type.Optional(FromSequenceNr),
  },
  { additionalProperties: false },
);
export type WebhookChange = Static<typeof WebhookChange>;

export type RotateRequest = { overlapSeconds?: number } | null;
export const RotateRequest = Type.Unsafe<{ overlapSeconds?: number } | null>({
  type: ['object', 'null'],
  properties: {
    overlapSeconds: {
      type: 'integer',
      minimum: 0,
      maximum: MOST_OVERLAP_SECONDS,
      default: USUAL_OVERLAP_SECONDS,
      description: 'For how long messages are signed with the former secret, too; 0: it is in wrong hands',
      'x-says': `a whole number of seconds, 0 to ${MOST_OVERLAP_SECONDS}`,
    },
  },
  additionalProperties: false,
});

const Instant = (description: string) => Type.String({ format: 'date-time', description });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

const outcomes: readonly Outcome[] = [
  'delivered',
  'refused',
  'gone',
  'timed_out',
  'not_reached',
  'wrong_server',
  'not_allowed',
  'cut',
];
const OutcomeWord = Type.Unsafe<Outcome>({
  type: 'string',
  enum: [...outcomes],
  description:
    'What became of it: delivered (2xx), refused (another status), gone (410), timed_out, not_reached, wrong_server (its certificate is not good), not_allowed (its host is not on the open internet), cut (the connection ended)',
});
const Status = orNull(Type.Integer({ description: 'The HTTP status; null: there was no answer' }));
const reasons: readonly DisabledReason[] = ['failing', 'gone', 'client', 'operator'];

const webhookMembers = {
  id: Type.String({ format: 'uuid' }),
  url: Type.String(),
  eventTypes: EventTypes,
  createdAt: Instant('When it was added'),
  enabled: Type.Boolean({ description: 'Whether messages are sent' }),
  disabledReason: orNull(
    Type.Unsafe<DisabledReason>({
      type: 'string',
      enum: [...reasons],
      description:
        'failing (took nothing for three days), gone (answered 410), client (you), operator (whoever runs this)',
    }),
  ),
  disabledAt: orNull(Instant('Since when they are not')),
  notice: orNull(Type.String({ description: 'What you should know and do about it' })),
  deliveredSequenceNr: Type.Integer({ description: 'It has been told of everything up to this number' }),
  lastSequenceNr: Type.Integer({ description: 'The newest number of your feed' }),
  failingSince: orNull(Instant('Since when the next message is not taken')),
  attempts: Type.Integer({ minimum: 0, description: 'How often that was tried' }),
  nextAttemptAt: orNull(Instant('When it is tried again')),
  lastAttempt: orNull(Type.Object({ at: Instant('When'), outcome: OutcomeWord, status: Status })),
  lastDeliveredAt: orNull(Instant('When the last message was taken')),
  gap: orNull(
    Type.Object(
      {
        fromSequenceNr: Type.Integer(),
        toSequenceNr: Type.Integer(),
        foundAt: Instant('When that was found'),
        toldAt: orNull(Instant('When the message feed.gap was taken; null: it is sent first')),
      },
      { description: 'Events that became too old to be read before they could be sent: take the snapshot' },
    ),
  ),
  formerSecretUntil: orNull(Instant('Until when messages are signed with the former secret, too')),
};

export const Webhook = Type.Object(webhookMembers, { title: 'Webhook', description: 'The webhook, and how it is' });
const Secret = Type.String({
  description: 'Messages are signed with it (Standard Webhooks, v1). Shown this once: keep it',
});
export const WebhookWithSecret = Type.Object(
  { ...webhookMembers, secret: Secret },
  { description: 'The webhook, with its secret, which is shown this once' },
);
export const WebhookList = Type.Object({ webhooks: Type.Array(Webhook) }, { description: 'All your webhooks' });
export const RotatedSecret = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    secret: Secret,
    formerSecretUntil: webhookMembers.formerSecretUntil,
  },
  { description: 'The new secret, which is shown this once' },
);
export const TestResult = Type.Object(
  {
    delivered: Type.Boolean(),
    outcome: OutcomeWord,
    status: Status,
    milliseconds: Type.Integer({ description: 'How long that took' }),
  },
  { description: 'What became of it' },
);

const iso = (at: Date | null | undefined): string | null => at?.toISOString() ?? null;

/** A webhook and how it is, as its client reads it. `last`: the newest number of the client's feed. */
export function webhookAnswer(subscription: Subscription, last: number): Static<typeof Webhook> {
  const { disabled, failing, lastAttempt, gap } = subscription;
  return {
    id: subscription.id,
    url: subscription.url,
    eventTypes: [...subscription.eventTypes],
    createdAt: subscription.createdAt.toISOString(),
    enabled: disabled === null,
    disabledReason: disabled?.reason ?? null,
    disabledAt: iso(disabled?.at),
    notice: noticeOf(subscription),
    deliveredSequenceNr: subscription.place,
    lastSequenceNr: Math.max(last, subscription.place),
    failingSince: iso(failing?.since),
    attempts: failing?.attempts ?? 0,
    nextAttemptAt: iso(failing?.nextAttemptAt),
    lastAttempt:
      lastAttempt === null
        ? null
        : { at: lastAttempt.at.toISOString(), outcome: lastAttempt.outcome, status: lastAttempt.status },
    lastDeliveredAt: iso(subscription.lastDeliveredAt),
    gap:
      gap === null
        ? null
        : {
            fromSequenceNr: gap.from,
            toSequenceNr: gap.to,
            foundAt: gap.foundAt.toISOString(),
            toldAt: iso(gap.toldAt),
          },
    formerSecretUntil: iso(subscription.formerSecretUntil),
  };
}

export const testAnswer = (attempt: Attempt, milliseconds: number): Static<typeof TestResult> => ({
  delivered: attempt.outcome === 'delivered',
  outcome: attempt.outcome,
  status: attempt.status,
  milliseconds,
});

const messageOf = (type: string, what: string, data: object) => ({
  type: 'object',
  required: ['type', 'timestamp', 'data'],
  properties: {
    type: { type: 'string', const: type },
    timestamp: { type: 'string', format: 'date-time', description: what },
    data,
  },
});

const signatureHeader = (name: string, description: string) => ({
  name,
  in: 'header' as const,
  required: true,
  schema: { type: 'string' as const },
  description,
});

const describedMessage = (summary: string, schema: object) => ({
  post: {
    tags: ['Webhooks API'],
    summary,
    parameters: [
      signatureHeader('webhook-id', 'The same whenever this message is sent: by it you can drop repeats'),
      signatureHeader('webhook-timestamp', 'Seconds since 1970 at this attempt: refuse what is minutes old'),
      signatureHeader(
        'webhook-signature',
        'Signatures with each secret that is good, with spaces between: one that fits is enough',
      ),
    ],
    requestBody: { required: true, content: { 'application/json': { schema } } },
    responses: {
      '2XX': { description: 'Taken: the next message follows' },
      '410': { description: 'Never again: the webhook is disabled' },
      default: { description: 'Not taken: it is sent again, and the messages behind it wait' },
    },
  },
});

/** The messages that are sent to webhooks, for the description (OpenAPI 3.1, `webhooks`). */
export const webhookMessages = {
  'consent.created': describedMessage(
    'A consent was given',
    messageOf('consent.created', 'When it happened', FeedEvent),
  ),
  'consent.archived': describedMessage(
    'A consent has ended',
    messageOf('consent.archived', 'When it happened', FeedEvent),
  ),
  'feed.gap': describedMessage(
    'Events became too old before they could be sent',
    messageOf('feed.gap', 'When that was found', {
      type: 'object',
      required: ['fromSequenceNr', 'toSequenceNr', 'nextSequenceNr', 'snapshot', 'message'],
      properties: {
        fromSequenceNr: { type: 'integer' },
        toSequenceNr: { type: 'integer' },
        nextSequenceNr: { type: 'integer', description: 'It goes on from this number' },
        snapshot: { type: 'string', description: 'Where to read all your consents' },
        message: { type: 'string' },
      },
    }),
  ),
  'webhook.test': describedMessage(
    'A test that you asked for',
    messageOf('webhook.test', 'When it was sent', {
      type: 'object',
      required: ['webhookId', 'message'],
      properties: { webhookId: { type: 'string', format: 'uuid' }, message: { type: 'string' } },
    }),
  ),
};
