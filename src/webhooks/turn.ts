import { readEvents } from '../consent/event-log.ts';
import { randomFraction } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { afterFailure, type Attempt } from './attempt.ts';
import { eventMessage, gapMessage, typeOf } from './message.ts';
import { LeaseLost, type Holding } from './progress.ts';
import { openSecrets } from './secrets.ts';
import { sendMessage, type Endpoint } from './send.ts';
import { signWith, type Message } from './signature.ts';
import { FAIL, FIND_GAPS, GAP, GAP_TOLD, GIVE_UP, subscriptionOf, type ClaimedRow } from './store.ts';

const DAY_MS = 86_400_000;
/** Events that are read at once. */
const PORTION = 200;
/** When others may want to have their turn: those that wait longest come first then. */
const LONGEST_TURN_MS = 10_000;

/** How a turn ended. `more`: there may be more to send. */
export type TurnEnd = 'done' | 'more' | 'failed' | 'given_up';

export type TurnPlatform = Pick<Platform, 'db' | 'http' | 'clock' | 'config' | 'vault' | 'log' | 'metrics'>;

/**
 * Sends what a subscription has not been sent yet, one message after the other: each only when all before it have been taken (so that
 * whatever dies, and whoever sends twice, the first time of each message is in order). Ends when there is nothing more, when a message
 * is not taken, or when others should have their turn. `row`: as it was claimed, its lease held by `holding`; `stop` ends the turn after
 * the message that is under way.
 *
 * Throws LeaseLost when the lease ended in its midst, or why the holding was given up; `unavailable` when the database is away. Then nothing
 * is written, and whoever holds the lease next goes on from what was.
 */
export async function takeTurn(
  platform: TurnPlatform,
  holding: Holding,
  row: ClaimedRow,
  stop: AbortSignal,
): Promise<TurnEnd> {
  const { db, clock, config, log, metrics } = platform;
  const { id, client_id: clientId, lease } = row;
  const begun = clock.stopwatch();
  const { eventTypes } = subscriptionOf(row);
  const endpoint: Endpoint = {
    subscriptionId: id,
    url: row.url,
    sign: signWith(openSecrets(platform, id, row)),
  };
  // One instant for the whole turn: what was looked through for gaps is what is read.
  const readableSince = new Date(clock.now().getTime() - config.feedReadableDays * DAY_MS);
  const isOver = (): boolean => stop.aborted || clock.stopwatch() - begun > LONGEST_TURN_MS;
  let failing = row.failing_since === null ? null : { since: row.failing_since, attempts: row.attempts };

  const attempt = async (message: Message): Promise<Attempt> => {
    if (!holding.isGood()) throw new LeaseLost('the lease is over');
    const sent = await sendMessage(platform, endpoint, message, holding.lost);
    metrics.webhookAttempt(sent.outcome);
    if (sent.outcome === 'delivered') failing = null;
    return sent;
  };
  const end = async (refused: Attempt): Promise<TurnEnd> => {
    await holding.settle({ letGo: false });
    holding.lost.throwIfAborted();
    return writeFailure(platform, row, failing, refused);
  };

  const gap = await gapOf(platform, id, readableSince);
  let place = row.place;
  if (gap !== null) {
    const sent = await attempt(gapMessage(id, gap));
    if (sent.outcome !== 'delivered') return end(sent);
    await db.query(GAP_TOLD, [id, lease, gap.to, sent.at]);
    log.warn({ webhookId: id, clientId, from: gap.from, to: gap.to }, 'a webhook was told that it has missed events');
    place = gap.to;
    holding.advance(place, { at: sent.at, status: sent.status ?? 0 });
  }
  for (;;) {
    const ask = { clientId, from: place + 1, limit: PORTION, now: clock.now(), readableSince };
    const events = await readEvents(db, ask);
    for (const event of events) {
      if (eventTypes.includes(typeOf(event))) {
        const sent = await attempt(eventMessage(id, event));
        if (sent.outcome !== 'delivered') return end(sent);
        metrics.webhookLag((sent.at.getTime() - event.occurredAt.getTime()) / 1000);
        holding.advance(event.sequenceNr, { at: sent.at, status: sent.status ?? 0 });
      } else holding.advance(event.sequenceNr);
      place = event.sequenceNr;
      if (isOver()) break;
    }
    if (!isOver() && events.length === PORTION) continue;
    await holding.settle({ letGo: true });
    return events.length > 0 ? 'more' : 'done';
  }
}

/** What can no longer be sent, and has not been told yet; it is written down first. */
async function gapOf({ db, clock }: TurnPlatform, id: string, readableSince: Date) {
  await db.query(FIND_GAPS, [id, readableSince, clock.now()]);
  const [row] = await db.query(GAP, [id]);
  return row === undefined ? null : subscriptionOf(row).gap;
}

/** Writes down that a message was not taken, and when it is tried again; or that the endpoint is given up. */
async function writeFailure(
  { db, clock, log }: TurnPlatform,
  { id, client_id: clientId, lease }: ClaimedRow,
  before: { since: Date; attempts: number } | null,
  attempt: Attempt,
): Promise<TurnEnd> {
  const { at, outcome, status } = attempt;
  const next = afterFailure(before, attempt, randomFraction());
  const told = { webhookId: id, clientId, outcome, status };
  if ('giveUp' in next) {
    const differences = [{ field: 'enabled', before: true, after: false }];
    const change = JSON.stringify({ webhook: id, differences });
    const given = await db.query(GIVE_UP, [id, lease, clock.realNow(), at, outcome, status, next.giveUp, change]);
    if (given.length > 0) log.warn({ ...told, reason: next.giveUp }, 'a webhook was disabled');
    return 'given_up';
  }
  const { since, attempts, nextAttemptAt } = next.failing;
  await db.query(FAIL, [id, lease, clock.realNow(), at, outcome, status, since, attempts, nextAttemptAt]);
  log.info({ ...told, attempts, nextAttemptAt: nextAttemptAt.toISOString() }, 'a webhook did not take a message');
  return 'failed';
}
