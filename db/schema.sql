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
  done_by text default 
CASE
    WHEN (current_setting('application_name'::text) ~~ 'samtykke command by %'::text) THEN substr(current_setting('application_name'::text), 21)
    ELSE NULL::text
END,
  constraint audit_log_pkey PRIMARY KEY (id),
  constraint audit_log_actor_check CHECK ((actor = ANY (ARRAY['client'::text, 'person'::text, 'operator'::text, 'clock'::text]))),
  constraint audit_log_check CHECK (((kind = 'creditor_changed'::text) = ((creditor_id IS NOT NULL) AND (change IS NOT NULL)))) NOT VALID,
  constraint audit_log_client_changed_check CHECK (((kind <> 'client_changed'::text) OR ((client_id IS NOT NULL) AND (change IS NOT NULL)))) NOT VALID,
  constraint audit_log_kind_check CHECK ((kind = ANY (ARRAY['consent_registered'::text, 'debt_disclosed'::text, 'consent_archived'::text, 'permission_changed'::text, 'creditor_changed'::text, 'webhook_changed'::text, 'client_changed'::text]))) NOT VALID,
  constraint audit_log_webhook_changed_check CHECK (((kind <> 'webhook_changed'::text) OR ((client_id IS NOT NULL) AND (change IS NOT NULL)))) NOT VALID
) with (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.02, autovacuum_vacuum_scale_factor=0.02);
CREATE INDEX audit_log_by_consent ON public.audit_log USING btree (consent_id) WHERE (consent_id IS NOT NULL);
CREATE INDEX audit_log_by_person ON public.audit_log USING btree (person_id, at) WHERE (person_id IS NOT NULL);
CREATE INDEX audit_log_by_time ON public.audit_log USING brin (at);

create table audit_seal (
  number bigint not null,
  at timestamp with time zone not null,
  jws text not null,
  hash bytea not null,
  row_count integer not null,
  first_id bigint,
  last_id bigint,
  first_at timestamp with time zone,
  last_at timestamp with time zone,
  up_to bigint not null,
  kept_since timestamp with time zone not null,
  row_ids bigint[],
  list text,
  constraint audit_seal_pkey PRIMARY KEY (number),
  constraint audit_seal_hash_key UNIQUE (hash),
  constraint audit_seal_check CHECK (((row_count = 0) = (last_id IS NULL))),
  constraint audit_seal_check1 CHECK (((row_count = 0) = (first_id IS NULL))),
  constraint audit_seal_check2 CHECK (((row_count = 0) = (first_at IS NULL))),
  constraint audit_seal_check3 CHECK (((row_count = 0) = (last_at IS NULL))),
  constraint audit_seal_check4 CHECK (((row_ids IS NULL) = (list IS NULL))),
  constraint audit_seal_hash_check CHECK ((length(hash) = 32)),
  constraint audit_seal_jws_check CHECK (((length(jws) >= 1) AND (length(jws) <= 4000))),
  constraint audit_seal_number_check CHECK ((number >= 1)),
  constraint audit_seal_row_count_check CHECK ((row_count >= 0)),
  constraint audit_seal_up_to_check CHECK ((up_to >= 0))
);
CREATE INDEX audit_seal_by_kept_since ON public.audit_seal USING btree (kept_since);
CREATE INDEX audit_seal_by_last_row ON public.audit_seal USING btree (last_id) WHERE (last_id IS NOT NULL);
CREATE INDEX audit_seal_to_purge ON public.audit_seal USING btree (first_at, number) WHERE (list IS NOT NULL);
CREATE INDEX audit_seal_with_list ON public.audit_seal USING btree (last_at) WHERE (list IS NOT NULL);

create table audit_sealing (
  one boolean not null default true,
  settled bigint not null default 0,
  candidate bigint,
  writers text[] not null default '{}'::text[],
  constraint audit_sealing_pkey PRIMARY KEY (one),
  constraint audit_sealing_one_check CHECK (one)
);

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
  former_secret_hashes bytea[] not null default '{}'::bytea[],
  former_secrets_until timestamp with time zone,
  require_par boolean not null default false,
  require_dpop boolean not null default false,
  require_signed_request boolean not null default false,
  constraint client_pkey PRIMARY KEY (id),
  constraint client_auth_method_check CHECK ((auth_method = ANY (ARRAY['client_secret_basic'::text, 'private_key_jwt'::text]))),
  constraint client_check CHECK (((former_secrets_until IS NULL) = (former_secret_hashes = '{}'::bytea[]))),
  constraint client_id_token_alg_check CHECK ((id_token_alg = ANY (ARRAY['RS256'::text, 'ES256'::text]))),
  constraint client_keys_check CHECK (((auth_method <> 'private_key_jwt'::text) OR (jwks IS NOT NULL))),
  constraint client_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint client_organisation_number_check CHECK ((organisation_number ~ '^[0-9]{9}$'::text)),
  constraint client_signed_request_check CHECK (((NOT require_signed_request) OR (jwks IS NOT NULL)))
);

create table client_purpose (
  client_id uuid not null,
  purpose text not null,
  open boolean not null default true,
  registered boolean not null default true,
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
) with (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_scale_factor=0.01);
CREATE INDEX consent_active_by_client ON public.consent USING btree (client_id, purpose) WHERE (archived_at IS NULL);
CREATE INDEX consent_by_client ON public.consent USING btree (client_id);
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
  logged_in_at timestamp with time zone,
  constraint consent_request_pkey PRIMARY KEY (id),
  constraint consent_request_consent_id_key UNIQUE (consent_id),
  constraint consent_request_interaction_hash_key UNIQUE (interaction_hash),
  constraint consent_request_consent_id_fkey FOREIGN KEY (consent_id) REFERENCES consent(id) ON DELETE CASCADE,
  constraint consent_request_asked_days_check CHECK (((asked_days >= 1) AND (asked_days <= 365))),
  constraint consent_request_check CHECK (((outcome IS NULL) = (outcome_at IS NULL))),
  constraint consent_request_check1 CHECK (((NOT (outcome IS DISTINCT FROM 'approved'::text)) = (consent_id IS NOT NULL))),
  constraint consent_request_check2 CHECK (((NOT (outcome IS DISTINCT FROM 'failed'::text)) = (failure IS NOT NULL))),
  constraint consent_request_check3 CHECK (((consent_id IS NULL) OR ((shown IS NOT NULL) AND (login_level IS NOT NULL)))),
  constraint consent_request_failure_check CHECK ((failure = ANY (ARRAY['switched_off'::text, 'someone_else'::text, 'answered_elsewhere'::text]))) NOT VALID,
  constraint consent_request_interaction_hash_check CHECK ((length(interaction_hash) = 32)),
  constraint consent_request_language_check CHECK ((language = ANY (ARRAY['nb'::text, 'nn'::text, 'en'::text]))),
  constraint consent_request_nin_index_check CHECK ((length(nin_index) = 32)),
  constraint consent_request_outcome_check CHECK ((outcome = ANY (ARRAY['approved'::text, 'declined'::text, 'cancelled'::text, 'failed'::text]))),
  constraint consent_request_purpose_check CHECK ((purpose = ANY (ARRAY['presentation'::text, 'processing'::text]))),
  constraint consent_request_shown_hash_check CHECK ((length(shown_hash) = 32))
);
CREATE INDEX consent_request_by_time ON public.consent_request USING brin (created_at);
CREATE INDEX consent_request_of_nobody ON public.consent_request USING btree (created_at) WHERE ((consent_id IS NULL) AND (nin_index IS NULL) AND (outcome IS NULL));
CREATE INDEX consent_request_without_consent ON public.consent_request USING btree (created_at) WHERE (consent_id IS NULL);

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
  index_keys jsonb not null default '{}'::jsonb,
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
) with (autovacuum_vacuum_scale_factor=0.05);
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
) with (autovacuum_vacuum_scale_factor=0.05);
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

create table feed_cluster (
  one boolean not null default true,
  system_identifier bigint not null,
  constraint feed_cluster_pkey PRIMARY KEY (one),
  constraint feed_cluster_one_check CHECK (one)
);

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
  body text,
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
  body text,
  constraint feed_event_default_pkey PRIMARY KEY (client_id, seq, recorded_on)
) partition of feed_event default;

create table feed_head (
  client_id uuid not null,
  last_seq bigint not null default 1,
  last_recorded_at timestamp with time zone,
  constraint feed_head_pkey PRIMARY KEY (client_id)
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, fillfactor=10);

create table feed_jump (
  client_id uuid not null,
  first_after bigint not null,
  last_before bigint not null,
  constraint feed_jump_pkey PRIMARY KEY (client_id, first_after),
  constraint feed_jump_check CHECK ((last_before < first_after))
);

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

create table node (
  id uuid not null,
  name text not null,
  version text not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  knows jsonb not null,
  uses jsonb not null,
  constraint node_pkey PRIMARY KEY (id)
);

create table oauth_artefact (
  model text not null,
  id_hash bytea not null,
  payload jsonb not null,
  grant_id text,
  expires_at timestamp with time zone,
  consumed_at timestamp with time zone,
  constraint oauth_artefact_pkey PRIMARY KEY (model, id_hash),
  constraint oauth_artefact_id_hash_check CHECK ((length(id_hash) = 32))
) with (autovacuum_vacuum_scale_factor=0.05);
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
  nin_index bytea,
  nin_index_key text not null,
  nin_cipher bytea not null,
  nin_cipher_key text not null,
  created_at timestamp with time zone not null,
  same_as uuid,
  constraint person_pkey PRIMARY KEY (id),
  constraint person_nin_index_key UNIQUE (nin_index),
  constraint person_nin_index_check CHECK ((length(nin_index) = 32)),
  constraint person_same_as_check CHECK (((nin_index IS NULL) = (same_as IS NOT NULL))) NOT VALID
);
CREATE INDEX person_by_cipher_key ON public.person USING btree (nin_cipher_key);
CREATE INDEX person_by_index_key ON public.person USING btree (nin_index_key);
CREATE INDEX person_by_same_as ON public.person USING btree (same_as) WHERE (same_as IS NOT NULL);
CREATE INDEX person_by_time ON public.person USING brin (created_at);

create table registered_key (
  kind text not null,
  id text not null,
  known_since timestamp with time zone not null,
  ordered_at timestamp with time zone,
  published_at timestamp with time zone,
  in_use_since timestamp with time zone,
  replaced_at timestamp with time zone,
  retired_at timestamp with time zone,
  constraint registered_key_pkey PRIMARY KEY (kind, id),
  constraint registered_key_check CHECK (((replaced_at IS NULL) OR (in_use_since IS NOT NULL) OR (ordered_at IS NULL))),
  constraint registered_key_id_check CHECK (((length(id) >= 1) AND (length(id) <= 200))),
  constraint registered_key_kind_check CHECK ((kind = ANY (ARRAY['nin-encryption'::text, 'nin-index'::text, 'signing'::text, 'cookies'::text, 'login'::text, 'seals'::text])))
);

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

create table webhook_subscription (
  id uuid not null,
  client_id uuid not null,
  url text not null,
  event_types text[] not null,
  created_at timestamp with time zone not null,
  secret_cipher bytea not null,
  secret_cipher_key text not null,
  former_secret_cipher bytea,
  former_secret_cipher_key text,
  former_secret_until timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_reason text,
  place bigint not null,
  failing_since timestamp with time zone,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone,
  last_attempt_at timestamp with time zone,
  last_outcome text,
  last_status integer,
  last_delivered_at timestamp with time zone,
  gap_from bigint,
  gap_to bigint,
  gap_found_at timestamp with time zone,
  gap_told_at timestamp with time zone,
  lease bigint not null default 0,
  leased_until timestamp with time zone,
  constraint webhook_subscription_pkey PRIMARY KEY (id),
  constraint webhook_subscription_client_id_fkey FOREIGN KEY (client_id) REFERENCES client(id),
  constraint webhook_subscription_attempts_check CHECK ((attempts >= 0)),
  constraint webhook_subscription_check CHECK ((((former_secret_cipher IS NULL) = (former_secret_until IS NULL)) AND ((former_secret_cipher IS NULL) = (former_secret_cipher_key IS NULL)))),
  constraint webhook_subscription_check1 CHECK (((disabled_at IS NULL) = (disabled_reason IS NULL))),
  constraint webhook_subscription_check2 CHECK ((((gap_from IS NULL) = (gap_to IS NULL)) AND ((gap_from IS NULL) = (gap_found_at IS NULL)))),
  constraint webhook_subscription_check3 CHECK (((gap_told_at IS NULL) OR (gap_to IS NOT NULL))),
  constraint webhook_subscription_check4 CHECK (((failing_since IS NOT NULL) OR ((attempts = 0) AND (next_attempt_at IS NULL)))),
  constraint webhook_subscription_disabled_reason_check CHECK ((disabled_reason = ANY (ARRAY['failing'::text, 'gone'::text, 'client'::text, 'operator'::text]))),
  constraint webhook_subscription_event_types_check CHECK (((cardinality(event_types) > 0) AND (event_types <@ ARRAY['created'::text, 'archived'::text]))),
  constraint webhook_subscription_place_check CHECK ((place >= 1)),
  constraint webhook_subscription_url_check CHECK (((length(url) >= 8) AND (length(url) <= 2000)))
) with (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=500, fillfactor=50);
CREATE INDEX webhook_subscription_by_client ON public.webhook_subscription USING btree (client_id);

CREATE TRIGGER consent_request_final BEFORE UPDATE ON public.consent_request FOR EACH ROW WHEN (((old.outcome IS NOT NULL) AND ((to_jsonb(old.*) - 'language'::text) IS DISTINCT FROM (to_jsonb(new.*) - 'language'::text)))) EXECUTE FUNCTION refuse_change_of_answered();

CREATE TRIGGER consent_request_key BEFORE UPDATE OF nin_index_key ON public.consent_request FOR EACH ROW WHEN ((new.nin_index_key IS NOT NULL)) EXECUTE FUNCTION hold_request_key();

CREATE TRIGGER feed_jump_noted AFTER UPDATE OF last_seq ON public.feed_head FOR EACH ROW WHEN (((new.last_seq >> 32) <> (old.last_seq >> 32))) EXECUTE FUNCTION feed_note_jump();

CREATE TRIGGER person_keys BEFORE INSERT ON public.person FOR EACH ROW EXECUTE FUNCTION hold_person_keys();

CREATE TRIGGER person_of_last AFTER DELETE ON public.person FOR EACH ROW WHEN ((old.same_as IS NOT NULL)) EXECUTE FUNCTION remove_person_of_last();

CREATE TRIGGER person_of_others BEFORE DELETE ON public.person FOR EACH ROW WHEN ((old.same_as IS NULL)) EXECUTE FUNCTION keep_person_of_others();

CREATE TRIGGER session_keys BEFORE INSERT OR UPDATE OF nin_cipher_key, id_token_key ON public.session FOR EACH ROW EXECUTE FUNCTION hold_session_keys();

CREATE TRIGGER webhook_subscription_keys BEFORE INSERT OR UPDATE OF secret_cipher_key, former_secret_cipher_key ON public.webhook_subscription FOR EACH ROW EXECUTE FUNCTION hold_webhook_keys();

CREATE OR REPLACE FUNCTION public.audit_settled()
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  known audit_sealing;
  taken bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'audit_settled needs READ COMMITTED';
  end if;
  select * into known from audit_sealing for update skip locked;
  if not found then
    return (select settled from audit_sealing);
  end if;
  for try in 1..2 loop
    if known.candidate is null then
      -- First the number, then who writes. Whoever has taken a number up to this one had the lock of a writer before, and has it until
      -- the end of its transaction: so it is among those that are seen, or it has ended.
      select case when is_called then last_value else 0 end into taken from audit_log_id_seq;
      exit when taken <= known.settled;
      known.candidate := taken;
      known.writers := array(
        select distinct virtualtransaction from pg_locks
        where locktype = 'relation' and relation = 'audit_log'::regclass and mode = 'RowExclusiveLock'
          and database = (select oid from pg_database where datname = current_database()));
    end if;
    exit when exists (
      select from pg_locks
      where locktype = 'relation' and relation = 'audit_log'::regclass and mode = 'RowExclusiveLock'
        and database = (select oid from pg_database where datname = current_database())
        and virtualtransaction = any (known.writers));
    known.settled := known.candidate;
    known.candidate := null;
    known.writers := '{}';
  end loop;
  update audit_sealing set settled = known.settled, candidate = known.candidate, writers = known.writers
  where (settled, candidate, writers) is distinct from (known.settled, known.candidate, known.writers);
  return known.settled;
end $function$;

CREATE OR REPLACE FUNCTION public.business_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$ select clock_timestamp() + make_interval(secs => (select clock_offset_seconds from installation)) $function$;

CREATE OR REPLACE FUNCTION public.feed_base()
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$ select (feed_epoch() + ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint - 1) << 32 $function$;

CREATE OR REPLACE FUNCTION public.feed_begin_anew()
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
  here bigint := (select c.system_identifier from pg_control_system() c);
begin
  -- One at a time.
  perform from feed_cluster where system_identifier <> here for update;
  if not found then
    return false;
  end if;
  execute format(
    'create or replace function feed_epoch() returns bigint language sql immutable as ''select %s::bigint''',
    greatest(
      feed_epoch() + 1,
      (select coalesce(max(last_seq), 0) >> 32 from feed_head) + 1,
      floor(extract(epoch from clock_timestamp() - timestamptz '2026-01-01 00:00Z') / 2700)::bigint));
  update feed_cluster set system_identifier = here;
  return true;
end $function$;

CREATE OR REPLACE FUNCTION public.feed_epoch()
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$ select 0::bigint $function$;

CREATE OR REPLACE FUNCTION public.feed_event_text(p_client uuid, p_seq bigint, p_event uuid, p_consent uuid, p_type text, p_occurred_at timestamp with time zone, p_purpose text, p_external_id text, p_reason text)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select '{"sequenceNr":' || p_seq || ',"eventId":"' || p_event || '","consentId":"' || p_consent || '","timestamp":"'
    || to_char(p_occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    || case p_type
         when 'created' then '","eventType":"SAMTYKKE_OPPRETTET","samtykkeOpprettetEvent":{"clientId":"' || p_client
           || '","consentId":"' || p_consent || '","scope":"debt.unsecured.' || p_purpose
           || case when p_external_id is null then '"' else '","externalConsentId":' || to_json(p_external_id) end
           || '},"samtykkeArkivertEvent":null}'
         when 'archived' then
           '","eventType":"SAMTYKKE_ARKIVERT","samtykkeOpprettetEvent":null,"samtykkeArkivertEvent":{"clientId":"' || p_client
           || '","consentId":"' || p_consent || '","reason":"' || p_reason || '"}}'
       end
$function$;

CREATE OR REPLACE FUNCTION public.feed_events(p_client uuid, p_from bigint, p_readable_since timestamp with time zone, p_limit integer)
 RETURNS SETOF feed_event
 LANGUAGE sql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
  select e.* from feed_event e
  where e.client_id = p_client and e.seq >= p_from and e.recorded_at > p_readable_since
    and e.recorded_on >= (p_readable_since at time zone 'UTC')::date
  order by e.seq limit p_limit
$function$;

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

CREATE OR REPLACE FUNCTION public.feed_note_jump()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  insert into feed_jump (client_id, first_after, last_before)
    values (new.client_id, ((new.last_seq >> 32) << 32) + 1, old.last_seq) on conflict do nothing;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.feed_page(p_client uuid, p_from bigint, p_readable_since timestamp with time zone, p_limit integer)
 RETURNS SETOF text
 LANGUAGE sql
 STABLE
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_sort TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
  select string_agg(page.body, ',' order by page.seq)
  from (
    select e.seq, coalesce(
      e.body,
      feed_event_text(e.client_id, e.seq, e.event_id, e.consent_id, e.type, e.occurred_at, e.purpose, e.external_id, e.reason),
      E'\x01') as body
    from feed_event e
    where e.client_id = p_client and e.seq >= p_from and e.recorded_at > p_readable_since
      and e.recorded_on >= (p_readable_since at time zone 'UTC')::date
    order by e.seq limit p_limit
  ) page
  group by page.seq / 120 order by page.seq / 120
$function$;

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
  told uuid[];
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
      (client_id, seq, recorded_on, recorded_at, event_id, consent_id, type, occurred_at, purpose, external_id, reason,
       body)
    select n.client_id, head.before + n.place, (head.recorded_at at time zone 'UTC')::date, head.recorded_at,
           n.event_id, n.consent_id, n.type, n.occurred_at, n.purpose, n.external_id, n.reason,
           feed_event_text(n.client_id, head.before + n.place, n.event_id, n.consent_id, n.type, n.occurred_at, n.purpose, n.external_id, n.reason)
    from numbered n join head using (client_id)
    returning client_id
  )
  select count(*), array_agg(distinct client_id) into sealed, told from inserted;
  -- A NOTIFY holds a lock of the whole cluster until its transaction is on the disk: one that numbers events of all clients, of
  -- which there are a few each second, says it here; readers, of which there are many, say it in a transaction of its own.
  if p_client is null and sealed > 0 then
    perform pg_notify('samtykke_feed', client_id::text) from unnest(told) as told_client (client_id);
  end if;
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

CREATE OR REPLACE FUNCTION public.hold_key(p_kind text, p_id text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if p_id is null then
    return;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('samtykke key ' || p_kind || ' ' || p_id, 0));
  -- A new statement, and so a new view: of what was committed while this one waited.
  if exists (select from registered_key where kind = p_kind and id = p_id and retired_at is not null) then
    raise exception 'this key has been retired' using errcode = 'KEY01';
  end if;
end $function$;

CREATE OR REPLACE FUNCTION public.hold_person_keys()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform hold_key('nin-encryption', new.nin_cipher_key);
  perform hold_key('nin-index', new.nin_index_key);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.hold_request_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform hold_key('nin-index', new.nin_index_key);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.hold_session_keys()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform hold_key('nin-encryption', new.nin_cipher_key);
  if new.id_token_key is distinct from new.nin_cipher_key then
    perform hold_key('nin-encryption', new.id_token_key);
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.hold_webhook_keys()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform hold_key('nin-encryption', new.secret_cipher_key);
  if new.former_secret_cipher_key is distinct from new.secret_cipher_key then
    perform hold_key('nin-encryption', new.former_secret_cipher_key);
  end if;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION public.keep_person_of_others()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if exists (select from person as other where other.same_as = old.id) then
    return null;
  end if;
  return old;
end $function$;

CREATE OR REPLACE FUNCTION public.key_dependents(p_kind text, p_id text)
 RETURNS TABLE(what text, rows bigint)
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select 'persons', count(*) from person where p_kind = 'nin-encryption' and nin_cipher_key = p_id
  union all
  select 'persons', count(*) from person where p_kind = 'nin-index' and nin_index_key = p_id
  union all
  select 'sessions', count(*) from session where p_kind = 'nin-encryption' and (nin_cipher_key = p_id or id_token_key = p_id)
  union all
  select 'webhooks', count(*) from webhook_subscription
  where p_kind = 'nin-encryption' and (secret_cipher_key = p_id or former_secret_cipher_key = p_id)
  union all
  select 'requests', count(*) from consent_request
  where p_kind = 'nin-index' and nin_index_key = p_id and outcome is null and answer_by > clock_timestamp()
    and created_at > business_now() - interval '1 day'
  union all
  select 'deliveries', count(*) from creditor_provider p
  where p_kind = 'nin-index' and p.index_keys ?| array[p_id, '']
    and (exists (select from delivered_customer c where c.creditor_id = p.creditor_id and c.provider_id = p.provider_id)
      or exists (select from delivered_loan l where l.creditor_id = p.creditor_id and l.provider_id = p.provider_id)
      or exists (select from delivered_closing t where t.creditor_id = p.creditor_id and t.provider_id = p.provider_id));
$function$;

CREATE OR REPLACE FUNCTION public.node_seen(p_id uuid, p_name text, p_version text, p_knows jsonb, p_uses jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'public', 'pg_temp'
AS $function$
  delete from node where seen_at < clock_timestamp() - interval '1 day'
    or (name = p_name and id <> p_id and seen_at < clock_timestamp() - interval '5 seconds');
  insert into node (id, name, version, started_at, seen_at, knows, uses)
    values (p_id, p_name, p_version, clock_timestamp(), clock_timestamp(), p_knows, p_uses)
    on conflict (id) do update set seen_at = excluded.seen_at, knows = excluded.knows, uses = excluded.uses;
$function$;

CREATE OR REPLACE FUNCTION public.nodes_seen()
 RETURNS TABLE(id uuid, name text, version text, started_at timestamp with time zone, seen_at timestamp with time zone, silent_seconds double precision, knows jsonb, uses jsonb)
 LANGUAGE sql
 STABLE
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select id, name, version, started_at, seen_at, extract(epoch from clock_timestamp() - seen_at)::double precision, knows, uses from node;
$function$;

CREATE OR REPLACE FUNCTION public.persons_under(p_cipher_keys text[], p_index_keys text[], p_limit integer, p_but uuid[])
 RETURNS TABLE(id uuid, nin_cipher bytea, nin_cipher_key text)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select person.id, person.nin_cipher, person.nin_cipher_key from person
  where (person.nin_cipher_key = any (p_cipher_keys) or person.nin_index_key = any (p_index_keys)) and person.id <> all (p_but)
  limit p_limit for no key update skip locked;
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
  log_before timestamptz := least(p_log_before, coalesce((select max(kept_since) from audit_seal), '-infinity'));
  gone_persons uuid[];
begin
  if p_consents_ended_before > newest or p_log_before > newest then
    raise exception 'nothing younger than seven days is ever purged';
  end if;
  with doomed as materialized (
    select id from consent where archived_at < p_consents_ended_before order by archived_at limit p_limit for update skip locked
  ), gone as (
    delete from consent where id = any (array(select id from doomed)) returning person_id
  )
  select count(*), array_agg(distinct person_id) into consents, gone_persons from gone;
  -- Of those that nobody ever logged in for there is nothing to prove: anybody can begin one.
  with old as materialized (
    select id from consent_request where consent_id is null and created_at < p_log_before order by created_at limit p_limit
    for update skip locked
  ), of_nobody as materialized (
    select id from consent_request
    where consent_id is null and nin_index is null and outcome is null and created_at < newest order by created_at limit p_limit
    for update skip locked
  )
  delete from consent_request where id = any (array(select id from old union all select id from of_nobody));
  -- Only what has been sealed, and what the seals say need not be kept.
  with old as (
    select row_ids, row_count, sum(row_count) over (order by first_at, number) as running
    from audit_seal where list is not null and first_at < log_before order by first_at, number limit p_limit
  ), doomed as materialized (
    select id from audit_log
    where id = any (array(select unnest(row_ids) from old where running - row_count < p_limit)) and at < log_before for update skip locked
  ), gone as (
    delete from audit_log where id = any (array(select id from doomed)) returning person_id
  )
  select count(*), gone_persons || array_agg(distinct person_id) into log_rows, gone_persons from gone;
  with doomed as materialized (
    select number from audit_seal s
    where last_at < log_before and list is not null and not exists (select from audit_log where id = any (s.row_ids))
    order by last_at limit p_limit for update skip locked
  )
  update audit_seal set row_ids = null, list = null where number = any (array(select number from doomed));
  -- Persons of whom nothing speaks any more; and those met a week or two ago of whom nothing ever did, because a registration
  -- lost a race for its id. One that a registration is using at this instant is left.
  if consents < p_limit and log_rows < p_limit then
    gone_persons := gone_persons || array(
      select id from person
      where created_at between newest - interval '7 days' and newest
        and not exists (select from consent where consent.person_id = person.id)
        and not exists (select from audit_log where audit_log.person_id = person.id)
      limit p_limit);
  end if;
  with candidate as materialized (
    select id from person
    where id = any (gone_persons)
      and not exists (select from consent where consent.person_id = person.id)
      and not exists (select from audit_log where audit_log.person_id = person.id)
    for update skip locked
  ), gone as (
    delete from person where id = any (array(select id from candidate)) returning 1
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

CREATE OR REPLACE FUNCTION public.remove_person_of_last()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  delete from person where id = old.same_as
    and not exists (select from consent where consent.person_id = old.same_as)
    and not exists (select from audit_log where audit_log.person_id = old.same_as);
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.retire_key(p_kind text, p_id text, p_now timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  needed bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('samtykke key ' || p_kind || ' ' || p_id, 0));
  select coalesce(sum(rows), 0) into needed from key_dependents(p_kind, p_id);
  if needed = 0 then
    update registered_key set retired_at = p_now where kind = p_kind and id = p_id and retired_at is null;
  end if;
  return needed;
end $function$;

CREATE OR REPLACE FUNCTION public.rewrite_persons(p_ids uuid[], p_ciphers bytea[], p_cipher_key text, p_hashes bytea[], p_index_key text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  replaced_cipher_keys text[];
  replaced_index_keys text[];
  it person;
  twin person;
  changed integer := 0;
begin
  perform hold_key('nin-encryption', p_cipher_key);
  perform hold_key('nin-index', p_index_key);
  if (select count(*) from registered_key where (kind, id) in (('nin-encryption', p_cipher_key), ('nin-index', p_index_key))
      and in_use_since is not null and replaced_at is null and retired_at is null) < 2 then
    raise exception 'persons are written anew with the keys in use only' using errcode = 'KEY01';
  end if;
  select array_agg(id) filter (where kind = 'nin-encryption'), array_agg(id) filter (where kind = 'nin-index')
    into replaced_cipher_keys, replaced_index_keys from registered_key where replaced_at is not null and retired_at is null;
  for place in 1 .. cardinality(p_ids) loop
    select * into it from person where id = p_ids[place] for no key update;
    continue when not found;
    continue when it.nin_cipher_key <> all (coalesce(replaced_cipher_keys, '{}')) and it.nin_index_key <> all (coalesce(replaced_index_keys, '{}'));
    changed := changed + 1;
    if it.nin_cipher_key = any (replaced_cipher_keys) then
      update person set nin_cipher = p_ciphers[place], nin_cipher_key = p_cipher_key where id = it.id;
    end if;
    continue when it.nin_index_key <> all (coalesce(replaced_index_keys, '{}'));
    if it.nin_index is null then
      update person set nin_index_key = p_index_key where id = it.id;
      continue;
    end if;
    select * into twin from person where nin_index = p_hashes[place] and id <> it.id for no key update;
    if not found then
      update person set nin_index = p_hashes[place], nin_index_key = p_index_key where id = it.id;
    elsif (twin.created_at, twin.id) < (it.created_at, it.id) then
      update person set nin_index = null, nin_index_key = p_index_key, same_as = twin.id where id = it.id;
      update person set same_as = twin.id where same_as = it.id;
    else
      update person set nin_index = null, same_as = it.id where id = twin.id;
      update person set same_as = it.id where same_as = twin.id;
      update person set nin_index = p_hashes[place], nin_index_key = p_index_key where id = it.id;
    end if;
  end loop;
  return changed;
end $function$;

grant usage on schema public to public;
grant usage on schema public to samtykke_app;
grant insert, select on table audit_log to samtykke_app;
grant insert, select on table audit_seal to samtykke_app;
grant insert, select, update (name, enabled, secret_hashes, may_register_agreements, may_read_events, may_use_openid, redirect_uris, auth_method, jwks, require_pkce, id_token_alg, post_logout_redirect_uris, former_secret_hashes, former_secrets_until, require_par, require_dpop, require_signed_request) on table client to samtykke_app;
grant insert, select, update (open, registered) on table client_purpose to samtykke_app;
grant insert, select, update (archived_at, archived_reason) on table consent to samtykke_app;
grant insert (id, interaction_hash, client_id, purpose, asked_days, language, created_at, answer_by), select, update (language, nin_index, nin_index_key, login_level, text_version, shown_language, shown_at, shown, shown_hash, outcome, outcome_at, failure, consent_id, logged_in_at) on table consent_request to samtykke_app;
grant insert, select, update (name, provider_id, base_url, enabled, contact_email, contact_phone) on table creditor to samtykke_app;
grant insert, select, update (base_url, organisations, client_certificate, enabled, delivered_at, drawn_at, index_keys) on table creditor_provider to samtykke_app;
grant delete, insert, select, update on table delivered_closing to samtykke_app;
grant delete, insert, select, update on table delivered_customer to samtykke_app;
grant delete, insert, select, update on table delivered_loan to samtykke_app;
grant insert, select, update (finished_at, outcome, customers, loans, warnings, dropped_over_half, duplicated_accounts, rule, page, record, loan_index, detail, retry_at) on table delivery_run to samtykke_app;
grant select on table feed_cluster to samtykke_app;
grant select on table feed_event to samtykke_app;
grant select on table feed_head to samtykke_app;
grant select on table feed_jump to samtykke_app;
grant insert, select on table feed_pending to samtykke_app;
grant select on table installation to samtykke_app;
grant delete, insert, select, update on table login_attempt to samtykke_app;
grant delete, insert, select, update on table node to samtykke_app;
grant delete, insert, select, update on table oauth_artefact to samtykke_app;
grant select, update (is_on) on table permission_switch to samtykke_app;
grant insert, select on table person to samtykke_app;
grant insert, select, update (ordered_at, published_at, in_use_since, replaced_at) on table registered_key to samtykke_app;
grant select on table schema_migration to samtykke_app;
grant delete, insert, select, update on table session to samtykke_app;
grant delete, insert, select, update (url, event_types, secret_cipher, secret_cipher_key, former_secret_cipher, former_secret_cipher_key, former_secret_until, disabled_at, disabled_reason, place, failing_since, attempts, next_attempt_at, last_attempt_at, last_outcome, last_status, last_delivered_at, gap_from, gap_to, gap_found_at, gap_told_at, lease, leased_until) on table webhook_subscription to samtykke_app;
grant execute on function audit_settled() to samtykke_app;
grant execute on function business_now() to public;
grant execute on function business_now() to samtykke_app;
grant execute on function feed_base() to public;
grant execute on function feed_base() to samtykke_app;
grant execute on function feed_epoch() to samtykke_app;
grant execute on function feed_event_text(p_client uuid, p_seq bigint, p_event uuid, p_consent uuid, p_type text, p_occurred_at timestamp with time zone, p_purpose text, p_external_id text, p_reason text) to samtykke_app;
grant execute on function feed_events(p_client uuid, p_from bigint, p_readable_since timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function feed_keep_partitions(p_today date, p_keep_from date) to samtykke_app;
grant execute on function feed_page(p_client uuid, p_from bigint, p_readable_since timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function feed_seal(p_client uuid, p_now timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function feed_state(p_client uuid, OUT last_seq bigint, OUT unsealed boolean) to samtykke_app;
grant execute on function hold_key(p_kind text, p_id text) to public;
grant execute on function hold_key(p_kind text, p_id text) to samtykke_app;
grant execute on function hold_person_keys() to public;
grant execute on function hold_request_key() to public;
grant execute on function hold_session_keys() to public;
grant execute on function hold_webhook_keys() to public;
grant execute on function keep_person_of_others() to public;
grant execute on function key_dependents(p_kind text, p_id text) to public;
grant execute on function key_dependents(p_kind text, p_id text) to samtykke_app;
grant execute on function node_seen(p_id uuid, p_name text, p_version text, p_knows jsonb, p_uses jsonb) to public;
grant execute on function node_seen(p_id uuid, p_name text, p_version text, p_knows jsonb, p_uses jsonb) to samtykke_app;
grant execute on function nodes_seen() to public;
grant execute on function nodes_seen() to samtykke_app;
grant execute on function persons_under(p_cipher_keys text[], p_index_keys text[], p_limit integer, p_but uuid[]) to samtykke_app;
grant execute on function purge_delivery_runs(p_before timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function purge_past_retention(p_consents_ended_before timestamp with time zone, p_log_before timestamp with time zone, p_limit integer) to samtykke_app;
grant execute on function refuse_change_of_answered() to public;
grant execute on function remove_person_of_last() to public;
grant execute on function retire_key(p_kind text, p_id text, p_now timestamp with time zone) to samtykke_app;
grant execute on function rewrite_persons(p_ids uuid[], p_ciphers bytea[], p_cipher_key text, p_hashes bytea[], p_index_key text) to samtykke_app;
