import { setTimeout } from 'node:timers/promises';
import type { PlaceStore } from '../../sdk/src/entry.ts';
import type { Seen, Told } from './told-server.ts';

/** A feed whose events and numbers are told, with its three ways to meet `waitSeconds`. */
export interface ToldFeed {
  /** Rising, with gaps as one likes. */
  numbers: number[];
  /** The oldest number that can be read; what is older is left out. */
  first: number;
  waits: 'as asked' | 'not at all' | 'refuses to';
  /** Takes the place of the next answers of the feed itself. */
  readonly troubles: Told[];
  answer(request: Seen): Promise<Told | undefined>;
}

export function toldFeed(
  numbers: readonly number[],
  changes: Partial<Pick<ToldFeed, 'first' | 'waits'>> = {},
): ToldFeed {
  const feed: ToldFeed = {
    numbers: [...numbers],
    first: 0,
    waits: 'as asked',
    troubles: [],
    ...changes,
    answer: async ({ path }) => {
      const url = new URL(path, 'http://feed');
      const last = feed.numbers.at(-1) ?? 1;
      switch (url.pathname) {
        case '/feed/v1/consent/firstSequenceNr':
          return { json: { firstSequenceNr: feed.numbers.find((it) => it >= feed.first) ?? last + 1 } };
        case '/feed/v1/consent/lastSequenceNr':
          return { json: { lastSequenceNr: last } };
        case '/feed/v1/consent': {
          const trouble = feed.troubles.shift();
          if (trouble !== undefined) return trouble;
          return page(feed, url.searchParams);
        }
        default:
          return undefined;
      }
    },
  };
  return feed;
}

async function page(feed: ToldFeed, query: URLSearchParams): Promise<Told> {
  const [from, limit] = [Number(query.get('fromSequenceNr')), Number(query.get('limit'))];
  const wait = Number(query.get('waitSeconds') ?? 0);
  if (wait > 0 && feed.waits === 'refuses to') {
    return { status: 400, json: { status: 400, error: 'Bad Request', message: 'no such parameter' } };
  }
  const read = () => feed.numbers.filter((it) => it >= Math.max(from, feed.first)).slice(0, limit);
  const until = Date.now() + wait * 1000;
  while (feed.waits === 'as asked' && read().length === 0 && Date.now() < until) {
    await setTimeout(10, undefined, { ref: false });
  }
  return {
    json: { startSequenceNr: 1, endSequenceNr: 1, generatedAt: '2026-11-01T05:00:00Z', result: read().map(wireEvent) },
  };
}

/** Even numbers are of consents that came to be, odd ones of consents that ended. */
export const wireEvent = (sequenceNr: number) => ({
  sequenceNr,
  eventId: `e-${sequenceNr}`,
  consentId: `c-${sequenceNr}`,
  timestamp: '2026-11-01T05:00:00.000Z',
  eventType: sequenceNr % 2 === 0 ? 'SAMTYKKE_OPPRETTET' : 'SAMTYKKE_ARKIVERT',
  samtykkeOpprettetEvent:
    sequenceNr % 2 === 0
      ? { clientId: 'x', consentId: 'c', scope: 'debt.unsecured.processing', externalConsentId: 'mine' }
      : null,
  samtykkeArkivertEvent: sequenceNr % 2 === 0 ? null : { clientId: 'x', consentId: 'c', reason: 'revoked_by_person' },
});

/** Keeps a place in memory, and how it came there. */
export function placeIn(begin?: number): PlaceStore & { readonly saved: number[]; place(): number | undefined } {
  const saved: number[] = [];
  const place = (): number | undefined => saved.at(-1) ?? begin;
  return { saved, place, load: async () => place(), save: async (sequenceNr) => void saved.push(sequenceNr) };
}
