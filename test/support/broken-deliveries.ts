import type { DeliveryRule } from '../../src/delivery/delivery-rules.ts';

/**
 * What creditors may send that breaks a rule of delivery, as text: much of it (a key that comes twice, 1.0) is lost when it is
 * an object. The same list is for live answers, batches and pushes.
 */

export const facility = {
  type: 'creditFacility',
  accountID: 'a-1',
  timestamp: '2026-11-22T03:00:00.000Z',
  coBorrower: 0,
  creditLimit: 5_000_000,
  interestBearingBalance: 100,
  nonInterestBearingBalance: 0,
  nominalInterestRate: 2_050,
  installmentCharges: 4_500,
  installmentChargePeriod: 'MONTHLY',
};

export const repayment = {
  type: 'repaymentLoan',
  accountID: 'a-2',
  timestamp: '2026-11-22T03:00:00.000Z',
  coBorrower: 2,
  originalBalance: 100,
  balance: 50,
  terms: 12,
  nominalInterestRate: 1_300,
  installmentCharges: 0,
};

export const card = {
  type: 'chargeCard',
  accountID: 'a-3',
  timestamp: '2026-11-22T03:00:00.000Z',
  coBorrower: 1,
  interestBearingBalance: 1,
  nonInterestBearingBalance: 2,
};

/** An object as JSON, with members replaced by text, added, or (undefined) left out. */
export function objectText(object: object, changes: Readonly<Record<string, string | undefined>> = {}): string {
  const members = new Map(Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]));
  for (const [name, text] of Object.entries(changes)) {
    if (text === undefined) members.delete(name);
    else members.set(name, text);
  }
  return `{${[...members].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** A customer as JSON; `loans` are texts, and `changes` as in `objectText`. */
export const customerText = (
  nin: string,
  creditorId: string,
  loans: readonly string[],
  changes: Readonly<Record<string, string | undefined>> = {},
): string =>
  objectText({ customerID: nin, financialInstitutionID: creditorId }, { loans: `[${loans.join(',')}]`, ...changes });

/** A page as JSON; `customers` are texts. */
export const pageText = (providerId: string, customers: readonly string[]): string =>
  `{"providerID":${JSON.stringify(providerId)},"customers":[${customers.join(',')}]}`;

interface Broken {
  readonly rule: DeliveryRule;
  readonly text: string;
}

const brokenNumbers = ['-1', '-0', '1.5', '1.0', '1e2', '1E2', '0.1e1', '-0.0', '1e400', '"100"', 'true', '[]', 'null'];
/** What `JSON.parse` makes of some of these is in order: 9007199254740991.4 is read as 2^53 - 1, 1e-400 as 0. */
const roundedNumbers = [
  '9007199254740992',
  '9007199254740993',
  '9007199254740991.4',
  '1e-400',
  '123456789012345678901',
];

/** Loans that break a rule each, with an account of their own. */
export const brokenLoans: readonly Broken[] = [
  ...['null', '7', '"loan"', '[]'].map((text) => ({ rule: 'not_an_object' as const, text })),
  ...spoilt('unknown_type', facility, 'type', ['"mortgage"', '"CREDITFACILITY"', 'null', '1', undefined]),
  ...spoilt('account_id_missing', facility, 'accountID', ['""', 'null', '7', undefined]),
  ...spoilt('account_id_invalid', facility, 'accountID', [`"${'9'.repeat(201)}"`, '"a\\u0000"', '"a\\ud800"']),
  ...spoilt('co_borrower_invalid', facility, 'coBorrower', ['3', '-1', '-0', '0.0', '1e0', '"0"', 'false', 'null']),
  ...spoilt('co_borrower_invalid', card, 'coBorrower', [undefined]),
  ...['creditLimit', 'interestBearingBalance', 'nonInterestBearingBalance', 'nominalInterestRate'].flatMap((name) =>
    spoilt('amount_invalid', facility, name, [...brokenNumbers, ...roundedNumbers, undefined]),
  ),
  ...['originalBalance', 'balance', 'nominalInterestRate'].flatMap((name) =>
    spoilt('amount_invalid', repayment, name, [...brokenNumbers, ...roundedNumbers, undefined]),
  ),
  ...['interestBearingBalance', 'nonInterestBearingBalance'].flatMap((name) =>
    spoilt('amount_invalid', card, name, [...brokenNumbers, ...roundedNumbers, undefined]),
  ),
  ...['terms', 'installmentCharges'].flatMap((name) =>
    spoilt('amount_invalid', repayment, name, [...brokenNumbers.filter((text) => text !== 'null'), ...roundedNumbers]),
  ),
  ...spoilt('amount_invalid', facility, 'nominalInterestRate', ['2147483648']),
  ...spoilt('amount_invalid', repayment, 'terms', ['2147483648']),
  ...spoilt('timestamp_invalid', facility, 'timestamp', [
    '"yesterday"',
    '"2026-13-01T00:00:00.000Z"',
    '"2026-02-30T00:00:00.000Z"',
    '"2025-02-29T00:00:00Z"',
    '"2026-11-22T03:00:00"',
    '"2026-11-22 03:00:00Z"',
    '"2026-11-22"',
    '"0000-01-01T00:00:00.000Z"',
    '"9999-12-31T23:59:59-14:00"',
    '1700000000',
  ]),
  ...spoilt('period_invalid', facility, 'installmentChargePeriod', ['"DAILY"', '"monthly"', '1', '""']),
];

/** What a batch and a live answer may lack, and a push may not. */
export const incompleteLoans: readonly Broken[] = [
  ...spoilt('terms_missing', repayment, 'terms', ['null', undefined]),
  ...spoilt('installment_charges_missing', repayment, 'installmentCharges', ['null', undefined]),
  ...spoilt('installment_charges_missing', facility, 'installmentCharges', ['null', undefined]),
];

/** Loans with a key that comes twice, in several spellings. Both values would be in order. */
export const doubledLoans: readonly string[] = [
  '"creditLimit":5000000',
  '"creditLimit":1',
  '"creditL\\u0069mit":1',
  '"x":1,"x":1',
  '"x":{"y":[{"z":1,"z":2}]}',
  '"__proto__":1,"__proto__":{"creditLimit":2}',
].map((members) => objectText(facility, { accountID: '"a-9"' }).replace(/\}$/, `,${members}}`));

function spoilt(rule: DeliveryRule, loan: object, name: string, values: readonly (string | undefined)[]): Broken[] {
  return values.map((value) => ({ rule, text: objectText(loan, { accountID: '"a-9"', [name]: value }) }));
}
