import CircuitBreaker from 'opossum';
import type { Nin } from '../person/nin.ts';
import type { Platform } from '../platform/platform.ts';
import { serverOf } from './certificate.ts';
import type { Creditor } from './creditor.ts';
import type { Loan } from './loan.ts';
import { loansFromAnswer } from './wire.ts';

/** An answer for one person is a few kilobytes; nobody's is this large. */
const MAX_ANSWER_BYTES = 1_048_576;

/** Asks creditors for one person's loans (getDataForSSN). One circuit breaker for each creditor, on each node. */
export interface CreditorClient {
  /**
   * The loans that the creditor holds for this person now, none included. Throws when it does not answer in time (`signal`),
   * answers badly (a status other than 200, broken JSON, a rule of delivery violated, another customer), or has failed so often
   * lately that it is left alone for some seconds.
   */
  loansOf(creditor: Creditor, nin: Nin, call: { signal: AbortSignal; traceId: string }): Promise<readonly Loan[]>;
  /** Forgets that a creditor has failed lately. */
  forgetFailures(creditorId: string): void;
  close(): void;
}

type Ask = (creditor: Creditor, nin: Nin, call: { signal: AbortSignal; traceId: string }) => Promise<readonly Loan[]>;

export function creditorClient(platform: Platform): CreditorClient {
  const breakers = new Map<string, CircuitBreaker<Parameters<Ask>, readonly Loan[]>>();

  const ask: Ask = async (creditor, nin, call) => {
    const { origin, basePath, identity } = serverOf(creditor);
    const answer = await platform.http.get({
      origin,
      identity,
      path: `${basePath}/debt-information/v1/loans/${creditor.id}/customer`,
      headers: { accept: 'application/json', customerid: nin.reveal(), 'x-trace-id': call.traceId },
      signal: call.signal,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    const loans = loansFromAnswer(parseJson(answer.body), {
      customerId: nin.reveal(),
      creditorId: creditor.id,
      fetchedAt: platform.clock.now().toISOString(),
    });
    if (typeof loans === 'string') throw new Error(`rule of delivery: ${loans}`);
    return loans;
  };

  const breakerOf = (creditorId: string) => {
    const known = breakers.get(creditorId);
    if (known !== undefined) return known;
    const breaker = new CircuitBreaker<Parameters<Ask>, readonly Loan[]>(ask, {
      timeout: false, // the lookup's own deadline ends the call
      volumeThreshold: 5,
      errorThresholdPercentage: 50,
      rollingCountTimeout: 10_000,
      resetTimeout: 5_000,
    });
    breakers.set(creditorId, breaker);
    return breaker;
  };

  return {
    loansOf: (creditor, nin, call) => breakerOf(creditor.id).fire(creditor, nin, call),
    forgetFailures: (creditorId) => {
      breakers.get(creditorId)?.shutdown();
      breakers.delete(creditorId);
    },
    close: () => {
      for (const breaker of breakers.values()) breaker.shutdown();
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('broken JSON'); // the parser's message would quote the answer, which holds a NIN
  }
}
