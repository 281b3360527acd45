import type { Creditor } from '../creditors/creditor.ts';
import type { Loan } from '../creditors/loan.ts';

/** What became of asking one creditor, at one of its providers. */
export interface CreditorAnswer {
  readonly creditor: Creditor;
  /** The loans that it answered with, none included; null when it did not answer, or answered badly. */
  readonly live: readonly Loan[] | null;
  /** What it last delivered, unless that is stale; used when it did not answer, and empty when it did. */
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
 * that it last delivered, with their older timestamps; with nothing delivered in time, nothing is known of it. A creditor whose
 * portfolio is with several providers has answered when all of them have; of an account that two of them tell of, the later counts.
 */
export function debtByCreditor(answers: readonly CreditorAnswer[]): readonly CreditorDebt[] {
  const byCreditor = Map.groupBy(answers, (answer) => answer.creditor.id);
  return Array.from(byCreditor.values(), (parts) => {
    const answered = parts.every((part) => part.live !== null);
    const told = laterOfEachAccount(parts.flatMap(({ live, delivered }) => live ?? delivered));
    const loans = told.length === 0 && !answered ? null : told;
    const newest = maxBy(told, ({ timestamp }) => Date.parse(timestamp));
    return { creditor: firstOf(parts).creditor, answered, loans, drawnAt: newest?.timestamp ?? null };
  });
}

/** The last of those of which it is the greatest. */
function maxBy<Thing>(things: readonly Thing[], of: (thing: Thing) => number): Thing | undefined {
  let [most, found] = [-Infinity, undefined as Thing | undefined];
  for (const thing of things) {
    const value = of(thing);
    if (value >= most) [most, found] = [value, thing];
  }
  return found;
}

function laterOfEachAccount(loans: readonly Loan[]): readonly Loan[] {
  const later = new Map<string, Loan>();
  for (const loan of loans) {
    const known = later.get(loan.accountId);
    if (known === undefined || Date.parse(known.timestamp) < Date.parse(loan.timestamp))
      later.set(loan.accountId, loan);
  }
  return [...later.values()];
}

function firstOf(parts: readonly CreditorAnswer[]): CreditorAnswer {
  const [first] = parts;
  if (first === undefined) throw new Error('a group has at least one member');
  return first;
}

/**
 * The same as one list of loans (D2): a creditor of which nothing is known has one entry with its name and no loan. Answered +
 * missing is the number of creditors asked.
 */
export function assembleDebt(answers: readonly CreditorAnswer[]): DebtInformation {
  const debts = debtByCreditor(answers);
  const creditorsAnswered = debts.filter((debt) => debt.answered).length;
  return {
    entries: debts.flatMap(({ creditor, loans }): readonly DebtEntry[] =>
      (loans ?? [null]).map((loan) => ({ creditorName: creditor.name, loan })),
    ),
    creditorsAnswered,
    creditorsMissing: debts.length - creditorsAnswered,
  };
}
