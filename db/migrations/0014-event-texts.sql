-- Each event is spelt once, as clients read it (NGI's spelling), when it gets its number: a page of the feed is then put together from what
-- is there, and what was read once reads the same for ever.

-- Null where the event lacks what its type needs. Written for `feedEvent` in src/feed/feed-event.ts; a test holds the two together.
create function feed_event_text(
  p_client uuid, p_seq bigint, p_event uuid, p_consent uuid, p_type text, p_occurred_at timestamptz, p_purpose text, p_external_id text, p_reason text
) returns text language sql stable as $$
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
$$;
revoke all on function feed_event_text from public;
grant execute on function feed_event_text to samtykke_app;

-- Null for events from before this: they are spelt when they are read, until they are no longer kept.
alter table feed_event add column body text;

-- As before, and it spells each event.
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
end $$;
