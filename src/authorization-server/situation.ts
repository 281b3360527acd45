import { findClient } from '../clients/client-registry.ts';
import { stateAt } from '../consent/consent.ts';
import { readConsent } from '../consent/find.ts';
import { situationOf, type ConsentRequest } from '../consent-request/consent-request.ts';
import type { Platform } from '../platform/platform.ts';
import type { Stop } from './stops.page.ts';

/** The name of the organisation that asks, as it is registered. */
export async function clientNameOf(platform: Platform, request: ConsentRequest): Promise<string> {
  const client = await findClient(platform.db, request.clientId);
  if (client === undefined) throw new Error('a request has a client');
  return client.name;
}

/**
 * What is true now of a request that cannot be answered any more (A3): it was answered, and what has become of the consent since;
 * or nobody answered in time, or it is another browser's. `back`: the address that sends the person back to the organisation; null when that is used up.
 */
export async function whatBecameOf(platform: Platform, request: ConsentRequest, back: string | null): Promise<Stop> {
  const client = await clientNameOf(platform, request);
  const situation = situationOf(request, platform.clock.realNow());
  // It waits for its answer in the browser that it was begun in, which this one is not, or not any more.
  if (situation === 'open') return { kind: 'unknown' };
  if (situation === 'expired' || request.outcome === null) return { kind: 'expired', client, back };
  if (request.failure !== null) return { kind: request.failure, client, back };
  const portal = `${platform.config.portalUrl}/consents`;
  const consent = request.consentId === null ? undefined : await readConsent(platform.db, request.consentId);
  const state = consent === undefined ? null : stateAt(consent, platform.clock.now());
  return {
    kind: 'already_answered',
    client,
    outcome: request.outcome,
    state: state === null || !state.active ? state : { active: true, until: consent?.expiresAt ?? request.answerBy },
    back,
    portal,
  };
}
