/**
 * The log of disclosures and changes (C7). A row is written by the statement that makes the change, so that neither can be
 * without the other: verbs splice this `insert` into theirs. `select` yields the columns in this order.
 */
export const auditInsert = (select: string): string =>
  `insert into audit_log (at, kind, actor, client_id, consent_id, person_id, purpose, creditors_asked, creditors_answered, reason, trace_id) ${select}`;
