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

/** What one creditor says of a person's debt. */
export interface CreditorDebt {
  readonly creditor: Creditor;
  /** Whether it answered now; when not, `loans` is what it last delivered. */
  readonly answered: boolean;
  /** Null: it did not answer and has delivered nothing, so what is owed there is unknown. */
  readonly loans: readonly Loan[] | null;
  /** When the newest of these figures was drawn (ISO 8601); null when there are none. */
  readonly drawnAt: string | null;
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
 * that it last delivered, with their older timestamps; with nothing delivered, nothing is known of it.
 */
export function debtByCreditor(answers: readonly CreditorAnswer[]): readonly CreditorDebt[] {
  return answers.map(({ creditor, live, delivered }) => {
    const loans = live ?? (delivered.length > 0 ? delivered : null);
    const drawn = (loans ?? []).map((loan) => loan.timestamp).toSorted((a, b) => Date.parse(a) - Date.parse(b));
    return { creditor, answered: live !== null, loans, drawnAt: drawn.at(-1) ?? null };
  });
}

/**
 * The same as one list of loans (D2): a creditor of which nothing is known has one entry with its name and no loan. Answered +
 * missing is the number of creditors asked.
 */
export function assembleDebt(answers: readonly CreditorAnswer[]): DebtInformation {
  const creditorsAnswered = answers.filter((answer) => answer.live !== null).length;
  return {
    entries: debtByCreditor(answers).flatMap(({ creditor, loans }): readonly DebtEntry[] =>
      (loans ?? [null]).map((loan) => ({ creditorName: creditor.name, loan })),
    ),
    creditorsAnswered,
    creditorsMissing: answers.length - creditorsAnswered,
  };
}
