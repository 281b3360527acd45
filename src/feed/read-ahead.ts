import { tokenHash } from '../clients/access-token.ts';
import type { Database } from '../platform/db.ts';
import { BROKEN_EVENT, READ_PAGE } from './store.ts';
import { numbersOf } from './wire.ts';

export interface PageAsked {
  readonly clientId: string;
  readonly from: number;
  readonly limit: number;
  readonly readableSince: Date;
}

/** A page as texts, some events in each; none: there are none. Throws when an event lacks what its type needs. Errors: `unavailable`. */
export async function readParts(db: Database, asked: PageAsked): Promise<readonly string[]> {
  const { clientId, from, limit, readableSince } = asked;
  const parts = (await db.query(READ_PAGE, [clientId, from, readableSince, limit])).map(({ events }) => events);
  if (parts.some((events) => events.includes(BROKEN_EVENT))) throw new Error('an event lacks what its type needs');
  return parts;
}

/** A page that was begun to be read while it was found out who asks. */
export interface AheadPage {
  /** For whom: who was thought to ask. */
  readonly clientId: string;
  /** Undefined: it could not be read. */
  readonly parts: Promise<readonly string[] | undefined>;
}

/**
 * Who reads on, as is known from the page before: of a token's hash the client, and the last number that it had not read then. Whoever follows a
 * long feed is answered in one round trip to the database by that instead of two. It decides nothing: who asks is found out anew for
 * each request, and what was read ahead for another client, or may lack something, is thrown away.
 */
export interface Readers {
  /** Takes what is known: of requests at the same time one reads ahead, and one that is refused does so once. */
  take(token: string): { readonly clientId: string; readonly last: number } | undefined;
  /** To be called with an answer that left something to be read. */
  remember(token: string, reader: { readonly clientId: string; readonly last: number }): void;
}

const MOST_READERS = 1_000;
/** Tokens are kept nowhere as they are (A4). */
const placeOf = (token: string): string => tokenHash(token).toString('base64');

export function openReaders(): Readers {
  const known = new Map<string, { clientId: string; last: number }>();
  return {
    take: (token) => {
      if (known.size === 0) return undefined;
      const place = placeOf(token);
      const reader = known.get(place);
      known.delete(place);
      return reader;
    },
    remember: (token, reader) => {
      known.set(placeOf(token), reader);
      if (known.size > MOST_READERS) known.delete(known.keys().next().value ?? '');
    },
  };
}

/**
 * Whether a page that was read ahead has all that it would have if it were read now, when `last` is the last number and nothing waits for one: it
 * ends there, or it is full (`limit`) without a number left out. What has a number never changes, and what gets one gets a higher one.
 */
export function isWhole(parts: readonly string[], limit: number, last: number): boolean {
  if (parts.length === 0) return false;
  const [first, end] = numbersOf(parts);
  return end === last || end - first + 1 === limit;
}
