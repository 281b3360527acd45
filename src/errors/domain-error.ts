/**
 * Every way in which a request can be refused, in the field's words. The list is closed: each API's presenter is a table over
 * it (`satisfies Record<ErrorCode, …>`), so that a new code does not compile until every presenter knows what to say.
 */
const errorCodes = [
  'invalid_request', // the request breaks the interface's own rules; the detail names the field
  'missing_authorization',
  'invalid_token', // none such, expired, revoked, of a disabled client, or for another audience where that is not told apart
  'wrong_audience', // a good token, but not for this API
  'insufficient_scope',
  'purpose_not_permitted', // the client may not ask for this purpose, or it is switched off
  'no_valid_consent', // unknown, another client's, or for another purpose: answered alike (C3)
  'consent_expired',
  'consent_used',
  'consent_revoked',
  'consent_conflict', // the client's own id is taken by a consent with other data (G3)
  'webhook_conflict', // one webhook too many, or one that the operator has disabled
  'form_refused', // a form of ours that came without its proof, or with an old one
  'login_unfinished', // a login that was begun elsewhere, took too long, or has been finished before
  'certificate_refused', // no client certificate, one that is not good, or one of an organisation that may not do this
  'signed_out', // nobody is signed in, where somebody has to be
  'not_found',
  'method_not_allowed',
  'payload_too_large',
  'unsupported_media_type',
  'rate_limited',
  'unavailable', // the database is away, or this process is closing
  'server_error',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface DomainErrorOptions {
  /** The underlying failure, for the log; never shown outside. */
  readonly cause?: unknown;
  /** Seconds after which another try makes sense (429, 503). */
  readonly retryAfterSeconds?: number;
  /** The methods that the path does answer (405). */
  readonly allow?: readonly string[];
  /** What the caller has to prove, as `WWW-Authenticate` says it, where that is not the usual. */
  readonly challenge?: string;
}

/**
 * What verbs throw. `detail` is a sentence for the caller's developer: what was wrong and what to do. It never holds a NIN, a
 * secret, a token, SQL or a stack.
 */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly retryAfterSeconds: number | undefined;
  readonly allow: readonly string[] | undefined;
  readonly challenge: string | undefined;

  constructor(code: ErrorCode, detail: string, options: DomainErrorOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.code = code;
    this.detail = detail;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.allow = options.allow;
    this.challenge = options.challenge;
  }
}
