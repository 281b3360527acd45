import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Attributes, OpenSpan } from './tracing-span.ts';
import type { Tracing } from './tracing.ts';

/** What is asked for all the time, and of interest to nobody. */
const QUIET = /^\/(health\/|metrics$)/;

/**
 * Each request is a span, by its method and the route's pattern, never its address; what is done for it belongs to it. To be called
 * before other hooks are added, so that their time is in it. `tell`: what is known of a request at its end. Where nobody traces, no hook
 * is added.
 */
export function traceRequests(
  app: FastifyInstance,
  tracing: Tracing,
  tell: (request: FastifyRequest) => Readonly<Record<string, string | undefined>>,
): void {
  if (!tracing.isOn) return;
  const spans = new WeakMap<FastifyRequest, OpenSpan>();

  app.addHook('onRequest', (request, _reply, done) => {
    const { method, headers, routeOptions } = request;
    const route = routeOptions.url ?? 'unknown';
    const attributes = { 'http.request.method': method, 'http.route': route, 'samtykke.trace_id': request.id };
    const span = QUIET.test(route)
      ? undefined
      : tracing.request({ kind: 'request', name: `${method} ${route}`, attributes }, headers['traceparent']);
    if (span === undefined) {
      done();
      return;
    }
    spans.set(request, span);
    tracing.within(span, done);
  });
  // A body is read in the context of its connection, and what comes after it would be too.
  app.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else tracing.within(span, done);
  });
  app.addHook('onResponse', async (request, reply) => {
    const span = spans.get(request);
    if (span === undefined) return;
    const told = Object.entries(tell(request)).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const attributes: Attributes = { 'http.response.status_code': reply.statusCode, ...Object.fromEntries(told) };
    span.tell(attributes);
    span.end(reply.statusCode >= 500 ? String(reply.statusCode) : undefined);
  });
}
