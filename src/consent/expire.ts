import type { Platform } from '../platform/platform.ts';
import { EXPIRE } from './store.ts';

const PORTION = 250;

/**
 * Writes down the consents that have expired, each with its one event (C6), and answers how many. They have been inactive for
 * every reader since their instant of expiry (C2); this only announces it. Any number of nodes may run it at once: each takes
 * rows that nobody else is holding.
 */
export async function announceExpired(platform: Platform): Promise<number> {
  const now = platform.clock.now();
  let total = 0;
  for (;;) {
    const done = (await platform.db.query(EXPIRE, [now, PORTION])).length;
    total += done;
    platform.metrics.consentChanged('expired', 'time', done);
    if (done < PORTION) return total;
  }
}
