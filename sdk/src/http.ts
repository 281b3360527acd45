import { SamtykkeError, quotable } from './errors.ts';
import { retryAfterOf, type Deadline } from './time.ts';
import { VERSION } from './version.ts';

/** A request as `fetch` takes it, but for the signal. */
export interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | undefined;
}

/** An answer that has been read. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly traceId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

/**
 * Sends a request, and answers when the head of the answer is there. Redirects are not followed: what is sent is for the address that was
 * given. Rejects with `network`, or as the deadline says.
 */
export async function send(fetcher: typeof fetch, request: Outgoing, deadline: Deadline): Promise<Response> {
  const { url, method, headers, body } = request;
  try {
    const response = await fetcher(url, {
      method,
      headers: { ...headers, 'user-agent': `samtykke-client/${VERSION}` },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: deadline.signal,
    });
    // Browsers hide where it leads; elsewhere the status tells.
    if (response.status !== 0 && (response.status < 300 || response.status >= 400)) return response;
    await response.body?.cancel();
    throw new SamtykkeError(
      'wrong_address',
      `${method} ${nameOf(url)} leads to another address, which is not followed`,
    );
  } catch (error) {
    throw failureOf(error, deadline, `${method} ${nameOf(url)} was not answered`);
  }
}

/** The same, with the whole answer in memory: for a library that would tell one that was cut off from one that is malformed by nothing. */
export async function sendAndRead(fetcher: typeof fetch, request: Outgoing, deadline: Deadline): Promise<Response> {
  const response = await send(fetcher, request, deadline);
  const { text } = await readAnswer(response, deadline);
  return new Response(text === '' ? null : text, { status: response.status, headers: response.headers });
}

/** Reads an answer to its end. One that is cut off is `network`. */
export async function readAnswer(response: Response, deadline: Deadline): Promise<Answered> {
  try {
    return { status: response.status, text: await response.text(), ...about(response) };
  } catch (error) {
    throw failureOf(error, deadline, 'the answer was cut off');
  }
}

/** What the head of an answer tells besides its status. */
export const about = ({ headers }: Response): Pick<Answered, 'traceId' | 'retryAfterSeconds'> => ({
  traceId: headers.get('x-trace-id') ?? undefined,
  retryAfterSeconds: retryAfterOf(headers.get('retry-after')),
});

/** What went wrong on the way, as an error of ours. */
export function failureOf(error: unknown, deadline: Deadline, what: string): SamtykkeError {
  if (error instanceof SamtykkeError) return error;
  if (deadline.signal.aborted) return deadline.failure();
  const reason = systemReasonOf(error);
  return new SamtykkeError('network', reason === undefined ? what : `${what}: ${reason}`);
}

/**
 * The system's own word (`ECONNREFUSED`). The error itself is not handed on: those of some runtimes hold the headers of the request, and so
 * the token.
 */
function systemReasonOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_]{2,60}$/.test(code)) return code;
    if (at instanceof AggregateError && at.errors.length > 0) return systemReasonOf(at.errors[0]);
  }
  return undefined;
}

/** An address in a message: without its query, and shortened where it names a consent. */
const nameOf = (url: string): string => quotable(url.replace(/\?.*$/, ''));
