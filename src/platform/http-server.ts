import type { Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { helpAddress } from '../errors/help.ts';
import { maskNins } from '../person/nin.ts';
import { newTraceId } from './ids.ts';
import type { Platform } from './platform.ts';

/** How HTTP is spoken, whatever is said over it: trace ids, order on a connection, bodies, and what is not HTTP at all. */

/** On every answer: what finds its log lines, and that it is nobody's to keep or to guess at. */
export const alwaysSent = (traceId: string) => ({
  'x-trace-id': traceId,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
});

/**
 * Requests that are sent over a connection without waiting for the answers (pipelining) are handled one after the other. Node
 * would handle them at once and hold the later answers back until the earlier ones are out: debt that was looked up before a
 * revocation would leave after it had been acknowledged (C5).
 */
export function oneAtATime() {
  const underWay = new WeakMap<object, Promise<void>>();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { socket } = request.raw;
    const before = underWay.get(socket);
    underWay.set(socket, new Promise((resolve) => reply.raw.once('close', resolve)));
    await before;
  };
}

const brokenHttp: Readonly<Record<string, readonly [status: number, phrase: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'the address and the headers are too long, or too many',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long to arrive'],
};

/** What is not HTTP at all, or does not arrive, never becomes a request: it is answered over the bare socket, and logged. */
export function answerBrokenHttp(
  { log, config }: Pick<Platform, 'log' | 'config'>,
  error: Error & { code?: string },
  socket: Socket,
): void {
  const traceId = newTraceId();
  log.info({ traceId, reason: error.code }, 'not HTTP');
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail] = brokenHttp[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'the request is not valid HTTP',
  ];
  const body = JSON.stringify({
    type: helpAddress(config.apiUrl, 'invalid_request'),
    title: phrase,
    status,
    detail,
    code: 'invalid_request',
    trace_id: traceId,
  });
  const headers = {
    ...alwaysSent(traceId),
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n${body}`);
}

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
  return at === -1 ? plain : plain + url.slice(at);
}

/** The caller's own trace id (D4), unless it is not one, or hides a NIN. */
export function traceIdFrom(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:/+=-]{1,128}$/.test(header) && maskNins(header) === header
    ? header
    : newTraceId();
}

/** As Fastify's own parser, but in strict UTF-8, and with DELETE allowed to say that its empty body is JSON. */
export function parseJsonBody(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  return (request: FastifyRequest, body: Buffer, done: (error: Error | null, value?: unknown) => void): void => {
    if (body.length === 0 && request.method === 'DELETE') {
      done(null);
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
