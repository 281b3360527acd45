-- Webhooks: clients have the events of their feed sent to them. Each subscription has its place in the feed; whoever sends for it
-- holds its lease. Why so: docs/adr/0015-webhooks.md.

create table webhook_subscription (
  id uuid primary key,
  client_id uuid not null references client,
  url text not null check (length(url) between 8 and 2000),
  -- The changes that it is told of.
  event_types text[] not null check (cardinality(event_types) > 0 and event_types <@ array['created', 'archived']),
  created_at timestamptz not null,
  -- What messages are signed with, encrypted with a key of the keys file (as person.nin_cipher). While it is being rotated there is the
  -- former one as well, until a moment.
  secret_cipher bytea not null,
  secret_cipher_key text not null,
  former_secret_cipher bytea,
  former_secret_cipher_key text,
  former_secret_until timestamptz,
  -- Null: messages are sent.
  disabled_at timestamptz,
  disabled_reason text check (disabled_reason in ('failing', 'gone', 'client', 'operator')),
  -- The last number that was taken, or need not be sent: sending goes on behind it.
  place bigint not null check (place >= 1),
  -- Since when the message behind the place is refused, how often it was tried, and when it is tried next.
  failing_since timestamptz,
  attempts integer not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz,
  -- The last attempt: when, what became of it, and the HTTP status if there was an answer.
  last_attempt_at timestamptz,
  last_outcome text,
  last_status integer,
  last_delivered_at timestamptz,
  -- Numbers that could not be sent before they were too old to be read: when that was found, and when it was told in their place.
  gap_from bigint,
  gap_to bigint,
  gap_found_at timestamptz,
  gap_told_at timestamptz,
  -- Goes up with each lease and each change, so that whoever held it before can write nothing more. Until when it is held: real time.
  lease bigint not null default 0,
  leased_until timestamptz,
  check ((former_secret_cipher is null) = (former_secret_until is null) and (former_secret_cipher is null) = (former_secret_cipher_key is null)),
  check ((disabled_at is null) = (disabled_reason is null)),
  check ((gap_from is null) = (gap_to is null) and (gap_from is null) = (gap_found_at is null)),
  check (gap_told_at is null or gap_to is not null),
  check (failing_since is not null or (attempts = 0 and next_attempt_at is null))
) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
create index webhook_subscription_by_client on webhook_subscription (client_id);

grant select, insert, delete on webhook_subscription to samtykke_app;
grant update (url, event_types, secret_cipher, secret_cipher_key, former_secret_cipher, former_secret_cipher_key, former_secret_until,
  disabled_at, disabled_reason, place, failing_since, attempts, next_attempt_at, last_attempt_at, last_outcome, last_status,
  last_delivered_at, gap_from, gap_to, gap_found_at, gap_told_at, lease, leased_until) on webhook_subscription to samtykke_app;

-- Changes of subscriptions are in the log: of which one, and each thing with what it was and what it is; never a secret.
alter table audit_log
  drop constraint audit_log_kind_check,
  -- Rows that are there were held to a narrower rule; looking through millions of them would hold up everybody.
  add constraint audit_log_kind_check check (kind in ('consent_registered', 'debt_disclosed', 'consent_archived', 'permission_changed',
    'creditor_changed', 'webhook_changed')) not valid,
  add constraint audit_log_webhook_changed_check check (kind <> 'webhook_changed' or (client_id is not null and change is not null)) not valid;
