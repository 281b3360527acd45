import { DomainError } from '../errors/domain-error.ts';
import type { Transaction } from '../platform/db.ts';
import type { Platform } from '../platform/platform.ts';
import { checkedEndpoint } from './endpoint.ts';
import { LOCK, LOG_CHANGE, SAVE, storedTypes, subscriptionOf } from './store.ts';
import { loggedChange, noSuchWebhook, placeFrom, type Asker } from './subscribe.ts';
import { planChange, type Changer, type Subscription, type SubscriptionChange } from './subscription.ts';

/**
 * Changes a webhook of a client, with a log row, but not when nothing changes. Whoever is sending for it at this moment is stopped, and
 * goes on with what it is now.
 *
 * Errors: `not_found`, `invalid_request` (the address, the number), `webhook_conflict` (the operator has disabled it), `unavailable`.
 */
export async function changeSubscription(
  platform: Pick<Platform, 'db' | 'clock' | 'config'>,
  { clientId, traceId }: Asker,
  id: string,
  change: SubscriptionChange,
): Promise<Subscription> {
  const { db, clock, config } = platform;
  // Nobody is asked for names while a transaction is open.
  const url =
    change.url === undefined ? {} : { url: await checkedEndpoint(change.url, { open: config.mode === 'production' }) };
  if (change.fromSequenceNr !== undefined) await placeFrom(platform, clientId, change.fromSequenceNr);
  const now = clock.now();
  return db.transaction(async (tx) => {
    const [row] = await tx.query(LOCK, [id, clientId]);
    if (row === undefined) throw noSuchWebhook();
    return (await save(tx, subscriptionOf(row), { ...change, ...url }, { by: 'client', now, traceId })).subscription;
  });
}

/**
 * The operator disables a webhook, or enables it again, whoever disabled it; with a log row. Its client is told so by the status, and
 * cannot undo the former. Answers it as it is now, and whether anything changed. Errors: `not_found`, `unavailable`.
 */
export async function switchWebhook(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  id: string,
  on: boolean,
): Promise<{ subscription: Subscription; changed: boolean }> {
  const now = clock.now();
  return db.transaction(async (tx) => {
    const [row] = await tx.query(LOCK, [id, null]);
    if (row === undefined) throw new DomainError('not_found', `there is no webhook ${id}`);
    return save(tx, subscriptionOf(row), { enabled: on }, { by: 'operator', now, traceId: null });
  });
}

async function save(
  tx: Transaction,
  before: Subscription,
  change: SubscriptionChange,
  how: { by: Changer; now: Date; traceId: string | null },
): Promise<{ subscription: Subscription; changed: boolean }> {
  const { by, now, traceId } = how;
  const plan = planChange(before, change, by, now);
  if ('refused' in plan) {
    throw new DomainError(
      'webhook_conflict',
      'the operator of this service has disabled this webhook: ask them to enable it',
    );
  }
  const { after, differences } = plan;
  if (differences.length === 0) return { subscription: before, changed: false };
  const { id, clientId, failing, disabled, gap } = after;
  const state = [disabled?.at ?? null, disabled?.reason ?? null];
  const tries = [failing?.since ?? null, failing?.attempts ?? 0, failing?.nextAttemptAt ?? null];
  const missed = [gap?.from ?? null, gap?.to ?? null, gap?.foundAt ?? null, gap?.toldAt ?? null];
  await tx.query(SAVE, [id, after.url, storedTypes(after.eventTypes), after.place, ...state, ...tries, ...missed]);
  await tx.query(LOG_CHANGE, [now, by, clientId, 'changed', loggedChange(id, differences), traceId]);
  return { subscription: after, changed: true };
}
