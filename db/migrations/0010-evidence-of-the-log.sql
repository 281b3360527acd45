-- The log is evidence: what has been sealed can be neither changed, removed nor added to without being seen (ADR 18). And it tells who
-- was at the command line.

alter table audit_log
  -- Who did it by the command line, as that machine knows them; null: not by the command line. A default, so that no statement has to
  -- bring it along.
  add column done_by text default case
    when current_setting('application_name') like 'samtykke command by %' then substr(current_setting('application_name'), 21) end;

-- A chain of seals, each over some rows and over the seal before it, signed with a key that is not in the database. Nodes add them.
create table audit_seal (
  number bigint primary key check (number >= 1),
  at timestamptz not null,
  -- The seal itself: a statement as a JWS (RFC 7515). All the other columns only repeat what it says, or are what it speaks of.
  jws text not null check (length(jws) between 1 and 4000),
  -- SHA-256 of jws, which the next seal repeats.
  hash bytea not null unique check (length(hash) = 32),
  row_count integer not null check (row_count >= 0),
  first_id bigint,
  last_id bigint,
  first_at timestamptz,
  last_at timestamptz,
  -- Each row with a number up to this one is in this seal or an earlier one, or will never be.
  up_to bigint not null check (up_to >= 0),
  -- What the log had to keep at that time: rows from then on.
  kept_since timestamptz not null,
  -- Its rows, and the text whose SHA-256 the statement has: for each row a line of number, time and SHA-256. Null when all of its rows
  -- are past their retention, and gone.
  row_ids bigint[],
  list text,
  check ((row_count = 0) = (last_id is null)),
  check ((row_count = 0) = (first_id is null)),
  check ((row_count = 0) = (first_at is null)),
  check ((row_count = 0) = (last_at is null)),
  check ((row_ids is null) = (list is null))
);
create index audit_seal_by_last_row on audit_seal (last_id) where last_id is not null;
create index audit_seal_by_kept_since on audit_seal (kept_since);
create index audit_seal_with_list on audit_seal (last_at) where list is not null;

-- Up to which number everything is decided: committed, or never to be. Rows are seen in the order of their commits, which is another
-- order than that of their numbers; so it is not enough to know the highest number that has been seen.
create table audit_sealing (
  one boolean primary key default true check (one),
  settled bigint not null default 0,
  -- The next value of `settled`, and who wrote to the log when it was taken: when they have ended it is true.
  candidate bigint,
  writers text[] not null default '{}'
);
insert into audit_sealing default values;

-- The number up to which everything is decided. A statement that begins after this one sees each row up to there that there will ever
-- be. Any number of nodes may call it at once; one that finds another at it is told what was true before.
create function audit_settled() returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
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
end $$;
revoke all on function audit_settled from public;

-- As before; but of the log goes only what has been sealed, and what the seals say need not be kept. The lists of a seal go when none
-- of its rows is left.
create or replace function purge_past_retention(p_consents_ended_before timestamptz, p_log_before timestamptz, p_limit integer)
returns table (consents bigint, log_rows bigint, persons bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  newest timestamptz := business_now() - interval '7 days';
  log_before timestamptz := least(p_log_before, coalesce((select max(kept_since) from audit_seal), '-infinity'));
  sealed_to bigint := coalesce((select up_to from audit_seal order by number desc limit 1), 0);
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
    select id from audit_log where at < log_before and id <= sealed_to limit p_limit for update skip locked
  ), gone as (
    delete from audit_log using doomed where audit_log.id = doomed.id returning audit_log.person_id
  )
  select count(*), gone_persons || array_agg(distinct person_id) into log_rows, gone_persons from gone;
  with doomed as (
    select number from audit_seal s
    where last_at < log_before and list is not null and not exists (select from audit_log where id = any (s.row_ids))
    order by last_at limit p_limit for update skip locked
  )
  update audit_seal set row_ids = null, list = null from doomed where audit_seal.number = doomed.number;
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

grant select, insert on audit_seal to samtykke_app;
grant execute on function audit_settled to samtykke_app;
