import { lastSequenceNr } from '../consent/event-log.ts';
import { DomainError } from '../errors/domain-error.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { checkedEndpoint } from './endpoint.ts';
import { newSigningSecret } from './signature.ts';
import { ADD, COUNT, LOG_CHANGE, REMOVE, TAKE_TURNS, LOCK, storedTypes, subscriptionOf } from './store.ts';
import {
  MOST_SUBSCRIPTIONS,
  loggedUrl,
  placeBefore,
  type EventType,
  type Subscription,
  type SubscriptionDifference,
} from './subscription.ts';

/** In whose name, and in which request. */
export interface Asker {
  readonly clientId: string;
  readonly traceId: string;
}

export const noSuchWebhook = (): DomainError =>
  new DomainError('not_found', 'you have no webhook of this id: GET /feed/v1/consent/webhooks lists them');

/** What goes into the log of a change. */
export const loggedChange = (id: string, differences: readonly SubscriptionDifference[]): string =>
  JSON.stringify({ webhook: id, differences });

/**
 * Checks a number to begin from: one that has been given, or the next one. Numbers above that would skip what is still to come.
 * Answers the place before it, or after all that there is. Errors: `invalid_request`, `unavailable`.
 */
export async function placeFrom(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  clientId: string,
  fromSequenceNr: number | undefined,
): Promise<number> {
  const last = await lastSequenceNr(db, clientId, clock.now());
  if (fromSequenceNr === undefined) return last;
  if (fromSequenceNr <= last + 1) return placeBefore(fromSequenceNr);
  throw new DomainError('invalid_request', `fromSequenceNr must be at most ${last + 1}: the last number is ${last}`);
}

/**
 * Adds a webhook of a client, with a log row. It is told of what happens from now on, or from a number on. Answers it with its secret,
 * which is shown this once.
 *
 * Errors: `invalid_request` (the address, the number), `webhook_conflict` (there are as many as there may be), `unavailable`.
 */
export async function subscribe(
  platform: Pick<Platform, 'db' | 'clock' | 'config' | 'vault'>,
  asker: Asker,
  wanted: { url: string; eventTypes: readonly EventType[]; fromSequenceNr?: number | undefined },
): Promise<{ subscription: Subscription; secret: string }> {
  const { db, clock, config, vault } = platform;
  const { clientId, traceId } = asker;
  const url = await checkedEndpoint(wanted.url, { open: config.mode === 'production' });
  const place = await placeFrom(platform, clientId, wanted.fromSequenceNr);
  const now = clock.now();
  const id = newId();
  const secret = newSigningSecret();
  const { cipher, keyId } = vault.sealText(secret, id);
  const differences: readonly SubscriptionDifference[] = [
    { field: 'url', before: null, after: loggedUrl(url) },
    { field: 'eventTypes', before: null, after: wanted.eventTypes.join(' ') },
    { field: 'fromSequenceNr', before: null, after: place + 1 },
  ];
  return db.transaction(async (tx) => {
    await tx.query(TAKE_TURNS, [clientId]);
    const [row] = await tx.query(COUNT, [clientId]);
    if ((row?.count ?? 0) >= MOST_SUBSCRIPTIONS) {
      throw new DomainError(
        'webhook_conflict',
        `there may be ${MOST_SUBSCRIPTIONS} webhooks, and you have as many: remove one, or change it`,
      );
    }
    const values = [id, clientId, url, storedTypes(wanted.eventTypes), now, cipher, keyId, place];
    const [added] = await tx.query(ADD, values);
    if (added === undefined) throw new Error('a webhook was added, and is not there');
    await tx.query(LOG_CHANGE, [now, 'client', clientId, 'added', loggedChange(id, differences), traceId]);
    return { subscription: subscriptionOf(added), secret };
  });
}

/** Removes a webhook of a client, with a log row: from the commit on no message is begun. Errors: `not_found`, `unavailable`. */
export async function unsubscribe(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  { clientId, traceId }: Asker,
  id: string,
): Promise<void> {
  const now = clock.now();
  await db.transaction(async (tx) => {
    const [row] = await tx.query(LOCK, [id, clientId]);
    if (row === undefined) throw noSuchWebhook();
    await tx.query(REMOVE, [id]);
    const differences: readonly SubscriptionDifference[] = [{ field: 'url', before: loggedUrl(row.url), after: null }];
    await tx.query(LOG_CHANGE, [now, 'client', clientId, 'removed', loggedChange(id, differences), traceId]);
  });
}
