import { sql } from '../platform/db-statement.ts';
import type { Queryable } from '../platform/db.ts';

/** What the log says of a consent, for operators. */
export interface HistoryEntry {
  readonly at: Date;
  readonly kind: string;
  readonly actor: 'client' | 'person' | 'operator' | 'clock';
  /** Who was at the command line, as that machine told; null: it was not done there. */
  readonly doneBy: string | null;
  /** Of an end: why. */
  readonly reason: string | null;
  readonly creditorsAsked: number | null;
  readonly creditorsAnswered: number | null;
  readonly traceId: string | null;
}

/** $1 consent, $2 at most */
const OF_CONSENT = sql<HistoryEntry>(
  'audit_history_of_consent',
  `select at, kind, actor, done_by as "doneBy", reason, creditors_asked as "creditorsAsked", creditors_answered as "creditorsAnswered",
          trace_id as "traceId"
   from audit_log where consent_id = $1 order by at desc, id desc limit $2`,
);

/** What the log says of a consent, the newest first. */
export async function historyOfConsent(
  db: Queryable,
  consentId: string,
  atMost: number,
): Promise<readonly HistoryEntry[]> {
  return db.query(OF_CONSENT, [consentId, atMost]);
}
