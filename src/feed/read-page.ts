import type { FastifyRequest } from 'fastify';
import { findCaller, type Caller } from '../clients/access-token.ts';
import { callerOf } from '../clients/require-token.ts';
import { numbered, readStateForCaller, type FeedState } from '../consent/event-log.ts';
import type { Platform } from '../platform/platform.ts';
import { isWhole, openReaders, readParts, type AheadPage, type PageAsked, type Readers } from './read-ahead.ts';
import { readableSince } from './read-on.ts';
import { feedQueryFrom, numbersOf } from './wire.ts';

/** What was read of the feed beside the token; each is used once, so that nothing is ever taken for newer than it is. */
interface Beside {
  readonly token: string;
  readonly readers: Readers;
  readonly state: FeedState | undefined;
  readonly ahead: AheadPage | undefined;
}
const besides = new WeakMap<FastifyRequest, Beside>();

/**
 * Finds who sends a request to the feed. For a page, the most frequent of all, how far the feed is is read in the same statement: for
 * who has read everything that is all there is to know. For who reads on, the page is read at the same time.
 */
export function findFeedReader(platform: Pick<Platform, 'db' | 'clock' | 'config'>) {
  const { db } = platform;
  const readers = openReaders();
  return async (request: FastifyRequest, token: string, realNow: Date): Promise<Caller | undefined> => {
    if (request.routeOptions.url !== '/feed/v1/consent') return findCaller(db, token, realNow);
    const ahead = readAhead(platform, readers.take(token), request.query);
    const { caller, state } = await readStateForCaller(db, token, realNow);
    besides.set(request, { token, readers, state, ahead });
    return caller;
  };
}

function readAhead(
  platform: Pick<Platform, 'db' | 'clock' | 'config'>,
  reader: ReturnType<Readers['take']>,
  query: unknown,
): AheadPage | undefined {
  if (reader === undefined) return undefined;
  const asked = pageAsked(platform, reader.clientId, query);
  if (asked === undefined || asked.from > reader.last) return undefined;
  // Whatever keeps it from being read is told to whoever reads it again.
  return { clientId: reader.clientId, parts: readParts(platform.db, asked).catch(() => undefined) };
}

function pageAsked(
  platform: Pick<Platform, 'clock' | 'config'>,
  clientId: string,
  query: unknown,
): PageAsked | undefined {
  try {
    const { from, limit } = feedQueryFrom(query);
    return { clientId, from, limit, readableSince: readableSince(platform, platform.clock.now()) };
  } catch {
    return undefined; // it is refused, but not before it is known who asks
  }
}

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
  const beside = besides.get(request);
  besides.delete(request);
  const last = await numbered(db, { clientId, now, known: beside?.state });
  if (from > last) return { events: undefined, last, now };
  const asked = { clientId, from, limit, readableSince: readableSince(platform, now) };
  const parts = (await wholeAhead(beside?.ahead, asked, last)) ?? (await readParts(db, asked));
  if (parts.length === 0) return { events: undefined, last, now };
  if (beside !== undefined && numbersOf(parts)[1] < last) beside.readers.remember(beside.token, { clientId, last });
  return { events: parts, last, now };
}

/** What was read ahead for this request, if it is of the caller and has all of the page. */
async function wholeAhead(
  ahead: AheadPage | undefined,
  { clientId, limit }: PageAsked,
  last: number,
): Promise<readonly string[] | undefined> {
  if (ahead?.clientId !== clientId) return undefined;
  const parts = await ahead.parts;
  return parts !== undefined && isWhole(parts, limit, last) ? parts : undefined;
}
