-- With ten million rows as with ten thousand: what is purged is found without reading what is kept, and tables that never end are looked
-- after by how much has changed in them, not by a fifth of all that there is.

-- By default a table of ten million rows waits for two million dead ones.
alter table consent set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02);
alter table audit_log set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02);
alter table oauth_artefact set (autovacuum_vacuum_scale_factor = 0.05);
alter table delivered_customer set (autovacuum_vacuum_scale_factor = 0.05);
alter table delivered_loan set (autovacuum_vacuum_scale_factor = 0.05);

-- Seals with rows that are still there, the oldest rows first.
create index audit_seal_to_purge on audit_seal (first_at, number) where list is not null;
-- Requests that led to no consent: all of them, and those that nobody ever logged in for.
create index consent_request_without_consent on consent_request (created_at) where consent_id is null;
create index consent_request_of_nobody on consent_request (created_at) where consent_id is null and nin_index is null and outcome is null;

-- As before. Rows of the log are found by their seals, each portion by keys alone; and who has never been spoken of is looked for once,
-- when nothing else is left to remove.
create or replace function purge_past_retention(p_consents_ended_before timestamptz, p_log_before timestamptz, p_limit integer)
returns table (consents bigint, log_rows bigint, persons bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
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
end $$;
