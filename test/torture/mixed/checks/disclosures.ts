import type { LogRow } from '../final-state.ts';
import { isDone, isRefused, type Call } from '../history.ts';
import { finding, type Check, type Checked, type Finding } from './evidence.ts';

const DISCLOSED = 'debt_disclosed';

/** C7: every answer with debt is in the log, once, and as it was; of which no answer came may be there. */
export const disclosuresAreLogged: Check = ({ calls, log }): Checked => {
  const rows = Map.groupBy(
    log.filter((row) => row.kind === DISCLOSED),
    (row) => row.trace_id ?? '',
  );
  const answered = calls.filter((call) => call.op === 'look_up' && isDone(call));
  const findings = answered.flatMap((call) => {
    const found = rows.get(call.call) ?? [];
    const consent = call.told.consent ?? call.asked.consent ?? '';
    if (found.length !== 1)
      return [finding(`debt was disclosed, and the log has ${found.length} rows of it`, [call], consent)];
    const [row] = found;
    return row !== undefined && isOf(row, call, consent)
      ? []
      : [finding('the log says otherwise than the answer', [call], consent)];
  });
  return { rule: 'every disclosed answer is in the log', looked: answered.length, findings };
};

const isOf = (row: LogRow, call: Call, consent: string): boolean =>
  row.consent_id === consent &&
  row.client_id === call.organisation &&
  row.creditors_answered === call.told.creditorsAnswered &&
  (row.creditors_asked ?? 0) - (row.creditors_answered ?? 0) === call.told.creditorsMissing;

/** C7: the log has nothing that did not happen: a lookup that was refused disclosed nothing, and nobody else's is there. */
export const nothingElseIsLogged: Check = ({ calls, log, consents }): Checked => {
  const byTrace = new Map(calls.map((call) => [call.call, call]));
  const rows = log.filter((row) => row.kind === DISCLOSED);
  const findings: Finding[] = [];
  for (const row of rows) {
    const call = byTrace.get(row.trace_id ?? '');
    const of = row.consent_id ?? '';
    if (call === undefined)
      findings.push(finding(`row ${row.id} of the log says that debt was disclosed, and nobody asked`, [], of));
    else if (call.op !== 'look_up' || isRefused(call))
      findings.push(
        finding(`row ${row.id} of the log says that debt was disclosed, to whom it was refused`, [call], of),
      );
    else if (call.asked.consent !== undefined && call.asked.consent !== of)
      findings.push(finding(`row ${row.id} of the log names another consent`, [call], of));
  }
  for (const consent of consents.values()) {
    const uses = consent.log.filter((row) => row.kind === DISCLOSED);
    if (consent.singleUse && uses.length > 1)
      findings.push(finding('the log has two uses of a single-use consent', consent.lookups.slice(0, 3), consent.id));
  }
  return { rule: 'the log has no disclosure that did not happen', looked: rows.length, findings };
};

/** The log and the feed tell of the same changes. */
export const logAndFeedAgree: Check = ({ consents, feeds }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const consent of consents.values()) {
    if (!feeds.has(consent.organisation)) continue;
    looked += 1;
    const logged = (kind: string): number => consent.log.filter((row) => row.kind === kind).length;
    const told = (type: string): number => consent.events.filter((event) => event.type === type).length;
    // What uses a consent up is the disclosure, and is logged as that.
    const usedUp = consent.events.filter((event) => event.reason === 'used').length;
    const [registered, ended] = [logged('consent_registered'), logged('consent_archived') + usedUp];
    if (registered !== told('created'))
      findings.push(
        finding(
          `created: ${registered} rows in the log, ${told('created')} events`,
          consent.made.slice(0, 1),
          consent.id,
        ),
      );
    if (ended !== told('archived'))
      findings.push(
        finding(
          `ended: ${ended} rows in the log, ${told('archived')} events`,
          consent.revocations.slice(0, 1),
          consent.id,
        ),
      );
    if (usedUp > 0 && logged(DISCLOSED) === 0)
      findings.push(finding('used up without a disclosure in the log', consent.lookups.slice(0, 3), consent.id));
  }
  return { rule: 'log and feed tell of the same changes', looked, findings };
};

/** The seals of the log hold: `samtykke log verify`. */
export const theLogIsWhole: Check = ({ state }): Checked => ({
  rule: 'the log is as it was sealed',
  looked: 1,
  findings: state.evidence.map((problem) => finding(problem, [])),
});
