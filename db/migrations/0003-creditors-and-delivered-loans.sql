-- Creditors, and what each of them last delivered. The person is known here by the keyed hash of the NIN only.

create table creditor (
  -- Organisation number (financialInstitutionID on the wire).
  id text primary key check (id ~ '^[0-9]{9}$'),
  name text not null check (length(name) between 1 and 200),
  provider_id text not null,
  base_url text not null,
  enabled boolean not null default true
);

-- That a person is a customer: who is asked in a lookup (D3).
create table delivered_customer (
  nin_index bytea not null check (length(nin_index) = 32),
  creditor_id text not null references creditor,
  delivered_at timestamptz not null,
  primary key (nin_index, creditor_id)
);

create table delivered_loan (
  nin_index bytea not null,
  creditor_id text not null,
  account_id text not null,
  type text not null check (type in ('creditFacility', 'repaymentLoan', 'chargeCard')),
  -- When the creditor drew the figures from its systems.
  reported_at timestamptz not null,
  co_borrower smallint not null check (co_borrower in (0, 1, 2)),
  credit_limit bigint check (credit_limit >= 0),
  interest_bearing_balance bigint check (interest_bearing_balance >= 0),
  non_interest_bearing_balance bigint check (non_interest_bearing_balance >= 0),
  original_balance bigint check (original_balance >= 0),
  balance bigint check (balance >= 0),
  terms integer check (terms >= 0),
  nominal_interest_rate integer check (nominal_interest_rate >= 0),
  installment_charges bigint check (installment_charges >= 0),
  installment_charge_period text check (installment_charge_period in ('MONTHLY', 'QUARTERLY', 'HALF-YEARLY', 'YEARLY')),
  primary key (nin_index, creditor_id, account_id),
  foreign key (nin_index, creditor_id) references delivered_customer on delete cascade,
  check (type <> 'creditFacility' or (credit_limit is not null and interest_bearing_balance is not null
    and non_interest_bearing_balance is not null and nominal_interest_rate is not null)),
  check (type <> 'repaymentLoan' or (original_balance is not null and balance is not null and nominal_interest_rate is not null)),
  check (type <> 'chargeCard' or (interest_bearing_balance is not null and non_interest_bearing_balance is not null))
);
