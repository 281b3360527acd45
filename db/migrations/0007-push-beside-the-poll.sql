-- Push beside the poll: who waits is woken by whoever gives numbers; and all consents of a client can be read as of one number.

-- As before, and it also tells those who wait (LISTEN samtykke_feed; the payload is the client). Nobody may depend on being told.
create or replace function feed_seal(p_client uuid, p_now timestamptz, p_limit integer) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
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
      (client_id, seq, recorded_on, recorded_at, event_id, consent_id, type, occurred_at, purpose, external_id, reason)
    select n.client_id, head.before + n.place, (head.recorded_at at time zone 'UTC')::date, head.recorded_at,
           n.event_id, n.consent_id, n.type, n.occurred_at, n.purpose, n.external_id, n.reason
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
end $$;

-- Which events have no number yet: those who wait ask for it, and a snapshot leaves them out.
grant select on feed_pending to samtykke_app;

-- All consents of a client.
create index consent_by_client on consent (client_id);
