-- The change feed: "seal after commit". A writer's transaction leaves its event in feed_pending and is done; a short transaction
-- of its own gives numbers to events that have been committed. Why no other design: docs/adr/0001-feed-order.md.

-- One row for each client, made with its first event, never deleted: the last number survives every purge (F4).
create table feed_head (
  client_id uuid primary key,
  -- The first event gets 2: the published client starts from 1 + 1 (F3).
  last_seq bigint not null default 1,
  last_recorded_at timestamptz
) with (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

-- Committed events that have no number yet; normally empty.
create table feed_pending (
  client_id uuid not null,
  id bigint generated always as identity,
  event_id uuid not null,
  consent_id uuid not null,
  type text not null check (type in ('created', 'archived')),
  occurred_at timestamptz not null,
  purpose text,
  external_id text,
  reason text,
  primary key (client_id, id)
) with (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

create table feed_event (
  client_id uuid not null,
  seq bigint not null,
  -- When the number was given: the clock of retention, not the time of the event. Never goes back within a client.
  recorded_on date not null,
  recorded_at timestamptz not null,
  event_id uuid not null,
  consent_id uuid not null,
  type text not null,
  occurred_at timestamptz not null,
  purpose text,
  external_id text,
  reason text,
  primary key (client_id, seq, recorded_on)
) partition by range (recorded_on);
-- A net: a missing partition must never stop the feed.
create table feed_event_default partition of feed_event default;

-- Numbers of timeline t start at (t - 1) * 2^32: after a promotion or a point-in-time recovery every new number is above every
-- number that an earlier primary can have served, also those whose rows never arrived here. Only a primary can say.
create function feed_base() returns bigint language sql stable as
$$ select (('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint - 1) << 32 $$;

-- Gives numbers to committed events: of one client, waiting for whoever seals it now, or of all (null), leaving out those.
-- It must be a READ COMMITTED transaction of its own, so that the second statement sees what the lock was waited for.
-- Returns how many events got a number.
create function feed_seal(p_client uuid, p_now timestamptz, p_limit integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
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
end $$;

-- The first thing that every read of the feed asks: the last number given, and whether anything waits for one.
-- On a primary only; the last number is never below what an earlier primary can have answered.
create function feed_state(p_client uuid, out last_seq bigint, out unsealed boolean) language sql stable
security definer set search_path = public, pg_temp as $$
  select greatest(coalesce((select h.last_seq from feed_head h where h.client_id = p_client), 1), feed_base()),
         exists (select from feed_pending p where p.client_id = p_client)
$$;

-- Keeps a partition ready for the days around p_today, and drops those whose days lie before p_keep_from. Any node may call it.
create function feed_keep_partitions(p_today date, p_keep_from date) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
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
end $$;

revoke all on function feed_seal, feed_state, feed_keep_partitions from public;
