import { helpAddress } from './help.ts';
import type { Presenter } from './presented.ts';
import { errorHeaders, reasonPhrases, statusOf } from './status.ts';

/** Errors where NGI defines nothing: problem details (RFC 9457), with our code, the trace id, and an address that explains it. */
export const presentProblem: Presenter = (error, context) => {
  const status = statusOf[error.code];
  return {
    status,
    contentType: 'application/problem+json',
    headers: errorHeaders(error),
    body: {
      type: helpAddress(context.apiUrl, error.code),
      title: reasonPhrases[status],
      status,
      detail: error.detail,
      code: error.code,
      trace_id: context.traceId,
    },
  };
};
