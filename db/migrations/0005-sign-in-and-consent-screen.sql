-- Regular consent in the browser and the person's portal: how clients authenticate and take part in the code flow, where to have
-- debt corrected, logins under way, sessions, and what was asked and shown on the consent screen.

alter table client
  add column auth_method text not null default 'client_secret_basic' check (auth_method in ('client_secret_basic', 'private_key_jwt')),
  -- Public keys (JWK Set) of a client that authenticates by private_key_jwt.
  add column jwks jsonb,
  add column require_pkce boolean not null default false,
  add column id_token_alg text not null default 'RS256' check (id_token_alg in ('RS256', 'ES256')),
  add column post_logout_redirect_uris text[] not null default '{}',
  add check ((auth_method = 'private_key_jwt') = (jwks is not null));

-- Whom a person asks to correct what is wrong: the creditor owns the data.
alter table creditor
  add column contact_email text check (length(contact_email) between 3 and 254),
  add column contact_phone text check (length(contact_phone) between 5 and 30);

-- A login that has been sent to the login provider and has not come back. Taken once. What is needed to finish it is derived from
-- a secret in the browser's cookie, which is kept here as its SHA-256.
create table login_attempt (
  state_hash bytea primary key check (length(state_hash) = 32),
  browser_hash bytea not null check (length(browser_hash) = 32),
  -- `portal`, or the id of the consent request that the login is for.
  used_for text not null,
  -- An address of ours, without its origin.
  return_to text not null check (return_to ~ '^/' and return_to !~ '^//'),
  language text not null,
  expires_at timestamptz not null
);
create index login_attempt_expired on login_attempt (expires_at);

-- Somebody signed in in one browser, for one use. Real times, not business times. Gone at sign-out, and when it has ended.
create table session (
  id_hash bytea primary key check (length(id_hash) = 32),
  used_for text not null,
  nin_cipher bytea not null,
  nin_cipher_key text not null,
  -- As the login provider told, if it did.
  name text check (length(name) between 1 and 200),
  birth_date date,
  level text not null,
  issuer text not null,
  -- The login provider's session, for its logout; and its ID token for ours, encrypted since it holds the NIN.
  issuer_session text,
  id_token_cipher bytea,
  id_token_key text,
  signed_in_at timestamptz not null,
  last_seen_at timestamptz not null
);
create index session_by_issuer on session (issuer, issuer_session) where issuer_session is not null;
create index session_by_age on session (last_seen_at);

-- What an organisation asked of a person on the consent screen, and what became of it (C10). A request that ended without a
-- consent tells of the person no more than the keyed hash of the number; for an approved one this is the proof of what was shown.
create table consent_request (
  id uuid primary key,
  -- SHA-256 of the authorization server's id of the interaction.
  interaction_hash bytea not null unique check (length(interaction_hash) = 32),
  client_id uuid not null,
  purpose text not null check (purpose in ('presentation', 'processing')),
  -- Days that were asked for, after clamping; null for single use.
  asked_days integer check (asked_days between 1 and 365),
  language text not null check (language in ('nb', 'nn', 'en')),
  created_at timestamptz not null,
  -- Real time: until when it can be answered.
  answer_by timestamptz not null,
  -- Once somebody has logged in for it.
  nin_index bytea check (length(nin_index) = 32),
  nin_index_key text,
  login_level text,
  -- What was last shown: version and language of the text, when, and the text itself.
  text_version text,
  shown_language text,
  shown_at timestamptz,
  shown jsonb,
  -- SHA-256 of the text as it was sent, which the answer brings back.
  shown_hash bytea check (length(shown_hash) = 32),
  -- Null: not answered; after `answer_by` that is an abandoned one.
  outcome text check (outcome in ('approved', 'declined', 'cancelled', 'failed')),
  outcome_at timestamptz,
  -- Why it failed.
  failure text check (failure in ('switched_off', 'someone_else')),
  consent_id uuid unique references consent on delete cascade,
  check ((outcome is null) = (outcome_at is null)),
  check ((outcome is not distinct from 'approved') = (consent_id is not null)),
  check ((outcome is not distinct from 'failed') = (failure is not null)),
  check (consent_id is null or (shown is not null and login_level is not null))
);
create index consent_request_by_time on consent_request using brin (created_at);

-- Once answered, a request is proof: nobody who serves changes anything of it but the language that its pages are in.
create function refuse_change_of_answered() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  raise exception 'a consent request that has been answered is not changed';
end $$;
create trigger consent_request_final before update on consent_request for each row
  when (old.outcome is not null and (to_jsonb(old) - 'language') is distinct from (to_jsonb(new) - 'language'))
  execute function refuse_change_of_answered();

-- As before, and requests that ended without a consent go with the log; those that led to one go with the consent.
create or replace function purge_past_retention(p_consents_ended_before timestamptz, p_log_before timestamptz, p_limit integer)
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
end $$;

grant select, insert, update, delete on login_attempt, session to samtykke_app;
grant select on consent_request to samtykke_app;
grant insert (id, interaction_hash, client_id, purpose, asked_days, language, created_at, answer_by) on consent_request to samtykke_app;
grant update (language, nin_index, nin_index_key, login_level, text_version, shown_language, shown_at, shown, shown_hash,
  outcome, outcome_at, failure, consent_id) on consent_request to samtykke_app;
grant update (auth_method, jwks, require_pkce, id_token_alg, post_logout_redirect_uris) on client to samtykke_app;
grant update (contact_email, contact_phone) on creditor to samtykke_app;
