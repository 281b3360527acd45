import { sql } from '../platform/db-statement.ts';

/** SQL of the keys of the hash under which deliveries are stored: of which there are several while one is being replaced (ADR 16). */

/** Nobody retires this key before the transaction ends; fails (KEY01) when it has been. $1 key */
export const HOLD_INDEX_KEY = sql<never>('delivery_hold_index_key', "select hold_key('nin-index', $1)");

/** Keys under which something of a pair may be stored, and which are not among these. $1 creditor, $2 provider, $3 keys */
export const OTHER_KEYS_OF_PAIR = sql<{ key: string }>(
  'delivery_other_keys_of_pair',
  `select key from creditor_provider p cross join lateral jsonb_object_keys(p.index_keys) as key
   where p.creditor_id = $1 and p.provider_id = $2 and key <> '' and key <> all ($3)
     and not exists (select from registered_key r where r.kind = 'nin-index' and r.id = key and r.retired_at is not null)`,
);

/** Something was pushed under this key; that is worth writing down once in an hour. $1 creditor, $2 provider, $3 key, $4 now */
export const NOTE_PUSHED_UNDER = sql<never>(
  'delivery_note_pushed_under',
  `update creditor_provider set index_keys = index_keys || jsonb_build_object($3::text, $4::timestamptz)
   where creditor_id = $1 and provider_id = $2 and coalesce((index_keys ->> $3)::timestamptz, '-infinity') < $4::timestamptz - interval '1 hour'`,
);

/**
 * A collection under this key has taken the place of all that there was, but for what was pushed since the day before and is unknown
 * to it: of customers whom it does not have at all that may be under another key. $1 creditor, $2 provider, $3 key, $4 when it began
 */
export const NOTE_COLLECTED_UNDER = sql<never>(
  'delivery_note_collected_under',
  `update creditor_provider p
   set index_keys = jsonb_build_object($3::text, $4::timestamptz) || case
     when p.index_keys - $3 = '{}' then '{}'
     when exists (
       select from delivered_loan l where l.creditor_id = $1 and l.provider_id = $2 and l.pushed_at is not null
         and not exists (select from pg_temp.staged s where s.nin_index = l.nin_index)
     ) or exists (
       select from delivered_closing t where t.creditor_id = $1 and t.provider_id = $2
         and not exists (select from pg_temp.staged s where s.nin_index = t.nin_index)
     )
     then (select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each_text(p.index_keys)
           where key <> $3 and value::timestamptz >= $4::timestamptz - interval '25 hours')
     else '{}' end
   where p.creditor_id = $1 and p.provider_id = $2`,
);

export const DROP_OTHER_HASHES = sql<never>('delivery_drop_other_hashes', 'drop table if exists pg_temp.staged_other');

/** What the staged customers have under other keys that are known. */
export const CREATE_OTHER_HASHES = sql<never>(
  'delivery_create_other_hashes',
  'create temporary table staged_other (nin_index bytea not null, other bytea not null)',
);

export const COPY_OTHER_HASHES = sql<never>(
  'delivery_copy_other_hashes',
  'copy pg_temp.staged_other from stdin (format binary)',
);

/*
 * What was pushed is compared with what is staged by hash and account: so what was pushed under another key is moved first, the later
 * one of each account. All else is replaced whole.
 */

/** $1 creditor, $2 provider */
export const MOVE_CLOSED = sql<never>(
  'delivery_move_closed',
  `with moved as (
     delete from delivered_closing t using pg_temp.staged_other o
     where t.creditor_id = $1 and t.provider_id = $2 and t.nin_index = o.other
     returning o.nin_index as hash, t.account_id, t.closed_at, t.pushed_at
   )
   insert into delivered_closing (nin_index, creditor_id, provider_id, account_id, closed_at, pushed_at)
   select distinct on (hash, account_id) hash, $1, $2, account_id, closed_at, pushed_at from moved
   order by hash, account_id, closed_at desc
   on conflict (creditor_id, provider_id, nin_index, account_id) do update
   set closed_at = excluded.closed_at, pushed_at = excluded.pushed_at where delivered_closing.closed_at <= excluded.closed_at`,
);

const FIGURES = `type, co_borrower, credit_limit, interest_bearing_balance, non_interest_bearing_balance, original_balance, balance, terms,
  nominal_interest_rate, installment_charges, installment_charge_period`;

/** $1 creditor, $2 provider */
export const MOVE_PUSHED = sql<never>(
  'delivery_move_pushed',
  `with moved as (
     delete from delivered_loan l using pg_temp.staged_other o
     where l.creditor_id = $1 and l.provider_id = $2 and l.nin_index = o.other and l.pushed_at is not null
     returning o.nin_index as hash, l.*
   )
   insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, reported_at, dated_with_delivery, pushed_at, ${FIGURES})
   select distinct on (hash, account_id) hash, $1, $2, account_id, reported_at, dated_with_delivery, pushed_at, ${FIGURES} from moved
   order by hash, account_id, reported_at desc
   on conflict (nin_index, creditor_id, provider_id, account_id) do update
   set (reported_at, dated_with_delivery, pushed_at, ${FIGURES}) = row (excluded.reported_at, excluded.dated_with_delivery, excluded.pushed_at,
     ${FIGURES.split(',')
       .map((name) => `excluded.${name.trim()}`)
       .join(', ')})
   where delivered_loan.pushed_at is null or delivered_loan.reported_at <= excluded.reported_at`,
);
