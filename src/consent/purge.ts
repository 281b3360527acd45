import type { Platform } from '../platform/platform.ts';
import { PURGE } from './store.ts';

const PORTION = 5_000;
const DAY_MS = 86_400_000;

export interface Purged {
  readonly consents: number;
  readonly logRows: number;
  readonly persons: number;
}

/**
 * Removes what is past its retention time (C8): consents so long after their end, log rows so long after they were written, and
 * persons of whom nothing is left. Nothing goes earlier. Any number of nodes may run it at once.
 */
export async function purgePastRetention(platform: Platform): Promise<Purged> {
  const { consentRetentionDays, logRetentionDays } = platform.config;
  const now = platform.clock.now().getTime();
  const before = (days: number) => new Date(now - days * DAY_MS);
  let total: Purged = { consents: 0, logRows: 0, persons: 0 };
  for (;;) {
    const [gone] = await platform.db.query(PURGE, [before(consentRetentionDays), before(logRetentionDays), PORTION]);
    if (gone === undefined) return total;
    total = {
      consents: total.consents + gone.consents,
      logRows: total.logRows + gone.log_rows,
      persons: total.persons + gone.persons,
    };
    if (gone.consents < PORTION && gone.log_rows < PORTION) return total;
  }
}
