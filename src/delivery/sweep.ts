import type { Platform } from '../platform/platform.ts';
import { PURGE_RUNS } from './run-log.ts';
import { LOCK_SILENT, SILENT_SINCE, SWEEP_CLOSED, SWEEP_CUSTOMERS, SWEEP_LOANS } from './store.ts';

const PORTION = 5_000;
const DAY_MS = 86_400_000;

export interface Swept {
  readonly loans: number;
  readonly customers: number;
  readonly runs: number;
}

/**
 * Removes what is left of creditors and providers that have delivered nothing for so long, and what is told of deliveries that are
 * longer ago than that is kept (C8). Whoever was switched off delivers nothing, and goes the same way. Nothing goes earlier. Any
 * number of nodes may run it at once.
 */
export async function sweepDeliveries(platform: Platform): Promise<Swept> {
  const { config, clock, db } = platform;
  const before = (days: number): Date => new Date(clock.now().getTime() - days * DAY_MS);
  const silentSince = before(config.deliveredRetentionDays);
  const swept = { loans: 0, customers: 0, runs: 0 };
  for (const pair of await db.query(SILENT_SINCE, [silentSince])) {
    const key = [pair.creditor_id, pair.provider_id, silentSince];
    for (let more = true; more;) {
      const gone = await db.transaction(async (tx) => {
        if ((await tx.query(LOCK_SILENT, key)).length === 0) return { loans: 0, customers: 0 };
        const [loans = { gone: 0 }] = await tx.query(SWEEP_LOANS, [...key, PORTION]);
        const [customers = { gone: 0 }] = await tx.query(SWEEP_CUSTOMERS, [...key, PORTION]);
        await tx.query(SWEEP_CLOSED, key);
        return { loans: loans.gone, customers: customers.gone };
      });
      swept.loans += gone.loans;
      swept.customers += gone.customers;
      more = gone.loans === PORTION || gone.customers === PORTION;
    }
  }
  for (let more = true; more;) {
    const [runs = { gone: 0 }] = await db.query(PURGE_RUNS, [before(config.deliveryRunRetentionDays), PORTION]);
    swept.runs += runs.gone;
    more = runs.gone === PORTION;
  }
  return swept;
}
