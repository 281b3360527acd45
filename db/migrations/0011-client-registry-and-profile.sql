-- Clients are registered by command, and may be held to more than the protocol asks of all: a security profile for each. Secrets are
-- changed with an overlap.

alter table client
  -- SHA-256 of secrets that a rotation has replaced: good until a moment (real time), and worth nothing after it.
  add column former_secret_hashes bytea[] not null default '{}',
  add column former_secrets_until timestamptz,
  -- What this client's requests must have, besides PKCE (require_pkce).
  add column require_par boolean not null default false,
  add column require_dpop boolean not null default false,
  add column require_signed_request boolean not null default false,
  add check ((former_secrets_until is null) = (former_secret_hashes = '{}')),
  -- A client that authenticates with a secret may have keys too: those of its signed requests. Nodes of the version before take such
  -- a client for one of private_key_jwt, so give it keys when they are gone.
  drop constraint client_check,
  add constraint client_keys_check check (auth_method <> 'private_key_jwt' or jwks is not null),
  add constraint client_signed_request_check check (not require_signed_request or jwks is not null);

-- A purpose may be taken away from one client: then it is not `registered`, and so not `open`.
alter table client_purpose add column registered boolean not null default true;

-- A request that was pushed is good for one answer, in however many windows it was opened.
alter table consent_request
  -- Real time of the login that login_level is about.
  add column logged_in_at timestamptz,
  drop constraint consent_request_failure_check,
  add constraint consent_request_failure_check check (failure in ('switched_off', 'someone_else', 'answered_elsewhere')) not valid;

grant update (former_secret_hashes, former_secrets_until, require_par, require_dpop, require_signed_request) on client to samtykke_app;
grant update (registered) on client_purpose to samtykke_app;
grant update (logged_in_at) on consent_request to samtykke_app;

-- Changes of the registry are in the log: of which client, and each thing with what it was and what it is; never a secret.
alter table audit_log
  drop constraint audit_log_kind_check,
  -- Rows that are there were held to a narrower rule; looking through millions of them would hold up everybody.
  add constraint audit_log_kind_check check (kind in ('consent_registered', 'debt_disclosed', 'consent_archived', 'permission_changed',
    'creditor_changed', 'webhook_changed', 'client_changed')) not valid,
  add constraint audit_log_client_changed_check check (kind <> 'client_changed' or (client_id is not null and change is not null)) not valid;
