import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Caller } from '../clients/access-token.ts';
import { admit, presented } from '../clients/require-token.ts';
import type { ApiLimits } from '../clients/rate-limit.ts';
import { DomainError } from '../errors/domain-error.ts';
import { isUuid } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import type { Consent } from './consent.ts';
import { readConsentForCaller, type SealedPerson } from './find.ts';

/** Described only: whether it is a UUID is asked after the header is there, and answered in this API's words. */
export const ConsentIdInPath = Type.Object({ id: Type.String({ description: 'The id of the consent, a UUID' }) });

/**
 * The guard of requests that name a consent in their path: checks the token and reads the consent in one statement (`withPerson`: and the
 * sealed number of the person whose it is). `beside`: what it asks of the database is asked together with that. Errors:
 * `missing_authorization`, `invalid_request` (an id that is no UUID), `invalid_token`, `wrong_audience`, `rate_limited`.
 */
export async function consentForRequest(
  platform: Platform,
  limits: ApiLimits,
  request: FastifyRequest,
  consentId: string,
  { withPerson = false, beside }: { withPerson?: boolean; beside?: (consentId: string) => void } = {},
): Promise<{ caller: Caller; consent: Consent | undefined; person: SealedPerson | undefined }> {
  const credential = await presented(limits, request);
  if (!isUuid(consentId)) throw new DomainError('invalid_request', 'the consent id in the path is not a UUID');
  beside?.(consentId);
  const read = await readConsentForCaller(platform, credential.token, consentId, { withPerson });
  const caller = await admit(platform, limits, request, credential, { found: read.caller, api: 'debt' });
  // A token from the code flow speaks of its own consent only (D3b).
  const own = caller.consentId === null || caller.consentId === consentId.toLowerCase();
  return own ? { ...read, caller } : { caller, consent: undefined, person: undefined };
}
