import { deliveryRuleSentence, type DeliveryRule } from '../delivery/delivery-rules.ts';
import type { DeliveryReport, Failure } from '../delivery/delivery-run.ts';
import type { RecordedRun } from '../delivery/run-log.ts';

/** What became of a delivery, whether it has just ended or was written down. */
export type RunResult = Pick<
  RecordedRun,
  | 'outcome'
  | 'customers'
  | 'loans'
  | 'warnings'
  | 'droppedOverHalf'
  | 'duplicatedAccounts'
  | 'rule'
  | 'page'
  | 'record'
  | 'loan'
  | 'failure'
>;

const nothing: Omit<RunResult, 'outcome'> = {
  customers: null,
  loans: null,
  warnings: null,
  droppedOverHalf: false,
  duplicatedAccounts: null,
  rule: null,
  page: null,
  record: null,
  loan: null,
  failure: null,
};

/** A report in the form in which it is written down. */
export function resultOf({ outcome }: DeliveryReport): RunResult {
  switch (outcome.kind) {
    case 'applied': {
      const { kind, ...counts } = outcome;
      return { ...nothing, outcome: kind, ...counts };
    }
    case 'rejected': {
      const { page = null, record = null, loan = null } = outcome.place;
      return { ...nothing, outcome: outcome.kind, rule: outcome.rule, page, record, loan };
    }
    case 'failed': {
      const { failure, status } = outcome;
      return { ...nothing, outcome: outcome.kind, failure: status === undefined ? failure : `${failure} ${status}` };
    }
  }
}

const failures: Readonly<Record<Failure, string>> = {
  unreachable: 'no connection could be made',
  wrong_server: "the server's certificate is not good, or not its own",
  not_allowed: 'the address is not one that creditors may have',
  timeout: 'nothing came for too long',
  connection_cut: 'the connection ended before all was there',
  server_error: 'the server cannot answer now',
  redirected: 'the server sends us elsewhere, and we do not go there',
  refused: 'the server refuses to answer',
  wrong_content_type: 'the answer is not application/json',
  compressed: 'the answer is packed, which was not asked for',
  page_too_large: 'a page is too large',
  too_many_pages: 'there is no end to the pages',
  too_long: 'it took too long as a whole',
  interrupted: 'whoever collected it is gone',
  internal: 'something went wrong here: the log says what',
};

/**
 * What there is to say of a delivery beside its figures, as one line; empty: nothing. Places are counted from 0, as pages are in
 * the delivery interface.
 */
export function remarkOn(run: RunResult): string {
  switch (run.outcome) {
    case null:
      return 'under way, or cut off';
    case 'applied':
      return [
        run.droppedOverHalf ? 'less than half of the one before' : '',
        (run.duplicatedAccounts ?? 0) > 0
          ? `accounts that another provider delivers too: ${run.duplicatedAccounts}`
          : '',
        (run.warnings ?? 0) > 0 ? `members missing that should be there: ${run.warnings}` : '',
      ]
        .filter((remark) => remark !== '')
        .join('; ');
    case 'rejected':
      return `${placeOf(run)} ${ruleSentence(run.rule ?? '')} (${run.rule}${run.page === null ? '' : '; counted from 0'})`;
    case 'failed': {
      const [word = '', status] = (run.failure ?? '').split(' ');
      const sentence = Object.hasOwn(failures, word) ? failures[word as Failure] : word;
      return status === undefined ? sentence : `${sentence} (status ${status})`;
    }
  }
}

/** A newer version may have written down a rule that this one does not know. */
function ruleSentence(rule: string): string {
  const sentence: string | undefined = deliveryRuleSentence(rule as DeliveryRule);
  return sentence ?? 'breaks a rule';
}

function placeOf({ page, record, loan }: RunResult): string {
  const parts = [
    loan === null ? '' : `loan ${loan}`,
    record === null ? '' : `record ${record}`,
    page === null ? '' : `page ${page}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'the delivery' : parts.join(' of ');
}
