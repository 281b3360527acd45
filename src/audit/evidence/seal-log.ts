import { sql } from '../../platform/db-statement.ts';
import type { Queryable } from '../../platform/db.ts';
import type { LogRow, SealStatement } from './seal.ts';

/** SQL of the seals of the log, and of its rows as they are sealed (ADR 18). */

/** A time as it is hashed and written: whatever the session's time zone is. */
const utc = (time: string): string => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** All of a row, the columns that a later version will add included. */
const WHOLE_ROW = `to_jsonb(a) || jsonb_build_object('at', ${utc('a.at')})`;

/** A seal as it is kept. */
export interface StoredSeal {
  readonly number: number;
  readonly jws: string;
  /** In hex. */
  readonly hash: string;
  /** Null: its rows are past their retention, and their list is gone with them. */
  readonly list: string | null;
}

const SETTLED = sql<{ settled: number }>('audit_seal_settled', 'select audit_settled() as settled');

/**
 * The id up to which each row has been committed or never will be: what begins to read after this has all of them before it. Any
 * number of nodes may ask at once.
 */
export async function settledUpTo(db: Queryable): Promise<number> {
  return (await db.query(SETTLED))[0]?.settled ?? 0;
}

const LAST = sql<LastSeal>(
  'audit_seal_last',
  `select number, jws, encode(hash, 'hex') as hash, up_to as "upTo" from audit_seal order by number desc limit 1`,
);

export interface LastSeal {
  readonly number: number;
  readonly jws: string;
  /** In hex. */
  readonly hash: string;
  /** Up to which id all rows are sealed with it. */
  readonly upTo: number;
}

/** The newest seal; undefined when there is none yet. */
export async function lastSeal(db: Queryable): Promise<LastSeal | undefined> {
  return (await db.query(LAST))[0];
}

const NOW = sql<{ now: Date }>('audit_seal_now', 'select business_now() as now');

/** Business time by the clock of the database. */
export async function timeOfDatabase(db: Queryable): Promise<Date> {
  const [row] = await db.query(NOW);
  if (row === undefined) throw new Error('the database did not say what time it is');
  return row.now;
}

const HASH_OF = sql<{ hash: string }>(
  'audit_seal_hash_of',
  `select encode(hash, 'hex') as hash from audit_seal where number = $1`,
);

/** The hash of the seal with this number, in hex; undefined when there is none. */
export async function hashOfSeal(db: Queryable, number: number): Promise<string | undefined> {
  return (await db.query(HASH_OF, [number]))[0]?.hash;
}

/** Has a seal's last id above $1: with an end, so that the planner takes it for few seals whatever $1 is. */
const LATER_SEALS = 'last_id > $1 and last_id <= 9223372036854775807';

/** Looks at no more rows than it must, however the server plans it. $1 all up to there are sealed, $2 above this id, $3 at most */
const UNSEALED = sql<{ row: LogRow }>(
  'audit_seal_unsealed',
  `with sealed as materialized (
     select unnest(row_ids) as id from audit_seal where ${LATER_SEALS}
   ), next as materialized (
     select id from audit_log where id > greatest($1, $2) order by id limit $3 + (select count(*) from sealed)
   ), due as materialized (
     select id from next where not exists (select from sealed where sealed.id = next.id) order by id limit $3
   )
   select ${WHOLE_ROW} as row from due join audit_log a on a.id = due.id order by a.id`,
);

/** The first committed rows above an id that are in no seal; `upTo`: below that there are none. */
export async function unsealedRows(
  db: Queryable,
  ask: { upTo: number; above: number; atMost: number },
): Promise<readonly LogRow[]> {
  return (await db.query(UNSEALED, [ask.upTo, ask.above, ask.atMost])).map(({ row }) => row);
}

/** $1 number, $2 time, $3 JWS, $4 hash, $5 rows, $6 list, $7 up to, $8 kept since, $9 and $10 times of the first and last row */
const ADD = sql<{ number: number }>(
  'audit_seal_add',
  `insert into audit_seal
     (number, at, jws, hash, row_count, first_id, last_id, first_at, last_at, up_to, kept_since, row_ids, list)
   select $1::bigint, $2::timestamptz, $3, $4::bytea, count(id), min(id), max(id), $9::timestamptz, $10::timestamptz, $7::bigint,
          $8::timestamptz, $5::bigint[], $6 from unnest($5::bigint[]) as id
   on conflict do nothing returning number`,
);

/**
 * Adds a seal, unless its number is taken: then somebody else was first, and what this one was made of is no longer so. Two nodes may make
 * the same one, to the letter, in the same millisecond: so nothing of it may be taken, and not its number alone.
 */
export async function addSeal(
  db: Queryable,
  statement: SealStatement,
  seal: { jws: string; hash: string; rowIds: readonly number[]; list: string },
): Promise<boolean> {
  const { number, at, upTo, keptSince, from, until } = statement;
  const hash = Buffer.from(seal.hash, 'hex');
  const values = [number, at, seal.jws, hash, seal.rowIds, seal.list, upTo, keptSince, from, until];
  return (await db.query(ADD, values)).length > 0;
}

/** From here on: what checks and hands over. */

const SNAPSHOT = sql<never>('audit_seal_snapshot', 'set transaction isolation level repeatable read, read only');

/** Makes a transaction that has just begun see everything as it is now, however long it takes. */
export async function holdStill(tx: Queryable): Promise<void> {
  await tx.query(SNAPSHOT);
}

const COLUMNS = `number, jws, encode(hash, 'hex') as hash, list`;

/** $1 from, $2 at most */
const READ = sql<StoredSeal>(
  'audit_seal_read',
  `select ${COLUMNS} from audit_seal where number >= $1 order by number limit $2`,
);

/** Seals from a number on, in order. */
export async function readSeals(db: Queryable, from: number, atMost: number): Promise<readonly StoredSeal[]> {
  return db.query(READ, [from, atMost]);
}

const MOST_RELEASING = sql<StoredSeal>(
  'audit_seal_most_releasing',
  `select ${COLUMNS} from audit_seal order by kept_since desc, number limit 1`,
);

/** The seal that lets the most rows be gone. */
export async function mostReleasingSeal(db: Queryable): Promise<StoredSeal | undefined> {
  return (await db.query(MOST_RELEASING))[0];
}

/** $1 numbers */
const READ_NAMED = sql<StoredSeal>(
  'audit_seal_read_named',
  `select ${COLUMNS} from audit_seal where number = any ($1) order by number`,
);

/** These seals, in order. */
export async function namedSeals(db: Queryable, numbers: readonly number[]): Promise<readonly StoredSeal[]> {
  return db.query(READ_NAMED, [numbers]);
}

/** Which rows are meant. */
export interface RowFilter {
  readonly clientId?: string | undefined;
  /** The ids under which one person is known. */
  readonly persons?: readonly string[] | undefined;
}

/** $1 numbers, $2 client or null, $3 persons or null */
const ROWS_OF = sql<{ seal: number; row: LogRow }>(
  'audit_seal_rows_of',
  `select s.number as seal, ${WHOLE_ROW} as row
   from audit_seal s cross join lateral unnest(s.row_ids) as sealed (id) join audit_log a on a.id = sealed.id
   where s.number = any ($1) and ($2::uuid is null or a.client_id = $2) and ($3::uuid[] is null or a.person_id = any ($3))
   order by s.number, a.id`,
);

/** The rows that are there of these seals: by seal, in the order of their ids. */
export async function rowsOfSeals(
  db: Queryable,
  numbers: readonly number[],
  filter: RowFilter = {},
): Promise<ReadonlyMap<number, readonly LogRow[]>> {
  const rows = await db.query(ROWS_OF, [numbers, filter.clientId ?? null, filter.persons ?? null]);
  const bySeal = Map.groupBy(rows, ({ seal }) => seal);
  return new Map([...bySeal].map(([seal, found]) => [seal, found.map(({ row }) => row)]));
}

/** $1 from, $2 to, or null */
const RANGE = sql<{ first: number | null; last: number | null }>(
  'audit_seal_range',
  `select (select min(number) from audit_seal where $1::timestamptz is null or last_at >= $1) as first,
          (select max(number) from audit_seal where $2::timestamptz is null or first_at < $2) as last`,
);

/** The first and the last seal that have rows of this time, as they say; undefined when there are none. */
export async function sealsOfTime(
  db: Queryable,
  from: Date | undefined,
  to: Date | undefined,
): Promise<{ first: number; last: number } | undefined> {
  const [row] = await db.query(RANGE, [from ?? null, to ?? null]);
  const { first = null, last = null } = row ?? {};
  return first === null || last === null || first > last ? undefined : { first, last };
}

/** $1 persons, $2 from, $3 to, or null */
const SEALS_OF_PERSONS = sql<{ number: number }>(
  'audit_seal_of_persons',
  `select distinct s.number from audit_log a
   cross join lateral (
     select number from audit_seal where last_id >= a.id and first_id <= a.id and a.id = any (row_ids) order by last_id limit 1
   ) s
   where a.person_id = any ($1) and ($2::timestamptz is null or a.at >= $2) and ($3::timestamptz is null or a.at < $3)
   order by s.number`,
);

/** The seals that hold rows of a person, of this time. */
export async function sealsOfPersons(
  db: Queryable,
  persons: readonly string[],
  from: Date | undefined,
  to: Date | undefined,
): Promise<readonly number[]> {
  const rows = await db.query(SEALS_OF_PERSONS, [persons, from ?? null, to ?? null]);
  return rows.map(({ number }) => number);
}

/** $1 all up to there are sealed, $2 at most */
const ADDED = sql<{ id: number; at: string }>(
  'audit_seal_rows_added',
  `select a.id, ${utc('a.at')} as at from audit_log a
   left join (select unnest(row_ids) as id from audit_seal) sealed on sealed.id = a.id
   where a.id <= $1 and sealed.id is null order by a.id limit $2`,
);

/** Rows up to this id that are in no seal, by their ids. Reads through all of the log. */
export async function rowsAdded(
  db: Queryable,
  upTo: number,
  atMost: number,
): Promise<readonly { id: number; at: string }[]> {
  return db.query(ADDED, [upTo, atMost]);
}

/** $1 all up to there are sealed */
const WAITING = sql<{ count: number }>(
  'audit_seal_rows_waiting',
  `select count(*) from audit_log a
   left join (select unnest(row_ids) as id from audit_seal where ${LATER_SEALS}) sealed on sealed.id = a.id
   where a.id > $1 and sealed.id is null`,
);

/** How many rows above this id are in no seal yet. */
export async function rowsWaiting(db: Queryable, upTo: number): Promise<number> {
  return (await db.query(WAITING, [upTo]))[0]?.count ?? 0;
}
