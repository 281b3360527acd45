/**
 * Everything that can go wrong, as a closed list, with what to do about it. A code is a promise: a new one is a new minor version,
 * one that goes is a new major one.
 */
export const advices = {
  // Before anything was sent.
  configuration: 'Mend the options: the message names what is wrong.',
  aborted: 'Your signal ended the call.',
  // On the way.
  network: 'Try again; if that does not help, look at the address and the network in between.',
  timeout: 'Try again, or give the call more time (timeoutMs).',
  bad_answer: 'Is this the address of a consent platform? If so, report it with the trace id.',
  wrong_address: 'Look at baseUrl, or at issuer and apiUrl: nothing like this is served there.',
  not_supported: 'The server does not offer this; use another call.',
  // Refused for the request as it is.
  invalid_request: 'Mend the request: the message names the field.',
  conflict: 'Take another clientConsentId, or send exactly what was registered under this one.',
  rate_limited: 'Wait retryAfterSeconds, and send fewer requests.',
  unavailable: 'Try again after retryAfterSeconds.',
  server_error: 'Try again; if that does not help, report it with the trace id.',
  // Refused for who asks.
  client_refused: 'Look at clientId and at clientSecret or privateKey.',
  scope_refused: 'Ask only for what your client is registered for (purposes, openid).',
  invalid_token: 'Fetch a new token: for a debt token that is a new code, or getDebt with the id of the consent.',
  not_permitted:
    'Your client is not registered for this, or its purpose is switched off: ask whoever runs the platform.',
  // Refused for the consent.
  no_valid_consent: 'There is no such consent for your client and its purposes: register a new one, or ask the person.',
  consent_expired: 'Ask the person for a new consent.',
  consent_used: 'It was good once: ask the person for a new consent.',
  consent_revoked: 'It was withdrawn: stop using it, and ask the person for a new one if need be.',
  consent_ended: 'Ask the person for a new consent.',
  // The person comes back.
  consent_denied: 'The person said no: offer another way.',
  login_cancelled: 'The person left, or did not answer in time: offer to begin again.',
  code_refused: 'A code is good once, for a minute: begin again with authorizationUrl.',
  callback_refused: 'Do not go on with this visit: it does not belong to the login that was begun. Begin again.',
  // What the platform tells you.
  feed_gap: 'Start again from feed.snapshot(), and follow from its asOfSequenceNr + 1.',
  snapshot_incomplete: 'Throw away what came, and take a new snapshot.',
  webhook_refused: 'Answer 400, and do nothing with what came.',
} as const;

export type SamtykkeErrorCode = keyof typeof advices;

/** The codes of what may succeed when the same call is made again later. */
const passing: ReadonlySet<SamtykkeErrorCode> = new Set([
  'network',
  'timeout',
  'rate_limited',
  'unavailable',
  'server_error',
  'snapshot_incomplete',
]);

/** What is known of a failure, besides its code and its sentence. */
export interface FailureDetails {
  /** The HTTP status of the answer, if there was one. */
  readonly status?: number | undefined;
  /** Finds the request in the log of the platform. */
  readonly traceId?: string | undefined;
  /** Seconds that the server asked to wait. */
  readonly retryAfterSeconds?: number | undefined;
  /** Only what holds neither tokens, secrets nor personal numbers. */
  readonly cause?: unknown;
}

/**
 * What every call of this package rejects with. Decide by `code`; the message says what happened and what to do, for a log. It never
 * holds a secret, a token or a personal number.
 */
export class SamtykkeError<Code extends SamtykkeErrorCode = SamtykkeErrorCode> extends Error {
  override readonly name = 'SamtykkeError';
  readonly code: Code;
  /** What to do, in a sentence. */
  readonly advice: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly traceId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** How often it was tried. */
  attempts = 1;

  constructor(code: Code, what: string, details: FailureDetails = {}) {
    super(`${what}. ${advices[code]}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.advice = advices[code];
    this.retryable = passing.has(code);
    this.status = details.status;
    this.traceId = details.traceId;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/**
 * The place that was kept does not lead on without a gap: events behind it have aged out, or it is of another feed. Nothing was
 * delivered. `keptSequenceNr`: the last number handled; `firstSequenceNr`: the oldest that can be read; `lastSequenceNr`: the newest,
 * when the place kept is beyond it.
 */
export class FeedGapError extends SamtykkeError<'feed_gap'> {
  readonly keptSequenceNr: number;
  readonly firstSequenceNr: number | undefined;
  readonly lastSequenceNr: number | undefined;

  constructor(keptSequenceNr: number, found: { firstSequenceNr: number } | { lastSequenceNr: number }) {
    super(
      'feed_gap',
      'firstSequenceNr' in found
        ? `events after ${keptSequenceNr} have aged out: the oldest that can be read is ${found.firstSequenceNr}`
        : `the place kept is ${keptSequenceNr}, and the newest event ${found.lastSequenceNr}: it is of another client or platform`,
    );
    this.keptSequenceNr = keptSequenceNr;
    this.firstSequenceNr = 'firstSequenceNr' in found ? found.firstSequenceNr : undefined;
    this.lastSequenceNr = 'lastSequenceNr' in found ? found.lastSequenceNr : undefined;
  }
}

/** Whether something that was thrown is of this package, and of this code if one is named. */
export function isSamtykkeError<Code extends SamtykkeErrorCode = SamtykkeErrorCode>(
  error: unknown,
  code?: Code,
): error is Code extends 'feed_gap' ? FeedGapError : SamtykkeError<Code> {
  return error instanceof SamtykkeError && (code === undefined || error.code === code);
}

/** Text of others as it may stand in a message: short, without what must not be there. */
export function quotable(text: string, secrets: readonly string[] = []): string {
  const clean = secrets
    .filter((secret) => secret !== '')
    .reduce((left, secret) => left.replaceAll(secret, '•••'), text)
    .replaceAll(/(?<!\d)\d{11}(?!\d)/g, '•••')
    // eslint-disable-next-line no-control-regex -- they are what is taken out
    .replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim();
  return clean.length > 300 ? `${clean.slice(0, 300)}…` : clean;
}
