import { firstSequenceNr, isFromLostHistory, readEventsAndLast, type ConsentEvent } from '../consent/event-log.ts';
import type { Platform } from '../platform/platform.ts';

/** Events that got their number after this can be read (F4). */
export const readableSince = (platform: Pick<Platform, 'config'>, now: Date): Date =>
  new Date(now.getTime() - platform.config.feedReadableDays * 86_400_000);

export interface ReadOn {
  readonly events: readonly ConsentEvent[];
  /** The last number that had been given. */
  readonly last: number;
  readonly now: Date;
}

/** A client's events from a number on, as of now (F2, F5). Errors: `unavailable`. */
export async function readOn(
  platform: Platform,
  asked: { clientId: string; from: number; limit: number },
): Promise<ReadOn> {
  const now = platform.clock.now();
  return {
    ...(await readEventsAndLast(platform.db, { ...asked, now, readableSince: readableSince(platform, now) })),
    now,
  };
}

/**
 * The oldest number that can be read, if events from `from` on were there and cannot be read any more (F4): they are too old, or the
 * number before `from` was given by a server whose last changes were lost in a failover. Else undefined. Numbers have gaps of their own
 * (F2), which are no gap: only where the next event is not number `from` this is asked.
 */
export async function missedBefore(
  platform: Platform,
  asked: { clientId: string; from: number },
  read: ReadOn,
): Promise<number | undefined> {
  const from = Math.max(asked.from, 2); // nothing is numbered below (F3)
  const next = read.events[0]?.sequenceNr;
  if (next === from || (next === undefined && from > read.last)) return undefined;
  const { db } = platform;
  const first = await firstSequenceNr(db, asked.clientId, read.now, readableSince(platform, read.now));
  const missed = first > from || (await isFromLostHistory(db, asked.clientId, from - 1));
  return missed ? (next ?? Math.max(first, read.last + 1)) : undefined;
}
