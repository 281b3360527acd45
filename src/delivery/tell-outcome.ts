import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { DeliveryReport } from './delivery-run.ts';

/** Says what became of a delivery: one line in the log, and a count. Who delivers is named, and the place; never a person. */
export function tellOutcome(
  platform: { log: Log; metrics: Metrics },
  kind: 'collect' | 'push',
  { runId, creditorId, providerId, outcome, seconds }: DeliveryReport,
): void {
  platform.metrics.delivery({ kind, outcome: outcome.kind }, seconds);
  const fields = { kind, runId, creditorId, providerId, seconds: Math.round(seconds * 100) / 100 };
  switch (outcome.kind) {
    case 'applied': {
      const { customers, loans, warnings, droppedOverHalf, duplicatedAccounts } = outcome;
      const told = {
        ...fields,
        outcome: outcome.kind,
        customers,
        loans,
        warnings,
        droppedOverHalf,
        duplicatedAccounts,
      };
      if (droppedOverHalf) platform.log.warn(told, 'a delivery is less than half of the one before; it was applied');
      else if (duplicatedAccounts > 0)
        platform.log.warn(told, 'a delivery has accounts that another provider delivers too');
      else platform.log.info(told, 'a delivery was applied');
      return;
    }
    case 'rejected':
      platform.log.warn(
        { ...fields, outcome: outcome.kind, rule: outcome.rule, ...outcome.place },
        'a delivery breaks a rule; what was delivered before stays',
      );
      return;
    case 'failed':
      platform.log.warn(
        { ...fields, outcome: outcome.kind, failure: outcome.failure, status: outcome.status },
        'a delivery did not arrive whole; what was delivered before stays',
      );
  }
}
