import { DomainError } from '../errors/domain-error.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { decideUse, type Asking, type Consent } from './consent.ts';
import { readConsent } from './find.ts';
import { refusalError } from './refusal.ts';
import { USE } from './store.ts';

export interface Use {
  readonly consent: Consent;
  readonly asking: Asking;
  readonly creditorsAsked: number;
  readonly creditorsAnswered: number;
  readonly traceId: string;
}

/**
 * Uses a consent for one disclosure, after the debt has been gathered and before it leaves (C4, C5): locks the consent, makes
 * sure that it is still active now, logs the access, and uses up a single-use consent. When this resolves it is committed and
 * the answer may leave; when it throws, nothing may be disclosed.
 *
 * Of any number of simultaneous uses of a single-use consent exactly one resolves. Errors: the consent's refusals, `unavailable`.
 */
export async function useConsent(platform: Platform, use: Use): Promise<void> {
  const now = platform.clock.now();
  const decision = decideUse(use.consent, use.asking, now);
  if (decision !== 'granted') throw refusalError(decision);
  const { id, clientId } = use.consent;
  const [granted] = await platform.db.query(USE, [
    id,
    clientId,
    now,
    newId(),
    use.creditorsAsked,
    use.creditorsAnswered,
    use.traceId,
  ]);
  if (granted !== undefined) {
    if (use.consent.duration.kind === 'single_use') platform.metrics.consentChanged('used', 'client');
    return;
  }
  // It ended between being read and being locked; what it is now says why.
  const ended = decideUse(await readConsent(platform.db, id), use.asking, now);
  if (ended !== 'granted') throw refusalError(ended);
  throw new DomainError('unavailable', 'The lookup could not be completed right now. Try again.', {
    retryAfterSeconds: 1,
  });
}
