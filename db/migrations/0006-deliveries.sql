-- Creditors deliver: who delivers for whom, what became of each delivery, and what a push and a collection need to go past each
-- other. The unit of delivery is an institution's loans at one of its providers; while a portfolio moves there are two of these.

-- For src/creditors/creditor-registry.ts: one row for each (institution, provider). `creditor` keeps name, contact and its switch.
-- Rows are never deleted: one that delivers no more is switched off, and what it delivered is removed on schedule.
create table creditor_provider (
  creditor_id text not null references creditor,
  -- ISO 6523, e.g. 9908:314159265 (providerID on the wire).
  provider_id text not null check (length(provider_id) between 1 and 50),
  -- Where this provider answers for this institution: live, and with all of it.
  base_url text not null check (length(base_url) between 8 and 500),
  -- Organisation numbers (organizationIdentifier of a certificate, without NTRNO-) that may push for this pair.
  organisations text[] not null default '{}',
  -- The name of the client certificate that this provider knows us by, for this institution. Null: the usual one.
  client_certificate text check (client_certificate ~ '^[a-z0-9-]{1,40}$'),
  enabled boolean not null default true,
  -- The rest is the collector's. When the last collection that was applied began: what it left is as fresh as that. Null: none yet.
  delivered_at timestamptz,
  -- The newest timestamp in it: when the creditor drew those figures.
  drawn_at timestamptz,
  primary key (creditor_id, provider_id),
  check ((delivered_at is null) = (drawn_at is null))
);
insert into creditor_provider (creditor_id, provider_id, base_url) select id, provider_id, base_url from creditor;
-- Only nodes of the version before still read these; they go with a later version.
alter table creditor alter column provider_id drop not null, alter column base_url drop not null;

-- What was delivered, by (institution, provider). No foreign keys: collection and push are all that writes here, both holding the
-- row of the pair, and a check for each of a million rows costs more than the rest of the swap.
alter table delivered_loan drop constraint delivered_loan_nin_index_creditor_id_fkey;
alter table delivered_customer drop constraint delivered_customer_creditor_id_fkey;
alter table delivered_customer add column provider_id text;
update delivered_customer d set provider_id = c.provider_id from creditor c where c.id = d.creditor_id;
alter table delivered_customer
  alter column provider_id set not null,
  drop constraint delivered_customer_pkey,
  add primary key (nin_index, creditor_id, provider_id);
alter table delivered_loan
  add column provider_id text,
  -- True: it is dated as the collection that it came with (creditor_provider.drawn_at), and reported_at is an earlier one of these.
  -- So a loan of which nothing changed but the date is not written anew each night.
  add column dated_with_delivery boolean not null default false,
  -- When it came by a push, and no collection has confirmed it since.
  add column pushed_at timestamptz;
update delivered_loan l set provider_id = c.provider_id from creditor c where c.id = l.creditor_id;
alter table delivered_loan
  alter column provider_id set not null,
  drop constraint delivered_loan_pkey,
  add primary key (nin_index, creditor_id, provider_id, account_id);
-- All of one pair, for the swap. Its entries are equal a million times over, and so take up six bytes each.
create index delivered_customer_by_provider on delivered_customer (creditor_id, provider_id);
create index delivered_loan_by_provider on delivered_loan (creditor_id, provider_id);

-- Accounts that a push has closed: so that neither a collection that was drawn before that, nor a push that comes late, opens them
-- again. Gone with the next collection that was drawn later. No figures.
create table delivered_closing (
  nin_index bytea not null check (length(nin_index) = 32),
  creditor_id text not null,
  provider_id text not null,
  account_id text not null,
  -- As the creditor dated it, and when it came.
  closed_at timestamptz not null,
  pushed_at timestamptz not null,
  primary key (creditor_id, provider_id, nin_index, account_id)
);

-- Each collection and each push, and what became of it. Where it was refused: the rule and the place, never the person.
create table delivery_run (
  id uuid primary key,
  creditor_id text not null,
  provider_id text not null,
  kind text not null check (kind in ('collect', 'push')),
  started_at timestamptz not null,
  finished_at timestamptz,
  -- Null: under way, or cut off. applied: stored. rejected: it broke a rule of delivery. failed: it did not arrive whole.
  outcome text check (outcome in ('applied', 'rejected', 'failed')),
  customers integer check (customers >= 0),
  loans integer check (loans >= 0),
  -- Members that a push must have, and that were missing (batch only).
  warnings integer check (warnings >= 0),
  dropped_over_half boolean not null default false,
  -- Accounts that another provider delivers for the same institution, too.
  duplicated_accounts integer check (duplicated_accounts >= 0),
  -- Of a refusal: which rule, and where. Page, record and loan are counted from 0.
  rule text,
  page integer,
  record integer,
  loan_index integer,
  -- Of a failure: what went wrong, from a closed list.
  detail text check (length(detail) between 1 and 60),
  -- When it is to be tried again; null: not before the next day.
  retry_at timestamptz,
  node text not null,
  check ((outcome is null) = (finished_at is null)),
  check ((outcome is not distinct from 'rejected') = (rule is not null))
);
create index delivery_run_by_provider on delivery_run (creditor_id, provider_id, started_at);
create index delivery_run_by_time on delivery_run (started_at);

-- Removes runs from before a moment, at most p_limit; whatever it is told, it keeps what is younger than seven days. Returns how many.
create function purge_delivery_runs(p_before timestamptz, p_limit integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  gone bigint;
begin
  if p_before > business_now() - interval '7 days' then
    raise exception 'nothing younger than seven days is ever purged';
  end if;
  with doomed as (
    select id from delivery_run where started_at < p_before limit p_limit for update skip locked
  ), gone_runs as (
    delete from delivery_run using doomed where delivery_run.id = doomed.id returning 1
  )
  select count(*) into gone from gone_runs;
  return gone;
end $$;
revoke all on function purge_delivery_runs from public;

grant execute on function purge_delivery_runs to samtykke_app;
grant select, insert on creditor_provider, delivery_run to samtykke_app;
grant update (base_url, organisations, client_certificate, enabled, delivered_at, drawn_at) on creditor_provider to samtykke_app;
grant update (finished_at, outcome, customers, loans, warnings, dropped_over_half, duplicated_accounts, rule, page, record, loan_index,
  detail, retry_at) on delivery_run to samtykke_app;
grant select, insert, update, delete on delivered_closing to samtykke_app;
-- A collection stages its rows in a temporary table. Everybody may have those, where nobody has taken that away.
do $$ begin
  execute format('grant temporary on database %I to samtykke_app', current_database());
exception when insufficient_privilege then null;
end $$;

-- Changes of the registry are in the log too: of which creditor, and each thing with what it was and what it is.
alter table audit_log
  add column creditor_id text,
  add column change jsonb,
  drop constraint audit_log_kind_check,
  -- Rows that are there were held to a narrower rule; looking through millions of them would hold up everybody.
  add constraint audit_log_kind_check check (kind in ('consent_registered', 'debt_disclosed', 'consent_archived', 'permission_changed',
    'creditor_changed')) not valid,
  add check ((kind = 'creditor_changed') = (creditor_id is not null and change is not null)) not valid;
