import type { Creditor } from '../creditors/creditor.ts';
import type { Loan } from '../creditors/loan.ts';

/** What became of asking one creditor. */
export interface CreditorAnswer {
  readonly creditor: Creditor;
  /** The loans that it answered with, none included; null when it did not answer, or answered badly. */
  readonly live: readonly Loan[] | null;
  /** What it last delivered; used when it did not answer. */
  readonly delivered: readonly Loan[];
}

/** A loan, or null for a creditor that is missing and has delivered nothing. */
export interface DebtEntry {
  readonly creditorName: string;
  readonly loan: Loan | null;
}

export interface DebtInformation {
  readonly entries: readonly DebtEntry[];
  readonly creditorsAnswered: number;
  readonly creditorsMissing: number;
}

/**
 * D3: a live answer overrides what was delivered, also an empty one. A creditor without one counts as missing: its loans are those
 * that it last delivered, with their older timestamps; with nothing delivered, one entry with its name and no loan.
 * Answered + missing is the number of creditors asked.
 */
export function assembleDebt(answers: readonly CreditorAnswer[]): DebtInformation {
  const creditorsAnswered = answers.filter((answer) => answer.live !== null).length;
  return {
    entries: answers.flatMap((answer): readonly DebtEntry[] => {
      const creditorName = answer.creditor.name;
      const loans = answer.live ?? answer.delivered;
      if (answer.live === null && loans.length === 0) return [{ creditorName, loan: null }];
      return loans.map((loan) => ({ creditorName, loan }));
    }),
    creditorsAnswered,
    creditorsMissing: answers.length - creditorsAnswered,
  };
}
