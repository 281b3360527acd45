import { sql } from '../platform/db-statement.ts';

/** The SQL of what is delivered: staging and swapping in, pushes, what is left behind. Private. */

/** The figures of a loan: all that is compared and replaced when it is delivered anew, but for its date. */
const FIGURES = [
  'type',
  'co_borrower',
  'credit_limit',
  'interest_bearing_balance',
  'non_interest_bearing_balance',
  'original_balance',
  'balance',
  'terms',
  'nominal_interest_rate',
  'installment_charges',
  'installment_charge_period',
] as const;
const figuresOf = (alias: string): string => FIGURES.map((name) => `${alias}.${name}`).join(', ');
const FIGURE_NAMES = FIGURES.join(', ');

export const DROP_STAGED = sql<never>('delivery_drop_staged', 'drop table if exists pg_temp.staged');

/** What has come of a delivery, not looked at by anybody but this session, and gone with it. In the order in which rows are written. */
export const CREATE_STAGED = sql<never>(
  'delivery_create_staged',
  `create temporary table staged (
     nin_index bytea not null, page integer not null, record integer not null,
     -- Each customer has one such row.
     is_first boolean not null,
     -- Null: a customer without loans.
     account_id text, type text, reported_at timestamptz, co_borrower smallint, credit_limit bigint, interest_bearing_balance bigint,
     non_interest_bearing_balance bigint, original_balance bigint, balance bigint, terms integer, nominal_interest_rate integer,
     installment_charges bigint, installment_charge_period text
   )`,
);

export const COPY_STAGED = sql<never>('delivery_copy_staged', 'copy pg_temp.staged from stdin (format binary)');

/** Fails (23505) when a customer is there twice. */
export const ONE_ROW_A_CUSTOMER = sql<never>(
  'delivery_one_row_a_customer',
  'create unique index on pg_temp.staged (nin_index) where is_first',
);

/** The first customer of the delivery that was there before. */
export const FIRST_DUPLICATE = sql<{ page: number; record: number }>(
  'delivery_first_duplicate',
  `select page, record from (
     select page, record, row_number() over (partition by nin_index order by page, record) as occurrence from pg_temp.staged where is_first
   ) customer where occurrence > 1 order by page, record limit 1`,
);

/** Waits for pushes to this pair that are under way, and holds off others. $1 creditor, $2 provider */
export const LOCK_TO_SWAP = sql<{ enabled: boolean }>(
  'delivery_lock_to_swap',
  'select enabled from creditor_provider where creditor_id = $1 and provider_id = $2 for no key update',
);

/** Accounts that another provider delivers for the same institution, too. $1 creditor, $2 provider */
export const COUNT_DUPLICATED = sql<{ count: number }>(
  'delivery_count_duplicated',
  `select count(*) from delivered_loan l join pg_temp.staged s on s.nin_index = l.nin_index and s.account_id = l.account_id
   where l.creditor_id = $1 and l.provider_id <> $2
     and exists (select from creditor_provider p where p.creditor_id = $1 and p.provider_id <> $2 and p.delivered_at is not null)`,
);

/*
 * The swap: one transaction, so that readers see what was there before, or all of what is staged. First the differences are found, by
 * comparing everything once; then they are made. Of an account that is in both, and was pushed since the collection before, the one
 * dated later counts. What a push said that the delivery cannot know of is not undone by it either: a push that came in the day before,
 * and is dated later than the newest figures of the delivery, or came later than the collection began. Its account stays as it was
 * pushed, open or closed.
 */
const PAIR = (alias: string): string => `${alias}.creditor_id = $1 and ${alias}.provider_id = $2`;
/**
 * The same where rows are found otherwise, by number or place. PostgreSQL would rather find them by the index on all of a pair, of which
 * it expects next to nothing until it has counted the rows of a pair that is new; that takes seconds, or an hour.
 */
const PAIR_OF_FOUND = (alias: string): string => `${alias}.creditor_id || '' = $1 and ${alias}.provider_id || '' = $2`;
const UNKNOWN_TO_IT = (alias: string, dated: string): string =>
  `(${alias}.pushed_at > $3::timestamptz - interval '1 day' and (${alias}.pushed_at > $3::timestamptz or ${dated} > $4::timestamptz))`;

/** What was closed since it was drawn is not opened again. $1 creditor, $2 provider */
export const LEAVE_CLOSED = sql<{ left: number }>(
  'delivery_leave_closed',
  `with closed as (
     delete from pg_temp.staged s using delivered_closing t
     where ${PAIR('t')} and s.nin_index = t.nin_index and s.account_id = t.account_id and t.closed_at > s.reported_at returning 1
   )
   select count(*) as left from closed`,
);

/** After that, for customers who have other loans. */
export const MARK_FIRST = sql<never>(
  'delivery_mark_first',
  `update pg_temp.staged set is_first = true
   where ctid in (select distinct on (nin_index) ctid from pg_temp.staged order by nin_index, is_first desc) and not is_first`,
);

/** $1 creditor, $2 provider, $3 when the collection began, $4 when its figures were drawn, at the newest */
export const FORGET_CLOSED = sql<never>(
  'delivery_forget_closed',
  `delete from delivered_closing t where ${PAIR('t')} and not ${UNKNOWN_TO_IT('t', 't.closed_at')}`,
);

/** Whether there is anything to compare with. $1 creditor, $2 provider */
export const ANYTHING_STORED = sql<{ stored: boolean }>(
  'delivery_anything_stored',
  `select exists (select from delivered_loan l where ${PAIR('l')}) or exists (select from delivered_customer c where ${PAIR('c')}) as stored`,
);

/** For a pair of which nothing is stored: all is new. $1 creditor, $2 provider, $3 when its figures were drawn, at the newest */
export const ADD_ALL_LOANS = sql<never>(
  'delivery_add_all_loans',
  `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, reported_at, dated_with_delivery, ${FIGURE_NAMES})
   select s.nin_index, $1, $2, s.account_id, s.reported_at, s.reported_at = $3, ${figuresOf('s')}
   from pg_temp.staged s where s.account_id is not null order by s.nin_index`,
);

/** $1 creditor, $2 provider, $3 when the collection began */
export const ADD_ALL_CUSTOMERS = sql<never>(
  'delivery_add_all_customers',
  `insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at)
   select s.nin_index, $1, $2, $3 from pg_temp.staged s where s.is_first order by s.nin_index`,
);

/** The rows of a large creditor are put in order in memory; those of others take no more than they need. */
export const SORT_IN_MEMORY = sql<never>('delivery_sort_in_memory', "set local work_mem = '256MB'");

/**
 * Comparing everything with plans that look rows up one by one takes twenty times as long, and PostgreSQL would make them: its statistics
 * have often not caught up with what was delivered last.
 */
export const COMPARE_WHOLE_TABLES = sql<never>('delivery_compare_whole_tables', 'set local enable_nestloop = off');
export const FOLLOW_DIFFERENCES = sql<never>('delivery_follow_differences', 'set local enable_nestloop = on');

/**
 * The loans that differ: by where the old row is (null: a new loan) and where the staged one is (null: it is gone). Nobody moves rows
 * of this pair while it is locked. $1 creditor, $2 provider, $3 when the collection began, $4 when its figures were drawn, at the newest
 */
export const COMPARE_LOANS = sql<never>(
  'delivery_compare_loans',
  `create temporary table loan_difference on commit drop as
   select l.ctid as old, s.ctid as new
   from (select ctid, * from delivered_loan l where ${PAIR('l')}) l
   full join (select ctid, * from pg_temp.staged where account_id is not null) s
     on s.nin_index = l.nin_index and s.account_id = l.account_id
   where case
     when l.nin_index is null then true
     when s.nin_index is null then l.pushed_at is null or not ${UNKNOWN_TO_IT('l', 'l.reported_at')}
     when l.pushed_at is not null then l.reported_at <= s.reported_at
     else (${figuresOf('l')}) is distinct from (${figuresOf('s')}) or l.dated_with_delivery <> (s.reported_at = $4)
       or (s.reported_at <> $4 and l.reported_at <> s.reported_at)
   end`,
);

/** $1 creditor, $2 provider */
export const REMOVE_LOANS = sql<never>(
  'delivery_remove_loans',
  `delete from delivered_loan l using pg_temp.loan_difference d where l.ctid = d.old and d.new is null and ${PAIR_OF_FOUND('l')}`,
);

/** $1 creditor, $2 provider, $3 when its figures were drawn, at the newest */
export const CHANGE_LOANS = sql<never>(
  'delivery_change_loans',
  `update delivered_loan l
   set reported_at = s.reported_at, dated_with_delivery = s.reported_at = $3, pushed_at = null, (${FIGURE_NAMES}) = row (${figuresOf('s')})
   from pg_temp.loan_difference d join pg_temp.staged s on s.ctid = d.new
   where l.ctid = d.old and ${PAIR_OF_FOUND('l')}`,
);

/** In the order of the key, which is a third faster than in that of the delivery. $1 creditor, $2 provider, $3 when its figures were drawn, at the newest */
export const ADD_LOANS = sql<never>(
  'delivery_add_loans',
  `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, reported_at, dated_with_delivery, ${FIGURE_NAMES})
   select s.nin_index, $1, $2, s.account_id, s.reported_at, s.reported_at = $3, ${figuresOf('s')}
   from pg_temp.loan_difference d join pg_temp.staged s on s.ctid = d.new
   where d.old is null
   order by s.nin_index`,
);

/** As of loans. $1 creditor, $2 provider */
export const COMPARE_CUSTOMERS = sql<never>(
  'delivery_compare_customers',
  `create temporary table customer_difference on commit drop as
   select c.ctid as old, c.nin_index as gone, s.nin_index as new
   from (select ctid, nin_index from delivered_customer c where ${PAIR('c')}) c
   full join (select nin_index from pg_temp.staged where is_first) s on s.nin_index = c.nin_index
   where c.nin_index is null or s.nin_index is null`,
);

/** $1 creditor, $2 provider, $3 when the collection began */
export const ADD_CUSTOMERS = sql<never>(
  'delivery_add_customers',
  `insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at)
   select new, $1, $2, $3 from pg_temp.customer_difference where new is not null order by new`,
);

/** But not one of whom a push has left something. $1 creditor, $2 provider */
export const REMOVE_CUSTOMERS = sql<never>(
  'delivery_remove_customers',
  `delete from delivered_customer c using pg_temp.customer_difference d
   where c.ctid = d.old and ${PAIR_OF_FOUND('c')}
     and not exists (select from delivered_loan l where l.nin_index = d.gone and ${PAIR_OF_FOUND('l')})`,
);

/** $1 creditor, $2 provider, $3 when the collection began, $4 when its figures were drawn, at the newest */
export const DATE_PAIR = sql<never>(
  'delivery_date_pair',
  `update creditor_provider set delivered_at = $3, drawn_at = $4 where creditor_id = $1 and provider_id = $2`,
);

/*
 * Pushes. They and the swaps of one pair take turns by the lock on its row. A number that was stored under an older key of the hash is
 * found by that too ($ of hashes: what is stored now, and all of them).
 */

/** Which institutions an organisation may push for, each with each of its providers. $1 organisation */
export const PUSHABLE = sql<{ creditor_id: string; provider_id: string }>(
  'delivery_pushable',
  `select p.creditor_id, p.provider_id from creditor_provider p join creditor c on c.id = p.creditor_id and c.enabled
   where p.enabled and $1 = any (p.organisations)`,
);

/** The same for these, once nobody else is at them. Always in one order. $1 organisation, $2 creditors, $3 their providers */
export const LOCK_TO_PUSH = sql<{ creditor_id: string; provider_id: string; drawn_at: Date | null }>(
  'delivery_lock_to_push',
  `select p.creditor_id, p.provider_id, p.drawn_at
   from unnest($2::text[], $3::text[]) asked (creditor_id, provider_id)
   join creditor_provider p using (creditor_id, provider_id) join creditor c on c.id = p.creditor_id and c.enabled
   where p.enabled and $1 = any (p.organisations)
   order by p.creditor_id, p.provider_id for no key update of p`,
);

/** When a stored loan was drawn. $3 when the figures of the last collection were */
const DATED = (alias: string): string =>
  `(case when ${alias}.dated_with_delivery then $3::timestamptz else ${alias}.reported_at end)`;

/**
 * Removes loans that are no newer than that: closed ones, and those that are stored anew under another hash.
 * $1 creditor, $2 provider, $3 when drawn, $4 hashes, $5 accounts, $6 timestamps
 */
export const PUSH_REMOVE = sql<never>(
  'delivery_push_remove',
  `delete from delivered_loan l using unnest($4::bytea[], $5::text[], $6::timestamptz[]) pushed (nin_index, account_id, dated)
   where ${PAIR_OF_FOUND('l')} and l.nin_index = pushed.nin_index and l.account_id = pushed.account_id and ${DATED('l')} <= pushed.dated`,
);

/**
 * Stores loans, each in the place of what is there of the same account, unless that is newer, or was closed later. Answers how many.
 * $1 creditor, $2 provider, $3 when drawn, $4 now, $5 hashes, $6 accounts, $7 timestamps, $8 and on the figures
 */
export const PUSH_STORE = sql<{ stored: number }>(
  'delivery_push_store',
  `with stored as (
     insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, reported_at, dated_with_delivery, pushed_at, ${FIGURE_NAMES})
     select p.nin_index, $1, $2, p.account_id, p.reported_at, false, $4, ${figuresOf('p')}
     from unnest($5::bytea[], $6::text[], $7::timestamptz[], $8::text[], $9::smallint[], $10::bigint[], $11::bigint[], $12::bigint[],
       $13::bigint[], $14::bigint[], $15::integer[], $16::integer[], $17::bigint[], $18::text[])
       p (nin_index, account_id, reported_at, ${FIGURE_NAMES})
     where not exists (
       select from delivered_closing t
       where ${PAIR('t')} and t.nin_index = p.nin_index and t.account_id = p.account_id and t.closed_at > p.reported_at
     )
     on conflict (nin_index, creditor_id, provider_id, account_id) do update
     set (reported_at, dated_with_delivery, pushed_at, ${FIGURE_NAMES}) = row (excluded.reported_at, false, excluded.pushed_at, ${figuresOf('excluded')})
     where ${DATED('delivered_loan')} <= excluded.reported_at
     returning 1
   )
   select count(*) as stored from stored`,
);

/** Forgets that accounts were closed which are open again. $1 creditor, $2 provider, $3 hashes, $4 accounts, $5 timestamps */
export const PUSH_REOPEN = sql<never>(
  'delivery_push_reopen',
  `delete from delivered_closing t using unnest($3::bytea[], $4::text[], $5::timestamptz[]) pushed (nin_index, account_id, dated)
   where ${PAIR('t')} and t.nin_index = pushed.nin_index and t.account_id = pushed.account_id and t.closed_at <= pushed.dated`,
);

/** Remembers that accounts were closed. $1 creditor, $2 provider, $3 now, $4 hashes, $5 accounts, $6 timestamps */
export const PUSH_CLOSE = sql<never>(
  'delivery_push_close',
  `insert into delivered_closing (nin_index, creditor_id, provider_id, account_id, closed_at, pushed_at)
   select pushed.nin_index, $1, $2, pushed.account_id, pushed.dated, $3
   from unnest($4::bytea[], $5::text[], $6::timestamptz[]) pushed (nin_index, account_id, dated)
   on conflict (creditor_id, provider_id, nin_index, account_id) do update
   set closed_at = excluded.closed_at, pushed_at = excluded.pushed_at where delivered_closing.closed_at <= excluded.closed_at`,
);

/** Customers of whom there is a loan now. $1 creditor, $2 provider, $3 now, $4 hashes */
export const PUSH_ADD_CUSTOMERS = sql<never>(
  'delivery_push_add_customers',
  `insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at)
   select nin_index, $1, $2, $3 from unnest($4::bytea[]) pushed (nin_index)
   where exists (select from delivered_loan l where ${PAIR_OF_FOUND('l')} and l.nin_index = pushed.nin_index)
   on conflict do nothing`,
);

/** Customers of whom the last loan is closed. $1 creditor, $2 provider, $3 hashes */
export const PUSH_REMOVE_CUSTOMERS = sql<never>(
  'delivery_push_remove_customers',
  `delete from delivered_customer c using unnest($3::bytea[]) pushed (nin_index)
   where ${PAIR_OF_FOUND('c')} and c.nin_index = pushed.nin_index
     and not exists (select from delivered_loan l where ${PAIR_OF_FOUND('l')} and l.nin_index = c.nin_index)`,
);

/*
 * What is left of those who deliver no more: of a pair that has not been collected since $3, what has not come by a push since then
 * either. In portions of $4 rows, while nobody else is at the pair.
 */

/** $1 collected before */
export const SILENT_SINCE = sql<{ creditor_id: string; provider_id: string }>(
  'delivery_silent_since',
  "select creditor_id, provider_id from creditor_provider where coalesce(delivered_at, '-infinity') < $1",
);

/** A row if it still is so, once nobody else is at it. $1 creditor, $2 provider, $3 collected before */
export const LOCK_SILENT = sql<{ creditor_id: string }>(
  'delivery_lock_silent',
  `select creditor_id from creditor_provider p where ${PAIR('p')} and coalesce(delivered_at, '-infinity') < $3 for no key update`,
);

export const SWEEP_LOANS = sql<{ gone: number }>(
  'delivery_sweep_loans',
  `with gone as (
     delete from delivered_loan where ctid = any (array (
       select l.ctid from delivered_loan l where ${PAIR('l')} and coalesce(l.pushed_at, '-infinity') < $3
         and not exists (select from delivered_customer c where ${PAIR_OF_FOUND('c')} and c.nin_index = l.nin_index and c.delivered_at >= $3)
       limit $4
     )) returning 1
   )
   select count(*) as gone from gone`,
);

export const SWEEP_CUSTOMERS = sql<{ gone: number }>(
  'delivery_sweep_customers',
  `with gone as (
     delete from delivered_customer where ctid = any (array (
       select c.ctid from delivered_customer c where ${PAIR('c')} and c.delivered_at < $3
         and not exists (select from delivered_loan l where ${PAIR_OF_FOUND('l')} and l.nin_index = c.nin_index)
       limit $4
     )) returning 1
   )
   select count(*) as gone from gone`,
);

/** $1 creditor, $2 provider, $3 pushed before */
export const SWEEP_CLOSED = sql<never>(
  'delivery_sweep_closed',
  `delete from delivered_closing t where ${PAIR('t')} and t.pushed_at < $3`,
);
