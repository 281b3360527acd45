import type { FastifyRequest } from 'fastify';
import { findCaller, type Caller } from '../clients/access-token.ts';
import { callerOf } from '../clients/require-token.ts';
import { numbered, readStateForCaller, type FeedState } from '../consent/event-log.ts';
import type { Platform } from '../platform/platform.ts';
import { readableSince } from './read-on.ts';
import { BROKEN_EVENT, READ_PAGE } from './store.ts';

/** What was read of the feed beside the token; each is used once, so that nothing is ever taken for newer than it is. */
const states = new WeakMap<FastifyRequest, FeedState>();

/**
 * Finds who sends a request to the feed. For a page, the most frequent of all, how far the feed is is read in the same statement: for
 * who has read everything that is all there is to know.
 */
export const findFeedReader =
  ({ db }: Pick<Platform, 'db'>) =>
  async (request: FastifyRequest, token: string, realNow: Date): Promise<Caller | undefined> => {
    if (request.routeOptions.url !== '/feed/v1/consent') return findCaller(db, token, realNow);
    const { caller, state } = await readStateForCaller(db, token, realNow);
    if (state !== undefined) states.set(request, state);
    return caller;
  };

export interface ReadPage {
  /** As texts for a page, some in each; undefined: there are none. */
  readonly events: readonly string[] | undefined;
  /** The last number that had been given. */
  readonly last: number;
  readonly now: Date;
}

/** A page of the caller's events from a number on, as of now, after what was committed before has got its number (F2, F5). Errors: `unavailable`. */
export async function readPage(
  platform: Platform,
  { request, from, limit }: { request: FastifyRequest; from: number; limit: number },
): Promise<ReadPage> {
  const { db, clock } = platform;
  const { clientId } = callerOf(request);
  const now = clock.now();
  const known = states.get(request);
  states.delete(request);
  const last = await numbered(db, { clientId, now, known });
  if (from > last) return { events: undefined, last, now };
  const rows = await db.query(READ_PAGE, [clientId, from, readableSince(platform, now), limit]);
  const parts = rows.map(({ events }) => events);
  if (parts.some((events) => events.includes(BROKEN_EVENT))) throw new Error('an event lacks what its type needs');
  return { events: parts.length === 0 ? undefined : parts, last, now };
}
