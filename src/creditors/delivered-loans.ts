import type { SqlValue } from '../platform/db-statement.ts';
import type { Transaction, Queryable } from '../platform/db.ts';
import type { NinVault } from '../platform/crypto.ts';
import type { Nin } from '../person/nin.ts';
import type { Creditor } from './creditor.ts';
import type { Loan } from './loan.ts';
import {
  DELETE_LOANS,
  HOLDINGS,
  HOLDINGS_OF_CONSENT,
  HOLDINGS_UNDER_KEYS,
  INSERT_LOAN,
  SAVE_CUSTOMER,
  creditorOf,
  loanOf,
  type HoldingRow,
} from './store.ts';

/** A creditor that holds something for a person, at one of its providers. */
export interface Holding {
  readonly creditor: Creditor;
  /** What that last delivered of it (nothing: an empty list). Made of what was read when it is asked for: mostly the creditor itself answers. */
  readonly delivered: () => readonly Loan[];
}

/** What was found by the hash that is kept of a person; undefined: it could not be read. */
export interface HeldUnderIndex {
  readonly ninIndex: Buffer;
  readonly rows: Promise<readonly HoldingRow[] | undefined>;
}

/** Reads what is held for whoever gave a consent, before their number is known. Never rejects. */
export const heldOfConsent = (db: Queryable, consentId: string, freshSince: Date): HeldUnderIndex['rows'] =>
  db.query(HOLDINGS_OF_CONSENT, [consentId, freshSince]).catch(() => undefined);

/**
 * The creditors that hold something for this person (D3), by name; one whose portfolio is with two providers is there for each of
 * them. Those that are switched off are left out, and loans of deliveries from before `freshSince` are, too: they say nothing of now.
 * `read`: what was read of it already; it is taken if it was found by the only hash of this number.
 */
export async function holdingsOf(
  db: Queryable,
  vault: NinVault,
  nin: Nin,
  freshSince: Date,
  read?: HeldUnderIndex,
): Promise<readonly Holding[]> {
  const [index, ...older] = vault.indexes(nin);
  const isRead = read !== undefined && older.length === 0 && read.ninIndex.equals(index.hash);
  const rows =
    (isRead ? await read.rows : undefined) ??
    (older.length === 0
      ? await db.query(HOLDINGS, [index.hash, freshSince])
      : await db.query(HOLDINGS_UNDER_KEYS, [[index, ...older].map(({ hash }) => hash), freshSince]));
  const byPair = Map.groupBy(rows, (row) => `${row.creditor_id} ${row.provider_id}`);
  return Array.from(byPair.values(), (ofPair) => ({
    creditor: creditorOf(ofPair[0] as HoldingRow),
    delivered: () => loansOf(ofPair),
  }));
}

function loansOf(rows: readonly HoldingRow[]): readonly Loan[] {
  const loans = new Map<string, Loan>();
  for (const row of rows) {
    if (row.account_id === null) continue;
    const loan = loanOf({ ...row, account_id: row.account_id });
    // While keys are rotated a loan may be there under the old hash and the new: the later one counts.
    const other = loans.get(loan.accountId);
    if (other === undefined || other.timestamp <= loan.timestamp) loans.set(loan.accountId, loan);
  }
  return [...loans.values()];
}

/** Replaces what was delivered for one person; an empty list says that the person is a customer, and no more. For sandboxes. */
export async function replaceDelivered(
  tx: Transaction,
  vault: NinVault,
  delivery: { nin: Nin; creditor: Pick<Creditor, 'id' | 'providerId'>; loans: readonly Loan[]; at: Date },
): Promise<void> {
  const { creditor, loans, at } = delivery;
  const { hash, keyId } = vault.index(delivery.nin);
  const key = [hash, creditor.id, creditor.providerId];
  await tx.query(SAVE_CUSTOMER, [...key, at, keyId]);
  await tx.query(DELETE_LOANS, key);
  for (const loan of loans) await tx.query(INSERT_LOAN, [...key, ...columnsOf(loan)]);
}

function columnsOf(loan: Loan): readonly SqlValue[] {
  const facility = loan.type === 'creditFacility' ? loan : undefined;
  const repayment = loan.type === 'repaymentLoan' ? loan : undefined;
  const revolving = loan.type === 'repaymentLoan' ? undefined : loan;
  const charged = facility ?? repayment;
  return [
    loan.accountId,
    loan.type,
    new Date(loan.timestamp),
    loan.coBorrower,
    facility?.creditLimit ?? null,
    revolving?.interestBearingBalance ?? null,
    revolving?.nonInterestBearingBalance ?? null,
    repayment?.originalBalance ?? null,
    repayment?.balance ?? null,
    repayment?.terms ?? null,
    charged?.nominalInterestRate ?? null,
    charged?.installmentCharges ?? null,
    charged?.installmentChargePeriod ?? null,
  ];
}
