import type { Header, Operation, Response } from './description.ts';
import { CLIENT_SECRET } from './frame.ts';

const TRACE: Header = {
  required: true,
  schema: { type: 'string' },
  description: 'Finds the log lines of this request. Send one of your own, and it is that one',
};
const HELP: Header = {
  required: true,
  schema: { type: 'string' },
  description: 'The page that explains the error: `<…/docs/errors/…>; rel="help"`',
};
const RETRY: Header = { required: true, schema: { type: 'integer' }, description: 'Seconds to wait' };
const CHALLENGE: Header = { required: true, schema: { type: 'string' }, description: 'How to prove who you are' };

/** The same call, with the headers that answers have whatever the call is; those that are pages have none that anybody reads. */
export function withAnswerHeaders(operation: Operation): Operation {
  const responses = Object.entries(operation.responses).map(([status, response]) => [
    status,
    isPage(response)
      ? response
      : { ...response, headers: { ...headersOf(Number(status), operation), ...response.headers } },
  ]);
  return { ...operation, responses: Object.fromEntries(responses) };
}

const isPage = ({ content = {} }: Response): boolean => 'text/html' in content;

function headersOf(status: number, { security = [] }: Operation): Readonly<Record<string, Header>> {
  // Whoever proves itself by an assertion is not asked for anything else.
  const challenged = status === 401 && !security.some((scheme) => CLIENT_SECRET in scheme);
  return {
    'X-Trace-ID': TRACE,
    ...(status >= 400 ? { Link: HELP } : {}),
    ...(challenged ? { 'WWW-Authenticate': CHALLENGE } : {}),
    ...(status === 429 || status === 503 ? { 'Retry-After': RETRY } : {}),
  };
}
