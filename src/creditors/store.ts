import { pointRead, sql } from '../platform/db-statement.ts';
import type { Creditor } from './creditor.ts';
import type { InstallmentChargePeriod, Loan } from './loan.ts';

/** A creditor that holds something for a person, beside one loan that it delivered (null columns: none). */
export interface HoldingRow {
  creditor_id: string;
  name: string;
  provider_id: string;
  base_url: string;
  client_certificate: string | null;
  contact_email: string | null;
  contact_phone: string | null;
  account_id: string | null;
  type: Loan['type'];
  reported_at: Date;
  co_borrower: 0 | 1 | 2;
  credit_limit: number;
  interest_bearing_balance: number;
  non_interest_bearing_balance: number;
  original_balance: number;
  balance: number;
  terms: number | null;
  nominal_interest_rate: number;
  installment_charges: number | null;
  installment_charge_period: InstallmentChargePeriod | null;
}

const CUSTOMERS = 'delivered_customer d';
const holdings = (customers: string, ofPerson: string): string =>
  `select c.id as creditor_id, c.name, p.provider_id, p.base_url, p.client_certificate, c.contact_email, c.contact_phone,
          l.account_id, l.type, case when l.dated_with_delivery then p.drawn_at else l.reported_at end as reported_at, l.co_borrower,
          l.credit_limit, l.interest_bearing_balance, l.non_interest_bearing_balance, l.original_balance, l.balance, l.terms,
          l.nominal_interest_rate, l.installment_charges, l.installment_charge_period
   from ${customers}
   join creditor c on c.id = d.creditor_id || '' and c.enabled
   join creditor_provider p on p.creditor_id = d.creditor_id || '' and p.provider_id = d.provider_id || '' and p.enabled
   left join delivered_loan l on l.nin_index = d.nin_index
     and l.creditor_id || '' = d.creditor_id and l.provider_id || '' = d.provider_id
     and greatest(p.delivered_at, d.delivered_at, l.pushed_at) >= $2
   where ${ofPerson}
   order by c.name, c.id, p.provider_id, l.account_id`;

/**
 * Loans that are older than $2 are left out: what is stale stands in for nobody (D3). A loan is as fresh as the last collection, which
 * found it again, or as its push. They are found by the number alone (hence `|| ''`): where PostgreSQL knows nothing of a table yet, it would
 * rather go through all customers or loans of a pair, by the index on those. $1 the keyed hash of the NIN, $2 fresh since
 */
export const HOLDINGS = pointRead<HoldingRow>('creditor_holdings', holdings(CUSTOMERS, 'd.nin_index = $1'), [
  'bytea',
  'timestamptz',
]);
/**
 * The same of whoever gave a consent, so that it can be asked for together with the consent: what is found by the hash that is kept of the
 * person. $1 consent, $2 fresh since
 */
export const HOLDINGS_OF_CONSENT = pointRead<HoldingRow>(
  'creditor_holdings_of_consent',
  holdings(
    'consent k join person o on o.id = k.person_id join delivered_customer d on d.nin_index = o.nin_index',
    'k.id = $1',
  ),
  ['uuid', 'timestamptz'],
);
/**
 * The same while keys are rotated. Of a list PostgreSQL expects ten when it plans for any list at all, and so it would rather plan each
 * call anew, which takes longer than the reading. $1 all keyed hashes of the NIN
 */
export const HOLDINGS_UNDER_KEYS = sql<HoldingRow>(
  'creditor_holdings_under_keys',
  holdings(CUSTOMERS, 'd.nin_index = any ($1)'),
);

/** $1 hash, $2 creditor, $3 provider, $4 now, $5 key of the hash */
export const SAVE_CUSTOMER = sql<never>(
  'delivered_customer_save',
  `with noted as (
     update creditor_provider set index_keys = index_keys || jsonb_build_object($5::text, $4::timestamptz)
     where creditor_id = $2 and provider_id = $3 and not index_keys ? $5
   )
   insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at) values ($1, $2, $3, $4)
   on conflict (nin_index, creditor_id, provider_id) do update set delivered_at = excluded.delivered_at`,
);

/** $1 hash, $2 creditor, $3 provider */
export const DELETE_LOANS = sql<never>(
  'delivered_loan_delete',
  'delete from delivered_loan where nin_index = $1 and creditor_id = $2 and provider_id = $3',
);

export const INSERT_LOAN = sql<never>(
  'delivered_loan_insert',
  `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, type, reported_at, co_borrower, credit_limit,
     interest_bearing_balance, non_interest_bearing_balance, original_balance, balance, terms, nominal_interest_rate,
     installment_charges, installment_charge_period)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
);

export const creditorOf = (row: HoldingRow): Creditor => ({
  id: row.creditor_id,
  name: row.name,
  providerId: row.provider_id,
  baseUrl: row.base_url,
  clientCertificate: row.client_certificate,
  contact: { email: row.contact_email, phone: row.contact_phone },
});

export function loanOf(row: HoldingRow & { account_id: string }): Loan {
  const base = { accountId: row.account_id, timestamp: row.reported_at.toISOString(), coBorrower: row.co_borrower };
  const charges = {
    installmentCharges: row.installment_charges,
    installmentChargePeriod: row.installment_charge_period,
  };
  const balances = {
    interestBearingBalance: row.interest_bearing_balance,
    nonInterestBearingBalance: row.non_interest_bearing_balance,
  };
  switch (row.type) {
    case 'creditFacility':
      return {
        type: row.type,
        ...base,
        creditLimit: row.credit_limit,
        ...balances,
        nominalInterestRate: row.nominal_interest_rate,
        ...charges,
      };
    case 'repaymentLoan':
      return {
        type: row.type,
        ...base,
        originalBalance: row.original_balance,
        balance: row.balance,
        terms: row.terms,
        nominalInterestRate: row.nominal_interest_rate,
        ...charges,
      };
    case 'chargeCard':
      return { type: row.type, ...base, ...balances };
  }
}
