import type { Creditor } from '../creditors/creditor.ts';
import type { Loan } from '../creditors/loan.ts';
import type { CreditorDebt } from '../debt/debt-information.ts';

export type LoanType = Loan['type'];

/** What is owed on a loan, in øre: of cards and other credit, what bears interest and what does not. */
export const owedOn = (loan: Loan): number =>
  loan.type === 'repaymentLoan' ? loan.balance : loan.interestBearingBalance + loan.nonInterestBearingBalance;

/** What can still be drawn, in øre. Nothing, where more than the limit has been used; a charge card has no limit. */
export const unusedOn = (loan: Loan): number =>
  loan.type === 'creditFacility' ? Math.max(0, loan.creditLimit - owedOn(loan)) : 0;

/** A loan in the table of what is owed, or a creditor of which nothing is known. */
export interface DebtRow {
  readonly creditor: Creditor;
  /** Whether the creditor answered now. */
  readonly answered: boolean;
  /** Null: what is owed there is unknown, and is nothing that could be summed up. */
  readonly known: { readonly loan: Loan; readonly owed: number } | null;
}

export interface DebtOverview {
  /** Each loan, the largest first; then the creditors of which nothing is known. */
  readonly rows: readonly DebtRow[];
  /** The sum of all rows that are known; null when no creditor's debt is known at all, since that is not 0. */
  readonly total: number | null;
  readonly byType: Readonly<Record<LoanType, number>>;
  readonly unused: number;
  /** The largest amount of one row: what the bars are measured against. */
  readonly largest: number;
  /** Creditors that did not answer, of which an older delivery is shown, and those of which nothing is known. */
  readonly outdated: readonly { readonly creditor: Creditor; readonly drawnAt: string }[];
  readonly unknown: readonly Creditor[];
  /** Creditors that answered that nothing is owed. */
  readonly nothingOwed: readonly Creditor[];
  /** Every creditor that holds something, by name. */
  readonly creditors: readonly Creditor[];
  /** Whether some of it is owed together with somebody; it counts in full for each of them. */
  readonly joint: boolean;
}

/** What the page of a person's debt shows, from what the creditors said. Pure; amounts in øre. */
export function overviewOf(debts: readonly CreditorDebt[]): DebtOverview {
  const known = debts.flatMap(({ creditor, answered, loans }) =>
    (loans ?? []).map((loan) => ({ creditor, answered, known: { loan, owed: owedOn(loan) } })),
  );
  const owedAs = (type: LoanType): number =>
    sum(known.map((row) => (row.known.loan.type === type ? row.known.owed : 0)));
  const unknown = debts.filter((debt) => debt.loans === null);
  return {
    rows: [
      ...known.toSorted((a, b) => b.known.owed - a.known.owed || byName(a.creditor, b.creditor)),
      ...unknown.map(({ creditor, answered }) => ({ creditor, answered, known: null })),
    ],
    total: unknown.length > 0 && unknown.length === debts.length ? null : sum(known.map((row) => row.known.owed)),
    byType: {
      repaymentLoan: owedAs('repaymentLoan'),
      creditFacility: owedAs('creditFacility'),
      chargeCard: owedAs('chargeCard'),
    },
    unused: sum(known.map((row) => unusedOn(row.known.loan))),
    largest: known.reduce((most, row) => Math.max(most, row.known.owed), 0),
    outdated: debts.flatMap(({ creditor, answered, drawnAt }) =>
      answered || drawnAt === null ? [] : [{ creditor, drawnAt }],
    ),
    unknown: unknown.map((debt) => debt.creditor),
    nothingOwed: debts.filter((debt) => debt.answered && debt.loans?.length === 0).map((debt) => debt.creditor),
    creditors: debts.map((debt) => debt.creditor).toSorted(byName),
    joint: known.some((row) => row.known.loan.coBorrower !== 0),
  };
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

const byName = (a: Creditor, b: Creditor): number => a.name.localeCompare(b.name, 'nb');
