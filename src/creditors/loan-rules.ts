import type { ChargeCard, CreditFacility, InstallmentChargePeriod, Loan, RepaymentLoan } from './loan.ts';

/**
 * What can be wrong with the loans of one customer, whichever way they come: a live answer, a batch, a push. Told to the operator
 * and the creditor, never with the data.
 */
export type LoanRule =
  | 'not_an_object'
  | 'loans_missing'
  | 'unknown_type'
  | 'account_id_missing'
  | 'account_id_invalid'
  | 'duplicate_account'
  | 'co_borrower_invalid'
  | 'amount_invalid'
  | 'terms_missing'
  | 'installment_charges_missing'
  | 'timestamp_invalid'
  | 'period_invalid';

/** The rule that is broken, and by which of the customer's loans (0-based), when it is about one. */
export interface LoanRefusal {
  readonly rule: LoanRule;
  readonly loan?: number;
}

/** A customer's loans, and how many members were missing that should be there, but need not be. */
export interface LoansRead {
  readonly loans: readonly Loan[];
  readonly warnings: number;
}

/**
 * Reads a customer's `loans` as the delivery interface spells them. Returns them, or the first rule that is broken; one broken
 * rule refuses all of them. `fetchedAt` (ISO 8601) stands in for a missing timestamp. `complete`: `terms` and
 * `installmentCharges` must be there (a push); otherwise they are null when missing, and counted. Members that we do not know
 * are left alone.
 */
export function loansFrom(entries: unknown, how: { fetchedAt: string; complete: boolean }): LoansRead | LoanRefusal {
  if (!Array.isArray(entries)) return { rule: 'loans_missing' };
  const loans: Loan[] = [];
  const accounts = entries.length > FEW ? new Set<string>() : undefined;
  let warnings = 0;
  for (const entry of entries as unknown[]) {
    const loan = loanFrom(entry, how.fetchedAt);
    const index = loans.length;
    if (typeof loan === 'string') return { rule: loan, loan: index };
    if (accounts?.has(loan.accountId) ?? holdsAccount(loans, loan.accountId))
      return { rule: 'duplicate_account', loan: index };
    accounts?.add(loan.accountId);
    const lacksTerms = loan.type === 'repaymentLoan' && loan.terms === null;
    const lacksCharges = loan.type !== 'chargeCard' && loan.installmentCharges === null;
    if (how.complete && lacksTerms) return { rule: 'terms_missing', loan: index };
    if (how.complete && lacksCharges) return { rule: 'installment_charges_missing', loan: index };
    warnings += Number(lacksTerms) + Number(lacksCharges);
    loans.push(loan);
  }
  return { loans, warnings };
}

/** Up to here, looking through the loans is cheaper than a set. */
const FEW = 16;

function holdsAccount(loans: readonly Loan[], accountId: string): boolean {
  for (const loan of loans) if (loan.accountId === accountId) return true;
  return false;
}

/** A push says by all amounts being 0 that a loan is closed. Interest and terms are no amounts. */
export function isClosed(loan: Loan): boolean {
  switch (loan.type) {
    case 'creditFacility':
      return (
        loan.creditLimit === 0 &&
        loan.interestBearingBalance === 0 &&
        loan.nonInterestBearingBalance === 0 &&
        (loan.installmentCharges ?? 0) === 0
      );
    case 'repaymentLoan':
      return loan.originalBalance === 0 && loan.balance === 0 && (loan.installmentCharges ?? 0) === 0;
    case 'chargeCard':
      return loan.interestBearingBalance === 0 && loan.nonInterestBearingBalance === 0;
  }
}

type Entry = Readonly<Record<string, unknown>>;
type Base = Pick<Loan, 'accountId' | 'timestamp' | 'coBorrower'>;

function loanFrom(entry: unknown, fetchedAt: string): Loan | LoanRule {
  if (!isRecord(entry)) return 'not_an_object';
  const { type, accountID, coBorrower } = entry;
  if (type !== 'creditFacility' && type !== 'repaymentLoan' && type !== 'chargeCard') return 'unknown_type';
  if (typeof accountID !== 'string' || accountID === '') return 'account_id_missing';
  if (!isAccountId(accountID)) return 'account_id_invalid';
  if (coBorrower !== 0 && coBorrower !== 1 && coBorrower !== 2) return 'co_borrower_invalid';
  if (Object.is(coBorrower, -0)) return 'co_borrower_invalid';
  const timestamp = instantFrom(entry['timestamp'] ?? fetchedAt);
  if (timestamp === undefined) return 'timestamp_invalid';
  const base = { accountId: accountID, timestamp, coBorrower } as const;
  switch (type) {
    case 'creditFacility':
      return creditFacilityFrom(entry, base);
    case 'repaymentLoan':
      return repaymentLoanFrom(entry, base);
    case 'chargeCard':
      return chargeCardFrom(entry, base);
  }
}

function creditFacilityFrom(entry: Entry, { accountId, timestamp, coBorrower }: Base): CreditFacility | LoanRule {
  const { creditLimit, interestBearingBalance, nonInterestBearingBalance, nominalInterestRate } = entry;
  const installmentCharges = entry['installmentCharges'] ?? null;
  const installmentChargePeriod = entry['installmentChargePeriod'] ?? null;
  if (!isAmount(creditLimit) || !isAmount(interestBearingBalance) || !isAmount(nonInterestBearingBalance))
    return 'amount_invalid';
  if (!isSmall(nominalInterestRate) || !(installmentCharges === null || isAmount(installmentCharges)))
    return 'amount_invalid';
  if (!(installmentChargePeriod === null || isPeriod(installmentChargePeriod))) return 'period_invalid';
  return {
    type: 'creditFacility',
    accountId,
    timestamp,
    coBorrower,
    creditLimit,
    interestBearingBalance,
    nonInterestBearingBalance,
    nominalInterestRate,
    installmentCharges,
    installmentChargePeriod,
  };
}

function repaymentLoanFrom(entry: Entry, { accountId, timestamp, coBorrower }: Base): RepaymentLoan | LoanRule {
  const { originalBalance, balance, nominalInterestRate } = entry;
  const terms = entry['terms'] ?? null;
  const installmentCharges = entry['installmentCharges'] ?? null;
  const installmentChargePeriod = entry['installmentChargePeriod'] ?? null;
  if (!isAmount(originalBalance) || !isAmount(balance) || !isSmall(nominalInterestRate)) return 'amount_invalid';
  if (!(terms === null || isSmall(terms)) || !(installmentCharges === null || isAmount(installmentCharges)))
    return 'amount_invalid';
  if (!(installmentChargePeriod === null || isPeriod(installmentChargePeriod))) return 'period_invalid';
  return {
    type: 'repaymentLoan',
    accountId,
    timestamp,
    coBorrower,
    originalBalance,
    balance,
    terms,
    nominalInterestRate,
    installmentCharges,
    installmentChargePeriod,
  };
}

function chargeCardFrom(entry: Entry, { accountId, timestamp, coBorrower }: Base): ChargeCard | LoanRule {
  const { interestBearingBalance, nonInterestBearingBalance } = entry;
  if (!isAmount(interestBearingBalance) || !isAmount(nonInterestBearingBalance)) return 'amount_invalid';
  return { type: 'chargeCard', accountId, timestamp, coBorrower, interestBearingBalance, nonInterestBearingBalance };
}

/** What a database's text can hold: no NUL, and no half of a surrogate pair, which would be stored as another character. */
const isAccountId = (text: string): boolean => text.length <= 200 && !text.includes('\0') && text.isWellFormed();

/** A whole number from 0 to 2^53 - 1; minus zero is not one. */
const isAmount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);

/** Terms and interest rates; beyond 2^31 - 1 is no such thing, and no column holds it. */
const isSmall = (value: unknown): value is number => isAmount(value) && value <= 2_147_483_647;

const isPeriod = (value: unknown): value is InstallmentChargePeriod =>
  value === 'MONTHLY' || value === 'QUARTERLY' || value === 'HALF-YEARLY' || value === 'YEARLY';

const isRecord = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An instant (RFC 3339, with an offset) as ISO 8601 in UTC with milliseconds; undefined for what is none, or not of our era. */
function instantFrom(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // Most come as we write them; the rest takes four times as long.
  if (isInstantAsWeWriteIt(value)) return value;
  const day = /^([1-9]\d{3}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(value)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(value))) return undefined;
  // 30 February would pass for 2 March.
  if (new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return undefined;
  const instant = new Date(value).toISOString();
  // 31 December 9999 west of Greenwich is in the year 10000, which takes more characters.
  return instant.length === 24 ? instant : undefined;
}

/** Whether the text is `YYYY-MM-DDThh:mm:ss.sssZ` and such an instant exists. */
function isInstantAsWeWriteIt(text: string): boolean {
  return (
    text.length === 24 &&
    numberAt(text, 11, 13) <= 23 &&
    numberAt(text, 14, 16) <= 59 &&
    numberAt(text, 17, 19) <= 59 &&
    numberAt(text, 20, 23) <= 999 &&
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a &&
    text.charCodeAt(19) === 0x2e &&
    text.charCodeAt(23) === 0x5a &&
    isDay(numberAt(text, 0, 4), numberAt(text, 5, 7), numberAt(text, 8, 10))
  );
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isDay(year: number, month: number, day: number): boolean {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return year >= 1000 && day >= 1 && day <= (month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0));
}

/** The digits from one place to another as a number; NaN when there is something else among them. */
function numberAt(text: string, from: number, to: number): number {
  let number = 0;
  for (let place = from; place < to; place++) {
    const digit = text.charCodeAt(place) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}
