import type { RegisteredSubscription } from '../webhooks/find.ts';
import { loggedUrl, noticeOf } from '../webhooks/subscription.ts';
import { emphasised, listing, table, type Look } from './table.ts';
import { count, many, moment } from './words.ts';

/** What programs are told of a webhook: never its secret, nor what follows the question mark of its address. */
export const webhookJson = (webhook: RegisteredSubscription) => ({
  id: webhook.id,
  client: webhook.clientId,
  clientName: webhook.clientName,
  url: loggedUrl(webhook.url),
  eventTypes: webhook.eventTypes,
  createdAt: webhook.createdAt,
  enabled: webhook.disabled === null,
  disabledReason: webhook.disabled?.reason ?? null,
  disabledAt: webhook.disabled?.at ?? null,
  deliveredSequenceNr: webhook.place,
  lastSequenceNr: Math.max(webhook.last, webhook.place),
  failingSince: webhook.failing?.since ?? null,
  attempts: webhook.failing?.attempts ?? 0,
  nextAttemptAt: webhook.failing?.nextAttemptAt ?? null,
  lastAttempt:
    webhook.lastAttempt === null
      ? null
      : { at: webhook.lastAttempt.at, outcome: webhook.lastAttempt.outcome, status: webhook.lastAttempt.status },
  lastDeliveredAt: webhook.lastDeliveredAt,
  gap:
    webhook.gap === null
      ? null
      : {
          fromSequenceNr: webhook.gap.from,
          toSequenceNr: webhook.gap.to,
          foundAt: webhook.gap.foundAt,
          toldAt: webhook.gap.toldAt,
        },
  formerSecretUntil: webhook.formerSecretUntil,
});

const behind = ({ last, place }: RegisteredSubscription): number => Math.max(0, last - place);

/** How a webhook is, in a word or two. */
function stateOf({ disabled, failing }: RegisteredSubscription): string {
  switch (disabled?.reason) {
    case 'operator':
      return 'off: by the operator';
    case 'client':
      return 'off: by its client';
    case 'gone':
      return 'off: it answered 410';
    case 'failing':
      return 'off: it failed for days';
    case undefined:
      return failing === null ? 'on' : 'failing';
  }
}

/** All webhooks for people, those of one client together. */
export const webhookTable = (webhooks: readonly RegisteredSubscription[], look: Look): string =>
  table(
    [
      { title: 'id' },
      { title: 'client', fits: true },
      { title: 'sent to', fits: true },
      { title: 'is' },
      { title: 'behind', align: 'right' },
      { title: 'last taken (UTC)' },
    ],
    webhooks.map((webhook) => [
      webhook.id,
      webhook.clientName,
      loggedUrl(webhook.url),
      stateOf(webhook),
      count(behind(webhook)),
      moment(webhook.lastDeliveredAt),
    ]),
    look,
  );

/** One webhook for people. */
export function webhookPage(webhook: RegisteredSubscription, look: Look): string {
  const { disabled, failing, lastAttempt, gap, formerSecretUntil } = webhook;
  const lines: readonly (readonly [string, string])[] = [
    ['client', `${webhook.clientId} ${webhook.clientName}`],
    ['sent to', loggedUrl(webhook.url)],
    ['told of', webhook.eventTypes.join(', ')],
    ['added', `${moment(webhook.createdAt)} (UTC)`],
    ['is', disabled === null ? stateOf(webhook) : `${stateOf(webhook)}, since ${moment(disabled.at)} (UTC)`],
    [
      'has come to',
      `${webhook.place}; ${behind(webhook) === 0 ? 'there is nothing more' : `${count(behind(webhook))} behind`}`,
    ],
    ['last taken', webhook.lastDeliveredAt === null ? 'nothing yet' : `${moment(webhook.lastDeliveredAt)} (UTC)`],
    ...(lastAttempt === null
      ? []
      : [
          ['last try', `${moment(lastAttempt.at)} (UTC): ${wordsOf(lastAttempt.outcome, lastAttempt.status)}`] as const,
        ]),
    ...(failing === null
      ? []
      : [
          [
            'fails since',
            `${moment(failing.since)} (UTC), ${many(failing.attempts, 'attempt')}, the next one at ${moment(failing.nextAttemptAt)}`,
          ] as const,
        ]),
    ...(gap === null
      ? []
      : [
          [
            'has missed',
            `${gap.from} to ${gap.to}, which became too old; ${gap.toldAt === null ? 'it will be told so' : `told so at ${moment(gap.toldAt)} (UTC)`}`,
          ] as const,
        ]),
    ...(formerSecretUntil === null ? [] : [['two secrets until', `${moment(formerSecretUntil)} (UTC)`] as const]),
    ...(noticeOf(webhook) === null ? [] : [['its client reads', noticeOf(webhook) ?? ''] as const]),
  ];
  return [`${emphasised('bold', webhook.id, look)}\n`, listing(lines)].join('');
}

const wordsOf = (outcome: string, status: number | null): string =>
  status === null ? outcome.replaceAll('_', ' ') : `${outcome}, with status ${status}`;
