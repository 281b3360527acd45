-- A page of the feed, in parts of 120 events at most, each an event after the other with commas between: one text of more than 128 kB is slow to
-- make on both sides, as it has its memory mapped for itself. An event that lacks what its type needs is the sign 1, which no JSON has in it.
--
-- A function for the sake of its plan. The planner does not know the values of a page, and takes a limit that it does not know for a tenth of all
-- there are: it would plan each page anew, over all partitions, which takes longer than to read the page. Here it is planned once for each
-- connection, and goes by the numbers, also while nothing is known of a day that has begun: what would have to be sorted or gathered first is more
-- than a page.
create function feed_page(p_client uuid, p_from bigint, p_readable_since timestamptz, p_limit integer) returns setof text language sql stable
set plan_cache_mode = force_generic_plan set enable_sort = off set enable_bitmapscan = off as $$
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
$$;
revoke all on function feed_page from public;
grant execute on function feed_page to samtykke_app;

-- Events as rows, in the same way, for those who are told of each by itself.
create function feed_events(p_client uuid, p_from bigint, p_readable_since timestamptz, p_limit integer) returns setof feed_event language sql stable
set plan_cache_mode = force_generic_plan set enable_sort = off set enable_bitmapscan = off as $$
  select e.* from feed_event e
  where e.client_id = p_client and e.seq >= p_from and e.recorded_at > p_readable_since
    and e.recorded_on >= (p_readable_since at time zone 'UTC')::date
  order by e.seq limit p_limit
$$;
revoke all on function feed_events from public;
grant execute on function feed_events to samtykke_app;
