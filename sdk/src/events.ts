import { SamtykkeError } from './errors.ts';
import { purposeIn, type Purpose } from './purpose.ts';
import { fieldsOf, instantOf, listOf, optionalTextOf, textOf, wholeNumberOf, type Fields } from './wire.ts';

/** Why a consent ended. `unknown`: the platform does not tell, or tells a reason that this version does not know. */
export type EndReason =
  'used' | 'expired' | 'revoked_by_client' | 'revoked_by_person' | 'revoked_by_operator' | 'unknown';

export interface EventBase {
  /** Rises from event to event, with gaps. */
  readonly sequenceNr: number;
  readonly eventId: string;
  readonly consentId: string;
  /** When it happened, which need not rise with the numbers. */
  readonly at: Date;
}

/** A consent came to be. */
export interface ConsentCreated extends EventBase {
  readonly type: 'created';
  readonly purpose: Purpose;
  /** Your own id, for a consent that you registered. */
  readonly clientConsentId: string | undefined;
}

/** A consent ended, for good. */
export interface ConsentArchived extends EventBase {
  readonly type: 'archived';
  readonly reason: EndReason;
}

/** An event of a kind that this version does not know. It has its number, so nothing is skipped; `wireType` is its name. */
export interface OtherEvent extends EventBase {
  readonly type: 'other';
  readonly wireType: string;
}

export type ConsentEvent = ConsentCreated | ConsentArchived | OtherEvent;

const reasons: ReadonlySet<string | undefined> = new Set([
  'used',
  'expired',
  'revoked_by_client',
  'revoked_by_person',
  'revoked_by_operator',
]);

export const endReasonOf = (word: string | undefined): EndReason =>
  reasons.has(word) ? (word as EndReason) : 'unknown';

/** One event, in the form that it has in the feed, in a stream and in a webhook. */
export function eventFrom(value: unknown): ConsentEvent {
  const event = fieldsOf(value, 'an event');
  const wireType = textOf(event, 'eventType');
  const base = {
    sequenceNr: wholeNumberOf(event, 'sequenceNr'),
    eventId: textOf(event, 'eventId'),
    consentId: textOf(event, 'consentId'),
    at: instantOf(event, 'timestamp'),
  };
  switch (wireType) {
    case 'SAMTYKKE_OPPRETTET':
      return {
        type: 'created',
        ...base,
        ...createdFrom(fieldsOf(event['samtykkeOpprettetEvent'], 'samtykkeOpprettetEvent')),
      };
    case 'SAMTYKKE_ARKIVERT': {
      const archived = fieldsOf(event['samtykkeArkivertEvent'] ?? {}, 'samtykkeArkivertEvent');
      return { type: 'archived', ...base, reason: endReasonOf(optionalTextOf(archived, 'reason')) };
    }
    default:
      return { type: 'other', ...base, wireType };
  }
}

const createdFrom = (created: Fields) => ({
  purpose: purposeIn(created, 'scope'),
  clientConsentId: optionalTextOf(created, 'externalConsentId'),
});

/** A page of the feed. The numbers must rise, and be those that were asked for: with others a place could not be kept. */
export function eventsFrom(answer: unknown, from: number): readonly ConsentEvent[] {
  const events = listOf(fieldsOf(answer, 'its body')['result'], 'result').map(eventFrom);
  let before = from - 1;
  for (const { sequenceNr } of events) {
    if (sequenceNr <= before) {
      throw new SamtykkeError('bad_answer', `the answer has event ${sequenceNr} where one after ${before} belongs`);
    }
    before = sequenceNr;
  }
  return events;
}
