import { SamtykkeError } from './errors.ts';
import { about, readAnswer, send, type Outgoing } from './http.ts';
import type { Api, Settings } from './options.ts';
import { refusalOf } from './refusals.ts';
import { retrying } from './retry.ts';
import { startDeadline, type Deadline } from './time.ts';
import type { Tokens } from './tokens.ts';
import { jsonOf } from './wire.ts';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call when it aborts: `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Takes the place of the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Told to the platform, and found in its log: 1 to 128 letters, digits or `_ . : / + = -`. */
  readonly traceId?: string | undefined;
}

/** A request to one of the three APIs. `path`: after the API's own address. */
export interface ApiRequest {
  readonly api: Api;
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path?: string;
  readonly query?: Readonly<Record<string, number>>;
  readonly body?: object;
  /** How much longer than others it may take. */
  readonly patienceMs?: number;
  /** A token that the caller brings: one that is refused is not renewed. */
  readonly token?: string;
}

/** Speaks to the APIs: with a token, within a time, and again where that is safe. All requests that it is used for are. */
export interface Apis {
  /** The answer's body as JSON; undefined when it is empty. */
  ask(request: ApiRequest, options: CallOptions, retries?: number): Promise<unknown>;
  /** An answer whose body has not been read. Ends when the deadline does. */
  open(request: ApiRequest, options: CallOptions, deadline: Deadline): Promise<Response>;
  /** Does something again, as often as the client's settings say, while it fails in a way that may pass. */
  patiently<Value>(until: Deadline, work: () => Promise<Value>): Promise<Value>;
  deadline(options: CallOptions, moreMs?: number): Deadline;
}

export function apisOf(settings: Settings, tokens: Tokens): Apis {
  const deadline: Apis['deadline'] = (options, moreMs = 0) =>
    startDeadline(options.signal, (options.timeoutMs ?? settings.timeoutMs) + moreMs);

  const attempt = async (
    request: ApiRequest,
    token: string,
    options: CallOptions,
    until: Deadline,
  ): Promise<Response> => {
    const response = await send(settings.fetch, outgoing(settings, request, token, options), until);
    if (response.ok) return response;
    const family = request.api === 'debt' ? 'debt' : 'agreement';
    throw refusalOf(await readAnswer(response, until), family, [token, settings.secret ?? '']);
  };

  const open: Apis['open'] = async (request, options, until) => {
    if (request.token !== undefined) return attempt(request, request.token, options, until);
    const token = await tokens.get(request.api, until);
    try {
      return await attempt(request, token, options, until);
    } catch (error) {
      if (!(error instanceof SamtykkeError) || error.code !== 'invalid_token') throw error;
      // It may have been revoked, or the platform started anew; a request that was refused for its token has done nothing.
      tokens.drop(request.api, token);
      return attempt(request, await tokens.get(request.api, until), options, until);
    }
  };

  return {
    deadline,
    open,
    patiently: (until, work) => retrying(settings.retries, until, work),
    ask: async (request, options, retries = settings.retries) => {
      const until = deadline(options, request.patienceMs);
      try {
        return await retrying(retries, until, async () => {
          const response = await open(request, options, until);
          const { text } = await readAnswer(response, until);
          return text === '' ? undefined : jsonFrom(text, response);
        });
      } finally {
        until.end();
      }
    },
  };
}

function jsonFrom(text: string, response: Response): unknown {
  try {
    return jsonOf(text);
  } catch {
    throw new SamtykkeError('bad_answer', 'the answer is no JSON', { status: response.status, ...about(response) });
  }
}

function outgoing(settings: Settings, request: ApiRequest, token: string, options: CallOptions): Outgoing {
  const query = new URLSearchParams(Object.entries(request.query ?? {}).map(([name, value]) => [name, String(value)]));
  if (options.traceId !== undefined && !/^[\w.:/+=-]{1,128}$/.test(options.traceId)) {
    throw new SamtykkeError('invalid_request', 'traceId must be 1 to 128 letters, digits or _ . : / + = -');
  }
  return {
    url: `${settings.apis[request.api].url}${request.path ?? ''}${query.size > 0 ? `?${query}` : ''}`,
    method: request.method,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${checkedToken(token)}`,
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.traceId === undefined ? {} : { 'x-trace-id': options.traceId }),
    },
    body: request.body && JSON.stringify(request.body),
  };
}

/** A token with signs that no header takes would be repeated by the error of `fetch`. */
function checkedToken(token: string): string {
  if (/^[\w.~+/-]+=*$/.test(token)) return token;
  throw new SamtykkeError('invalid_token', 'the token has signs that no token has');
}
