import type { Presenter } from './presented.ts';
import { errorHeaders, reasonPhrases, statusOf } from './status.ts';

/**
 * The errors of the agreement API and of the feed: `{status, timestamp, path, error, message, requestId}`, and an empty body for
 * 401 (G5).
 */
export const presentAgreementError: Presenter = (error, context) => {
  const status = statusOf[error.code];
  if (status === 401) return { status, headers: { 'www-authenticate': 'Bearer', ...errorHeaders(error) } };
  return {
    status,
    headers: errorHeaders(error),
    body: {
      status,
      timestamp: context.timestamp,
      path: context.path,
      error: reasonPhrases[status],
      message: error.detail,
      requestId: context.traceId,
    },
  };
};
