import { Type, type Static } from 'typebox';
import { debtScopeOf } from '../clients/audience.ts';
import type { ConsentEvent } from '../consent/event-log.ts';
import { DomainError } from '../errors/domain-error.ts';

const MAX_LIMIT = 1_000;

export const FeedQuery = Type.Object({
  fromSequenceNr: Type.Integer({
    minimum: 0,
    description: 'Number to start from (included): the last one you have seen + 1',
  }),
  limit: Type.Integer({ minimum: 1, description: `How many events at most; above ${MAX_LIMIT} it is ${MAX_LIMIT}` }),
});

/** F5, from the query as it came: strings, perhaps missing, perhaps repeated. Throws `invalid_request`. */
export function feedQueryFrom(query: unknown): { from: number; limit: number } {
  const { fromSequenceNr, limit, ...rest } = (query ?? {}) as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new DomainError('invalid_request', 'fromSequenceNr and limit are the only query parameters here');
  // A limit of more digits than a number can hold is above the maximum all the same.
  const huge = typeof limit === 'string' && /^[1-9]\d{15,}$/.test(limit);
  return {
    from: wholeNumber('fromSequenceNr', fromSequenceNr, 0),
    limit: huge ? MAX_LIMIT : Math.min(wholeNumber('limit', limit, 1), MAX_LIMIT),
  };
}

function wholeNumber(name: string, text: unknown, least: number): number {
  if (text === undefined) throw new DomainError('invalid_request', `${name} is missing`);
  const value = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  const range = `a whole number, ${least} or more and at most ${Number.MAX_SAFE_INTEGER}`;
  throw new DomainError('invalid_request', `${name} must be ${range}, given once`);
}

const CreatedEvent = Type.Object({
  clientId: Type.String({ format: 'uuid' }),
  consentId: Type.String({ format: 'uuid' }),
  scope: Type.String({ description: 'What the person agreed to' }),
  externalConsentId: Type.Optional(Type.String({ description: "The client's own id, for agreements" })),
});

const ArchivedEvent = Type.Object({
  clientId: Type.String({ format: 'uuid' }),
  consentId: Type.String({ format: 'uuid' }),
  reason: Type.Unsafe<string>({
    type: 'string',
    enum: ['used', 'expired', 'revoked_by_client', 'revoked_by_person', 'revoked_by_operator'],
    description: 'Why it cannot be used any more',
  }),
});

const FeedEvent = Type.Object({
  sequenceNr: Type.Integer({ minimum: 1 }),
  eventId: Type.String({ format: 'uuid' }),
  consentId: Type.String({ format: 'uuid' }),
  timestamp: Type.String({ format: 'date-time', description: 'When it happened' }),
  eventType: Type.Unsafe<string>({ type: 'string', enum: ['SAMTYKKE_OPPRETTET', 'SAMTYKKE_ARKIVERT'] }),
  samtykkeOpprettetEvent: Type.Union([CreatedEvent, Type.Null()]),
  samtykkeArkivertEvent: Type.Union([ArchivedEvent, Type.Null()]),
});

export const FeedPage = Type.Object({
  startSequenceNr: Type.Integer({
    minimum: 1,
    description: 'Number of the first event here; fromSequenceNr - 1 when there is none',
  }),
  endSequenceNr: Type.Integer({ minimum: 1, description: 'Number of the last event here: ask next from this + 1' }),
  generatedAt: Type.String({ format: 'date-time' }),
  result: Type.Array(FeedEvent),
});

export const FirstSequenceNr = Type.Object({ firstSequenceNr: Type.Integer() });
export const LastSequenceNr = Type.Object({ lastSequenceNr: Type.Integer() });

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

function feedEvent(event: ConsentEvent): Static<typeof FeedEvent> {
  const { clientId, consentId } = event;
  const base = {
    sequenceNr: event.sequenceNr,
    eventId: event.eventId,
    consentId,
    timestamp: event.occurredAt.toISOString(),
  };
  return event.type === 'created'
    ? {
        ...base,
        eventType: 'SAMTYKKE_OPPRETTET',
        samtykkeOpprettetEvent: {
          clientId,
          consentId,
          scope: debtScopeOf(event.purpose),
          ...(event.externalId === null ? {} : { externalConsentId: event.externalId }),
        },
        samtykkeArkivertEvent: null,
      }
    : {
        ...base,
        eventType: 'SAMTYKKE_ARKIVERT',
        samtykkeOpprettetEvent: null,
        samtykkeArkivertEvent: { clientId, consentId, reason: event.reason },
      };
}
