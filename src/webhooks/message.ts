import type { ConsentEvent } from '../consent/event-log.ts';
import { feedEvent } from '../feed/feed-event.ts';
import type { Message } from './signature.ts';
import { gapSentence, type EventType, type Gap } from './subscription.ts';

/** Where a client starts again that has missed something. */
const SNAPSHOT_PATH = '/feed/v1/consent/snapshot';

/** The type of the message about an event. */
export const typeOf = (event: Pick<ConsentEvent, 'type'>): EventType => `consent.${event.type}`;

/** The message about an event: the event as the feed has it. */
export const eventMessage = (subscriptionId: string, event: ConsentEvent): Message =>
  message(subscriptionId, String(event.sequenceNr), {
    type: typeOf(event),
    timestamp: event.occurredAt,
    data: feedEvent(event),
  });

/** The message in the place of events that could not be sent before they were too old to be read. */
export const gapMessage = (subscriptionId: string, gap: Omit<Gap, 'toldAt'>): Message =>
  message(subscriptionId, `gap_${gap.to}`, {
    type: 'feed.gap',
    timestamp: gap.foundAt,
    data: {
      fromSequenceNr: gap.from,
      toSequenceNr: gap.to,
      nextSequenceNr: gap.to + 1,
      snapshot: SNAPSHOT_PATH,
      message: gapSentence(gap),
    },
  });

/** A message that says nothing, to try an endpoint with. `nonce`: what makes it another one than those before. */
export const testMessage = (subscriptionId: string, at: Date, nonce: string): Message =>
  message(subscriptionId, `test_${nonce}`, {
    type: 'webhook.test',
    timestamp: at,
    data: { webhookId: subscriptionId, message: 'A test: nothing has happened to any consent.' },
  });

function message(
  subscriptionId: string,
  what: string,
  content: { type: string; timestamp: Date; data: object },
): Message {
  return { id: `msg_${subscriptionId.replaceAll('-', '')}_${what}`, body: JSON.stringify(content) };
}
