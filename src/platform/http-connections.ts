import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { helpAddress } from '../errors/help.ts';
import { alwaysSent } from './http-server.ts';
import { newTraceId } from './ids.ts';
import type { Platform } from './platform.ts';

/** One connection: its requests in their order, what is not HTTP at all, and what others would read in another way than we do. */

type Told = Pick<Platform, 'log' | 'config'>;

/** The request that came last over a connection. */
interface Last {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** When all before it have been answered; undefined: there is none. */
  readonly before: Promise<void> | undefined;
  /** When it has been answered, or the connection is gone. */
  readonly done: Promise<void>;
}

const lasts = new WeakMap<Socket, Last>();
const befores = new WeakMap<IncomingMessage, Promise<void>>();

/** Keeps in mind what is under way over each connection of a server, from before anything else sees a request. */
export function followRequests(server: Server): void {
  const follow = (request: IncomingMessage, response: ServerResponse): void => {
    const before = lasts.get(request.socket)?.done;
    const done = new Promise<void>((resolve) => response.once('close', resolve));
    lasts.set(request.socket, { request, response, before, done });
    if (before !== undefined) befores.set(request, before);
  };
  server.prependListener('request', follow);
  server.prependListener('checkExpectation', follow);
}

/**
 * A hook. Requests that are sent over a connection without waiting for the answers (pipelining) are handled one after the other. Node
 * would handle them at once and hold the later answers back until the earlier ones are out: debt that was looked up before a
 * revocation would leave after it had been acknowledged (C5). One whose connection has ended meanwhile is not begun: nobody would be told.
 */
export function oneAtATime({ raw }: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const before = befores.get(raw);
  if (before === undefined) {
    done();
    return;
  }
  const goOn = (): void => {
    if (!raw.socket.writable) reply.hijack();
    done();
  };
  void before.then(goOn);
}

const brokenHttp: Readonly<Record<string, readonly [status: number, phrase: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'the address and the headers are too long, or too many',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'the request took too long to arrive'],
};

const broken = new WeakSet<Socket>();

/**
 * What is not HTTP at all, or does not arrive, never becomes a request, or not a whole one: it is answered over the bare connection, which
 * ends with that, and logged. What came before it over the same connection is answered first; an answer that has begun is not written into.
 */
export function answerBrokenHttp(platform: Told, error: Error & { code?: string }, socket: Socket): void {
  // Node says so again with whatever else comes.
  if (broken.has(socket)) return;
  broken.add(socket);
  const last = lasts.get(socket);
  const isOfLast = last !== undefined && !last.request.complete;
  const before = isOfLast ? last.before : last?.done;
  const answer = (): void => {
    const isBegun = isOfLast && last.response.headersSent;
    if (!isBegun) writeBroken(platform, error.code, socket);
    else if (last.response.writableFinished) endSoon(socket, '');
    else socket.destroy();
  };
  if (before === undefined) answer();
  else void before.then(answer);
}

/** Writes the answer to it, and ends the connection. */
function writeBroken({ log, config }: Told, code: string | undefined, socket: Socket): void {
  const traceId = newTraceId();
  log.info({ traceId, reason: code }, 'not HTTP');
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail] = brokenHttp[code ?? ''] ?? [400, 'Bad Request', 'the request is not valid HTTP'];
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
  endSoon(socket, `HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n${body}`);
}

/** Whoever is still sending would lose what we said last if the connection were cut at once; but nobody may go on for ever. */
const LINGER_MS = 2_000;

function endSoon(socket: Socket, text: string): void {
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
  socket.end(text);
}

/** A tunnel is asked for (CONNECT): there is none. */
export const refuseTunnel =
  (platform: Told) =>
  (_request: IncomingMessage, socket: Socket): void =>
    answerBrokenHttp(platform, Object.assign(new Error('a tunnel'), { code: 'CONNECT' }), socket);

/**
 * A hook that refuses, before anything of it is believed, what Node takes although others may read it in another way (RFC 9112): what says that it
 * is of another version than 1.0 or 1.1; none, two or a malformed Host; a body that is coded otherwise than in chunks; more headers than
 * `mostHeaders`. Who they are must be said once, too: proxies differ in which of two they take. Errors: `invalid_request`.
 */
export function refuseOddHttp(platform: Told, mostHeaders: number) {
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const { raw } = request;
    const { rawHeaders } = raw;
    let [hosts, authorizations] = [0, 0];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? '';
      if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
      else if (name.length === 13 && name.toLowerCase() === 'authorization') authorizations += 1;
    }
    const odd =
      rawHeaders.length / 2 > mostHeaders ? 'HPE_HEADER_OVERFLOW' : isOdd(raw, hosts) ? 'ODD_HTTP' : undefined;
    if (odd !== undefined) {
      reply.hijack();
      writeBroken(platform, odd, raw.socket);
      done();
      return;
    }
    // Nothing is spoken here but HTTP. Node loses what was sent together with such a request.
    if (raw.headers.upgrade !== undefined) reply.raw.shouldKeepAlive = false;
    if (authorizations <= 1) done();
    else done(new DomainError('invalid_request', 'the header Authorization is there more than once: send one'));
  };
}

function isOdd({ httpVersion, headers }: IncomingMessage, hosts: number): boolean {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true;
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1')) return true;
  if (!/^([\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(:\d{0,5})?$/i.test(headers.host ?? '')) return true;
  const coding = headers['transfer-encoding'];
  return coding !== undefined && coding.toLowerCase() !== 'chunked';
}
