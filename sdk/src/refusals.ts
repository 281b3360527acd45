import { SamtykkeError, quotable, type SamtykkeErrorCode } from './errors.ts';
import type { Answered } from './http.ts';

/**
 * Refusals of the APIs and of the token endpoint as errors of ours. There are three shapes: the debt API's `{error, error_description,
 * trace_id}`, the agreement API's and the feed's `{status, error, message, requestId}` with an empty body for 401, and OAuth's
 * `{error, error_description}`. Pure.
 */
export type Family = 'debt' | 'agreement' | 'oauth';

/** `secrets`: what must not be repeated, should a server do so. */
export function refusalOf(answer: Answered, family: Family, secrets: readonly string[] = []): SamtykkeError {
  const said = saidIn(answer.text);
  const told = quotable([said.error, said.description].filter((part) => part !== '').join(': '), secrets);
  const what = `the platform answered ${answer.status}${told === '' ? '' : ` (${told})`}`;
  return new SamtykkeError(codeOf(answer.status, family, said), what, {
    status: answer.status,
    traceId: answer.traceId ?? said.traceId,
    retryAfterSeconds: answer.retryAfterSeconds,
  });
}

interface Said {
  readonly error: string;
  readonly description: string;
  readonly traceId: string | undefined;
}

function saidIn(text: string): Said {
  let body: Readonly<Record<string, unknown>> = {};
  try {
    body = Object(JSON.parse(text));
  } catch {
    // A proxy's page, or nothing: the status says enough.
  }
  const word = (...names: readonly string[]): string | undefined =>
    names.map((name) => body[name]).find((value) => typeof value === 'string');
  return {
    error: word('error', 'title') ?? '',
    description: word('error_description', 'message', 'detail') ?? '',
    traceId: word('trace_id', 'requestId'),
  };
}

const ofStatus: Readonly<Record<number, SamtykkeErrorCode>> = {
  400: 'invalid_request',
  401: 'invalid_token',
  403: 'not_permitted',
  404: 'wrong_address',
  405: 'wrong_address',
  408: 'unavailable',
  409: 'conflict',
  413: 'invalid_request',
  415: 'invalid_request',
  422: 'invalid_request',
  429: 'rate_limited',
  500: 'server_error',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

const ofOauthError: Readonly<Record<string, SamtykkeErrorCode>> = {
  invalid_client: 'client_refused',
  unauthorized_client: 'client_refused',
  invalid_scope: 'scope_refused',
  invalid_scopes: 'scope_refused',
  invalid_target: 'scope_refused',
  invalid_grant: 'code_refused',
  consent_denied: 'consent_denied',
  access_denied: 'consent_denied',
  login_cancelled: 'login_cancelled',
  login_required: 'login_cancelled',
  server_error: 'server_error',
  temporarily_unavailable: 'unavailable',
};

/** What an error of OAuth means, at the token endpoint or when a person comes back. */
export const codeOfOauth = (error: string): SamtykkeErrorCode | undefined =>
  Object.hasOwn(ofOauthError, error) ? ofOauthError[error] : undefined;

function codeOf(status: number, family: Family, said: Said): SamtykkeErrorCode {
  if (family === 'oauth') {
    const known = codeOfOauth(said.error);
    if (known !== undefined && status < 500) return known;
    if (status === 401) return 'client_refused';
  }
  if (family === 'debt' && status === 403) return ofDebtRefusal(said);
  return ofStatus[status] ?? (status >= 500 ? 'server_error' : status >= 400 ? 'invalid_request' : 'bad_answer');
}

/** The debt API has one status for all these. Which end a consent came to is told in the description only. */
function ofDebtRefusal({ error, description }: Said): SamtykkeErrorCode {
  switch (error.toLowerCase()) {
    case 'invalid access token':
      return 'invalid_token';
    case 'no valid consent':
      return 'no_valid_consent';
    case 'invalid consent':
      if (/^consent expired/i.test(description)) return 'consent_expired';
      if (/^consent was used/i.test(description)) return 'consent_used';
      return /^consent was revoked/i.test(description) ? 'consent_revoked' : 'consent_ended';
    default:
      return 'not_permitted';
  }
}
