import type { Presenter } from './presented.ts';
import { errorHeaders, reasonPhrases, statusOf } from './status.ts';

/** Errors where NGI defines nothing: problem details (RFC 9457), with our code and the trace id. */
export const presentProblem: Presenter = (error, context) => {
  const status = statusOf[error.code];
  return {
    status,
    contentType: 'application/problem+json',
    headers: errorHeaders(error),
    body: {
      type: 'about:blank',
      title: reasonPhrases[status],
      status,
      detail: error.detail,
      code: error.code,
      trace_id: context.traceId,
    },
  };
};
