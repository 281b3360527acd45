-- The installation, its clients and persons, consents, the log, the authorization server's artefacts.
-- Times are business times handed in by the application (never now()); amounts are øre.

-- What this database is: a sandbox's database never serves production, nor the other way round.
create table installation (
  only_row boolean primary key default true check (only_row),
  mode text not null check (mode in ('sandbox', 'production')),
  -- How far business time is ahead of real time, moved in the sandbox only.
  clock_offset_seconds bigint not null default 0 check (clock_offset_seconds >= 0)
);

create function business_now() returns timestamptz language sql stable
  as $$ select clock_timestamp() + make_interval(secs => (select clock_offset_seconds from installation)) $$;

-- What the operator can switch off: consent as such, or a purpose.
create table permission_switch (
  name text primary key check (name in ('consent', 'presentation', 'processing')),
  is_on boolean not null default true
);
insert into permission_switch (name) values ('consent'), ('presentation'), ('processing');

create table client (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  organisation_number text not null check (organisation_number ~ '^[0-9]{9}$'),
  enabled boolean not null default true,
  -- SHA-256 of each secret that is good now; more than one while a secret is being rotated.
  secret_hashes bytea[] not null,
  may_register_agreements boolean not null default false,
  may_read_events boolean not null default false,
  may_use_openid boolean not null default false,
  redirect_uris text[] not null default '{}',
  created_at timestamptz not null
);

-- Purposes that a client is registered for. `open` is the purpose, the client and consent as such being switched on, all in
-- one row, so that registering a consent can hold off a switch (and be held off by it) with one row lock.
create table client_purpose (
  client_id uuid not null references client,
  purpose text not null check (purpose in ('presentation', 'processing')),
  open boolean not null default true,
  primary key (client_id, purpose)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

create table person (
  id uuid primary key,
  nin_index bytea not null unique check (length(nin_index) = 32),
  nin_index_key text not null,
  nin_cipher bytea not null,
  nin_cipher_key text not null,
  created_at timestamptz not null
);
create index person_by_time on person using brin (created_at);

create table consent (
  id uuid primary key,
  -- No foreign key to the client: registering locks its client_purpose row already, and clients are never deleted.
  client_id uuid not null,
  person_id uuid not null references person,
  purpose text not null check (purpose in ('presentation', 'processing')),
  single_use boolean not null,
  -- Days that were agreed on, after clamping to the maximum; null for single use.
  duration_days integer check (duration_days between 1 and 365),
  -- The client's own id, for agreements.
  external_id text check (length(external_id) between 1 and 255),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  archived_at timestamptz,
  archived_reason text check (archived_reason in ('used', 'expired', 'revoked_by_client', 'revoked_by_person', 'revoked_by_operator')),
  check (expires_at > created_at),
  check ((archived_at is null) = (archived_reason is null)),
  check (single_use = (duration_days is null)),
  check (archived_reason is distinct from 'used' or single_use)
);
create unique index consent_by_clients_own_id on consent (client_id, external_id) where external_id is not null;
create index consent_by_person on consent (person_id, created_at);
create index consent_to_expire on consent (expires_at) where archived_at is null;
create index consent_active_by_client on consent (client_id, purpose) where archived_at is null;
create index consent_ended on consent (archived_at) where archived_at is not null;

-- Every disclosure of debt and every change of a consent or of a permission. Rows are only ever added by those who serve.
create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  kind text not null check (kind in ('consent_registered', 'debt_disclosed', 'consent_archived', 'permission_changed')),
  -- Who did it: client, person, operator or the clock.
  actor text not null check (actor in ('client', 'person', 'operator', 'clock')),
  client_id uuid,
  consent_id uuid,
  person_id uuid,
  purpose text,
  -- Of a disclosure: how many creditors were asked, and how many of them answered. Never an amount.
  creditors_asked integer,
  creditors_answered integer,
  reason text,
  trace_id text
);
create index audit_log_by_person on audit_log (person_id, at) where person_id is not null;
create index audit_log_by_consent on audit_log (consent_id) where consent_id is not null;
create index audit_log_by_time on audit_log using brin (at);

-- What the authorization server keeps: tokens, codes, grants. The id is the SHA-256 of the token or code; the payload holds
-- no copy of it, so that nothing stored can be used as a credential.
create table oauth_artefact (
  model text not null,
  id_hash bytea not null check (length(id_hash) = 32),
  payload jsonb not null,
  grant_id text,
  expires_at timestamptz,
  consumed_at timestamptz,
  primary key (model, id_hash)
);
create index oauth_artefact_by_grant on oauth_artefact (grant_id) where grant_id is not null;
create index oauth_artefact_expired on oauth_artefact (expires_at) where expires_at is not null;

-- Removes what is past its retention time (C8), at most p_limit rows of each kind; the serving role has no DELETE of its own.
-- Whatever it is told, it keeps everything that is younger than seven days. Returns how many rows went.
create function purge_past_retention(p_consents_ended_before timestamptz, p_log_before timestamptz, p_limit integer)
returns table (consents bigint, log_rows bigint, persons bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  newest timestamptz := business_now() - interval '7 days';
  gone_persons uuid[];
begin
  if p_consents_ended_before > newest or p_log_before > newest then
    raise exception 'nothing younger than seven days is ever purged';
  end if;
  with doomed as (
    select id from consent where archived_at < p_consents_ended_before order by archived_at limit p_limit for update skip locked
  ), gone as (
    delete from consent using doomed where consent.id = doomed.id returning consent.person_id
  )
  select count(*), array_agg(distinct person_id) into consents, gone_persons from gone;
  with doomed as (
    select id from audit_log where at < p_log_before limit p_limit for update skip locked
  ), gone as (
    delete from audit_log using doomed where audit_log.id = doomed.id returning audit_log.person_id
  )
  select count(*), gone_persons || array_agg(distinct person_id) into log_rows, gone_persons from gone;
  -- Persons of whom nothing speaks any more; and those met a week or two ago of whom nothing ever did, because a registration
  -- lost a race for its id. One that a registration is using at this instant is left.
  with candidate as (
    select id from person
    where (id = any (gone_persons) or created_at between newest - interval '7 days' and newest)
      and not exists (select from consent where consent.person_id = person.id)
      and not exists (select from audit_log where audit_log.person_id = person.id)
    limit p_limit for update skip locked
  ), gone as (
    delete from person using candidate where person.id = candidate.id returning 1
  )
  select count(*) into persons from gone;
  return next;
end $$;
revoke all on function purge_past_retention from public;
