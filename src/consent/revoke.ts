import { DomainError } from '../errors/domain-error.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { decideRevocation, type Consent } from './consent.ts';
import { readConsent } from './find.ts';
import { refusalError } from './refusal.ts';
import { REVOKE } from './store.ts';

export interface Revocation {
  /** As it was read; undefined when there is none of that id. */
  readonly consent: Consent | undefined;
  readonly clientId: string;
  /** The client for itself, the person on the portal, or the operator. */
  readonly by: 'client' | 'person' | 'operator';
  readonly traceId: string;
}

/**
 * Revokes a consent. When this resolves it is committed, and no debt is answered for it any more, on no node, not even to a
 * lookup that is under way (C5): that one locks the same row before it answers. Repeating it is a success without a second
 * event (S2). Errors: `no_valid_consent`, `consent_used`, `consent_expired`, `unavailable`.
 */
export async function revokeConsent(
  platform: Pick<Platform, 'clock' | 'db'> & Partial<Pick<Platform, 'metrics'>>,
  revocation: Revocation,
): Promise<void> {
  const now = platform.clock.now();
  let consent = revocation.consent;
  for (let tries = 1; tries <= 3; tries++) {
    const decision = decideRevocation(consent, revocation.clientId, now);
    if (decision === 'already_revoked') return;
    if (decision !== 'revoke') throw refusalError(decision);
    if (consent === undefined) throw new Error('a consent that is to be revoked must be there');
    const done = await platform.db.query(REVOKE, [
      consent.id,
      `revoked_by_${revocation.by}`,
      now,
      newId(),
      revocation.by,
      revocation.traceId,
    ]);
    if (done.length > 0) {
      platform.metrics?.consentChanged('revoked', revocation.by);
      return;
    }
    // It ended between being read and being locked: what it is now says what to answer.
    consent = await readConsent(platform.db, consent.id);
  }
  throw new DomainError('unavailable', 'The consent could not be revoked right now. Try again.', {
    retryAfterSeconds: 1,
  });
}
