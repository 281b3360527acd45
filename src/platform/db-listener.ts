import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { withSettings, type DatabaseLogin } from './db.ts';

export interface DatabaseListener {
  /** Stops listening; what the connection still says is not heard any more. */
  close(): Promise<void>;
}

export interface ListenerOptions extends DatabaseLogin {
  /** The name that NOTIFY uses: lower-case letters, digits, underscores. */
  readonly channel: string;
  /** Somebody has said this on the channel. Never throws. */
  onNotification(payload: string): void;
  /** From now on everything is heard, which it may not have been before: at the start, and after each loss. Never throws. */
  onListening(): void;
  /** Once for each time that listening ends or cannot begin. Never throws. */
  onLost(error: unknown): void;
}

const RETRY_MS = 1_000;
/** How often a silent connection is asked whether it is still there, and how long it may take to answer. */
const ASK_MS = 15_000;
const ANSWER_MS = 5_000;

/**
 * Listens for NOTIFY over one connection of its own, outside the pool, and connects again by itself, each second. What is said while
 * it is away is lost: nothing may depend on having been told.
 */
export function openDatabaseListener(options: ListenerOptions): DatabaseListener {
  if (!/^[a-z][a-z0-9_]*$/.test(options.channel)) throw new Error('not the name of a channel');
  const closing = new AbortController();
  let lost = false;
  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await listen(options, closing.signal, () => {
          lost = false;
          options.onListening();
        });
      } catch (error) {
        if (!lost && !closing.signal.aborted) options.onLost(error);
        lost = true;
      }
      await sleep(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

/** Listens until the connection is lost, which it throws, or `signal` is aborted. */
async function listen(options: ListenerOptions, signal: AbortSignal, listening: () => void): Promise<void> {
  const { url, settings } = withSettings(options, []);
  const client = new pg.Client({
    connectionString: url,
    application_name: 'samtykke listener',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...settings,
  });
  const over = new AbortController();
  const end = (error?: Error): void => over.abort(error ?? new Error('the connection that listens was closed'));
  client.on('error', end);
  client.on('end', () => end());
  client.on('notification', ({ payload }) => {
    if (!signal.aborted) options.onNotification(payload ?? '');
  });
  const ends = AbortSignal.any([signal, over.signal]);
  try {
    await client.connect();
    await client.query(`listen ${options.channel}`);
    listening();
    while (!ends.aborted) {
      await sleep(ASK_MS, undefined, { signal: ends }).catch(() => undefined);
      // Listening twice is listening once: said again, it asks whether anybody is there.
      if (!ends.aborted) await client.query(`listen ${options.channel}`);
    }
    if (!signal.aborted) throw over.signal.reason;
  } finally {
    // A server that has gone says no goodbye: it is not waited for.
    void client.end().catch(() => undefined);
  }
}
