import type { Platform } from '../platform/platform.ts';
import { FIND_GAPS, FORGET_FORMER, REMOVE_UNUSED, STATES } from './store.ts';

const DAY_MS = 86_400_000;
/** A webhook that nothing was sent to for so long, because it or its client is disabled, is removed. */
const UNUSED_DAYS = 366;

/**
 * What webhooks need on schedule: former secrets whose time is over are forgotten; what became too old to be sent is written down, so
 * that the status tells it, before it is dropped from the feed; what nobody uses is removed. Any number of nodes may do it at once.
 */
export async function sweepWebhooks({
  db,
  clock,
  config,
  metrics,
}: Pick<Platform, 'db' | 'clock' | 'config' | 'metrics'>): Promise<void> {
  const now = clock.now();
  const before = (days: number): Date => new Date(now.getTime() - days * DAY_MS);
  await db.query(FORGET_FORMER, [now]);
  await db.query(FIND_GAPS, [null, before(config.feedReadableDays), now]);
  await db.query(REMOVE_UNUSED, [before(UNUSED_DAYS), now]);
  const [states] = await db.query(STATES);
  if (states !== undefined) metrics.webhooks(states);
}
