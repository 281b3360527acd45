import type { FastifyInstance } from 'fastify';

/** A `fetch` that reaches an app without a port. `app`: asked at each request, since it may be built later than this. */
export const injectedFetch =
  (app: () => FastifyInstance): typeof fetch =>
  async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    const { body } = init ?? {};
    if (body instanceof URLSearchParams) headers.set('content-type', 'application/x-www-form-urlencoded');
    const answer = await app().inject({
      method: (init?.method ?? 'GET') as 'GET',
      url: `${url.pathname}${url.search}`,
      headers: { host: url.host, ...Object.fromEntries(headers) },
      ...(typeof body === 'string' || body instanceof URLSearchParams ? { payload: String(body) } : {}),
    });
    const answered = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)]),
    );
    return new Response(answer.rawPayload.length > 0 ? answer.rawPayload : null, {
      status: answer.statusCode,
      headers: answered,
    });
  };
