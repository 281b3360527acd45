import type { Attempt, Failing } from './attempt.ts';

/** What messages tell of, as their `type` says it. */
export const eventTypes = ['consent.created', 'consent.archived'] as const;
export type EventType = (typeof eventTypes)[number];

/** As many as a client may have. */
export const MOST_SUBSCRIPTIONS = 5;

/** `failing`: took nothing for three days; `gone`: answered 410; or switched off by its client, or by the operator. */
export type DisabledReason = 'failing' | 'gone' | 'client' | 'operator';

/** Events that were too old to be read before they could be sent, from one number to another, both included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly foundAt: Date;
  /** When a message about it was taken; null: not yet. */
  readonly toldAt: Date | null;
}

/** An address to which a client has its events sent. */
export interface Subscription {
  readonly id: string;
  readonly clientId: string;
  readonly url: string;
  readonly eventTypes: readonly EventType[];
  readonly createdAt: Date;
  /** The last number that is done with. */
  readonly place: number;
  readonly disabled: { readonly at: Date; readonly reason: DisabledReason } | null;
  readonly failing: Failing | null;
  readonly lastAttempt: Attempt | null;
  readonly lastDeliveredAt: Date | null;
  readonly gap: Gap | null;
  /** Until when messages are signed with the former secret, too. */
  readonly formerSecretUntil: Date | null;
}

/** Whoever changes a subscription. */
export type Changer = 'client' | 'operator';

/** What of a subscription is to be otherwise; what is not said stays. */
export interface SubscriptionChange {
  readonly url?: string;
  readonly eventTypes?: readonly EventType[];
  readonly enabled?: boolean;
  /** From which number on it is to be told. */
  readonly fromSequenceNr?: number;
}

/** One thing that was changed, for the log. */
export interface SubscriptionDifference {
  readonly field: 'url' | 'eventTypes' | 'enabled' | 'fromSequenceNr' | 'secret';
  readonly before: string | number | boolean | null;
  readonly after: string | number | boolean | null;
}

export type ChangePlan =
  | { readonly refused: 'disabled_by_operator' }
  | { readonly after: Subscription; readonly differences: readonly SubscriptionDifference[] };

/**
 * Decides what a change makes of a subscription. Another address, or being enabled again, begins with a clean slate: what was refused
 * before is tried at once, and nothing is skipped. What the operator has disabled a client cannot enable.
 */
export function planChange(before: Subscription, change: SubscriptionChange, by: Changer, now: Date): ChangePlan {
  const { enabled } = change;
  if (enabled === true && by === 'client' && before.disabled?.reason === 'operator') {
    return { refused: 'disabled_by_operator' };
  }
  const after: Subscription = {
    ...before,
    url: change.url ?? before.url,
    eventTypes: eventTypes.filter((type) => (change.eventTypes ?? before.eventTypes).includes(type)),
    disabled: disabledAfter(before, enabled, by, now),
    ...(change.fromSequenceNr === undefined ? {} : { place: placeBefore(change.fromSequenceNr), gap: null }),
  };
  const fresh = after.url !== before.url || (before.disabled !== null && after.disabled === null);
  const differences: readonly SubscriptionDifference[] = [
    { field: 'url', before: loggedUrl(before.url), after: loggedUrl(after.url) },
    { field: 'eventTypes', before: before.eventTypes.join(' '), after: after.eventTypes.join(' ') },
    { field: 'enabled', before: before.disabled === null, after: after.disabled === null },
    { field: 'fromSequenceNr', before: before.place + 1, after: after.place + 1 },
  ];
  const isNew = ({ field, before: was, after: is }: SubscriptionDifference): boolean =>
    was !== is ||
    (field === 'url' && after.url !== before.url) ||
    (field === 'enabled' && before.disabled?.reason !== after.disabled?.reason);
  return { after: fresh ? { ...after, failing: null } : after, differences: differences.filter(isNew) };
}

function disabledAfter(
  { disabled }: Subscription,
  enabled: boolean | undefined,
  by: Changer,
  now: Date,
): Subscription['disabled'] {
  if (enabled === undefined) return disabled;
  if (enabled) return null;
  // Whoever disables what is disabled already changes nothing; but the operator's word stands above the others'.
  return disabled === null || (by === 'operator' && disabled.reason !== 'operator')
    ? { at: now, reason: by }
    : disabled;
}

/** The place of whoever is to be told from this number on; no event is numbered below 2 (F3). */
export const placeBefore = (fromSequenceNr: number): number => Math.max(fromSequenceNr - 1, 1);

/** An address as it goes into logs: what follows a `?` may be a secret of the client's. */
export const loggedUrl = (url: string): string => url.replace(/\?.*$/, '?…');

/** What its client should know and do about a subscription, in a sentence; null: nothing. */
export function noticeOf({ disabled, failing, gap, place }: Subscription): string | null {
  const goesOn = `Set enabled to true when that is mended: it goes on from ${place + 1}, and nothing is skipped that can still be read.`;
  switch (disabled?.reason) {
    case 'failing':
      return `Disabled: the address has taken no message for three days. ${goesOn}`;
    case 'gone':
      return `Disabled: the address answered 410 Gone. ${goesOn}`;
    case 'operator':
      return 'Disabled by the operator of this service: only the operator can enable it again. Ask them.';
    case 'client':
      return `Disabled by you. Set enabled to true to go on from ${place + 1}.`;
    case undefined:
  }
  if (gap !== null && gap.toldAt === null) return gapSentence(gap);
  if (failing !== null) {
    return 'The address does not take messages: see lastAttempt. The next one waits until it does, and the others behind it.';
  }
  return null;
}

/** What a client has to do about events that can no longer be sent. */
export const gapSentence = ({ from, to }: Pick<Gap, 'from' | 'to'>): string =>
  `Events from ${from} to ${to} became too old before they could be sent. Take the snapshot of your consents; it goes on from ${to + 1}.`;
