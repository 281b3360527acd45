import type { DomainError, ErrorCode } from './domain-error.ts';

/** The HTTP status of each error, where an API does not say otherwise (RFC 9110). */
export const statusOf = {
  invalid_request: 400,
  missing_authorization: 401,
  invalid_token: 401,
  wrong_audience: 403,
  insufficient_scope: 403,
  purpose_not_permitted: 403,
  no_valid_consent: 403,
  consent_expired: 403,
  consent_used: 403,
  consent_revoked: 403,
  consent_conflict: 409,
  webhook_conflict: 409,
  form_refused: 403,
  login_unfinished: 403,
  certificate_refused: 403,
  signed_out: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  unavailable: 503,
  server_error: 500,
} as const satisfies Record<ErrorCode, number>;

/** Reason phrases as in RFC 9110, and 429's of RFC 6585. */
export const reasonPhrases: Record<(typeof statusOf)[ErrorCode], string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Headers that belong to the error whatever the API: `Retry-After` (429, 503), `Allow` (405), a challenge. */
export function errorHeaders(error: DomainError): Record<string, string> {
  return {
    ...(error.retryAfterSeconds === undefined
      ? {}
      : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterSeconds))) }),
    ...(error.allow === undefined ? {} : { allow: error.allow.join(', ') }),
    ...(error.challenge === undefined ? {} : { 'www-authenticate': error.challenge }),
  };
}
