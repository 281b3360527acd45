-- The schema after all migrations, from the catalogue. Made by `npm run schema`: do not edit.

create table audit_log (
  id bigint not null generated always as identity,
  at timestamp with time zone not null,
  kind text not null,
  actor text not null,
  client_id uuid,
  consent_id uuid,
  person_id uuid,
  purpose text,
  creditors_asked integer,
  creditors_answered integer,
  reason text,
  trace_id text,
  creditor_id text,
  change jsonb,
  constraint audit_log_pkey PRIMARY KEY (id),
  constraint audit_log_actor_check CHECK ((actor = ANY (ARRAY['client'::text, 'person'::text, 'operator'::text, 'clock'::text]))),
  constraint audit_log_check CHECK (((kind = 'creditor_changed'::text) = ((creditor_id IS NOT NULL) AND (change IS NOT NULL)))) NOT VALID,
  constraint audit_log_kind_check CHECK ((kind = ANY (ARRAY['consent_registered'::text, 'debt_disclosed'::text, 'consent_archived'::text, 'permission_changed'::text, 'creditor_changed'::text]))) NOT VALID
);
CREATE INDEX audit_log_by_consent ON public.audit_log USING btree (consent_id) WHERE (consent_id IS NOT NULL);
CREATE INDEX audit_log_by_person ON public.audit_log USING btree (person_id, at) WHERE (person_id IS NOT NULL);
CREATE INDEX audit_log_by_time ON public.audit_log USING brin (at);

create table client (
  id uuid not null,
  name text not null,
  organisation_number text not null,
  enabled boolean not null default true,
  secret_hashes bytea[] not null,
  may_register_agreements boolean not null default false,
  may_read_events boolean not null default false,
  may_use_openid boolean not null default false,
  redirect_uris text[] not null default '{}'::text[],
  created_at timestamp with time zone not null,
  auth_method text not null default 'client_secret_basic'::text,
  jwks jsonb,
  require_pkce boolean not null default false,
  id_token_alg text not null default 'RS256'::text,
  post_logout_redirect_uris text[] not null default '{}'::text[],
  constraint client_pkey PRIMARY KEY (id),
  constraint client_auth_method_check CHECK ((auth_method = ANY (ARRAY['client_secret_basic'::text, 'private_key_jwt'::text]))),
  constraint client_check CHECK (((auth_method = 'private_key_jwt'::text) = (jwks IS NOT NULL))),
  constraint client_id_token_alg_check CHECK ((id_token_alg = ANY (ARRAY['RS256'::text, 'ES256'::text]))),
  constraint client_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint client_organisation_number_check CHECK ((organisation_number ~ '^[0-9]{9}$'::text))
);

create table client_purpose (
  client_id uuid not null,
  purpose text not null,
  open boolean not null default true,
  constraint client_purpose_pkey PRIMARY KEY (client_id, purpose),
  constraint client_purpose_client_id_fkey FOREIGN KEY (client_id) REFERENCES client(id),
  constraint client_purpose_purpose_check CHECK ((purpose = ANY (ARRAY['presentation'::text, 'processing'::text])))
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, fillfactor=50);

create table consent (
  id uuid not null,
  client_id uuid not null,
  person_id uuid not null,
  purpose text not null,
  single_use boolean not null,
  duration_days integer,
  external_id text,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  archived_at timestamp with time zone,
  archived_reason text,
  constraint consent_pkey PRIMARY KEY (id),
  constraint consent_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id),
  constraint consent_archived_reason_check CHECK ((archived_reason = ANY (ARRAY['used'::text, 'expired'::text, 'revoked_by_client'::text, 'revoked_by_person'::text, 'revoked_by_operator'::text]))),
  constraint consent_check CHECK ((expires_at > created_at)),
  constraint consent_check1 CHECK (((archived_at IS NULL) = (archived_reason IS NULL))),
  constraint consent_check2 CHECK ((single_use = (duration_days IS NULL))),
  constraint consent_check3 CHECK (((archived_reason IS DISTINCT FROM 'used'::text) OR single_use)),
  constraint consent_duration_days_check CHECK (((duration_days >= 1) AND (duration_days <= 365))),
  constraint consent_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 255))),
  constraint consent_purpose_check CHECK ((purpose = ANY (ARRAY['presentation'::text, 'processing'::text])))
);
CREATE INDEX consent_active_by_client ON public.consent USING btree (client_id, purpose) WHERE (archived_at IS NULL);
CREATE UNIQUE INDEX consent_by_clients_own_id ON public.consent USING btree (client_id, external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX consent_by_person ON public.consent USING btree (person_id, created_at);
CREATE INDEX consent_ended ON public.consent USING btree (archived_at) WHERE (archived_at IS NOT NULL);
CREATE INDEX consent_to_expire ON public.consent USING btree (expires_at) WHERE (archived_at IS NULL);

create table consent_request (
  id uuid not null,
  interaction_hash bytea not null,
  client_id uuid not null,
  purpose text not null,
  asked_days integer,
  language text not null,
  created_at timestamp with time zone not null,
  answer_by timestamp with time zone not null,
  nin_index bytea,
  nin_index_key text,
  login_level text,
  text_version text,
  shown_language text,
  shown_at timestamp with time zone,
  shown jsonb,
  shown_hash bytea,
  outcome text,
  outcome_at timestamp with time zone,
  failure text,
  consent_id uuid,
  constraint consent_request_pkey PRIMARY KEY (id),
  constraint consent_request_consent_id_key UNIQUE (consent_id),
  constraint consent_request_interaction_hash_key UNIQUE (interaction_hash),
  constraint consent_request_consent_id_fkey FOREIGN KEY (consent_id) REFERENCES consent(id) ON DELETE CASCADE,
  constraint consent_request_asked_days_check CHECK (((asked_days >= 1) AND (asked_days <= 365))),
  constraint consent_request_check CHECK (((outcome IS NULL) = (outcome_at IS NULL))),
  constraint consent_request_check1 CHECK (((NOT (outcome IS DISTINCT FROM 'approved'::text)) = (consent_id IS NOT NULL))),
  constraint consent_request_check2 CHECK (((NOT (outcome IS DISTINCT FROM 'failed'::text)) = (failure IS NOT NULL))),
  constraint consent_request_check3 CHECK (((consent_id IS NULL) OR ((shown IS NOT NULL) AND (login_level IS NOT NULL)))),
  constraint consent_request_failure_check CHECK ((failure = ANY (ARRAY['switched_off'::text, 'someone_else'::text]))),
  constraint consent_request_interaction_hash_check CHECK ((length(interaction_hash) = 32)),
  constraint consent_request_language_check CHECK ((language = ANY (ARRAY['nb'::text, 'nn'::text, 'en'::text]))),
  constraint consent_request_nin_index_check CHECK ((length(nin_index) = 32)),
  constraint consent_request_outcome_check CHECK ((outcome = ANY (ARRAY['approved'::text, 'declined'::text, 'cancelled'::text, 'failed'::text]))),
  constraint consent_request_purpose_check CHECK ((purpose = ANY (ARRAY['presentation'::text, 'processing'::text]))),
  constraint consent_request_shown_hash_check CHECK ((length(shown_hash) = 32))
);
CREATE INDEX consent_request_by_time ON public.consent_request USING brin (created_at);

create table creditor (
  id text not null,
  name text not null,
  provider_id text,
  base_url text,
  enabled boolean not null default true,
  contact_email text,
  contact_phone text,
  constraint creditor_pkey PRIMARY KEY (id),
  constraint creditor_contact_email_check CHECK (((length(contact_email) >= 3) AND (length(contact_email) <= 254))),
  constraint creditor_contact_phone_check CHECK (((length(contact_phone) >= 5) AND (length(contact_phone) <= 30))),
  constraint creditor_id_check CHECK ((id ~ '^[0-9]{9}$'::text)),
  constraint creditor_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

create table creditor_provider (
  creditor_id text not null,
  provider_id text not null,
  base_url text not null,
  organisations text[] not null default '{}'::text[],
  client_certificate text,
  enabled boolean not null default true,
  delivered_at timestamp with time zone,
  drawn_at timestamp with time zone,
  constraint creditor_provider_pkey PRIMARY KEY (creditor_id, provider_id),
  constraint creditor_provider_creditor_id_fkey FOREIGN KEY (creditor_id) REFERENCES creditor(id),
  constraint creditor_provider_base_url_check CHECK (((length(base_url) >= 8) AND (length(base_url) <= 500))),
  constraint creditor_provider_check CHECK (((delivered_at IS NULL) = (drawn_at IS NULL))),
  constraint creditor_provider_client_certificate_check CHECK ((client_certificate ~ '^[a-z0-9-]{1,40}$'::text)),
  constraint creditor_provider_provider_id_check CHECK (((length(provider_id) >= 1) AND (length(provider_id) <= 50)))
);

create table delivered_closing (
  nin_index bytea not null,
  creditor_id text not null,
  provider_id text not null,
  account_id text not null,
  closed_at timestamp with time zone not null,
  pushed_at timestamp with time zone not null,
  constraint delivered_closing_pkey PRIMARY KEY (creditor_id, provider_id, nin_index, account_id),
  constraint delivered_closing_nin_index_check CHECK ((length(nin_index) = 32))
);

create table delivered_customer (
  nin_index bytea not null,
  creditor_id text not null,
  delivered_at timestamp with time zone not null,
  provider_id text not null,
  constraint delivered_customer_pkey PRIMARY KEY (nin_index, creditor_id, provider_id),
  constraint delivered_customer_nin_index_check CHECK ((length(nin_index) = 32))
);
CREATE INDEX delivered_customer_by_provider ON public.delivered_customer USING btree (creditor_id, provider_id);

create table delivered_loan (
  nin_index bytea not null,
  creditor_id text not null,
  account_id text not null,
  type text not null,
  reported_at timestamp with time zone not null,
  co_borrower smallint not null,
  credit_limit bigint,
  interest_bearing_balance bigint,
  non_interest_bearing_balance bigint,
  original_balance bigint,
  balance bigint,
  terms integer,
  nominal_interest_rate integer,
  installment_charges bigint,
  installment_charge_period text,
  provider_id text not null,
  dated_with_delivery boolean not null default false,
  pushed_at timestamp with time zone,
  constraint delivered_loan_pkey PRIMARY KEY (nin_index, creditor_id, provider_id, account_id),
  constraint delivered_loan_balance_check CHECK ((balance >= 0)),
  constraint delivered_loan_check CHECK (((type <> 'creditFacility'::text) OR ((credit_limit IS NOT NULL) AND (interest_bearing_balance IS NOT NULL) AND (non_interest_bearing_balance IS NOT NULL) AND (nominal_interest_rate IS NOT NULL)))),
  constraint delivered_loan_check1 CHECK (((type <> 'repaymentLoan'::text) OR ((original_balance IS NOT NULL) AND (balance IS NOT NULL) AND (nominal_interest_rate IS NOT NULL)))),
  constraint delivered_loan_check2 CHECK (((type <> 'chargeCard'::text) OR ((interest_bearing_balance IS NOT NULL) AND (non_interest_bearing_balance IS NOT NULL)))),
  constraint delivered_loan_co_borrower_check CHECK ((co_borrower = ANY (ARRAY[0, 1, 2]))),
  constraint delivered_loan_credit_limit_check CHECK ((credit_limit >= 0)),
  constraint delivered_loan_installment_charge_period_check CHECK ((installment_charge_period = ANY (ARRAY['MONTHLY'::text, 'QUARTERLY'::text, 'HALF-YEARLY'::text, 'YEARLY'::text]))),
  constraint delivered_loan_installment_charges_check CHECK ((installment_charges >= 0)),
  constraint delivered_loan_interest_bearing_balance_check CHECK ((interest_bearing_balance >= 0)),
  constraint delivered_loan_nominal_interest_rate_check CHECK ((nominal_interest_rate >= 0)),
  constraint delivered_loan_non_interest_bearing_balance_check CHECK ((non_interest_bearing_balance >= 0)),
  constraint delivered_loan_original_balance_check CHECK ((original_balance >= 0)),
  constraint delivered_loan_terms_check CHECK ((terms >= 0)),
  constraint delivered_loan_type_check CHECK ((type = ANY (ARRAY['creditFacility'::text, 'repaymentLoan'::text, 'chargeCard'::text])))
);
CREATE INDEX delivered_loan_by_provider ON public.delivered_loan USING btree (creditor_id, provider_id);

create table delivery_run (
  id uuid not null,
  creditor_id text not null,
  provider_id text not null,
  kind text not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  outcome text,
  customers integer,
  loans integer,
  warnings integer,
  dropped_over_half boolean not null default false,
  duplicated_accounts integer,
  rule text,
  page integer,
  record integer,
  loan_index integer,
  detail text,
  retry_at timestamp with time zone,
  node text not null,
  constraint delivery_run_pkey PRIMARY KEY (id),
  constraint delivery_run_check CHECK (((outcome IS NULL) = (finished_at IS NULL))),
  constraint delivery_run_check1 CHECK (((NOT (outcome IS DISTINCT FROM 'rejected'::text)) = (rule IS NOT NULL))),
  constraint delivery_run_customers_check CHECK ((customers >= 0)),
  constraint delivery_run_detail_check CHECK (((length(detail) >= 1) AND (length(detail) <= 60))),
  constraint delivery_run_duplicated_accounts_check CHECK ((duplicated_accounts >= 0)),
  constraint delivery_run_kind_check CHECK ((kind = ANY (ARRAY['collect'::text, 'push'::text]))),
  constraint delivery_run_loans_check CHECK ((loans >= 0)),
  constraint delivery_run_outcome_check CHECK ((outcome = ANY (ARRAY['applied'::text, 'rejected'::text, 'failed'::text]))),
  constraint delivery_run_warnings_check CHECK ((warnings >= 0))
);
CREATE INDEX delivery_run_by_provider ON public.delivery_run USING btree (creditor_id, provider_id, started_at);
CREATE INDEX delivery_run_by_time ON public.delivery_run USING btree (started_at);

create table feed_event (
  client_id uuid not null,
  seq bigint not null,
  recorded_on date not null,
  recorded_at timestamp with time zone not null,
  event_id uuid not null,
  consent_id uuid not null,
  type text not null,
  occurred_at timestamp with time zone not null,
  purpose text,
  external_id text,
  reason text,
  constraint feed_event_pkey PRIMARY KEY (client_id, seq, recorded_on)
) partition by range (recorded_on);

create table feed_event_default (
  client_id uuid not null,
  seq bigint not null,
  recorded_on date not null,
  recorded_at timestamp with time zone not null,
  event_id uuid not null,
  consent_id uuid not null,
  type text not null,
  occurred_at timestamp with time zone not null,
  purpose text,
  external_id text,
  reason text,
  constraint feed_event_default_pkey PRIMARY KEY (client_id, seq, recorded_on)
) partition of feed_event default;

create table feed_head (
  client_id uuid not null,
  last_seq bigint not null default 1,
  last_recorded_at timestamp with time zone,
  constraint feed_head_pkey PRIMARY KEY (client_id)
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, fillfactor=10);

create table feed_pending (
  client_id uuid not null,
  id bigint not null generated always as identity,
  event_id uuid not null,
  consent_id uuid not null,
  type text not null,
  occurred_at timestamp with time zone not null,
  purpose text,
  external_id text,
  reason text,
  constraint feed_pending_pkey PRIMARY KEY (client_id, id),
  constraint feed_pending_type_check CHECK ((type = ANY (ARRAY['created'::text, 'archived'::text])))
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000);

create table installation (
  only_row boolean not null default true,
  mode text not null,
  clock_offset_seconds bigint not null default 0,
  constraint installation_pkey PRIMARY KEY (only_row),
  constraint installation_clock_offset_seconds_check CHECK ((clock_offset_seconds >= 0)),
  constraint installation_mode_check CHECK ((mode = ANY (ARRAY['sandbox'::text, 'production'::text]))),
  constraint installation_only_row_check CHECK (only_row)
);

create table login_attempt (
  state_hash bytea not null,
  browser_hash bytea not null,
  used_for text not null,
  return_to text not null,
  language text not null,
  expires_at timestamp with time zone not null,
  constraint login_attempt_pkey PRIMARY KEY (state_hash),
  constraint login_attempt_browser_hash_check CHECK ((length(browser_hash) = 32)),
  constraint login_attempt_return_to_check CHECK (((return_to ~ '^/'::text) AND (return_to !~ '^//'::text))),
  constraint login_attempt_state_hash_check CHECK ((length(state_hash) = 32))
);
CREATE INDEX login_attempt_expired ON public.login_attempt USING btree (expires_at);

create table oauth_artefact (
  model text not null,
  id_hash bytea not null,
  payload jsonb not null,
  grant_id text,
  expires_at timestamp with time zone,
  consumed_at timestamp with time zone,
  constraint oauth_artefact_pkey PRIMARY KEY (model, id_hash),
  constraint oauth_artefact_id_hash_check CHECK ((length(id_hash) = 32))
);
CREATE INDEX oauth_artefact_by_grant ON public.oauth_artefact USING btree (grant_id) WHERE (grant_id IS NOT NULL);
CREATE INDEX oauth_artefact_expired ON public.oauth_artefact USING btree (expires_at) WHERE (expires_at IS NOT NULL);

create table permission_switch (
  name text not null,
  is_on boolean not null default true,
  constraint permission_switch_pkey PRIMARY KEY (name),
  constraint permission_switch_name_check CHECK ((name = ANY (ARRAY['consent'::text, 'presentation'::text, 'processing'::text])))
);

create table person (
  id uuid not null,
  nin_index bytea not null,
  nin_index_key text not null,
  nin_cipher bytea not null,
  nin_cipher_key text not null,
  created_at timestamp with time zone not null,
  constraint person_pkey PRIMARY KEY (id),
  constraint person_nin_index_key UNIQUE (nin_index),
  constraint person_nin_index_check CHECK ((length(nin_index) = 32))
);
CREATE INDEX person_by_time ON public.person USING brin (created_at);

create table schema_migration (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null,
  constraint schema_migration_pkey PRIMARY KEY (version)
);

create table session (
  id_hash bytea not null,
  used_for text not null,
  nin_cipher bytea not null,
  nin_cipher_key text not null,
  name text,
  birth_date date,
  level text not null,
  issuer text not null,
  issuer_session text,
  id_token_cipher bytea,
  id_token_key text,
  signed_in_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  constraint session_pkey PRIMARY KEY (id_hash),
  constraint session_id_hash_check CHECK ((length(id_hash) = 32)),
  constraint session_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
CREATE INDEX session_by_age ON public.session USING btree (last_seen_at);
CREATE INDEX session_by_issuer ON public.session USING btree (issuer, issuer_session) WHERE (issuer_session IS NOT NULL);

CREATE TRIGGER consent_request_final BEFORE UPDATE ON public.consent_request FOR EACH ROW WHEN (((old.outcome IS NOT NULL) AND ((to_jsonb(old.*) - 'language'::text) IS DISTINCT FROM (to_jsonb(new.*) - 'language'::text)))) EXECUTE FUNCTION refuse_change_of_answered();

CREATE OR REPLACE FUNCTION public.business_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$ select clock_timestamp() + make_interval(secs => (select clock_offset_seconds from installation)) $function$;

CREATE OR REPLACE FUNCTION public.feed_base()
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$ select (('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint - 1) << 32 $function$;

CREATE OR REPLACE FUNCTION public.feed_keep_partitions(p_today date, p_keep_from date)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  day date;
  partition_name text;
begin
  if p_keep_from > (business_now() at time zone 'UTC')::date - 7 then
    raise exception 'nothing younger than seven days is ever dropped';
  end if;
  if not pg_try_advisory_xact_lock(hashtext('feed_keep_partitions')) then
    return;
  end if;
  -- Rather later than making every reader wait behind this one's wait for a lock.
  perform set_config('lock_timeout', '2s', true);
  for day in select generate_series(p_today - 1, p_today + 3, interval '1 day')::date loop
    partition_name := 'feed_event_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass(partition_name) is not null;
    -- Rows of that day that fell into the net stay there until their time is over.
    continue when exists (select from feed_event_default where recorded_on = day);
    execute format('create table %I (like feed_event including defaults including constraints)', partition_name);
    execute format('alter table feed_event attach partition %I for values from (%L) to (%L)', partition_name, day, day + 1);
  end loop;
  for partition_name in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'feed_event'::regclass and c.relname ~ '^feed_event_[0-9]{8}$'
      and to_date(substr(c.relname, 12), 'YYYYMMDD') < p_keep_from
  loop
    execute format('drop table %I', partition_name);
  end loop;
  delete from feed_event_default where recorded_on < p_keep_from;
end $function$;

CREATE OR REPLACE FUNCTION public.feed_seal(p_client uuid, p_now timestamp with time zone, p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  heads uuid[];
  base bigint := feed_base();
  sealed bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'feed_seal needs READ COMMITTED';
  end if;
  if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
    -- A number that was served must never be undone by a crash.
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if p_client is null then
    insert into feed_head (client_id)
      select distinct p.client_id from feed_pending p
      where not exists (select from feed_head h where h.client_id = p.client_id) on conflict do nothing;
    select array_agg(locked.client_id) into heads from (
      select h.client_id from feed_head h where h.client_id in (select distinct client_id from feed_pending)
      order by h.client_id for no key update skip locked) locked;
  else
    insert into feed_head (client_id)
      select p_client where not exists (select from feed_head where client_id = p_client) on conflict do nothing;
    select array_agg(locked.client_id) into heads from (
      select client_id from feed_head where client_id = p_client for no key update) locked;
  end if;
  if heads is null then
    return 0;
  end if;
  -- A new statement has a new snapshot, taken after the locks: it sees the newest last_seq of every locked head, and of
  -- feed_pending only rows that have been committed.
  with taken as (
    delete from feed_pending where ctid = any (array(
      select ctid from feed_pending where client_id = any (heads) order by client_id, id limit p_limit)) returning *
  ), numbered as materialized (
    select taken.*, row_number() over (partition by client_id order by id) as place from taken
  ), head as (
    update feed_head h
    set last_seq = greatest(h.last_seq, base) + c.events, last_recorded_at = greatest(h.last_recorded_at, p_now)
    from (select client_id, count(*) as events from numbered group by client_id) c
    where h.client_id = c.client_id
    returning h.client_id, h.last_seq - c.events as before, h.last_recorded_at as recorded_at
  ), inserted as (
    insert into feed_event
      (client_id, seq, recorded_on, recorded_at, event_id, consent_id, type, occurred_at, purpose, external_id, reason)
    select n.client_id, head.before + n.place, (head.recorded_at at time zone 'UTC')::date, head.recorded_at,
           n.event_id, n.consent_id, n.type, n.occurred_at, n.purpose, n.external_id, n.reason
    from numbered n join head using (client_id)
    returning 1
  )
  select count(*) into sealed from inserted;
  return sealed;
end $function$;

CREATE OR REPLACE FUNCTION public.feed_state(p_client uuid, OUT last_seq bigint, OUT unsealed boolean)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select greatest(coalesce((select h.last_seq from feed_head h where h.client_id = p_client), 1), feed_base()),
         exists (select from feed_pending p where p.client_id = p_client)
$function$;

CREATE OR REPLACE FUNCTION public.purge_delivery_runs(p_before timestamp with time zone, p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.purge_past_retention(p_consents_ended_before timestamp with time zone, p_log_before timestamp with time zone, p_limit integer)
 RETURNS TABLE(consents bigint, log_rows bigint, persons bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
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
  -- Of those that nobody ever logged in for there is nothing to prove: anybody can begin one.
  with doomed as (
    select id from consent_request
    where consent_id is null and (created_at < p_log_before or (created_at < newest and nin_index is null and outcome is null))
    limit p_limit for update skip locked
  )
  delete from consent_request using doomed where consent_request.id = doomed.id;
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
end $function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_answered()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  raise exception 'a consent request that has been answered is not changed';
end $function$;

grant usage on schema public to public;
grant usage on schema public to samtykke_app;
grant insert, select on table audit_log to samtykke_app;
grant insert, select, update (name, enabled, secret_hashes, may_register_agreements, may_read_events, may_use_openid, redirect_uris, auth_method, jwks, require_pkce, id_token_alg, post_logout_redirect_uris) on table client to samtykke_app;
grant insert, select, update (open) on table client_purpose to samtykke_app;
grant insert, select, update (archived_at, archived_reason) on table consent to samtykke_app;
grant insert (id, interaction_hash, client_id, purpose, asked_days, language, created_at, answer_by), select, update (language, nin_index, nin_index_key, login_level, text_version, shown_language, shown_at, shown, shown_hash, outcome, outcome_at, failure, consent_id) on table consent_request to samtykke_app;
grant insert, select, update (name, provider_id, base_url, enabled, contact_email, contact_phone) on table creditor to samtykke_app;
grant insert, select, update (base_url, organisations, client_certificate, enabled, delivered_at, drawn_at) on table creditor_provider to samtykke_app;
grant delete, insert, select, update on table delivered_closing to samtykke_app;
grant delete, insert, select, update on table delivered_customer to samtykke_app;
grant delete, insert, select, update on table delivered_loan to samtykke_app;
grant insert, select, update (finished_at, outcome, customers, loans, warnings, dropped_over_half, duplicated_accounts, rule, page, record, loan_index, detail, retry_at) on table delivery_run to samtykke_app;
grant select on table feed_event to samtykke_app;
grant select on table feed_head to samtykke_app;
grant insert on table feed_pending to samtykke_app;
grant select on table installation to samtykke_app;
grant delete, insert, select, update on table login_attempt to samtykke_app;
grant delete, insert, select, update on table oauth_artefact to samtykke_app;
grant select, update (is_on) on table permission_switch to samtykke_app;
grant insert, select on table person to samtykke_app;
grant select on table schema_migration to samtykke_app;
grant delete, insert, select, update on table session to samtykke_app;
grant execute on function business_now() to public;
grant execute on function business_now() to samtykke_app;
grant execute on function feed_base() to public;
grant execute on function feed_base() to samtykke_app;
grant execute on function feed_keep_partitions(p_today date, p_keep_from date) to samtykke_app;
grant execute on function feed_seal(p_client uuid, p_now timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function feed_state(p_client uuid, OUT last_seq bigint, OUT unsealed boolean) to samtykke_app;
grant execute on function purge_delivery_runs(p_before timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function purge_past_retention(p_consents_ended_before timestamp with time zone, p_log_before timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function refuse_change_of_answered() to public;
