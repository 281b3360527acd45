import type { Loan } from '../src/creditors/loan.ts';

type WithoutTimestamp<L> = L extends unknown ? Omit<L, 'timestamp'> : never;

/** A loan before anybody has asked for it: all but the instant at which the figures were drawn. Units as in `Loan`. */
export type UndatedLoan = WithoutTimestamp<Loan>;

/** What one creditor holds for one person. */
export interface Holding {
  /** The creditor's organisation number. */
  readonly creditorId: string;
  readonly loans: readonly UndatedLoan[];
  /** False: the creditor's server never answers for this person; for other persons it does. */
  readonly live: boolean;
  /** Whether the creditor has delivered these loans to the registry (they are in its nightly batch). */
  readonly delivered: boolean;
}

/** The loans as drawn from the creditor's systems at `at`. */
export function dated(loans: readonly UndatedLoan[], at: Date): Loan[] {
  const timestamp = at.toISOString();
  return loans.map((loan) => ({ ...loan, timestamp }));
}

/** When the creditors drew the batch that they have delivered: the latest 03:00 UTC that is not after `now`. */
export function lastNight(now: Date): Date {
  const night = new Date(now);
  night.setUTCHours(3, 0, 0, 0);
  if (night > now) night.setUTCDate(night.getUTCDate() - 1);
  return night;
}
