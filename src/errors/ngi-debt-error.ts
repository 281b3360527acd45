import type { ErrorCode } from './domain-error.ts';
import type { Presenter } from './presented.ts';
import { errorHeaders, statusOf } from './status.ts';

/** NGI's words for each error of the debt API, and whether our sentence goes along as `error_description`. */
const words = {
  invalid_request: { error: 'bad request', describe: true },
  missing_authorization: { error: 'missing authorization header', describe: true },
  invalid_token: { error: 'invalid access token', describe: true },
  wrong_audience: { error: 'invalid access token', describe: true },
  insufficient_scope: { error: 'invalid access token', describe: true },
  purpose_not_permitted: { error: 'no valid consent', describe: true },
  // Nothing more: another client's consent is answered exactly like one that does not exist (C3).
  no_valid_consent: { error: 'no valid consent', describe: false },
  consent_expired: { error: 'invalid consent', describe: true },
  consent_used: { error: 'invalid consent', describe: true },
  consent_revoked: { error: 'invalid consent', describe: true },
  consent_conflict: { error: 'conflict', describe: true },
  webhook_conflict: { error: 'conflict', describe: true },
  form_refused: { error: 'form refused', describe: true },
  login_unfinished: { error: 'login unfinished', describe: true },
  certificate_refused: { error: 'certificate refused', describe: true },
  signed_out: { error: 'signed out', describe: true },
  not_found: { error: 'not found', describe: true },
  method_not_allowed: { error: 'method not allowed', describe: true },
  payload_too_large: { error: 'payload too large', describe: true },
  unsupported_media_type: { error: 'unsupported media type', describe: true },
  rate_limited: { error: 'too many requests', describe: true },
  unavailable: { error: 'service unavailable', describe: true },
  server_error: { error: 'server error', describe: true },
} as const satisfies Record<ErrorCode, { error: string; describe: boolean }>;

// Where NGI's status differs from the usual one (D4).
const ownStatus: Partial<Record<ErrorCode, number>> = { missing_authorization: 400, invalid_token: 403 };

/** The debt API's errors: `{error, error_description?, timestamp, trace_id}` (D4). */
export const presentDebtError: Presenter = (error, context) => {
  const { error: word, describe } = words[error.code];
  return {
    status: ownStatus[error.code] ?? statusOf[error.code],
    headers: errorHeaders(error),
    body: {
      error: word,
      ...(describe ? { error_description: error.detail } : {}),
      timestamp: context.timestamp,
      trace_id: context.traceId,
    },
  };
};
