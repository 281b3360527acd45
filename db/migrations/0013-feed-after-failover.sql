-- The feed after a failover: what was never numbered is not missed; and a database that comes without its timeline (a dump,
-- pg_upgrade) goes on above all numbers, as a promoted one does. Why: docs/adr/0023-more-than-one-node-and-machine.md.

-- Numbers of a client that were left out on this history: those between the two. A row each time that a client's first event after
-- a failover gets its number.
create table feed_jump (
  client_id uuid not null,
  -- The first number after it; an event has it.
  first_after bigint not null,
  -- The last number before it.
  last_before bigint not null check (last_before < first_after),
  primary key (client_id, first_after)
);
grant select on feed_jump to samtykke_app;

-- The server that this database has grown up on. Backups and replicas have the same identifier; whoever gets the rows by a dump has
-- another one, and begins at timeline 1 again.
create table feed_cluster (
  one boolean primary key default true check (one),
  system_identifier bigint not null
);
insert into feed_cluster (system_identifier) select system_identifier from pg_control_system();
grant select on feed_cluster to samtykke_app;

-- What timelines are counted from. Replaced by feed_begin_anew(): so that a poll reads no row for it.
create function feed_epoch() returns bigint language sql immutable as $$ select 0::bigint $$;

create or replace function feed_base() returns bigint language sql stable as
$$ select (feed_epoch() + ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint - 1) << 32 $$;

-- Lets numbers go on above all that any server before can have given out, for the owner. Where this is still the server of before
-- it does nothing, and answers false. A slot of three quarters of an hour begins at a higher number than the one before: so two
-- databases that were restored from one dump do not meet either. There are slots for 179 years.
create function feed_begin_anew() returns boolean language plpgsql as $$
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
end $$;
revoke all on function feed_begin_anew from public;
revoke all on function feed_epoch from public;
grant execute on function feed_epoch to samtykke_app;

-- Writes down which numbers are left out, whoever raises them. It fires once for each client after a failover.
create function feed_note_jump() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into feed_jump (client_id, first_after, last_before)
    values (new.client_id, ((new.last_seq >> 32) << 32) + 1, old.last_seq) on conflict do nothing;
  return null;
end $$;
revoke all on function feed_note_jump from public;
create trigger feed_jump_noted after update of last_seq on feed_head for each row
  when ((new.last_seq >> 32) <> (old.last_seq >> 32)) execute function feed_note_jump();
