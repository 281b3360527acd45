import { sql } from '../platform/db-statement.ts';
import type { Sealed } from '../platform/crypto.ts';
import type { Outcome } from './attempt.ts';
import type { DisabledReason, EventType, Subscription } from './subscription.ts';

export interface SubscriptionRow {
  id: string;
  client_id: string;
  url: string;
  event_types: ('created' | 'archived')[];
  created_at: Date;
  former_secret_until: Date | null;
  disabled_at: Date | null;
  disabled_reason: DisabledReason | null;
  place: number;
  failing_since: Date | null;
  attempts: number;
  next_attempt_at: Date | null;
  last_attempt_at: Date | null;
  last_outcome: Outcome | null;
  last_status: number | null;
  last_delivered_at: Date | null;
  gap_from: number | null;
  gap_to: number | null;
  gap_found_at: Date | null;
  gap_told_at: Date | null;
}

export interface SecretRow {
  former_secret_until: Date | null;
  secret_cipher: Buffer;
  secret_cipher_key: string;
  former_secret_cipher: Buffer | null;
  former_secret_cipher_key: string | null;
}

const columnsOf = (alias: string): string =>
  `id client_id url event_types created_at former_secret_until disabled_at disabled_reason place failing_since attempts next_attempt_at
   last_attempt_at last_outcome last_status last_delivered_at gap_from gap_to gap_found_at gap_told_at`
    .split(/\s+/)
    .map((column) => `${alias}.${column}`)
    .join(', ');

const SECRETS = 'w.secret_cipher, w.secret_cipher_key, w.former_secret_cipher, w.former_secret_cipher_key';

export function subscriptionOf(row: SubscriptionRow): Subscription {
  const { disabled_at, disabled_reason, failing_since, next_attempt_at, last_attempt_at, last_outcome } = row;
  return {
    id: row.id,
    clientId: row.client_id,
    url: row.url,
    eventTypes: row.event_types.map((type): EventType => `consent.${type}`),
    createdAt: row.created_at,
    place: row.place,
    disabled: disabled_at === null || disabled_reason === null ? null : { at: disabled_at, reason: disabled_reason },
    failing:
      failing_since === null
        ? null
        : { since: failing_since, attempts: row.attempts, nextAttemptAt: next_attempt_at ?? failing_since },
    lastAttempt:
      last_attempt_at === null || last_outcome === null
        ? null
        : { at: last_attempt_at, outcome: last_outcome, status: row.last_status },
    lastDeliveredAt: row.last_delivered_at,
    gap:
      row.gap_from === null || row.gap_to === null || row.gap_found_at === null
        ? null
        : { from: row.gap_from, to: row.gap_to, foundAt: row.gap_found_at, toldAt: row.gap_told_at },
    formerSecretUntil: row.former_secret_until,
  };
}

/** Types of events as the feed's tables have them. */
export const storedTypes = (types: readonly EventType[]): readonly string[] =>
  types.map((type) => type.replace('consent.', ''));

/** The secrets as they are encrypted, the one in use first, the former one if there is one. */
export const sealedSecretsOf = (row: SecretRow): readonly [inUse: Sealed, former?: Sealed] => {
  const inUse = { keyId: row.secret_cipher_key, cipher: row.secret_cipher };
  return row.former_secret_cipher === null || row.former_secret_cipher_key === null
    ? [inUse]
    : [inUse, { keyId: row.former_secret_cipher_key, cipher: row.former_secret_cipher }];
};

/* What clients and operators do. */

/** Those who change the webhooks of one client take turns. $1 client */
export const TAKE_TURNS = sql<never>('webhook_take_turns', "select pg_advisory_xact_lock(hashtext('webhooks ' || $1))");

export const COUNT = sql<{ count: number }>(
  'webhook_count',
  'select count(*) as count from webhook_subscription where client_id = $1',
);

export const ADD = sql<SubscriptionRow>(
  'webhook_add',
  `insert into webhook_subscription as w (id, client_id, url, event_types, created_at, secret_cipher, secret_cipher_key, place)
   values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${columnsOf('w')}`,
);

/** $1 one subscription, or null: all; $2 of one client, or null: of any */
export const FIND = sql<SubscriptionRow & SecretRow & { client_name: string; last_seq: number }>(
  'webhook_find',
  `select ${columnsOf('w')}, ${SECRETS}, c.name as client_name, coalesce(h.last_seq, 1) as last_seq
   from webhook_subscription w join client c on c.id = w.client_id left join feed_head h on h.client_id = w.client_id
   where ($1::uuid is null or w.id = $1) and ($2::uuid is null or w.client_id = $2)
   order by c.name, w.client_id, w.created_at, w.id`,
);

/** $1 subscription, $2 of one client, or null: of any */
export const LOCK = sql<SubscriptionRow>(
  'webhook_lock',
  `select ${columnsOf('w')} from webhook_subscription w where w.id = $1 and ($2::uuid is null or w.client_id = $2) for update`,
);

/** Writes what a change has made. Whoever sends for it at this moment can write nothing more: it is taken up anew. */
export const SAVE = sql<never>(
  'webhook_save',
  `update webhook_subscription
   set url = $2, event_types = $3, place = $4, disabled_at = $5, disabled_reason = $6, failing_since = $7, attempts = $8,
       next_attempt_at = $9, gap_from = $10, gap_to = $11, gap_found_at = $12, gap_told_at = $13, lease = lease + 1, leased_until = null
   where id = $1`,
);

export const REMOVE = sql<never>('webhook_remove', 'delete from webhook_subscription where id = $1');

/** $1 subscription, $2 $3 the new secret, $4 until when the one in use goes on beside it (null: it ends now) */
export const ROTATE = sql<never>(
  'webhook_rotate',
  `update webhook_subscription
   set secret_cipher = $2, secret_cipher_key = $3, former_secret_until = $4,
       former_secret_cipher = case when $4::timestamptz is not null then secret_cipher end,
       former_secret_cipher_key = case when $4::timestamptz is not null then secret_cipher_key end,
       lease = lease + 1, leased_until = null
   where id = $1`,
);

/** What was refused is tried at once. $1 subscription */
export const TRY_NOW = sql<never>(
  'webhook_try_now',
  'update webhook_subscription set next_attempt_at = null where id = $1 and disabled_at is null',
);

/** $1 at, $2 actor, $3 client, $4 what was done, $5 the differences, $6 trace id */
export const LOG_CHANGE = sql<never>(
  'webhook_log_change',
  `insert into audit_log (at, kind, actor, client_id, reason, change, trace_id) values ($1, 'webhook_changed', $2, $3, $4, $5, $6)`,
);

/* What those who send do. Each statement but the first is good for nothing without the lease. */

export type ClaimedRow = SubscriptionRow & SecretRow & { lease: number };

/**
 * Takes the lease of subscriptions that have something to send and nobody to send it, those first that have waited longest.
 * $1 real time, $2 until when, $3 business time, $4 whether those that failed the last time, or those that did not, $5 how many,
 * $6 which not
 */
export const CLAIM = sql<ClaimedRow>(
  'webhook_claim',
  `update webhook_subscription w set lease = w.lease + 1, leased_until = $2
   from (
     select s.id from webhook_subscription s
     join client c on c.id = s.client_id and c.enabled and c.may_read_events
     join feed_head h on h.client_id = s.client_id and h.last_seq > s.place
     where s.disabled_at is null and (s.leased_until is null or s.leased_until < $1)
       and (s.next_attempt_at is null or s.next_attempt_at <= $3) and (s.failing_since is not null) = $4
       and s.id <> all ($6::uuid[])
     order by s.leased_until nulls first, s.id limit $5
     for update of s skip locked
   ) due
   where w.id = due.id
   returning w.lease, ${columnsOf('w')}, ${SECRETS}`,
);

/**
 * Writes how far many subscriptions have come, and holds their leases on. Answers those whose lease was still good: their client is
 * enabled, and nobody has changed or taken them meanwhile.
 * $1 subscriptions, $2 leases, $3 places (null: as before), $4 times of the last delivery since (null: none), $5 its statuses,
 * $6 which are let go, $7 until when the others are held (real time), $8 real time
 */
export const PROGRESS = sql<{ id: string }>(
  'webhook_progress',
  `update webhook_subscription w
   set place = coalesce(p.place, w.place), leased_until = case when p.let_go then $8::timestamptz else $7::timestamptz end,
       last_attempt_at = coalesce(p.at, w.last_attempt_at), last_delivered_at = coalesce(p.at, w.last_delivered_at),
       last_outcome = case when p.at is null then w.last_outcome else 'delivered' end,
       last_status = case when p.at is null then w.last_status else p.status end,
       failing_since = case when p.at is null then w.failing_since end,
       attempts = case when p.at is null then w.attempts else 0 end,
       next_attempt_at = case when p.at is null then w.next_attempt_at end
   from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::integer[], $6::boolean[])
     p (id, lease, place, at, status, let_go), client c
   where w.id = p.id and w.lease = p.lease and w.disabled_at is null and c.id = w.client_id and c.enabled and c.may_read_events
   returning w.id`,
);

/**
 * Writes an attempt that failed, and lets go. $1 subscription, $2 lease, $3 real time, $4 when, $5 outcome, $6 status,
 * $7 since when it fails, $8 attempts, $9 when the next one is
 */
export const FAIL = sql<never>(
  'webhook_fail',
  `update webhook_subscription
   set leased_until = $3, last_attempt_at = $4, last_outcome = $5, last_status = $6, failing_since = $7, attempts = $8, next_attempt_at = $9
   where id = $1 and lease = $2`,
);

/**
 * Gives an endpoint up, with a log row. $1 subscription, $2 lease, $3 real time, $4 when, $5 outcome, $6 status, $7 reason,
 * $8 the differences
 */
export const GIVE_UP = sql<{ client_id: string }>(
  'webhook_give_up',
  `with ended as (
     update webhook_subscription
     set leased_until = $3, last_attempt_at = $4, last_outcome = $5, last_status = $6, disabled_at = $4, disabled_reason = $7,
         failing_since = null, attempts = 0, next_attempt_at = null
     where id = $1 and lease = $2 and disabled_at is null returning client_id
   )
   insert into audit_log (at, kind, actor, client_id, reason, change)
   select $4, 'webhook_changed', 'clock', client_id, $7, $8 from ended returning client_id`,
);

/**
 * Finds what can no longer be sent: events behind a place that are older than what can be read, of whatever type; or all that there
 * were behind it, when they are gone. Whoever reads from the place on with the same limit of age misses nothing else.
 * $1 one subscription, or null: all; $2 what is older cannot be read, $3 now
 */
export const FIND_GAPS = sql<{ id: string }>(
  'webhook_find_gaps',
  `update webhook_subscription w
   set gap_from = w.place + 1, gap_to = found.missed, gap_told_at = null,
       gap_found_at = case when w.gap_told_at is null then coalesce(w.gap_found_at, $3) else $3 end
   from (
     select s.id, s.place, case
       when not exists (select from feed_event e where e.client_id = s.client_id and e.seq > s.place) then h.last_seq
       else (select e.seq from feed_event e where e.client_id = s.client_id and e.seq > s.place and e.recorded_at <= $2
               and e.recorded_on <= ($2 at time zone 'UTC')::date order by e.seq desc limit 1)
       end as missed
     from webhook_subscription s join feed_head h on h.client_id = s.client_id and h.last_seq > s.place
     where $1::uuid is null or s.id = $1
   ) found
   where w.id = found.id and w.place = found.place and found.missed is not null and w.gap_to is distinct from found.missed
   returning w.id`,
);

/** $1 subscription */
export const GAP = sql<SubscriptionRow>(
  'webhook_gap',
  `select ${columnsOf('w')} from webhook_subscription w where w.id = $1 and w.gap_to > w.place and w.gap_told_at is null`,
);

/** A gap has been told: it goes on behind it. $1 subscription, $2 lease, $3 the gap's end, $4 when */
export const GAP_TOLD = sql<never>(
  'webhook_gap_told',
  'update webhook_subscription set place = $3, gap_told_at = $4 where id = $1 and lease = $2 and gap_to = $3',
);

/** Clients whose events are to be sent as soon as there are any. */
export const WATCHED = sql<{ client_id: string }>(
  'webhook_watched',
  `select distinct w.client_id from webhook_subscription w join client c on c.id = w.client_id and c.enabled and c.may_read_events
   where w.disabled_at is null and w.failing_since is null`,
);

/* What is done on schedule, and when keys are changed. */

/** Former secrets are forgotten when their time is over. $1 now */
export const FORGET_FORMER = sql<never>(
  'webhook_forget_former',
  `update webhook_subscription set former_secret_cipher = null, former_secret_cipher_key = null, former_secret_until = null
   where former_secret_until <= $1`,
);

/** Removes what has not been used since $1, with a log row each. $2 now */
export const REMOVE_UNUSED = sql<{ client_id: string }>(
  'webhook_remove_unused',
  `with gone as (
     delete from webhook_subscription w using client c
     where c.id = w.client_id and (w.disabled_at is not null or not c.enabled or not c.may_read_events)
       and greatest(w.created_at, w.disabled_at, w.last_attempt_at) < $1 returning w.id, w.client_id
   )
   insert into audit_log (at, kind, actor, client_id, reason, change)
   select $2, 'webhook_changed', 'clock', client_id, 'removed', jsonb_build_object('webhook', id, 'differences', '[]'::jsonb) from gone
   returning client_id`,
);

export const STATES = sql<{ delivering: number; failing: number; disabled: number }>(
  'webhook_states',
  `select count(*) filter (where disabled_at is null and failing_since is null) as delivering,
          count(*) filter (where disabled_at is null and failing_since is not null) as failing,
          count(*) filter (where disabled_at is not null) as disabled
   from webhook_subscription`,
);

/** Subscriptions with a secret under another key than $1. */
export const UNDER_OTHER_KEYS = sql<SecretRow & { id: string }>(
  'webhook_under_other_keys',
  `select w.id, w.former_secret_until, ${SECRETS} from webhook_subscription w where w.secret_cipher_key <> $1 or w.former_secret_cipher_key <> $1 limit $2`,
);

/** Writes secrets as they are encrypted anew, unless they are others by now. $1 subscription, $2 $3 in use, $4 $5 former, $6 $7 as they were */
export const RESEAL = sql<{ id: string }>(
  'webhook_reseal',
  `update webhook_subscription set secret_cipher = $2, secret_cipher_key = $3, former_secret_cipher = $4, former_secret_cipher_key = $5
   where id = $1 and secret_cipher = $6 and former_secret_cipher is not distinct from $7 returning id`,
);
