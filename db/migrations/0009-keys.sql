-- Keys are changed while everything runs. Their secrets are in the keys file and nowhere else; here is which keys there are, which of
-- them is in use, and which nodes know them. A key that has been retired is never written with again. Why so: docs/adr/0016-keys.md.

-- All times of these two tables are real ones.
create table registered_key (
  kind text not null check (kind in ('nin-encryption', 'nin-index', 'signing', 'cookies', 'login', 'seals')),
  id text not null check (length(id) between 1 and 200),
  known_since timestamptz not null,
  -- When it was said that this key shall be used, as soon as every node knows it. Null: it is only known.
  ordered_at timestamptz,
  -- Since when every node knows it, as far as has been seen.
  published_at timestamptz,
  in_use_since timestamptz,
  replaced_at timestamptz,
  retired_at timestamptz,
  primary key (kind, id),
  check (replaced_at is null or in_use_since is not null or ordered_at is null)
);

-- Who runs, and which keys each knows and uses: ids by kind. A node says so every few seconds.
create table node (
  id uuid primary key,
  name text not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  knows jsonb not null,
  uses jsonb not null
);

-- By the database's own clock: those of nodes may differ. Forgotten are those that nobody has heard of for a day, and who had this one's
-- place before and was killed; not at once, since two machines may have one name.
create function node_seen(p_id uuid, p_name text, p_version text, p_knows jsonb, p_uses jsonb) returns void
language sql set search_path = public, pg_temp as $$
  delete from node where seen_at < clock_timestamp() - interval '1 day'
    or (name = p_name and id <> p_id and seen_at < clock_timestamp() - interval '5 seconds');
  insert into node (id, name, version, started_at, seen_at, knows, uses)
    values (p_id, p_name, p_version, clock_timestamp(), clock_timestamp(), p_knows, p_uses)
    on conflict (id) do update set seen_at = excluded.seen_at, knows = excluded.knows, uses = excluded.uses;
$$;

-- Every node that has been heard of, and for how many seconds it has been silent.
create function nodes_seen() returns table (id uuid, name text, version text, started_at timestamptz, seen_at timestamptz,
  silent_seconds double precision, knows jsonb, uses jsonb)
language sql stable set search_path = public, pg_temp as $$
  select id, name, version, started_at, seen_at, extract(epoch from clock_timestamp() - seen_at)::double precision, knows, uses from node;
$$;

-- Two rows may be of one number: it was met under two keys of the hash at the same time. Then the later one has no hash any more and
-- says whose row it is beside; what speaks of either stays as it is.
alter table person
  alter column nin_index drop not null,
  add column same_as uuid,
  add constraint person_same_as_check check ((nin_index is null) = (same_as is not null)) not valid;
create index person_by_same_as on person (same_as) where same_as is not null;
-- For finding what is under a key: each entry is there many times over, and so takes up little.
create index person_by_cipher_key on person (nin_cipher_key);
create index person_by_index_key on person (nin_index_key);

-- The keys of the hash under which something of this pair may be stored, and when it last was. '' stands for all from before this.
alter table creditor_provider add column index_keys jsonb not null default '{}';
update creditor_provider p set index_keys = jsonb_build_object('', business_now())
where exists (select from delivered_customer c where c.creditor_id = p.creditor_id and c.provider_id = p.provider_id)
   or exists (select from delivered_loan l where l.creditor_id = p.creditor_id and l.provider_id = p.provider_id)
   or exists (select from delivered_closing t where t.creditor_id = p.creditor_id and t.provider_id = p.provider_id);

-- Whoever writes with a key calls this in the same transaction: it is not retired before that one's end, and after that nobody writes
-- with it. KEY01 means that this process has keys of yesterday.
create function hold_key(p_kind text, p_id text) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  if p_id is null then
    return;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('samtykke key ' || p_kind || ' ' || p_id, 0));
  -- A new statement, and so a new view: of what was committed while this one waited.
  if exists (select from registered_key where kind = p_kind and id = p_id and retired_at is not null) then
    raise exception 'this key has been retired' using errcode = 'KEY01';
  end if;
end $$;

-- What needs a key still. Requests on the consent screen need theirs until they can be answered no more: what is left of them is the
-- record of what was asked, and nobody is looked for in it. Deliveries: how many pairs.
create function key_dependents(p_kind text, p_id text) returns table (what text, rows bigint)
language sql stable set search_path = public, pg_temp as $$
  select 'persons', count(*) from person where p_kind = 'nin-encryption' and nin_cipher_key = p_id
  union all
  select 'persons', count(*) from person where p_kind = 'nin-index' and nin_index_key = p_id
  union all
  select 'sessions', count(*) from session where p_kind = 'nin-encryption' and (nin_cipher_key = p_id or id_token_key = p_id)
  union all
  select 'webhooks', count(*) from webhook_subscription
  where p_kind = 'nin-encryption' and (secret_cipher_key = p_id or former_secret_cipher_key = p_id)
  union all
  select 'requests', count(*) from consent_request
  where p_kind = 'nin-index' and nin_index_key = p_id and outcome is null and answer_by > clock_timestamp()
    and created_at > business_now() - interval '1 day'
  union all
  select 'deliveries', count(*) from creditor_provider p
  where p_kind = 'nin-index' and p.index_keys ?| array[p_id, '']
    and (exists (select from delivered_customer c where c.creditor_id = p.creditor_id and c.provider_id = p.provider_id)
      or exists (select from delivered_loan l where l.creditor_id = p.creditor_id and l.provider_id = p.provider_id)
      or exists (select from delivered_closing t where t.creditor_id = p.creditor_id and t.provider_id = p.provider_id));
$$;

-- Retires a key, unless something needs it: waits for whoever writes with it at this moment, and nobody does after that. Answers how
-- many rows need it.
create function retire_key(p_kind text, p_id text, p_now timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  needed bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('samtykke key ' || p_kind || ' ' || p_id, 0));
  select coalesce(sum(rows), 0) into needed from key_dependents(p_kind, p_id);
  if needed = 0 then
    update registered_key set retired_at = p_now where kind = p_kind and id = p_id and retired_at is null;
  end if;
  return needed;
end $$;
revoke all on function retire_key from public;

-- Rows that are written with a key hold it.
create function hold_person_keys() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform hold_key('nin-encryption', new.nin_cipher_key);
  perform hold_key('nin-index', new.nin_index_key);
  return new;
end $$;
create trigger person_keys before insert on person for each row execute function hold_person_keys();

create function hold_session_keys() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform hold_key('nin-encryption', new.nin_cipher_key);
  if new.id_token_key is distinct from new.nin_cipher_key then
    perform hold_key('nin-encryption', new.id_token_key);
  end if;
  return new;
end $$;
create trigger session_keys before insert or update of nin_cipher_key, id_token_key on session
  for each row execute function hold_session_keys();

create function hold_webhook_keys() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform hold_key('nin-encryption', new.secret_cipher_key);
  if new.former_secret_cipher_key is distinct from new.secret_cipher_key then
    perform hold_key('nin-encryption', new.former_secret_cipher_key);
  end if;
  return new;
end $$;
create trigger webhook_subscription_keys before insert or update of secret_cipher_key, former_secret_cipher_key on webhook_subscription
  for each row execute function hold_webhook_keys();

create function hold_request_key() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform hold_key('nin-index', new.nin_index_key);
  return new;
end $$;
create trigger consent_request_key before update of nin_index_key on consent_request
  for each row when (new.nin_index_key is not null) execute function hold_request_key();

-- Persons under one of these keys, but not `p_but`: they are locked until the transaction ends, and those that somebody else has locked
-- are left out.
create function persons_under(p_cipher_keys text[], p_index_keys text[], p_limit integer, p_but uuid[])
returns table (id uuid, nin_cipher bytea, nin_cipher_key text)
language sql security definer set search_path = public, pg_temp as $$
  select person.id, person.nin_cipher, person.nin_cipher_key from person
  where (person.nin_cipher_key = any (p_cipher_keys) or person.nin_index_key = any (p_index_keys)) and person.id <> all (p_but)
  limit p_limit for no key update skip locked;
$$;
revoke all on function persons_under from public;

-- Writes persons anew: what is under a key that has been replaced comes under the one in use, and nothing else is changed. `p_ids`
-- with their new ciphertexts and hashes, in that order. Of two rows of one number the later one loses its hash and is beside the other
-- from then on. Answers how many rows there were to change. The serving role may change persons by this alone.
create function rewrite_persons(p_ids uuid[], p_ciphers bytea[], p_cipher_key text, p_hashes bytea[], p_index_key text) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  replaced_cipher_keys text[];
  replaced_index_keys text[];
  it person;
  twin person;
  changed integer := 0;
begin
  perform hold_key('nin-encryption', p_cipher_key);
  perform hold_key('nin-index', p_index_key);
  if (select count(*) from registered_key where (kind, id) in (('nin-encryption', p_cipher_key), ('nin-index', p_index_key))
      and in_use_since is not null and replaced_at is null and retired_at is null) < 2 then
    raise exception 'persons are written anew with the keys in use only' using errcode = 'KEY01';
  end if;
  select array_agg(id) filter (where kind = 'nin-encryption'), array_agg(id) filter (where kind = 'nin-index')
    into replaced_cipher_keys, replaced_index_keys from registered_key where replaced_at is not null and retired_at is null;
  for place in 1 .. cardinality(p_ids) loop
    select * into it from person where id = p_ids[place] for no key update;
    continue when not found;
    continue when it.nin_cipher_key <> all (coalesce(replaced_cipher_keys, '{}')) and it.nin_index_key <> all (coalesce(replaced_index_keys, '{}'));
    changed := changed + 1;
    if it.nin_cipher_key = any (replaced_cipher_keys) then
      update person set nin_cipher = p_ciphers[place], nin_cipher_key = p_cipher_key where id = it.id;
    end if;
    continue when it.nin_index_key <> all (coalesce(replaced_index_keys, '{}'));
    if it.nin_index is null then
      update person set nin_index_key = p_index_key where id = it.id;
      continue;
    end if;
    select * into twin from person where nin_index = p_hashes[place] and id <> it.id for no key update;
    if not found then
      update person set nin_index = p_hashes[place], nin_index_key = p_index_key where id = it.id;
    elsif (twin.created_at, twin.id) < (it.created_at, it.id) then
      update person set nin_index = null, nin_index_key = p_index_key, same_as = twin.id where id = it.id;
      update person set same_as = twin.id where same_as = it.id;
    else
      update person set nin_index = null, same_as = it.id where id = twin.id;
      update person set same_as = it.id where same_as = twin.id;
      update person set nin_index = p_hashes[place], nin_index_key = p_index_key where id = it.id;
    end if;
  end loop;
  return changed;
end $$;
revoke all on function rewrite_persons from public;

-- A person whom others are the same as is found by that row: it stays until they have gone, and goes with the last of them.
create function keep_person_of_others() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if exists (select from person as other where other.same_as = old.id) then
    return null;
  end if;
  return old;
end $$;
create trigger person_of_others before delete on person for each row when (old.same_as is null) execute function keep_person_of_others();

create function remove_person_of_last() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  delete from person where id = old.same_as
    and not exists (select from consent where consent.person_id = old.same_as)
    and not exists (select from audit_log where audit_log.person_id = old.same_as);
  return null;
end $$;
create trigger person_of_last after delete on person for each row when (old.same_as is not null) execute function remove_person_of_last();

grant select, insert on registered_key to samtykke_app;
grant update (ordered_at, published_at, in_use_since, replaced_at) on registered_key to samtykke_app;
grant select, insert, update, delete on node to samtykke_app;
grant update (index_keys) on creditor_provider to samtykke_app;
grant execute on function node_seen, nodes_seen, hold_key, key_dependents, retire_key, persons_under, rewrite_persons to samtykke_app;
