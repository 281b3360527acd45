import type { Transaction, Queryable, SqlValue } from '../platform/db.ts';
import type { NinVault } from '../platform/crypto.ts';
import type { Nin } from '../person/nin.ts';
import type { Creditor } from './creditor.ts';
import type { Loan } from './loan.ts';
import { DELETE_LOANS, HOLDINGS, INSERT_LOAN, SAVE_CUSTOMER, creditorOf, loanOf } from './store.ts';

/** A creditor that holds something for a person, and what it last delivered of it (nothing: an empty list). */
export interface Holding {
  readonly creditor: Creditor;
  readonly delivered: readonly Loan[];
}

/** The creditors that hold something for this person (D3), by name, each once. Disabled creditors are left out. */
export async function holdingsOf(db: Queryable, vault: NinVault, nin: Nin): Promise<readonly Holding[]> {
  const rows = await db.query(HOLDINGS, [vault.indexes(nin).map((index) => index.hash)]);
  const holdings = new Map<string, { creditor: Creditor; delivered: Loan[]; deliveredAt: number }>();
  for (const row of rows) {
    const deliveredAt = row.delivered_at.getTime();
    let holding = holdings.get(row.creditor_id);
    if (holding === undefined) {
      holding = { creditor: creditorOf(row), delivered: [], deliveredAt };
      holdings.set(row.creditor_id, holding);
    }
    // While keys are rotated a delivery may be there under the old hash and the new: rows come newest first, and that one counts.
    if (holding.deliveredAt === deliveredAt && row.account_id !== null) {
      holding.delivered.push(loanOf({ ...row, account_id: row.account_id }));
    }
  }
  return [...holdings.values()];
}

/** Replaces what a creditor has delivered for one person; an empty list says that the person is a customer, and no more. */
export async function replaceDelivered(
  tx: Transaction,
  vault: NinVault,
  delivery: { nin: Nin; creditorId: string; loans: readonly Loan[]; at: Date },
): Promise<void> {
  const { hash } = vault.index(delivery.nin);
  await tx.query(SAVE_CUSTOMER, [hash, delivery.creditorId, delivery.at]);
  await tx.query(DELETE_LOANS, [hash, delivery.creditorId]);
  for (const loan of delivery.loans) await tx.query(INSERT_LOAN, [hash, delivery.creditorId, ...columnsOf(loan)]);
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
