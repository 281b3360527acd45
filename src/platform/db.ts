import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { DomainError } from '../errors/domain-error.ts';
import { systemClock } from './clock.ts';
import { gathering, type GatheredRead } from './db-gather.ts';
import { noLanes, openLanes } from './db-pipeline.ts';
import { assertServes, verifying } from './db-primary.ts';
import { queryNamed, types } from './db-query.ts';
import { watchSilence, watched } from './db-silence.ts';
import { sql, type SqlValue, type Statement } from './db-statement.ts';
import type { PoolState } from './metrics.ts';
import type { SpanOf } from './tracing-span.ts';
import { noTracing, type Tracing } from './tracing.ts';

export interface Queryable {
  /** Runs one statement and answers its rows. Errors: `unavailable` when the database is away, else the database's own error. */
  query<Row>(statement: Statement<Row>, values?: readonly SqlValue[]): Promise<Row[]>;
}

/** An open transaction; only verbs open one, and pass it on as their first argument. */
export interface Transaction extends Queryable {
  readonly kind: 'transaction';
}

export interface Database extends Queryable {
  readonly kind: 'database';
  /**
   * Runs `work` in one READ COMMITTED transaction and commits it; what `work` throws rolls it back. A serialization failure or
   * a deadlock (40001, 40P01) is tried again from the start, up to five times: `work` must have no effect outside the
   * transaction. When the connection is lost during COMMIT the outcome is unknown and the error says `unavailable`.
   */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** How this one connects, for a connection or a process of our own, past a pooler. It holds a password: hand it to nobody else, and never by a command line. */
  login(): DatabaseLogin;
  /** How the connections are at this moment. */
  pool(): PoolState;
  close(): Promise<void>;
}

export interface DatabaseLogin {
  readonly url: string;
  /** A role to take on at connecting, when one login both migrates and serves. */
  readonly role?: string;
}

export interface DatabaseOptions extends DatabaseLogin {
  /** The same login past a pooler; told: `url` leads through one in transaction mode, which keeps no setting of a connection. */
  readonly directUrl?: string | undefined;
  readonly poolSize: number;
  readonly applicationName?: string;
  /** Longest time of one statement, in milliseconds; a server that does not answer gets two seconds more. */
  readonly statementMs?: number;
  readonly onConnectionError?: (error: Error) => void;
  /** Told of each wait for a connection, in seconds. */
  readonly onWaited?: (seconds: number) => void;
  /** Who is told of statements, by their names. */
  readonly tracing?: Tracing;
}

/** No statement of ours takes this long, unless something is wrong with the database. */
const STATEMENT_MS = 8_000;
/** What a server gets beyond that to say that it took too long: one that is frozen or cut off says nothing. */
const SILENCE_MS = 2_000;
/** Point reads take none of that time; one that does is asked again over a connection of its own, where it may. */
const POINT_READ_MS = 1_000;
const POINT_READ_SILENCE_MS = 500;
/**
 * They are planned once, to go by keys, whatever the planner knows of their values and of how many are asked for: a table that is small now
 * may grow.
 */
export const POINT_READ_SETTINGS = [
  'plan_cache_mode=force_generic_plan',
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
] as const;

const insideTransaction = new AsyncLocalStorage<true>();

/** Whether the caller runs inside `transaction`: the HTTP client refuses to speak to anyone then. */
export const isInsideTransaction = (): boolean => insideTransaction.getStore() === true;

/** Opens a pool; connects lazily, and again by itself when the database was away. */
export function openDatabase(options: DatabaseOptions): Database {
  const { directUrl, role } = options;
  const pooled = directUrl !== undefined;
  // A pooler has one set of settings for all who share its connections: there the login has them (docs/operations.md).
  const { url, settings } = pooled ? { url: options.url, settings: {} } : withSettings(options, []);
  const statementMs = options.statementMs ?? STATEMENT_MS;
  const connections = (longestMs: number): pg.ClientConfig => ({
    connectionString: url,
    application_name: options.applicationName ?? 'samtykke',
    connectionTimeoutMillis: 5_000,
    ...(pooled ? {} : { statement_timeout: longestMs, idle_in_transaction_session_timeout: 30_000 }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
    ...settings,
  });
  const pool = new pg.Pool({
    ...connections(statementMs),
    max: options.poolSize,
    verify: verifying({ role, pooled }),
  });
  const report = options.onConnectionError ?? (() => undefined);
  // Without a listener on the pool *and* on each client, a connection that is cut while idle or closing ends the process.
  pool.on('error', report);
  const silence = watchSilence(statementMs + SILENCE_MS);
  pool.on('connect', (client) => {
    client.on('error', report);
    silence.add(client);
  });
  const tracing = options.tracing ?? noTracing;
  const connect = connecting(pool, options.onWaited ?? (() => undefined));
  // A pooler hands each statement to whatever connection is free: several under way on one of ours gain nothing there.
  const laneMs = Math.min(statementMs, POINT_READ_MS);
  const laneSettings: pg.ClientConfig = {
    ...connections(laneMs),
    ...withSettings(options, POINT_READ_SETTINGS).settings,
  };
  const look = (client: pg.ClientBase): Promise<void> => assertServes(client, { role });
  const lanes = pooled ? noLanes : openLanes(laneSettings, laneMs + POINT_READ_SILENCE_MS, report, look);
  const readShared = gathering(lanes, fellWithLane);

  return {
    kind: 'database',
    query: (statement, values = []) =>
      tracing.part(sqlSpan(statement), () =>
        isGathered(statement)
          ? onLane(readShared, connect, statement, values)
          : retried(() => onLivingConnection(connect, statement, values)),
      ),
    transaction: (work) => retried(() => inTransaction(connect, tracing, work)),
    login: () => ({ url: directUrl ?? options.url, ...(role === undefined || pooled ? {} : { role }) }),
    pool: () => {
      const { open, idle } = lanes.state();
      return { open: pool.totalCount + open, idle: pool.idleCount + idle, waiting: pool.waitingCount };
    },
    close: async () => {
      await Promise.all([lanes.close(), pool.end()]);
    },
  };
}

/** Of a statement only its name is told: neither its text nor a value, and of what failed its code. */
const sqlSpan = ({ name }: Statement<unknown>): SpanOf => ({
  kind: 'sql',
  name,
  attributes: { 'db.system.name': 'postgresql' },
  failure: failureCode,
});

const failureCode = (error: unknown): string | undefined =>
  sqlState(error instanceof DomainError ? error.cause : error) ??
  (error instanceof DomainError ? error.code : undefined);

/**
 * The address to connect to, and the settings that go with it. What an address says in `options` would be taken instead of ours,
 * and the serving role be dropped without a word: so the two are put together.
 */
export function withSettings(
  login: DatabaseLogin,
  more: readonly string[],
): { url: string; settings: { options?: string } } {
  const url = new URL(login.url);
  const given = url.searchParams.getAll('options');
  url.searchParams.delete('options');
  const role = login.role === undefined ? [] : [`role=${login.role}`];
  const options = [...given, ...[...role, ...more].map((setting) => `-c ${setting}`)].join(' ');
  return { url: url.href, settings: options === '' ? {} : { options } };
}

type Connect = () => Promise<pg.PoolClient>;

/** Whatever keeps us from connecting, a refusal by the server included, means that the database is away. */
const connecting = (pool: pg.Pool, onWaited: (seconds: number) => void): Connect => {
  return async () => {
    const begun = systemClock.stopwatch();
    try {
      return await pool.connect();
    } catch (error) {
      throw error instanceof DomainError ? error : unavailable(error);
    } finally {
      onWaited((systemClock.stopwatch() - begun) / 1000);
    }
  };
};

/** How a connection that was cut fails: by the connection itself, or with the server's last words (57P01, 57P02), or a pooler's (08P01). */
const CUT_STATES: ReadonlySet<string | undefined> = new Set([undefined, '57P01', '57P02', '08P01']);
const TOO_LONG = '57014';

const isGathered = <Row>(statement: Statement<Row>): statement is Statement<Row> & GatheredRead =>
  statement.together !== undefined;

/** Of the connection or the time, or `NoLaneError`: not of the statement. */
function fellWithLane(error: unknown): boolean {
  const state = sqlState(error);
  return !(error instanceof RangeError) && (CUT_STATES.has(state) || state === TOO_LONG);
}

/**
 * Over a shared connection, if one is free; else, and where that was cut or the statement took too long there, over one of its own.
 * What the server says of the statement itself it would say there too.
 */
async function onLane<Row>(
  readShared: ReturnType<typeof gathering>,
  connect: Connect,
  statement: Statement<Row> & GatheredRead,
  values: readonly SqlValue[],
): Promise<Row[]> {
  try {
    return (await readShared(statement, [...values])) as Row[];
  } catch (error) {
    if (!fellWithLane(error)) throw translated(error);
    return onLivingConnection(connect, statement, values);
  }
}

/** All connections that lie idle may have been cut at once, and each is known for that only when it is used. */
const MOST_TRIES = 5;

/**
 * A connection may have been cut while it lay idle, which shows only when it is used. What only asks (it begins with `select`,
 * and all our functions may be called twice) is then asked again, over another one; a change may have been made, and is not.
 */
async function onLivingConnection<Row>(
  connect: Connect,
  statement: Statement<Row>,
  values: readonly SqlValue[],
): Promise<Row[]> {
  const begun = systemClock.stopwatch();
  for (let tries = 1; ; tries++) {
    try {
      return await onOwnConnection(connect, statement, values);
    } catch (error) {
      // At once, that is: one that has been waited for is not waited for again.
      const atOnce = tries < MOST_TRIES && systemClock.stopwatch() - begun < 1_000;
      const cut = atOnce && error instanceof DomainError && CUT_STATES.has(sqlState(error.cause));
      if (!cut || !statement.text.startsWith('select')) throw error;
    }
  }
}

async function onOwnConnection<Row>(
  connect: Connect,
  statement: Statement<Row>,
  values: readonly SqlValue[],
): Promise<Row[]> {
  const client = await connect();
  let broken = false;
  try {
    return await run(client, statement, values);
  } catch (error) {
    broken = error instanceof DomainError;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The same transaction, its statements told of. */
const traced = (tx: Transaction, tracing: Tracing): Transaction =>
  tracing === noTracing
    ? tx
    : { ...tx, query: (statement, values) => tracing.part(sqlSpan(statement), () => tx.query(statement, values)) };

async function inTransaction<Result>(
  connect: Connect,
  tracing: Tracing,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const client = await connect();
  let broken: Error | undefined;
  try {
    return await committed(client, (tx) => work(traced(tx, tracing)));
  } catch (error) {
    // Over a connection that does not answer nothing more is said: it is closed, and that rolls back too.
    if (error instanceof DomainError && error.code === 'unavailable') broken = error;
    else {
      await watched(client, () => client.query('rollback')).catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error('rollback failed');
      });
    }
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Begins a transaction, runs `work` and commits. What is thrown leaves it open: the caller rolls back, or closes the connection. */
export async function committed<Result>(
  client: pg.ClientBase,
  work: (tx: Transaction) => Promise<Result>,
  begin: Statement<never> = BEGIN,
): Promise<Result> {
  await run(client, begin, []);
  const tx: Transaction = {
    kind: 'transaction',
    query: (statement, values = []) => run(client, statement, values),
  };
  const result = await insideTransaction.run(true, () => work(tx));
  await commit(client);
  return result;
}

const BEGIN = sql<never>('begin', 'begin isolation level read committed');
/** Begins a transaction that changes nothing, and sees one state of the database from its first statement to its last. */
export const BEGIN_READING = sql<never>('begin_reading', 'begin isolation level repeatable read read only');

/** A COMMIT of a failed transaction does not fail: PostgreSQL answers ROLLBACK to it. That must not pass for success. */
async function commit(client: pg.ClientBase): Promise<void> {
  const result = await watched(client, () => client.query('commit')).catch((error: unknown) => {
    throw translated(error);
  });
  if (result.command !== 'COMMIT') throw new Error('the transaction was rolled back instead of committed');
}

export async function run<Row>(
  on: pg.ClientBase,
  statement: Statement<Row>,
  values: readonly SqlValue[],
): Promise<Row[]> {
  try {
    return (await queryNamed(on, statement, [...values])) as Row[];
  } catch (error) {
    throw translated(error);
  }
}

const RETRIED_STATES = new Set(['40001', '40P01']);

async function retried<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= 5 || !RETRIED_STATES.has(sqlState(error) ?? '')) throw error;
    }
  }
}

/** The five-character SQLSTATE of a database error, or undefined. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** The constraint that a row violated, or undefined. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code?.startsWith('23') === true ? error.constraint : undefined;
}

// Connection exceptions (08), no more connections (53300), being shut down or starting (57P01 to 57P03), a statement or lock that
// took too long (57014, 55P03), a primary that has become a replica (25006), a key that was retired before this process heard of the
// next one (KEY01, of functions of ours): another try, a little later, may go through.
const AWAY_STATES = /^(08...|53300|57P0[1-3]|57014|55P03|25006|KEY01)$/;

export function translated(error: unknown): unknown {
  // The server's errors carry a SQLSTATE; what has none came from the connection itself (refused, reset, timed out).
  const state = sqlState(error);
  if (error instanceof RangeError) return error; // ours, of a value that cannot be read (db-query.ts)
  return error instanceof pg.DatabaseError && (state === undefined || !AWAY_STATES.test(state))
    ? error
    : unavailable(error);
}

const unavailable = (cause: unknown): DomainError =>
  new DomainError('unavailable', 'The service cannot reach its database right now. Try again in a few seconds.', {
    cause,
    retryAfterSeconds: 3,
  });
