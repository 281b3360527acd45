import type { CreditorClient } from '../creditors/creditor-client.ts';
import { heldOfConsent, holdingsOf, type HeldUnderIndex, type Holding } from '../creditors/delivered-loans.ts';
import type { Nin } from '../person/nin.ts';
import type { Platform } from '../platform/platform.ts';
import type { CreditorAnswer } from './debt-information.ts';

/**
 * Asks the creditors that hold something for a person, live, and answers what became of it, with what each last delivered (D3).
 * Every lookup gathers in this way; who may have it, and the log of it, are for the verb that calls. `held`: who holds something, if that has been
 * read already.
 */
export async function gatherDebt(
  platform: Platform,
  client: CreditorClient,
  ask: { nin: Nin; traceId: string; held?: HeldUnderIndex | undefined },
): Promise<readonly CreditorAnswer[]> {
  const holdings = await holdingsOf(platform.db, platform.vault, ask.nin, freshSince(platform), ask.held);
  return askCreditors(platform, client, { ...ask, holdings });
}

const freshSince = ({ config, clock }: Platform): Date =>
  new Date(clock.now().getTime() - config.deliveredStaleHours * 3_600_000);

/** Begins to read who holds something for whoever gave a consent: `held` of `gatherDebt`, when the hash of their number is known. */
export const readHeld = (platform: Platform, consentId: string): HeldUnderIndex['rows'] =>
  heldOfConsent(platform.db, consentId, freshSince(platform));

/**
 * Asks all creditors at once under one deadline, and is back by then whatever they do (D3). Never throws for what a creditor
 * does: one that does not answer in time, or badly, is an answer without `live`. What failed is logged without the person.
 */
async function askCreditors(
  platform: Platform,
  client: CreditorClient,
  ask: { nin: Nin; holdings: readonly Holding[]; traceId: string },
): Promise<readonly CreditorAnswer[]> {
  if (ask.holdings.length === 0) return [];
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error('deadline')), platform.config.lookupDeadlineMs);
  const passed = new Promise<never>((_resolve, reject) => {
    deadline.signal.addEventListener('abort', () => reject(new Error('deadline')), { once: true });
  });
  passed.catch(() => undefined); // nobody may be waiting for it any more when it comes
  try {
    return await Promise.all(
      ask.holdings.map(async ({ creditor, delivered }) => {
        try {
          const answer = client.loansOf(creditor, ask.nin, { signal: deadline.signal, traceId: ask.traceId });
          const live = await Promise.race([answer, passed]);
          platform.metrics.creditorAsked('answered');
          // What was delivered counts for those that are missing only.
          return { creditor, live, delivered: [] };
        } catch (error) {
          platform.metrics.creditorAsked('missing');
          const reason = deadline.signal.aborted ? 'deadline' : error instanceof Error ? error.message : 'unknown';
          platform.log.warn({ creditorId: creditor.id, traceId: ask.traceId, reason }, 'a creditor is missing');
          return { creditor, live: null, delivered: delivered() };
        }
      }),
    );
  } finally {
    clearTimeout(timer);
  }
}
