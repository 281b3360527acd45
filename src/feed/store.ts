import type { ArchiveReason, Purpose } from '../consent/consent.ts';
import { sql } from '../platform/db.ts';

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

/** A portion of a client's consents, in the order of their ids. $1 client, $2 the last id of the portion before, $3 at most */
export const PORTION = sql<HeldRow>(
  'snapshot_portion',
  `select id, purpose, external_id, created_at, expires_at, archived_at, archived_reason from consent
   where client_id = $1 and id > $2 order by id limit $3`,
);
