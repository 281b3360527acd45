import CircuitBreaker from 'opossum';
import type { Nin } from '../person/nin.ts';
import { isJsonType } from '../platform/http-client.ts';
import type { Platform } from '../platform/platform.ts';
import { serverOf, type CreditorServer } from './certificate.ts';
import type { Creditor } from './creditor.ts';
import type { Loan } from './loan.ts';
import { loansFromAnswer } from './wire.ts';

/** An answer for one person is a few kilobytes; nobody's is this large. */
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * Asks creditors for one person's loans (getDataForSSN). For each creditor, at each of its providers, it has connections of its own,
 * as many as are configured, and a circuit breaker: so that nobody waits for another one's answer. All of it on each node.
 */
export interface CreditorClient {
  /**
   * The loans that the creditor holds for this person now, none included. Throws when it does not answer in time (`signal`),
   * answers badly (a status other than 200, something else than JSON, a rule of delivery violated, another customer), or has failed
   * so often lately that it is left alone for some seconds. The message says which, and nothing of the answer.
   */
  loansOf(creditor: Creditor, nin: Nin, call: { signal: AbortSignal; traceId: string }): Promise<readonly Loan[]>;
  /** Forgets that a creditor has failed lately. */
  forgetFailures(creditorId: string): void;
  close(): void;
}

type Ask = CreditorClient['loansOf'];
type Breaker = CircuitBreaker<Parameters<Ask>, readonly Loan[]>;

/** `restMs`: for how long a creditor that keeps failing is left alone; then one question finds out. */
export function creditorClient(
  platform: Pick<Platform, 'clock' | 'http'>,
  { restMs = 5_000 }: { restMs?: number } = {},
): CreditorClient {
  /** By creditor, then by provider. */
  const breakers = new Map<string, Map<string, Breaker>>();

  /** Where each answers, by its breaker's place: made anew only when its address or certificate has changed. */
  const servers = new Map<string, { readonly of: string; readonly server: CreditorServer }>();
  const knownServerOf = (creditor: Creditor): CreditorServer => {
    const place = `${creditor.id} ${creditor.providerId}`;
    const of = `${creditor.baseUrl} ${creditor.clientCertificate}`;
    const known = servers.get(place);
    if (known?.of === of) return known.server;
    const server = serverOf(creditor);
    servers.set(place, { of, server });
    return server;
  };

  const ask: Ask = async (creditor, nin, call) => {
    const { origin, basePath, identity } = knownServerOf(creditor);
    const answer = await platform.http.get({
      origin,
      identity,
      path: `${basePath}/debt-information/v1/loans/${creditor.id}/customer`,
      headers: { accept: 'application/json', customerid: nin.reveal(), 'x-trace-id': call.traceId },
      signal: call.signal,
      maxBytes: MAX_ANSWER_BYTES,
      span: { name: 'creditor loans', attributes: { 'samtykke.creditor': creditor.id }, handOn: true },
    });
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    if (!isJsonType(answer.contentType)) throw new Error('the answer is not application/json');
    const loans = loansFromAnswer(answer.body, {
      customerId: nin.reveal(),
      creditorId: creditor.id,
      fetchedAt: platform.clock.now().toISOString(),
    });
    if (!('rule' in loans)) return loans;
    throw new Error(`rule of delivery: ${loans.rule}${loans.loan === undefined ? '' : `, loan ${loans.loan}`}`);
  };

  const breakerOf = ({ id, providerId }: Creditor): Breaker => {
    const ofCreditor = breakers.get(id) ?? new Map<string, Breaker>();
    breakers.set(id, ofCreditor);
    const known = ofCreditor.get(providerId);
    if (known !== undefined) return known;
    const breaker: Breaker = new CircuitBreaker(ask, {
      timeout: false, // the lookup's own deadline ends the call
      volumeThreshold: 5,
      errorThresholdPercentage: 50,
      rollingCountTimeout: 10_000,
      resetTimeout: restMs,
    });
    ofCreditor.set(providerId, breaker);
    return breaker;
  };

  const shutDown = (ofCreditor: ReadonlyMap<string, Breaker> | undefined): void => {
    for (const breaker of ofCreditor?.values() ?? []) breaker.shutdown();
  };

  return {
    loansOf: (creditor, nin, call) => breakerOf(creditor).fire(creditor, nin, call),
    forgetFailures: (creditorId) => {
      shutDown(breakers.get(creditorId));
      breakers.delete(creditorId);
    },
    close: () => {
      for (const ofCreditor of breakers.values()) shutDown(ofCreditor);
    },
  };
}
