import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { maskNins } from '../person/nin.ts';
import { newTraceId } from './ids.ts';

/** How HTTP is spoken, whatever is said over it: trace ids, addresses, bodies. What becomes of a connection is in `http-connections.ts`. */

/** On every answer: what finds its log lines, and that it is nobody's to keep or to guess at. */
export const alwaysSent = (traceId: string) => ({
  'x-trace-id': traceId,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
});

/**
 * The address of a request in its one spelling: as a path, whoever is named before it (RFC 9112, section 3.2.2), and with no sign encoded that
 * stands for itself (RFC 3986, section 6.2.2). The router would take other spellings too; what looks at the address of a request (the style of
 * its errors, the library of the authorization server, the proof of a key) would take them for other addresses. The query stays as it is.
 */
export function plainAddress(url: string): string {
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  if (path.startsWith('/') && !/[%#]/.test(path)) return url;
  const local = path.replace(/^https?:\/\/[^/]*/i, '');
  const plain = (local === '' ? '/' : local)
    .replaceAll(/%([2-7][\da-f])/gi, (sign, code: string) => {
      const meant = String.fromCodePoint(Number.parseInt(code, 16));
      return /[\w.~-]/.test(meant) ? meant : sign;
    })
    // Nobody sends what comes after it: it would end the path for some and not for others.
    .replaceAll('#', '%23');
  const whole = plain.startsWith('/') ? plain : `/${plain}`;
  return at === -1 ? whole : whole + url.slice(at);
}

/** The caller's own trace id (D4), unless it is not one, or hides a NIN. */
export function traceIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:/+=-]{1,128}$/.test(header) && maskNins(header) === header
    ? header
    : newTraceId();
}

/** Whether a body is packed, or says so: what is in front of us might unpack it, and read something else than we do. */
export const isCoded = ({ headers }: FastifyRequest): boolean =>
  (headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';

export const NOT_CODED = 'send the body as it is, without Content-Encoding';

/** As Fastify's own parser, but in strict UTF-8, and with DELETE allowed to say that its empty body is JSON. */
export function parseJsonBody(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  return (request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void => {
    if (body.length === 0 && request.method === 'DELETE') {
      done(null);
      return;
    }
    if (isCoded(request)) {
      done(new DomainError('unsupported_media_type', NOT_CODED));
      return;
    }
    let text: string;
    try {
      text = utf8.decode(body);
    } catch {
      done(new DomainError('invalid_request', 'the body is not valid UTF-8'));
      return;
    }
    void parse(request, text, done);
  };
}

/** An `Expect` that is not `100-continue` cannot be met (RFC 9110, section 10.1.1). */
export const refuseExpectation = (_request: unknown, response: ServerResponse): void => {
  response.writeHead(417, alwaysSent(newTraceId())).end();
};
