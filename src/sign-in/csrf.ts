import { DomainError } from '../errors/domain-error.ts';
import { equalHashes, sha256 } from '../platform/crypto.ts';
import type { SignedIn } from './signed-in.ts';

/** Throws `form_refused` unless the form brought the proof that it came from a page of this session. */
export function checkCsrf(session: Pick<SignedIn, 'csrf'>, sent: unknown): void {
  if (typeof sent === 'string' && equalHashes(sha256(sent), sha256(session.csrf))) return;
  throw new DomainError('form_refused', 'the form is not from a page of this login, or is older than it');
}
