import type { DeliveryRule } from './delivery-rules.ts';

/** One institution's loans at one of its providers: the unit in which is delivered. */
export interface Pair {
  /** Organisation number (`financialInstitutionID` on the wire). */
  readonly creditorId: string;
  /** ISO 6523 (`providerID` on the wire). */
  readonly providerId: string;
}

/** Why a delivery did not arrive whole. A closed list: it is stored, logged and told to operators. */
export type Failure =
  | 'unreachable' // no connection
  | 'wrong_server' // its certificate is not good, or not its own
  | 'not_allowed' // we may not ask there
  | 'timeout' // nothing came for too long
  | 'connection_cut'
  | 'server_error' // status 429, or 500 and more
  | 'redirected' // never followed
  | 'refused' // any other status that is not 200
  | 'wrong_content_type'
  | 'compressed' // though we ask for it as it is
  | 'page_too_large'
  | 'too_many_pages'
  | 'too_long'
  | 'interrupted' // whoever collected it is gone
  | 'internal'; // our fault

/** Where in a delivery a rule is broken. All are counted from 0; undefined: it is about all of them. */
export interface Place {
  readonly page?: number | undefined;
  /** Which customer of the page. */
  readonly record?: number | undefined;
  /** Which loan of the customer. */
  readonly loan?: number | undefined;
}

export interface Applied {
  readonly kind: 'applied';
  /** Of the delivery. */
  readonly customers: number;
  readonly loans: number;
  /** Members that a push must have, and that were missing. */
  readonly warnings: number;
  readonly droppedOverHalf: boolean;
  /** Accounts that another provider delivers for the same institution, too. */
  readonly duplicatedAccounts: number;
}

export interface Rejected {
  readonly kind: 'rejected';
  readonly rule: DeliveryRule;
  readonly place: Place;
}

export interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
  /** What the creditor answered with, where it answered. */
  readonly status?: number;
  /** How long it asks us to wait. */
  readonly waitSeconds?: number;
}

/** What became of one delivery. */
export type Outcome = Applied | Rejected | Failed;

/** An outcome and whose it is, as operators read it. */
export interface DeliveryReport extends Pair {
  readonly runId: string;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** Thrown where a delivery cannot go on; holds nothing of the data. */
export class DeliveryStopped extends Error {
  readonly outcome: Rejected | Failed;

  constructor(outcome: Rejected | Failed) {
    super(outcome.kind === 'rejected' ? `rule of delivery: ${outcome.rule}` : outcome.failure);
    this.name = 'DeliveryStopped';
    this.outcome = outcome;
  }
}

/** How often a collection is tried in one day, at most. */
export const MOST_ATTEMPTS = 8;

const DAY_MS = 86_400_000;

/** The hour (UTC) from which on creditors have their data of the day ready. */
const READY_AT_HOUR = 5;

/** The latest moment, not after `now`, at which collections fell due: each day at 05:00 UTC. */
export function lastDue(now: Date): Date {
  const due = new Date(now);
  due.setUTCHours(READY_AT_HOUR, 0, 0, 0);
  return due > now ? new Date(due.getTime() - DAY_MS) : due;
}

const RETRIED: readonly Failure[] = [
  'unreachable',
  'timeout',
  'connection_cut',
  'server_error',
  'interrupted',
  'internal',
];

/** Whether another try may fare better: not where the creditor answers wrongly, or breaks a rule. */
export const isRetried = (outcome: Outcome): boolean => outcome.kind === 'failed' && RETRIED.includes(outcome.failure);

/**
 * When a collection that began its `attempt`th try (from 1) of the day at `now` is tried again if that fails: a minute later, then
 * two, four and so on up to an hour, but not before a creditor has asked for it (`waitSeconds`, up to six hours). Null: not today.
 */
export function nextTry(now: Date, attempt: number, waitSeconds = 0): Date | null {
  if (attempt >= MOST_ATTEMPTS) return null;
  const seconds = Math.max(Math.min(60 * 2 ** (attempt - 1), 3_600), Math.min(waitSeconds, 21_600));
  return new Date(now.getTime() + seconds * 1_000);
}

export interface Size {
  readonly customers: number;
  readonly loans: number;
}

/** Fewer than half as many as before, customers or loans: applied all the same, and reported. */
export const isDropOverHalf = (before: Size, now: Size): boolean =>
  now.customers * 2 < before.customers || now.loans * 2 < before.loans;

/** ISO 6523: 0192 and 9908 both stand for Norwegian organisation numbers. */
const plain = (providerId: string): string => providerId.replace(/^(?:0192|9908):/, 'NO:');

/** Whether two ids name the same provider. */
export const isSameProvider = (one: string, other: string): boolean => plain(one) === plain(other);
