import { isClosed } from '../creditors/loan-rules.ts';
import type { Loan } from '../creditors/loan.ts';
import { Nin } from '../person/nin.ts';
import type { NinVault } from '../platform/crypto.ts';
import type { Transaction } from '../platform/db.ts';
import { HOLD_INDEX_KEY, NOTE_PUSHED_UNDER } from './index-key-registry.ts';
import type { Pushed } from './read-push.ts';
import {
  PUSH_ADD_CUSTOMERS,
  PUSH_CLOSE,
  PUSH_REMOVE,
  PUSH_REMOVE_CUSTOMERS,
  PUSH_REOPEN,
  PUSH_STORE,
} from './store.ts';

/** A loan of one of the hashes of its customer's number. */
interface Row {
  readonly hash: Buffer;
  readonly loan: Loan;
}

/**
 * Stores what is pushed to one institution, in a transaction that has the lock of that pair. `drawnAt`: when the figures of its last
 * collection were. Answers how many loans were not stored, because something newer is there, or they were closed later.
 */
export async function storePushed(
  tx: Transaction,
  vault: NinVault,
  { pair, customers }: Pushed,
  { drawnAt, now }: { drawnAt: Date | null; now: Date },
): Promise<{ ignored: number }> {
  const key = [pair.creditorId, pair.providerId];
  const open: Row[] = [];
  const closed: Row[] = [];
  /** Under every hash that something of these may be stored under, but the one that it is going to be. */
  const outdated: Row[] = [];
  const withClosed: Buffer[] = [];
  /** Another key may come into use in the midst of it. */
  const indexKeys = new Set<string>();
  for (const customer of customers) {
    const [{ hash: current, keyId }, ...rest] = vault.indexes(Nin.fromStored(customer.nin));
    const older = rest.map((index) => index.hash);
    indexKeys.add(keyId);
    for (const loan of customer.loans) {
      const isOpen = !isClosed(loan);
      (isOpen ? open : closed).push({ hash: current, loan });
      for (const hash of isOpen ? older : [current, ...older]) outdated.push({ hash, loan });
      if (!isOpen) withClosed.push(current, ...older);
    }
  }

  for (const indexKey of indexKeys) {
    await tx.query(HOLD_INDEX_KEY, [indexKey]);
    await tx.query(NOTE_PUSHED_UNDER, [...key, indexKey, now]);
  }
  if (outdated.length > 0) await tx.query(PUSH_REMOVE, [...key, drawnAt, ...accountsOf(outdated)]);
  const [row = { stored: 0 }] =
    open.length > 0 ? await tx.query(PUSH_STORE, [...key, drawnAt, now, ...columnsOf(open)]) : [];
  if (open.length > 0) {
    await tx.query(PUSH_REOPEN, [...key, ...accountsOf(open)]);
    await tx.query(PUSH_ADD_CUSTOMERS, [...key, now, open.map(({ hash }) => hash)]);
  }
  if (closed.length > 0) {
    await tx.query(PUSH_CLOSE, [...key, now, ...accountsOf(closed)]);
    await tx.query(PUSH_REMOVE_CUSTOMERS, [...key, withClosed]);
  }
  return { ignored: open.length - row.stored };
}

const accountsOf = (rows: readonly Row[]) => [
  rows.map(({ hash }) => hash),
  rows.map(({ loan }) => loan.accountId),
  rows.map(({ loan }) => new Date(loan.timestamp)),
];

/** As `PUSH_STORE` takes them. */
function columnsOf(rows: readonly Row[]) {
  const facility = ({ loan }: Row) => (loan.type === 'creditFacility' ? loan : undefined);
  const repayment = ({ loan }: Row) => (loan.type === 'repaymentLoan' ? loan : undefined);
  const revolving = ({ loan }: Row) => (loan.type === 'repaymentLoan' ? undefined : loan);
  const charged = ({ loan }: Row) => (loan.type === 'chargeCard' ? undefined : loan);
  return [
    ...accountsOf(rows),
    rows.map(({ loan }) => loan.type),
    rows.map(({ loan }) => loan.coBorrower),
    rows.map((row) => facility(row)?.creditLimit ?? null),
    rows.map((row) => revolving(row)?.interestBearingBalance ?? null),
    rows.map((row) => revolving(row)?.nonInterestBearingBalance ?? null),
    rows.map((row) => repayment(row)?.originalBalance ?? null),
    rows.map((row) => repayment(row)?.balance ?? null),
    rows.map((row) => repayment(row)?.terms ?? null),
    rows.map((row) => charged(row)?.nominalInterestRate ?? null),
    rows.map((row) => charged(row)?.installmentCharges ?? null),
    rows.map((row) => charged(row)?.installmentChargePeriod ?? null),
  ];
}
