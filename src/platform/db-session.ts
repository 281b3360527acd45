import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DomainError } from '../errors/domain-error.ts';
import { assertServes } from './db-primary.ts';
import { types } from './db-query.ts';
import type { SqlValue, Statement } from './db-statement.ts';
import {
  BEGIN_READING,
  committed,
  run,
  translated,
  withSettings,
  type DatabaseLogin,
  type Queryable,
  type Transaction,
} from './db.ts';

/**
 * One connection of its own, for work that takes long: rows by the million (COPY), temporary tables, and locks that are held as long
 * as the connection is. One thing at a time. When it is lost, everything fails with `unavailable`, and what the server held for it
 * (open transaction, locks, temporary tables) is gone.
 */
export interface Session extends Queryable {
  /** Runs a statement, and answers how many rows it changed. */
  change(statement: Statement<never>, values?: readonly SqlValue[]): Promise<number>;
  /** Runs a `copy … from stdin (format binary)` with these bytes, whole. All of its rows are there afterwards, or none. */
  copy(statement: Statement<never>, rows: Buffer): Promise<void>;
  /** As of a Database, but it is not tried again. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Runs `work` in a transaction that changes nothing, and in which everything is as it was at its first statement. */
  reading<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  /** Whether the connection is still there, as far as is known. */
  alive(): boolean;
  close(): Promise<void>;
}

export interface SessionOptions extends DatabaseLogin {
  readonly applicationName: string;
  /** Longest time of one statement, in milliseconds. */
  readonly statementMs: number;
}

const SETTINGS = [
  // A server that is cut off from us notices within half a minute, and lets go of the locks.
  'tcp_keepalives_idle=15',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  // Large joins, planned for the tables as they are at that moment.
  'plan_cache_mode=force_custom_plan',
  'jit=off',
  'work_mem=64MB',
  'temp_buffers=32MB',
];

/** Connects. Errors: `unavailable`. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { url, settings } = withSettings(options, SETTINGS);
  const client = new pg.Client({
    connectionString: url,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    statement_timeout: options.statementMs,
    query_timeout: options.statementMs + 2_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
    ...settings,
  });
  let alive = true;
  const lost = (): void => {
    alive = false;
  };
  client.on('error', lost);
  client.on('end', lost);
  try {
    await client.connect();
    await assertServes(client, { role: options.role });
  } catch (error) {
    await client.end().catch(lost);
    throw error instanceof DomainError ? error : translated(error);
  }
  const inTransaction = async <Result>(
    work: (tx: Transaction) => Promise<Result>,
    begin?: Statement<never>,
  ): Promise<Result> => {
    try {
      return await committed(client, work, begin);
    } catch (error) {
      // Over a lost connection nothing can be said, and nothing needs to be.
      await client.query('rollback').catch(lost);
      throw error;
    }
  };
  // In the midst of a statement, too; where the server's system can tell.
  await client.query("select set_config('client_connection_check_interval', '500ms', false)").catch(() => undefined);
  return {
    query: (statement, values = []) => run(client, statement, values),
    change: async ({ name, text }, values = []) => {
      try {
        return (await client.query({ name, text, values: [...values] })).rowCount ?? 0;
      } catch (error) {
        throw translated(error);
      }
    },
    copy: async ({ text }, rows) => {
      try {
        const stream = client.query(copyFrom(text));
        const finished = once(stream, 'finish');
        stream.end(rows);
        await finished;
      } catch (error) {
        throw translated(error);
      }
    },
    transaction: (work) => inTransaction(work),
    reading: (work) => inTransaction(work, BEGIN_READING),
    alive: () => alive,
    close: () => client.end().catch(lost),
  };
}
