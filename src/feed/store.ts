import type { ArchiveReason, Purpose } from '../consent/consent.ts';
import { sql, textRead } from '../platform/db-statement.ts';

/** The SQL of the snapshot: run in one transaction that sees one state of the database. */

/** The last number given to a client's events. Fails on a replica (55000). $1 client */
export const LAST = sql<{ last_seq: number }>('snapshot_last', 'select last_seq from feed_state($1)');

/** Events that have no number yet. $1 client */
export const UNSEALED = sql<{ consent_id: string; type: 'created' | 'archived' }>(
  'snapshot_unsealed',
  'select consent_id, type from feed_pending where client_id = $1',
);

export interface HeldRow {
  id: string;
  purpose: Purpose;
  external_id: string | null;
  created_at: Date;
  expires_at: Date;
  archived_at: Date | null;
  archived_reason: ArchiveReason | null;
}

/**
 * Begins to read a client's consents, in no order. A cursor: planned once, it takes time in proportion to what there is, whatever the
 * planner knows of the table at that moment. $1 client
 */
export const OPEN_CONSENTS = sql<never>(
  'snapshot_open',
  `declare snapshot_consents no scroll cursor for
   select id, purpose, external_id, created_at, expires_at, archived_at, archived_reason from consent where client_id = $1`,
);

/** The next portion; none: that was all. */
export const NEXT_CONSENTS = sql<HeldRow>('snapshot_next', 'fetch forward 1000 from snapshot_consents');

/**
 * A page of events as texts, in parts: some events with commas between. Each event was spelt when it got its number, as `feedEvent` spells it,
 * and is only put beside the others here: rows would become objects only to be written as JSON again, which took most of a page's time. No row
 * when there is none. $1 client, $2 from, $3 readable since, $4 at most
 */
export const READ_PAGE = textRead<{ events: string }>(
  'feed_read_page',
  'select events from feed_page($1, $2, $3, $4) as events',
);

/** What stands in a part for an event that lacks what its type needs. */
export const BROKEN_EVENT = '\u0001';
