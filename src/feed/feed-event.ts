import { Type, type Static } from 'typebox';
import { debtScopeOf } from '../clients/audience.ts';
import type { ConsentEvent } from '../consent/event-log.ts';

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

/** An event as NGI spells it. Whatever way it goes (poll, stream, webhook), it is spelt so. */
export const FeedEvent = Type.Object(
  {
    sequenceNr: Type.Integer({ minimum: 1 }),
    eventId: Type.String({ format: 'uuid' }),
    consentId: Type.String({ format: 'uuid' }),
    timestamp: Type.String({ format: 'date-time', description: 'When it happened' }),
    eventType: Type.Unsafe<string>({ type: 'string', enum: ['SAMTYKKE_OPPRETTET', 'SAMTYKKE_ARKIVERT'] }),
    samtykkeOpprettetEvent: Type.Union([CreatedEvent, Type.Null()]),
    samtykkeArkivertEvent: Type.Union([ArchivedEvent, Type.Null()]),
  },
  { title: 'FeedEvent' },
);

/** F1: an event of the log as clients read it; the member that does not apply is an explicit null. */
export function feedEvent(event: ConsentEvent): Static<typeof FeedEvent> {
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
