import { Type, type Static } from 'typebox';
import type { ConsentEvent } from '../consent/event-log.ts';
import { DomainError } from '../errors/domain-error.ts';
import { FeedEvent, feedEvent } from './feed-event.ts';

const MAX_LIMIT = 1_000;
const MAX_WAIT_SECONDS = 30;

const fromSequenceNr = Type.Integer({
  minimum: 0,
  description: 'Number to start from (included): the last one you have seen + 1',
});

export const FeedQuery = Type.Object({
  fromSequenceNr,
  limit: Type.Integer({ minimum: 1, description: `How many events at most; above ${MAX_LIMIT} it is ${MAX_LIMIT}` }),
  waitSeconds: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_WAIT_SECONDS,
      description:
        'When there is nothing yet, how long to hold the request until there is (long poll). Without it the answer comes at once',
    }),
  ),
});

/** F5, from the query as it came: strings, perhaps missing, perhaps repeated. Throws `invalid_request`. */
export function feedQueryFrom(query: unknown): { from: number; limit: number; waitSeconds: number } {
  const { fromSequenceNr, limit, waitSeconds, ...rest } = (query ?? {}) as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    const sentence = 'fromSequenceNr, limit and waitSeconds are the only query parameters here';
    throw new DomainError('invalid_request', sentence);
  }
  // A limit of more digits than a number can hold is above the maximum all the same.
  const huge = typeof limit === 'string' && /^[1-9]\d{15,}$/.test(limit);
  return {
    from: wholeNumber('fromSequenceNr', fromSequenceNr, 0),
    limit: huge ? MAX_LIMIT : Math.min(wholeNumber('limit', limit, 1), MAX_LIMIT),
    waitSeconds: waitSeconds === undefined ? 0 : wholeNumber('waitSeconds', waitSeconds, 0, MAX_WAIT_SECONDS),
  };
}

function wholeNumber(name: string, text: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (text === undefined) throw new DomainError('invalid_request', `${name} is missing`);
  const value = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = `a whole number, ${least} or more and at most ${most}`;
  throw new DomainError('invalid_request', `${name} must be ${range}, given once`);
}

export const FeedPage = Type.Object(
  {
    startSequenceNr: Type.Integer({
      minimum: 1,
      description: 'Number of the first event here; fromSequenceNr - 1 when there is none',
    }),
    endSequenceNr: Type.Integer({ minimum: 1, description: 'Number of the last event here: ask next from this + 1' }),
    generatedAt: Type.String({ format: 'date-time' }),
    result: Type.Array(FeedEvent),
  },
  { description: 'The events from there on, in order' },
);

export const FirstSequenceNr = Type.Object(
  { firstSequenceNr: Type.Integer({ description: 'One above the newest number, when nothing can be read' }) },
  { description: 'The oldest number that can be read' },
);
export const LastSequenceNr = Type.Object(
  { lastSequenceNr: Type.Integer({ description: '1, when there has been no event yet' }) },
  { description: 'The newest number. It never decreases' },
);

/** F3: with nothing to tell, both numbers are `from` - 1, at least 1. */
export function feedPage(from: number, events: readonly ConsentEvent[], generatedAt: Date): Static<typeof FeedPage> {
  const nothing = Math.max(from - 1, 1);
  return {
    startSequenceNr: events[0]?.sequenceNr ?? nothing,
    endSequenceNr: events.at(-1)?.sequenceNr ?? nothing,
    generatedAt: generatedAt.toISOString(),
    result: events.map(feedEvent),
  };
}

/** The same of events that are texts already (`READ_PAGE` in store.ts), at least one, as bytes. */
export function feedPageOf(parts: readonly string[], generatedAt: Date): Buffer {
  const [startSequenceNr, endSequenceNr] = numbersOf(parts);
  const head = `{"startSequenceNr":${startSequenceNr},"endSequenceNr":${endSequenceNr},"generatedAt":"${generatedAt.toISOString()}","result":[`;
  // Never one long text: its memory would be mapped for it alone.
  const pieces = [head, ...parts.flatMap((events, place) => (place === 0 ? [events] : [',', events])), ']}'];
  const page = Buffer.allocUnsafe(pieces.reduce((bytes, piece) => bytes + Buffer.byteLength(piece), 0));
  let written = 0;
  for (const piece of pieces) written += page.write(piece, written);
  return page;
}

/** The first and the last number in the texts of a page. */
export function numbersOf(parts: readonly string[]): readonly [first: number, last: number] {
  const last = parts.at(-1) ?? '';
  return [numberIn(parts[0] ?? ''), numberIn(last.slice(last.lastIndexOf('{"sequenceNr":')))];
}

/** The number of the event that a text begins with. Nothing that a client says can look like one's beginning: a quote in a text is `\\"`. */
const numberIn = (event: string): number => Number(/^\{"sequenceNr":(\d+)/.exec(event)?.[1]);

export const StreamQuery = Type.Object({ fromSequenceNr: Type.Optional(fromSequenceNr) });
export const StreamHeaders = Type.Object({
  'Last-Event-ID': Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'The last number you have seen, to go on from the next one. It is taken instead of fromSequenceNr',
    }),
  ),
});

/** Where a stream begins, from query and headers as they came. Throws `invalid_request`. */
export function streamBeginsAt(query: unknown, lastEventId: string | string[] | undefined): number {
  const { fromSequenceNr, ...rest } = (query ?? {}) as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new DomainError('invalid_request', 'fromSequenceNr is the only query parameter here');
  }
  const from = fromSequenceNr === undefined ? undefined : wholeNumber('fromSequenceNr', fromSequenceNr, 0);
  // A browser that has seen nothing yet says nothing, or nothing after the colon.
  if (lastEventId !== undefined && lastEventId !== '') {
    return wholeNumber('Last-Event-ID', lastEventId, 0, Number.MAX_SAFE_INTEGER - 1) + 1;
  }
  if (from !== undefined) return from;
  throw new DomainError(
    'invalid_request',
    'fromSequenceNr is missing: the last number you have seen + 1, or 2 to begin at the beginning (or send Last-Event-ID)',
  );
}

const StreamGap = Type.Object({
  firstSequenceNr: Type.Integer({
    minimum: 2,
    description: 'The oldest number that can be read: what follows starts there',
  }),
  message: Type.String(),
});

const endReasons = ['token_ended', 'closing', 'unavailable', 'server_error'] as const;
export type EndReason = (typeof endReasons)[number];
const StreamEnd = Type.Object({
  reason: Type.Unsafe<EndReason>({ type: 'string', enum: [...endReasons], description: 'Why the stream ends' }),
  message: Type.String({ description: 'What to do' }),
});
/** What `data` holds: of an event of the feed, of `gap`, of `end`. */
export const StreamEvent = Type.Union([FeedEvent, StreamGap, StreamEnd]);

/** One event of a stream, as the specification of server-sent events writes it. JSON has no line break in it. */
export const sentEvent = (event: { id?: number; name: string; data: object }): string =>
  `${event.id === undefined ? '' : `id: ${event.id}\n`}event: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;

/** An event of the feed as a stream tells it: as it stands in a page of the poll. */
export function sentFeedEvent(event: ConsentEvent): string {
  const data = feedEvent(event);
  return sentEvent({ id: data.sequenceNr, name: data.eventType, data });
}
