import { FEED_CHANNEL, findNews } from '../consent/event-log.ts';
import { openDatabaseListener, type DatabaseListener } from '../platform/db-listener.ts';
import type { Platform } from '../platform/platform.ts';

/**
 * Wakes those on this node who wait for a client's events, without a connection of the database for each of them.
 *
 * Whoever gives numbers says so (NOTIFY), which wakes at once. But nothing depends on that: while anybody waits, one look each half
 * second finds what was said to nobody, and what has been committed and has no number yet, since writers say nothing. So a change is
 * known to those who wait within about half a second, whatever becomes of the connection that listens.
 */
export interface WakeUps {
  /**
   * Resolves when the client may have an event above `after`, when `signal` is aborted, or at the latest when this is closed. It
   * promises nothing about events: whoever is woken reads, which also gives numbers to what waits for one. `after` is the last
   * number that had been given when the caller read and found nothing new (`last` of `readEventsAndLast`). Never rejects.
   */
  wait(clientId: string, call: { after: number; signal: AbortSignal }): Promise<void>;
  /** Wakes everybody, and stops listening. */
  close(): Promise<void>;
}

interface Waiter {
  readonly after: number;
  readonly wake: () => void;
}

const LOOK_MS = 500;
/**
 * At least so long between two wake-ups of those who wait for one client. Each of them reads; reading gives numbers, which is said to all
 * nodes: without a pause a busy client would be read for each of its events, by everybody who waits.
 */
const PAUSE_MS = 100;

/** Opens the wake-ups of a node. Connects to the database only when somebody waits for the first time. */
export function openWakeUps({ db, log }: Pick<Platform, 'db' | 'log'>): WakeUps {
  const waiting = new Map<string, Set<Waiter>>();
  let listener: DatabaseListener | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const wake = (clientId: string, fits: (waiter: Waiter) => boolean = () => true): void => {
    for (const waiter of waiting.get(clientId) ?? []) if (fits(waiter)) waiter.wake();
  };
  const wakeAll = (): void => {
    for (const clientId of waiting.keys()) wake(clientId);
  };
  /** Clients that were woken for a moment ago, and whether there has been more for them since. */
  const pausing = new Map<string, { more: boolean; timer: NodeJS.Timeout }>();
  const wakeNowAndThen = (clientId: string): void => {
    const pause = pausing.get(clientId);
    if (pause !== undefined) {
      pause.more = true;
    } else if (waiting.has(clientId)) {
      const timer = setTimeout(() => {
        const more = pausing.get(clientId)?.more === true;
        pausing.delete(clientId);
        if (more) wakeNowAndThen(clientId);
      }, PAUSE_MS);
      pausing.set(clientId, { more: false, timer });
      wake(clientId);
    }
  };
  const look = async (): Promise<void> => {
    const known = new Map<string, number>();
    for (const [clientId, waiters] of waiting) known.set(clientId, Math.min(...[...waiters].map(({ after }) => after)));
    for (const { clientId, last, unsealed } of await findNews(db, known)) {
      wake(clientId, ({ after }) => unsealed || last > after);
    }
  };
  /** One look at a time, and none while nobody waits. */
  const planLook = (): void => {
    if (timer !== undefined || waiting.size === 0) return;
    timer = setTimeout(() => {
      void look()
        // A database that is away: whoever waits is told when it asks, and the next look finds what there is by then.
        .catch((error: unknown) => log.debug({ error }, 'could not look for events that are waited for'))
        .finally(() => {
          timer = undefined;
          planLook();
        });
    }, LOOK_MS);
  };
  const listen = (): DatabaseListener =>
    openDatabaseListener({
      ...db.login(),
      channel: FEED_CHANNEL,
      onNotification: wakeNowAndThen,
      // Whatever was said before was not heard.
      onListening: wakeAll,
      onLost: (error) =>
        log.warn({ error }, 'the connection that listens for events was lost; they are looked for until it is back'),
    });

  return {
    wait: (clientId, { after, signal }) =>
      new Promise((resolve) => {
        if (closed || signal.aborted) {
          resolve();
          return;
        }
        listener ??= listen();
        const waiters = waiting.get(clientId) ?? new Set();
        const waiter: Waiter = {
          after,
          wake: () => {
            signal.removeEventListener('abort', waiter.wake);
            waiters.delete(waiter);
            if (waiters.size === 0) waiting.delete(clientId);
            resolve();
          },
        };
        signal.addEventListener('abort', waiter.wake);
        waiters.add(waiter);
        waiting.set(clientId, waiters);
        planLook();
      }),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      for (const pause of pausing.values()) clearTimeout(pause.timer);
      wakeAll();
      await listener?.close();
    },
  };
}
