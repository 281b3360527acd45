import { DomainError } from '../errors/domain-error.ts';
import type { Refusal } from './consent.ts';

/** A refusal of the rules as the error that verbs throw, with the sentence that clients know (D4). */
export function refusalError(refusal: Refusal): DomainError {
  const at = refusal.since?.toISOString() ?? '';
  switch (refusal.refused) {
    case 'no_valid_consent':
      return new DomainError('no_valid_consent', 'there is no consent of this id for this client and purpose');
    case 'consent_expired':
      return new DomainError('consent_expired', `Consent expired at ${at}`);
    case 'consent_used':
      return new DomainError('consent_used', `Consent was used at ${at}`);
    case 'consent_revoked':
      return new DomainError('consent_revoked', `Consent was revoked at ${at}`);
  }
}
