import { type LoanRule, loansFrom } from '../creditors/loan-rules.ts';
import type { Loan } from '../creditors/loan.ts';
import type { JsonRule } from '../creditors/strict-json.ts';
import { ninRefusal } from '../person/fast-nin.ts';
import type { Population } from '../person/nin.ts';

/** What can be wrong with a delivery, also with a live answer. One broken rule refuses all of it. */
export type DeliveryRule =
  | JsonRule
  | LoanRule
  | 'not_utf8'
  | 'element_too_large'
  | 'envelope_too_large'
  | 'customers_missing'
  | 'provider_missing'
  | 'another_provider'
  | 'nin_invalid'
  | 'nin_of_another_population'
  | 'another_customer'
  | 'another_institution'
  | 'duplicate_customer';

const sentences: Readonly<Record<DeliveryRule, string>> = {
  not_utf8: 'is not UTF-8',
  broken_json: 'is not JSON, or ends too early',
  duplicate_key: 'has the same key twice in one object',
  too_deep: 'is nested too deeply',
  element_too_large: 'is larger than a customer can be',
  envelope_too_large: 'has too much around its list of customers',
  customers_missing: 'has no list named customers at the top',
  provider_missing: 'has no text named providerID at the top',
  another_provider: 'has another providerID than is registered',
  not_an_object: 'is not an object',
  nin_invalid: 'has a customerID that is no valid national identity number of 11 digits',
  nin_of_another_population:
    'has a customerID of the wrong kind: production takes real numbers only, and the sandbox synthetic ones only',
  another_customer: 'has another customerID than asked for',
  another_institution: 'has another financialInstitutionID than asked for or permitted',
  duplicate_customer: 'is the second one with its customerID and financialInstitutionID',
  loans_missing: 'has no list named loans',
  unknown_type: 'has a type other than creditFacility, repaymentLoan and chargeCard',
  account_id_missing: 'has no text named accountID',
  account_id_invalid: 'has an accountID of more than 200 characters, or with one that cannot be stored',
  duplicate_account: 'has the accountID of an earlier loan of the same customer',
  co_borrower_invalid: 'has a coBorrower other than 0, 1 and 2',
  amount_invalid: 'has an amount, a rate or a number of terms that is missing, or no whole number from 0 up',
  terms_missing: 'has no terms, which a push must have',
  installment_charges_missing: 'has no installmentCharges, which a push must have',
  timestamp_invalid: 'has a timestamp that is no date and time with an offset (RFC 3339)',
  period_invalid: 'has an installmentChargePeriod other than MONTHLY, QUARTERLY, HALF-YEARLY and YEARLY',
};

/** All rules that a delivery can break, by the names that answers have. */
export const deliveryRules = Object.keys(sentences) as readonly DeliveryRule[];

/** Which rule was broken, as the end of a sentence whose subject is the page, the record or the loan. Never holds data. */
export const deliveryRuleSentence = (rule: DeliveryRule): string => sentences[rule];

/** The rule that a customer of a delivery breaks, and by which of its loans (0-based), when it is about one. */
export interface Refused {
  readonly rule: DeliveryRule;
  readonly loan?: number;
}

/** One customer of a delivery that is in order. */
export interface DeliveredCustomer {
  /** 11 digits, checked. In clear: it goes into the keyed hash and nowhere else. */
  readonly nin: string;
  readonly creditorId: string;
  readonly loans: readonly Loan[];
  /** Members that a batch should have and has not: `terms`, `installmentCharges`. */
  readonly warnings: number;
}

/** What a delivery is held to. */
export interface Expected {
  /** The institution asked for, or those that whoever delivers may deliver for. */
  readonly creditorId: string | ReadonlySet<string>;
  readonly population: Population;
  /** Whether the control digits that come in 2032 are taken already. */
  readonly from2032: boolean;
  /** A push must have `terms` and `installmentCharges`; in a batch they are counted when they are missing. */
  readonly kind: 'batch' | 'push';
  /** ISO 8601: stands in for the timestamp of a loan that has none. */
  readonly fetchedAt: string;
}

/**
 * Reads one element of `customers`, as the delivery interface spells it and JSON has been parsed. Returns the customer, or the
 * first rule that is broken. Whether the same customer comes twice is not seen from here.
 */
export function customerFrom(entry: unknown, expected: Expected): DeliveredCustomer | Refused {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return { rule: 'not_an_object' };
  const { customerID, financialInstitutionID, loans: entries } = entry as Readonly<Record<string, unknown>>;
  const refusal = ninRefusal(customerID, expected.population, expected);
  if (refusal !== undefined) {
    const valid = refusal === 'real_number' || refusal === 'synthetic_number';
    return { rule: valid ? 'nin_of_another_population' : 'nin_invalid' };
  }
  if (typeof financialInstitutionID !== 'string' || !isExpected(financialInstitutionID, expected.creditorId))
    return { rule: 'another_institution' };
  const read = loansFrom(entries, { fetchedAt: expected.fetchedAt, complete: expected.kind === 'push' });
  if ('rule' in read) return read;
  return { nin: customerID as string, creditorId: financialInstitutionID, loans: read.loans, warnings: read.warnings };
}

const isExpected = (id: string, expected: Expected['creditorId']): boolean =>
  typeof expected === 'string' ? id === expected : expected.has(id);
