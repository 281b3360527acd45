import type { Queryable } from '../platform/db.ts';
import { isUuid } from '../platform/ids.ts';
import { FIND, subscriptionOf, type SecretRow, type SubscriptionRow } from './store.ts';
import type { Subscription } from './subscription.ts';

/** A subscription as operators see it. */
export interface RegisteredSubscription extends Subscription {
  readonly clientName: string;
  /** The last number that had been given to an event of that client. */
  readonly last: number;
}

type Row = SubscriptionRow & SecretRow & { client_name: string; last_seq: number };

const registered = (row: Row): RegisteredSubscription => ({
  ...subscriptionOf(row),
  clientName: row.client_name,
  last: row.last_seq,
});

/** The subscriptions of one client, or of all clients, the oldest of each first. */
export const listSubscriptions = async (db: Queryable, clientId?: string): Promise<readonly RegisteredSubscription[]> =>
  (await db.query(FIND, [null, clientId ?? null])).map(registered);

/** The subscription of this id, with its secrets as they are encrypted; undefined: there is none, or it is not this client's. */
export async function findSubscription(
  db: Queryable,
  id: string,
  clientId?: string,
): Promise<(RegisteredSubscription & { readonly sealed: SecretRow }) | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db.query(FIND, [id, clientId ?? null]);
  return row === undefined ? undefined : { ...registered(row), sealed: row };
}
