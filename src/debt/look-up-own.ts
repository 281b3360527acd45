import { logOwnAccess } from '../audit/access-log.ts';
import type { CreditorClient } from '../creditors/creditor-client.ts';
import type { Nin } from '../person/nin.ts';
import type { Platform } from '../platform/platform.ts';
import { gatherDebt } from './ask-creditors.ts';
import { measured } from './measure.ts';
import { debtByCreditor, type CreditorDebt } from './debt-information.ts';

export interface OwnDebt {
  /** By name, each creditor that holds something for the person once. */
  readonly creditors: readonly CreditorDebt[];
  /** When it was looked up, as the log has it. */
  readonly at: Date;
}

/**
 * Looks up a person's debt for that person, who needs no consent for it: creditors are asked as for anybody (D3), and the access
 * is logged as the person's own (C7). Only when that is committed is there an answer; when it cannot be logged, nothing is shown.
 * Whoever calls has made sure that it is this person who asks. Errors: `unavailable`.
 */
export function lookUpOwnDebt(
  platform: Platform,
  client: CreditorClient,
  lookup: { nin: Nin; traceId: string },
): Promise<OwnDebt> {
  const missing = ({ creditors }: OwnDebt): number => creditors.filter((creditor) => !creditor.answered).length;
  return measured(platform, 'person', shown(platform, client, lookup), missing);
}

async function shown(
  platform: Platform,
  client: CreditorClient,
  lookup: { nin: Nin; traceId: string },
): Promise<OwnDebt> {
  const creditors = debtByCreditor(await gatherDebt(platform, client, lookup));
  const at = platform.clock.now();
  await logOwnAccess(platform, {
    nin: lookup.nin,
    at,
    creditorsAsked: creditors.length,
    creditorsAnswered: creditors.filter((creditor) => creditor.answered).length,
    traceId: lookup.traceId,
  });
  return { creditors, at };
}
