import type { InstallmentChargePeriod, Loan } from './loan.ts';

/** Which rule of delivery a creditor's data breaks; told to the operator and the creditor, never with the data. */
export type DeliveryRefusal =
  | 'not_an_object'
  | 'another_customer'
  | 'another_institution'
  | 'loans_missing'
  | 'unknown_type'
  | 'account_id_missing'
  | 'duplicate_account'
  | 'co_borrower_invalid'
  | 'amount_invalid'
  | 'timestamp_invalid'
  | 'period_invalid';

/**
 * Reads what a creditor answers for one customer: `{customerID, financialInstitutionID, loans}`. Returns the loans, or the first
 * rule that is broken; one broken rule rejects the whole answer. `fetchedAt` (ISO 8601) stands in for a missing timestamp.
 */
export function loansFromAnswer(
  body: unknown,
  asked: { customerId: string; creditorId: string; fetchedAt: string },
): readonly Loan[] | DeliveryRefusal {
  if (!isRecord(body)) return 'not_an_object';
  if (body['customerID'] !== asked.customerId) return 'another_customer';
  if (body['financialInstitutionID'] !== asked.creditorId) return 'another_institution';
  if (!Array.isArray(body['loans'])) return 'loans_missing';
  const loans: Loan[] = [];
  const accounts = new Set<string>();
  for (const entry of body['loans'] as unknown[]) {
    const loan = loanFrom(entry, asked.fetchedAt);
    if (typeof loan === 'string') return loan;
    if (accounts.has(loan.accountId)) return 'duplicate_account';
    accounts.add(loan.accountId);
    loans.push(loan);
  }
  return loans;
}

function loanFrom(entry: unknown, fetchedAt: string): Loan | DeliveryRefusal {
  if (!isRecord(entry)) return 'not_an_object';
  const { type, accountID, coBorrower } = entry;
  if (typeof accountID !== 'string' || accountID === '' || accountID.length > 200) return 'account_id_missing';
  if (coBorrower !== 0 && coBorrower !== 1 && coBorrower !== 2) return 'co_borrower_invalid';
  const timestamp = timestampFrom(entry['timestamp'], fetchedAt);
  if (timestamp === undefined) return 'timestamp_invalid';
  const period = entry['installmentChargePeriod'] ?? null;
  if (period !== null && !isPeriod(period)) return 'period_invalid';

  const base = { accountId: accountID, timestamp, coBorrower } as const;
  const amounts = amountsFrom(entry);
  switch (type) {
    case 'creditFacility': {
      const {
        creditLimit,
        interestBearingBalance,
        nonInterestBearingBalance,
        nominalInterestRate,
        installmentCharges,
      } = amounts;
      if (!areAmounts(creditLimit, interestBearingBalance, nonInterestBearingBalance, nominalInterestRate))
        return 'amount_invalid';
      if (!isAmountOrNull(installmentCharges)) return 'amount_invalid';
      return {
        type,
        ...base,
        creditLimit: creditLimit as number,
        interestBearingBalance: interestBearingBalance as number,
        nonInterestBearingBalance: nonInterestBearingBalance as number,
        nominalInterestRate: nominalInterestRate as number,
        installmentCharges,
        installmentChargePeriod: period,
      };
    }
    case 'repaymentLoan': {
      const { originalBalance, balance, terms, nominalInterestRate, installmentCharges } = amounts;
      if (!areAmounts(originalBalance, balance, nominalInterestRate)) return 'amount_invalid';
      if (!isAmountOrNull(terms) || !isAmountOrNull(installmentCharges)) return 'amount_invalid';
      return {
        type,
        ...base,
        originalBalance: originalBalance as number,
        balance: balance as number,
        terms,
        nominalInterestRate: nominalInterestRate as number,
        installmentCharges,
        installmentChargePeriod: period,
      };
    }
    case 'chargeCard': {
      const { interestBearingBalance, nonInterestBearingBalance } = amounts;
      if (!areAmounts(interestBearingBalance, nonInterestBearingBalance)) return 'amount_invalid';
      return {
        type,
        ...base,
        interestBearingBalance: interestBearingBalance as number,
        nonInterestBearingBalance: nonInterestBearingBalance as number,
      };
    }
    default:
      return 'unknown_type';
  }
}

const AMOUNTS = [
  'creditLimit',
  'interestBearingBalance',
  'nonInterestBearingBalance',
  'originalBalance',
  'balance',
  'terms',
  'nominalInterestRate',
  'installmentCharges',
] as const;

const amountsFrom = (entry: Record<string, unknown>) =>
  Object.fromEntries(AMOUNTS.map((name) => [name, entry[name] ?? null])) as Record<(typeof AMOUNTS)[number], unknown>;

/** A whole number from 0 to 2^53 - 1; minus zero is not one. */
const isAmount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
const isAmountOrNull = (value: unknown): value is number | null => value === null || isAmount(value);
const areAmounts = (...values: readonly unknown[]): boolean => values.every((value) => isAmount(value));

const PERIODS: readonly unknown[] = ['MONTHLY', 'QUARTERLY', 'HALF-YEARLY', 'YEARLY'];
const isPeriod = (value: unknown): value is InstallmentChargePeriod => PERIODS.includes(value);

function timestampFrom(value: unknown, fetchedAt: string): string | undefined {
  if (value === undefined || value === null) return fetchedAt;
  const shape = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
  const day = typeof value === 'string' ? shape.exec(value)?.[1] : undefined;
  if (typeof value !== 'string' || day === undefined || Number.isNaN(Date.parse(value))) return undefined;
  // 30 February would pass for 2 March.
  if (new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return undefined;
  return new Date(value).toISOString();
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
