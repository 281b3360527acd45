import type { Loan } from '../creditors/loan.ts';
import type { Config } from '../platform/config.ts';
import { customerFrom, type DeliveryRule } from './delivery-rules.ts';
import { isSameProvider, type Pair, type Place } from './delivery-run.ts';
import { DeliveryError, pageSplitter } from './page-splitter.ts';

/** A customer of a push that is in order. */
export interface PushedCustomer {
  /** 11 digits, checked. In clear: it goes into the keyed hash and nowhere else. */
  readonly nin: string;
  /** None dated later than when they came. */
  readonly loans: readonly Loan[];
}

/** What is pushed to one institution. */
export interface Pushed {
  readonly pair: Pair;
  readonly customers: readonly PushedCustomer[];
}

export type ReadPush =
  | { readonly kind: 'read'; readonly pushed: readonly Pushed[] }
  /** `pair`: whose delivery it would have been, where that is known. */
  | { readonly kind: 'rejected'; readonly rule: DeliveryRule; readonly place: Place; readonly pair: Pair | undefined }
  /** `record`: which customer is of an institution that is not among those; undefined: the provider is not. */
  | { readonly kind: 'forbidden'; readonly record: number | undefined };

/**
 * Reads a push by the rules of delivery: the same as of a page, and `terms` and `installmentCharges` must be there. `pairs`: for whom
 * the organisation may deliver. Answers what is pushed, by institution, or the first thing that is wrong with it.
 */
export function readPush(
  body: Buffer,
  pairs: readonly Pair[],
  { config, now }: { config: Pick<Config, 'population' | 'ninRule2032'>; now: Date },
): ReadPush {
  const page = customersIn(body);
  if ('rule' in page) return { kind: 'rejected', rule: page.rule, place: { record: page.record }, pair: undefined };
  const permitted = new Map(
    pairs.filter((pair) => isSameProvider(pair.providerId, page.providerId)).map((pair) => [pair.creditorId, pair]),
  );
  if (permitted.size === 0) return { kind: 'forbidden', record: undefined };

  const expected = {
    creditorId: new Set(permitted.keys()),
    population: config.population,
    from2032: config.ninRule2032,
    kind: 'push',
    fetchedAt: now.toISOString(),
  } as const;
  const seen = new Set<string>();
  const byPair = new Map<Pair, PushedCustomer[]>();
  for (const [record, entry] of page.customers.entries()) {
    const customer = customerFrom(entry, expected);
    const pair = permitted.get(institutionOf(entry));
    if ('rule' in customer) {
      if (customer.rule === 'another_institution') return { kind: 'forbidden', record };
      return { kind: 'rejected', rule: customer.rule, place: { record, loan: customer.loan }, pair };
    }
    const who = `${customer.creditorId} ${customer.nin}`;
    if (pair === undefined || seen.has(who)) {
      return { kind: 'rejected', rule: 'duplicate_customer', place: { record }, pair };
    }
    seen.add(who);
    const customers = byPair.get(pair) ?? [];
    byPair.set(pair, customers);
    customers.push({ nin: customer.nin, loans: customer.loans.map((loan) => datedNoLater(loan, now)) });
  }
  return { kind: 'read', pushed: Array.from(byPair, ([pair, customers]) => ({ pair, customers })) };
}

function customersIn(
  body: Buffer,
): { customers: readonly unknown[]; providerId: string } | { rule: DeliveryRule; record: number | undefined } {
  try {
    const splitter = pageSplitter({ batchBytes: 65_536 });
    const batches = splitter.push(body);
    const { rest, providerId } = splitter.end();
    return { customers: [...batches.flat(), ...rest], providerId };
  } catch (error) {
    if (error instanceof DeliveryError) return { rule: error.rule, record: error.record };
    throw error;
  }
}

function institutionOf(entry: unknown): string {
  const { financialInstitutionID } = (entry ?? {}) as { financialInstitutionID?: unknown };
  return typeof financialInstitutionID === 'string' ? financialInstitutionID : '';
}

/** What is dated later than it comes would be the newest until then, whatever comes after it. */
const datedNoLater = (loan: Loan, now: Date): Loan =>
  Date.parse(loan.timestamp) > now.getTime() ? { ...loan, timestamp: now.toISOString() } : loan;
