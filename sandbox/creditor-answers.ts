import type { Loan } from '../src/creditors/loan.ts';

/** A loan as the delivery interface spells it: members that do not apply are left out. */
export type WireLoan = Readonly<Record<string, string | number>>;

/** One customer's loans at one institution: the whole answer to a question about one person, or one element of a batch. */
export interface WireCustomer {
  /** National identity number, in clear. */
  readonly customerID: string;
  /** Organisation number of the creditor. */
  readonly financialInstitutionID: string;
  readonly loans: readonly WireLoan[];
}

/** A page of all that a provider delivers for one institution. */
export interface WireBatch {
  /** ISO 6523, e.g. `9908:318465711`. */
  readonly providerID: string;
  readonly customers: readonly WireCustomer[];
}

/** Puts a customer in the delivery interface's spelling. */
export function wireCustomer(nin: string, creditorId: string, loans: readonly Loan[]): WireCustomer {
  return { customerID: nin, financialInstitutionID: creditorId, loans: loans.map(wireLoan) };
}

function wireLoan(loan: Loan): WireLoan {
  const { type, accountId, ...figures } = loan;
  const wire: Record<string, string | number> = { type, accountID: accountId };
  for (const [name, value] of Object.entries(figures)) if (value !== null) wire[name] = value;
  return wire;
}

/** The ways in which a nonsensical answer is wrong, in the order in which a creditor gives them, over and over. */
export const nonsenses = [
  'broken JSON',
  'negative amount',
  'another customer',
  'unknown type of loan',
  'another institution',
] as const;

export type Nonsense = (typeof nonsenses)[number];

/** Who and where an answer may wrongly be about. */
export interface Strangers {
  /** A valid national identity number other than the one asked about. */
  readonly nin: string;
  /** A valid organisation number other than the one asked. */
  readonly creditorId: string;
}

/** The body of an answer about one customer that breaks one rule of delivery; its other members stay as they should be. */
export function spoiltCustomer(nonsense: Nonsense, customer: WireCustomer, strangers: Strangers): string {
  return spoil[nonsense](customer, strangers);
}

const spoil: Readonly<Record<Nonsense, (customer: WireCustomer, strangers: Strangers) => string>> = {
  'broken JSON': (customer) => JSON.stringify(customer).slice(0, -2),
  'negative amount': (customer) => withOddLoan(customer, { interestBearingBalance: -1_00 }),
  'another customer': (customer, { nin }) => JSON.stringify({ ...customer, customerID: nin }),
  'unknown type of loan': (customer) => withOddLoan(customer, { type: 'studentLoan' }),
  'another institution': (customer, { creditorId }) =>
    JSON.stringify({ ...customer, financialInstitutionID: creditorId }),
};

/** A page of a batch whose first customer breaks one rule of delivery; where it would be somebody else, it is there twice. */
export function spoiltBatch(nonsense: Nonsense, batch: WireBatch, creditorId: string, strangers: Strangers): string {
  const [first = wireCustomer(strangers.nin, creditorId, []), ...others] = batch.customers;
  if (nonsense === 'broken JSON') return JSON.stringify(batch).slice(0, -2);
  if (nonsense === 'another customer') return JSON.stringify({ ...batch, customers: [first, first, ...others] });
  const spoilt: unknown = JSON.parse(spoiltCustomer(nonsense, first, strangers));
  return JSON.stringify({ ...batch, customers: [spoilt, ...others] });
}

/** Adds a loan that would be in order, but for `odd`. */
function withOddLoan(customer: WireCustomer, odd: WireLoan): string {
  const loan: WireLoan = {
    type: 'chargeCard',
    accountID: 'NONSENSE-1',
    timestamp: customer.loans[0]?.['timestamp'] ?? '2024-01-01T03:00:00.000Z',
    coBorrower: 0,
    interestBearingBalance: 0,
    nonInterestBearingBalance: 150_00,
    ...odd,
  };
  return JSON.stringify({ ...customer, loans: [...customer.loans, loan] });
}
