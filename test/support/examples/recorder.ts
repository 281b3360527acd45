import type { Exchange } from '../../../src/docs/examples.ts';
import type { Answer, World } from '../world.ts';

/** A request as an example shows it. */
export interface Sent {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{id}` where a parameter stands. */
  readonly path: string;
  /** In the path. */
  readonly id?: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly token?: string;
  /** HTTP Basic. */
  readonly basic?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** A body of whatever kind, which is not shown. */
  readonly raw?: { readonly type: string; readonly body: string };
}

/** Sends a request to a world, and keeps what was sent and answered under this name. */
export type Show = (operationId: string, name: string, summary: string, sent: Sent) => Promise<Answer>;

/** What is sent by `show` is in `exchanges` then. */
export function recorder(world: Pick<World, 'call'>): { show: Show; exchanges: Exchange[] } {
  const exchanges: Exchange[] = [];
  const show: Show = async (operationId, name, summary, sent) => {
    const answer = await world.call(requestOf(sent));
    exchanges.push({ operationId, name, summary, request: shownRequest(sent), answer: shownAnswer(answer) });
    return answer;
  };
  return { show, exchanges };
}

function requestOf({ method = 'GET', path, id, query, token, basic, json, form, raw }: Sent) {
  const search = new URLSearchParams(Object.entries(query ?? {}).map(([name, value]) => [name, String(value)]));
  const authorization = token === undefined ? basic : `Bearer ${token}`;
  const type = form === undefined ? raw?.type : 'application/x-www-form-urlencoded';
  const payload =
    form === undefined ? (raw?.body ?? (json as object | undefined)) : new URLSearchParams(form).toString();
  return {
    method,
    url: `${path.replace('{id}', id ?? '')}${search.size === 0 ? '' : `?${search}`}`,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(payload === undefined ? {} : { payload }),
  };
}

function shownRequest({ id, query, json, form }: Sent): Exchange['request'] {
  const parameters = { ...(id === undefined ? {} : { id }), ...query };
  const body = json ?? form;
  return {
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { body }),
  };
}

const SHOWN = ['location', 'retry-after', 'allow', 'www-authenticate'];

function shownAnswer({ status, headers, text, json }: Answer): Exchange['answer'] {
  const type = String(headers['content-type'] ?? '');
  const shown = Object.fromEntries(
    SHOWN.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
  const code = codeOf(headers);
  // Pages are for looking at.
  const body: unknown = text === '' || type.startsWith('text/html') ? undefined : (json ?? text);
  return {
    status,
    ...(code === undefined ? {} : { code }),
    ...(Object.keys(shown).length === 0 ? {} : { headers: shown }),
    ...(body === undefined ? {} : { body }),
  };
}

/** The name of the error, as the answer leads to its page or sends the browser back with it. */
function codeOf(headers: Answer['headers']): string | undefined {
  const page = /\/docs\/errors\/(\w+)>; rel="help"/.exec(String(headers['link'] ?? ''))?.[1];
  return (
    page ?? URL.parse(String(headers['location'] ?? ''), 'http://localhost')?.searchParams.get('error') ?? undefined
  );
}
