import type { Platform } from '../platform/platform.ts';
import { PROGRESS } from './store.ts';

/**
 * A subscription that this node sends for: nobody else does, while its lease lasts. What is told of its progress is written by and by;
 * what a receiver had taken and was not written yet when a node dies is sent once more by the next one.
 */
export interface Holding {
  /** Aborted when the lease is lost: somebody changed the subscription, its client was disabled, or another node took it. */
  readonly lost: AbortSignal;
  /** Whether this node may send for it now. */
  isGood(): boolean;
  /** Everything up to this number is done with. `delivered`: by a message; without, there was nothing to send. */
  advance(place: number, delivered?: Delivered): void;
  /** Resolves when all of it is written, and nothing more will be. `letGo`: others may take it from then on. Errors: `unavailable`. */
  settle(options: { letGo: boolean }): Promise<void>;
  /** Ends what is under way for it; what has been told is still written by `settle`. */
  abort(reason: Error): void;
}

interface Delivered {
  readonly at: Date;
  readonly status: number;
}

interface Held {
  readonly id: string;
  readonly lease: number;
  readonly lost: AbortController;
  /** On the stopwatch: until when nobody else can have taken it. */
  goodUntil: number;
  place: number | null;
  delivered: Delivered | null;
  /** Whether some of that has not been written yet. */
  isNew: boolean;
  letGo: boolean;
}

/** Writes down how far the subscriptions of a node have come, all in one statement, and holds on to their leases. */
export interface Progress {
  /** From now on the lease is held on to. `since`: the stopwatch, before it was taken. */
  hold(claimed: { id: string; lease: number }, since: number): Holding;
  close(): Promise<void>;
}

/** How long a lease lasts: for so long a node that dies holds up what it was sending. */
const LEASE_MS = 6_000;
/** A lease is renewed when so much of it is over, though there is nothing else to write. */
const RENEW_MS = 1_500;
/** For how long progress is gathered before it is written, and how long to wait when the database is away. */
const GATHER_MS = 25;
const RETRY_MS = 250;

/** Until when a lease lasts that is taken now. */
export const leaseEnd = (realNow: Date): Date => new Date(realNow.getTime() + LEASE_MS);

export function openProgress({ db, clock, log }: Pick<Platform, 'db' | 'clock' | 'log'>): Progress {
  const all = new Set<Held>();
  let ticks: NodeJS.Timeout | undefined;
  /** What is being written at this moment. */
  const now: { writing: Promise<void> | undefined } = { writing: undefined };
  let notBefore = 0;

  const isDue = (held: Held): boolean =>
    held.isNew || held.letGo || held.goodUntil - clock.stopwatch() < LEASE_MS - RENEW_MS;

  const forget = (held: Held): void => {
    all.delete(held);
    if (all.size > 0) return;
    clearInterval(ticks);
    ticks = undefined;
  };
  const lose = (held: Held): void => {
    forget(held);
    held.lost.abort(new LeaseLost('the lease is over'));
  };

  const writeAll = async (): Promise<void> => {
    const batch = [...all].filter(isDue).map((held) => ({ held, ...held }));
    if (batch.length === 0) return;
    for (const { held } of batch) held.isNew = false;
    const begun = clock.stopwatch();
    const realNow = clock.realNow();
    const good = new Set<string>();
    try {
      const rows = await db.query(PROGRESS, [
        batch.map(({ id }) => id),
        batch.map(({ lease }) => lease),
        batch.map(({ place }) => place),
        batch.map(({ delivered }) => delivered?.at ?? null),
        batch.map(({ delivered }) => delivered?.status ?? null),
        batch.map(({ letGo }) => letGo),
        leaseEnd(realNow),
        realNow,
      ]);
      for (const { id } of rows) good.add(id);
    } catch (error) {
      for (const { held, isNew } of batch) held.isNew ||= isNew;
      throw error;
    }
    for (const { held, letGo } of batch) {
      if (!good.has(held.id)) lose(held);
      else if (letGo) forget(held);
      else held.goodUntil = begun + LEASE_MS;
    }
  };

  /** One writes at a time. Resolves when what was there at the call has been written. */
  const write = async (): Promise<void> => {
    while (now.writing !== undefined) await now.writing.catch(() => undefined);
    now.writing = writeAll().finally(() => {
      now.writing = undefined;
    });
    await now.writing;
  };

  const tick = (): void => {
    if (now.writing !== undefined || clock.stopwatch() < notBefore) return;
    write().catch((error: unknown) => {
      notBefore = clock.stopwatch() + RETRY_MS;
      log.warn({ error }, 'the places of webhooks cannot be written yet');
    });
  };

  const settle = async (held: Held, letGo: boolean): Promise<void> => {
    held.letGo = letGo;
    try {
      // Others may be writing it together with theirs.
      while (all.has(held) && (held.isNew || held.letGo || now.writing !== undefined)) await write();
    } finally {
      forget(held);
    }
  };

  return {
    hold: ({ id, lease }, since) => {
      const lost = new AbortController();
      const goodUntil = since + LEASE_MS;
      const held: Held = { id, lease, lost, goodUntil, place: null, delivered: null, isNew: false, letGo: false };
      all.add(held);
      ticks ??= setInterval(tick, GATHER_MS);
      return {
        lost: lost.signal,
        isGood: () => {
          if (all.has(held) && clock.stopwatch() >= held.goodUntil) lose(held);
          return all.has(held);
        },
        advance: (place, delivered) => {
          held.place = place;
          held.delivered = delivered ?? held.delivered;
          held.isNew = true;
        },
        settle: ({ letGo }) => settle(held, letGo),
        abort: (reason) => held.lost.abort(reason),
      };
    },
    close: async () => {
      clearInterval(ticks);
      await now.writing?.catch(() => undefined);
    },
  };
}

/** Why the work for a subscription ended in its midst. */
export class LeaseLost extends Error {}
