import { sql } from '../platform/db-statement.ts';
import type { Queryable } from '../platform/db.ts';
import type { Pair } from './delivery-run.ts';

/** What became of a collection or a push, as it was written down. */
export interface RecordedRun extends Pair {
  readonly id: string;
  readonly kind: 'collect' | 'push';
  readonly startedAt: Date;
  /** Null, as `outcome`: it is under way, or was cut off. */
  readonly finishedAt: Date | null;
  readonly outcome: 'applied' | 'rejected' | 'failed' | null;
  readonly customers: number | null;
  readonly loans: number | null;
  /** Members that should have been there, and need not. */
  readonly warnings: number | null;
  readonly droppedOverHalf: boolean;
  readonly duplicatedAccounts: number | null;
  /** Of a refusal: the rule, and where. Page, record and loan are counted from 0. */
  readonly rule: string | null;
  readonly page: number | null;
  readonly record: number | null;
  readonly loan: number | null;
  /** Of a failure. */
  readonly failure: string | null;
  readonly retryAt: Date | null;
}

const COLUMNS = `r.id, r.creditor_id as "creditorId", r.provider_id as "providerId", r.kind, r.started_at as "startedAt",
  r.finished_at as "finishedAt", r.outcome, r.customers, r.loans, r.warnings, r.dropped_over_half as "droppedOverHalf",
  r.duplicated_accounts as "duplicatedAccounts", r.rule, r.page, r.record, r.loan_index as loan, r.detail as failure,
  r.retry_at as "retryAt"`;

/** $1 creditor, $2 at most of each kind and provider */
const LAST = sql<RecordedRun>(
  'delivery_last_runs',
  `select ${COLUMNS} from creditor_provider p cross join (values ('collect'), ('push')) wanted (kind)
   cross join lateral (
     select * from delivery_run r where r.creditor_id = p.creditor_id and r.provider_id = p.provider_id and r.kind = wanted.kind
     order by r.started_at desc limit $2
   ) r
   where p.creditor_id = $1 order by r.started_at desc, r.id desc`,
);

const LAST_COLLECTIONS = sql<RecordedRun>(
  'delivery_last_collections',
  `select ${COLUMNS} from creditor_provider p
   cross join lateral (
     select * from delivery_run r where r.creditor_id = p.creditor_id and r.provider_id = p.provider_id and r.kind = 'collect'
     order by r.started_at desc limit 1
   ) r`,
);

/**
 * The last deliveries of a creditor, the newest first: at most so many collections and so many pushes of each provider. A busy
 * creditor pushes all day, and its collections are not to be lost among that.
 */
export async function lastRuns(db: Queryable, creditorId: string, most: number): Promise<readonly RecordedRun[]> {
  return db.query(LAST, [creditorId, most]);
}

/** The last collection of each institution from each of its providers. */
export async function lastCollections(db: Queryable): Promise<readonly RecordedRun[]> {
  return db.query(LAST_COLLECTIONS);
}

/** $1 id, $2 creditor, $3 provider, $4 now, $5 when to try again if nothing more is heard, $6 node */
export const BEGIN_RUN = sql<never>(
  'delivery_begin_run',
  `insert into delivery_run (id, creditor_id, provider_id, kind, started_at, retry_at, node) values ($1, $2, $3, 'collect', $4, $5, $6)`,
);

/** Runs of this pair that were begun and never ended: whoever holds the lock knows that nobody is at them. $1 creditor, $2 provider, $3 now */
export const END_INTERRUPTED = sql<never>(
  'delivery_end_interrupted',
  `update delivery_run set outcome = 'failed', detail = 'interrupted', finished_at = $3
   where creditor_id = $1 and provider_id = $2 and kind = 'collect' and outcome is null`,
);

/** The same for a process of ours that has ended. $1 node, $2 now */
export const END_OF_NODE = sql<never>(
  'delivery_end_of_node',
  `update delivery_run set outcome = 'failed', detail = 'interrupted', finished_at = $2 where node = $1 and outcome is null`,
);

/** $1 run, $2 now, $3 detail, $4 when to try again or null */
export const END_FAILED = sql<never>(
  'delivery_end_failed',
  "update delivery_run set outcome = 'failed', finished_at = $2, detail = $3, retry_at = $4 where id = $1",
);

/** $1 run, $2 now, $3 rule, $4 page, $5 record, $6 loan */
export const END_REJECTED = sql<never>(
  'delivery_end_rejected',
  `update delivery_run set outcome = 'rejected', finished_at = $2, retry_at = null, rule = $3, page = $4, record = $5, loan_index = $6
   where id = $1`,
);

/** $1 run, $2 now, $3 customers, $4 loans, $5 warnings, $6 dropped, $7 duplicated accounts */
export const END_APPLIED = sql<never>(
  'delivery_end_applied',
  `update delivery_run set outcome = 'applied', finished_at = $2, retry_at = null, customers = $3, loans = $4, warnings = $5,
     dropped_over_half = $6, duplicated_accounts = $7 where id = $1`,
);

/** How large the last collection was that was applied. $1 creditor, $2 provider */
export const LAST_APPLIED = sql<{ customers: number; loans: number }>(
  'delivery_last_applied',
  `select customers, loans from delivery_run
   where creditor_id = $1 and provider_id = $2 and kind = 'collect' and outcome = 'applied' order by started_at desc limit 1`,
);

/** $1 runs that began before, $2 at most */
export const PURGE_RUNS = sql<{ gone: number }>('delivery_purge_runs', 'select purge_delivery_runs($1, $2) as gone');

/** One push to one institution, all of it at once. $1 id, $2 creditor, $3 provider, $4 began, $5 ended, $6 customers, $7 loans, $8 node */
export const PUSH_APPLIED = sql<never>(
  'delivery_push_applied',
  `insert into delivery_run (id, creditor_id, provider_id, kind, started_at, finished_at, outcome, customers, loans, warnings, node)
   values ($1, $2, $3, 'push', $4, $5, 'applied', $6, $7, 0, $8)`,
);

/** $1 id, $2 creditor, $3 provider, $4 began, $5 ended, $6 rule, $7 record, $8 loan, $9 node */
export const PUSH_REJECTED = sql<never>(
  'delivery_push_rejected',
  `insert into delivery_run (id, creditor_id, provider_id, kind, started_at, finished_at, outcome, rule, record, loan_index, node)
   values ($1, $2, $3, 'push', $4, $5, 'rejected', $6, $7, $8, $9)`,
);

/** What a collection needs to know of who delivers. */
export interface SourceRow {
  creditor_id: string;
  provider_id: string;
  base_url: string;
  client_certificate: string | null;
}

/**
 * Tries of a pair since $2 (a moment when collections fell due). Due: not tried since then, or tried in vain and now it is time again.
 * A try that has not ended is due from its `retry_at` on too, and then whoever makes it still holds the lock, or is gone.
 */
const DUE_FROM = `creditor_provider p
   join creditor c on c.id = p.creditor_id and c.enabled
   cross join lateral (
     select count(*) as attempts, (array_agg(retry_at order by started_at desc))[1] as retry_at from delivery_run r
     where r.creditor_id = p.creditor_id and r.provider_id = p.provider_id and r.kind = 'collect' and r.started_at >= $2
   ) tried
   where p.enabled and (tried.attempts = 0 or tried.retry_at <= $1)`;

const LOCK = "hashtextextended('samtykke collects ' || p.creditor_id || ' from ' || p.provider_id, 0)";

/** Whether anything is due that nobody is collecting at this moment. $1 now, $2 when it fell due */
export const ANYTHING_DUE = sql<{ due: boolean }>(
  'delivery_anything_due',
  `select exists (
     select from (select p.* from ${DUE_FROM} offset 0) p where pg_try_advisory_xact_lock(${LOCK})
   ) as due`,
);

/** In an order of each node's own, so that they seldom meet. $1 now, $2 when it fell due, $3 node, $4 those already seen to */
export const DUE = sql<SourceRow>(
  'delivery_due',
  `select p.creditor_id, p.provider_id, p.base_url, p.client_certificate from ${DUE_FROM} and not p.creditor_id || ' ' || p.provider_id = any ($4)
   order by md5(p.creditor_id || p.provider_id || $3)`,
);

/** All providers of one institution that are switched on. $1 creditor */
export const SOURCES_OF = sql<SourceRow>(
  'delivery_sources_of',
  `select p.creditor_id, p.provider_id, p.base_url, p.client_certificate from creditor_provider p join creditor c on c.id = p.creditor_id and c.enabled
   where p.enabled and p.creditor_id = $1 order by p.provider_id`,
);

/** Held until it is let go, or the session ends. $1 creditor, $2 provider */
export const TRY_LOCK = sql<{ locked: boolean }>(
  'delivery_try_lock',
  `select pg_try_advisory_lock(${LOCK}) as locked from (select $1::text as creditor_id, $2::text as provider_id) p`,
);

/** $1 creditor, $2 provider */
export const UNLOCK = sql<never>(
  'delivery_unlock',
  `select pg_advisory_unlock(${LOCK}) from (select $1::text as creditor_id, $2::text as provider_id) p`,
);

/** How often it has been tried, when it is (still) due; no row otherwise. $1 now, $2 when it fell due, $3 creditor, $4 provider */
export const STILL_DUE = sql<{ attempts: number }>(
  'delivery_still_due',
  `select tried.attempts from ${DUE_FROM} and p.creditor_id = $3 and p.provider_id = $4`,
);
