import {
  TOKEN_COLUMNS,
  TOKEN_FROM,
  callerFrom,
  tokenHash,
  type Caller,
  type TokenRow,
} from '../clients/access-token.ts';
import { DomainError } from '../errors/domain-error.ts';
import { pointRead, sql } from '../platform/db-statement.ts';
import { sqlState, type Database } from '../platform/db.ts';
import type { ArchiveReason, Purpose } from './consent.ts';

/**
 * The event of a change, spliced into the statement that makes the change (C6), so that neither can be without the other.
 * `select` yields: client, event id, consent, type (`created`, `archived`), time of the change, purpose, client's own id, reason.
 */
export const eventInsert = (select: string): string =>
  `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, purpose, external_id, reason) ${select}`;

interface EventBase {
  readonly sequenceNr: number;
  readonly eventId: string;
  readonly clientId: string;
  readonly consentId: string;
  /** When it happened; for an expiry the instant of expiry. */
  readonly occurredAt: Date;
}

export type ConsentEvent =
  | (EventBase & { readonly type: 'created'; readonly purpose: Purpose; readonly externalId: string | null })
  | (EventBase & { readonly type: 'archived'; readonly reason: ArchiveReason });

interface EventRow {
  client_id: string;
  seq: number;
  event_id: string;
  consent_id: string;
  type: 'created' | 'archived';
  occurred_at: Date;
  purpose: Purpose | null;
  external_id: string | null;
  reason: ArchiveReason | null;
}

const SEAL = sql<{ sealed: number }>('feed_seal', 'select feed_seal($1, $2, $3) as sealed');
/**
 * The last number that a client's events have got, and whether any has none yet: as the function `feed_state` tells it, but part of the
 * statement, as a function with rights of its own costs as much as the rest of a poll. Fails on a replica (55000).
 */
function stateColumns(client: string): string {
  return `greatest(coalesce((select h.last_seq from feed_head h where h.client_id = ${client}), 1), feed_base()) as last_seq,
   exists (select from feed_pending p where p.client_id = ${client}) as unsealed`;
}

const STATE = pointRead<{ last_seq: number; unsealed: boolean }>('feed_state', `select ${stateColumns('$1::uuid')}`, [
  'uuid',
]);
/** $1 hash of the token, $2 real time: who asks, and how far the feed of that client is, in one round trip. */
const STATE_WITH_CALLER = pointRead<TokenRow & { last_seq: number | null; unsealed: boolean | null }>(
  'feed_state_with_caller',
  `select ${TOKEN_COLUMNS}, ${stateColumns('token_client_id::uuid')} from ${TOKEN_FROM}`,
  ['bytea', 'timestamptz'],
);
const READ = sql<EventRow>(
  'feed_read',
  `select client_id, seq, event_id, consent_id, type, occurred_at, purpose, external_id, reason from feed_events($1, $2, $3, $4)`,
);
/**
 * The lowest number from which nothing is missed: that of the oldest event, or where the numbers that were left out before it begin. Of
 * what was left out last nothing is known but the last number before it: no event has been numbered since.
 */
const FIRST = sql<{ seq: number }>(
  'feed_first',
  `select coalesce(
     (select coalesce(j.last_before + 1, e.seq)
      from (select seq from feed_event
            where client_id = $1 and recorded_at > $2 and recorded_on >= ($2 at time zone 'UTC')::date
            order by seq limit 1) e
      left join feed_jump j on j.client_id = $1 and j.first_after = e.seq),
     (select last_seq + 1 from feed_head where client_id = $1), 2) as seq`,
);
/** Whether a number was given out by a server whose last changes this one never got; where a timeline begins nobody was ever numbered. */
const LEFT_OUT = sql<{ so: boolean }>(
  'feed_left_out',
  `select $2::bigint & 4294967295 <> 0 and exists (
     select from feed_jump where client_id = $1 and last_before < $2 and first_after > $2
     union all select from feed_head where client_id = $1 and last_seq < $2 and $2 < feed_base()) as so`,
);
const NEWS = sql<{ client_id: string; last_seq: number; unsealed: boolean }>(
  'feed_news',
  `select asked.client_id, coalesce(h.last_seq, 1) as last_seq, pending.client_id is not null as unsealed
   from unnest($1::uuid[], $2::bigint[]) as asked (client_id, after)
   left join feed_head h on h.client_id = asked.client_id
   left join lateral (select p.client_id from feed_pending p where p.client_id = asked.client_id limit 1) pending on true
   where h.last_seq > asked.after or pending.client_id is not null`,
);
/** Says it without waiting for the disk: a NOTIFY holds a lock of the whole cluster until its transaction is there. */
const TELL = sql<never>(
  'feed_tell',
  "select set_config('synchronous_commit', 'off', true), pg_notify('samtykke_feed', $1)",
);
/** Since when the oldest of all has been waiting; no row when none is. */
const OLDEST_PENDING = sql<{ occurred_at: Date }>(
  'feed_oldest_pending',
  'select min(occurred_at) as occurred_at from feed_pending having min(occurred_at) is not null',
);
const KEEP = sql<never>('feed_keep_partitions', 'select feed_keep_partitions($1, $2)');

/** What those who wait for events listen to; what is said there is the id of a client with new ones. */
export const FEED_CHANNEL = 'samtykke_feed';

const PORTION = 5_000;

/**
 * Gives numbers to events that have been committed: of one client (waiting for whoever does it at this moment), or of all
 * (leaving those out). A transaction of its own each time; any number of nodes may call it at once. Tells those who wait on all
 * nodes, as well as it can. Returns how many got one.
 */
export async function sealEvents(db: Database, clientId: string | null, now: Date): Promise<number> {
  let total = 0;
  for (;;) {
    const sealed = (await db.query(SEAL, [clientId, now, PORTION]))[0]?.sealed ?? 0;
    total += sealed;
    if (sealed < PORTION) break;
  }
  // Of all clients, the transaction itself has told it. Whoever reads does not wait for that: it was woken, or has asked.
  if (clientId !== null && total > 0) void db.query(TELL, [clientId]).catch(() => undefined);
  return total;
}

/**
 * The last number given to a client's events, 1 when there never was one (F3, F4). Whatever was committed before the call is
 * numbered first, so that a change which has been acknowledged is counted. Never decreases.
 */
export async function lastSequenceNr(db: Database, clientId: string, now: Date): Promise<number> {
  const state = await sealedState(db, clientId, now);
  return state.last;
}

/**
 * The oldest number that can be read, or the last one + 1 when none can (F4); where a failover has left numbers out before it, the first
 * of those: who reads from it on misses nothing. `readableSince`: events numbered after it.
 */
export async function firstSequenceNr(db: Database, clientId: string, now: Date, readableSince: Date): Promise<number> {
  const { last } = await sealedState(db, clientId, now);
  const [row] = await db.query(FIRST, [clientId, readableSince]);
  return row?.seq ?? last + 1;
}

/**
 * Whether a client that has seen this number saw it on a server whose last changes are lost (a failover to a replica that had not got
 * them, an old backup): what it knows since then is not so.
 */
export async function isFromLostHistory(db: Database, clientId: string, seen: number): Promise<boolean> {
  const [row] = await db.query(LEFT_OUT, [clientId, seen]);
  return row?.so === true;
}

export interface EventsAsked {
  readonly clientId: string;
  readonly from: number;
  readonly limit: number;
  readonly now: Date;
  /** Events that got their number at or before it cannot be read any more. */
  readonly readableSince: Date;
}

/**
 * A client's events from number `from` on, at most `limit`, in order (F1, F2, F5). What was committed before the call is numbered
 * first. Whoever asks next from the last number + 1 misses nothing.
 */
export async function readEvents(db: Database, asked: EventsAsked): Promise<readonly ConsentEvent[]> {
  return (await readEventsAndLast(db, asked)).events;
}

/** As `readEvents`, and with it the last number that had been given (also to what is not readable, or not in these). */
export async function readEventsAndLast(
  db: Database,
  asked: EventsAsked,
): Promise<{ events: readonly ConsentEvent[]; last: number }> {
  const { clientId, from, limit, now, readableSince } = asked;
  const { last } = await sealedState(db, clientId, now);
  if (from > last) return { events: [], last };
  return { events: (await db.query(READ, [clientId, from, readableSince, limit])).map(eventOf), last };
}

/**
 * Which of these clients have an event above the number that is known of them, or one that waits for its number. Looks, and changes
 * nothing: `readEvents` gives the numbers.
 */
export async function findNews(
  db: Database,
  known: ReadonlyMap<string, number>,
): Promise<readonly { clientId: string; last: number; unsealed: boolean }[]> {
  const rows = await db.query(NEWS, [[...known.keys()], [...known.values()]]);
  return rows.map((row) => ({ clientId: row.client_id, last: row.last_seq, unsealed: row.unsealed }));
}

/** How far a client's feed is: the last number, and whether something that was committed waits for one. */
export interface FeedState {
  readonly last_seq: number;
  readonly unsealed: boolean;
}

/** Who bears this token, and how far the feed of that client is, with one view of the database. Errors: `unavailable`. */
export async function readStateForCaller(
  db: Database,
  token: string,
  realNow: Date,
): Promise<{ caller: Caller | undefined; state: FeedState | undefined }> {
  const [row] = await db.query(STATE_WITH_CALLER, [tokenHash(token), realNow]).catch(refuseReplica);
  const found = row !== undefined && row.last_seq !== null && row.unsealed !== null;
  return { caller: callerFrom(row), state: found ? (row as FeedState) : undefined };
}

/**
 * The last number given, of a client's feed or of one that is known to be as `known` says since the request came; what was committed
 * before is numbered first.
 */
export const numbered = async (
  db: Database,
  { clientId, now, known }: { clientId: string; now: Date; known?: FeedState | undefined },
): Promise<number> => (await sealedState(db, clientId, now, known)).last;

/** Two small reads at most; sealing happens only when something waits for a number. */
async function sealedState(db: Database, clientId: string, now: Date, known?: FeedState): Promise<{ last: number }> {
  const before = known ?? (await stateOf(db, clientId));
  if (!before.unsealed) return { last: before.last_seq };
  await sealEvents(db, clientId, now);
  return { last: (await stateOf(db, clientId)).last_seq };
}

async function stateOf(db: Database, clientId: string): Promise<{ last_seq: number; unsealed: boolean }> {
  const [state] = await db.query(STATE, [clientId]).catch(refuseReplica);
  if (state === undefined) throw new Error('feed_state answered no row');
  return state;
}

/** A replica cannot say (55000): while a primary is being replaced that is an outage like any other. */
function refuseReplica(error: unknown): never {
  if (sqlState(error) !== '55000') throw error;
  throw new DomainError('unavailable', 'The service has no primary database right now. Try again in a few seconds.', {
    cause: error,
    retryAfterSeconds: 3,
  });
}

function eventOf(row: EventRow): ConsentEvent {
  const base = {
    sequenceNr: row.seq,
    eventId: row.event_id,
    clientId: row.client_id,
    consentId: row.consent_id,
    occurredAt: row.occurred_at,
  };
  if (row.type === 'created' && row.purpose !== null) {
    return { ...base, type: 'created', purpose: row.purpose, externalId: row.external_id };
  }
  if (row.type === 'archived' && row.reason !== null) return { ...base, type: 'archived', reason: row.reason };
  throw new Error(`event ${row.event_id} lacks what its type needs`);
}

/** When the oldest event happened that has been committed and still waits for its number; undefined: none does. */
export async function oldestPending(db: Database): Promise<Date | undefined> {
  const [row] = await db.query(OLDEST_PENDING);
  return row?.occurred_at;
}

/** Keeps partitions ready for the coming days and drops those that are past retention. */
export async function keepFeedPartitions(db: Database, today: Date, keepFrom: Date): Promise<void> {
  await db.query(KEEP, [today.toISOString().slice(0, 10), keepFrom.toISOString().slice(0, 10)]);
}
