import { constants } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { toDomainError } from '../errors/from-http.ts';
import { presentProblem } from '../errors/problem.ts';
import { maskNins } from '../person/nin.ts';
import { ConfigError, type Config } from '../platform/config.ts';
import {
  answerBrokenHttp,
  followRequests,
  oneAtATime,
  refuseOddHttp,
  refuseTunnel,
} from '../platform/http-connections.ts';
import { alwaysSent, parseJsonBody, plainAddress, refuseExpectation, traceIdFrom } from '../platform/http-server.ts';
import { httpLimits, limitServer } from '../platform/http-limits.ts';
import type { Platform } from '../platform/platform.ts';
import { traceRequests } from '../platform/tracing-requests.ts';
import { readServerTls } from '../platform/tls.ts';
import { knownPeer, requireCertificate } from './require-certificate.ts';

/** Where creditors deliver, while it listens. */
export interface PushListener {
  readonly port: number;
  /** Stops accepting, and finishes what is in flight, for at most SHUTDOWN_SECONDS. */
  close(): Promise<void>;
}

/** Of a body, where a route does not say otherwise. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * Listens on PUSH_PORT with mutual TLS (1.2 or newer), and nothing else: each request has passed the guard when it comes to what
 * `mount` puts there. Throws ConfigError when a file or the port cannot be used.
 *
 * A client whose certificate is not good gets through the handshake and no further: Node would otherwise cut the connection without a
 * word, and nobody who delivers would learn why.
 */
export async function openPushListener(
  platform: Platform,
  mount: (app: FastifyInstance) => void,
): Promise<PushListener> {
  const { config, log } = platform;
  const tls = readServerTls(config);
  const app = fastify({
    https: {
      cert: tls.cert,
      key: tls.key,
      ca: tls.ca,
      minVersion: 'TLSv1.2',
      requestCert: true,
      rejectUnauthorized: false, // the guard does, in words
      handshakeTimeout: 10_000,
      requireHostHeader: false, // Node's own answer to a request without one is not ours
      // Each connection proves anew who it is: nothing is resumed or negotiated again.
      secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    },
    bodyLimit: MAX_BODY_BYTES,
    requestIdHeader: false,
    rewriteUrl: ({ url }) => plainAddress(url ?? '/'),
    exposeHeadRoutes: false,
    genReqId: (request) => traceIdFrom(request.headers['x-trace-id']),
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => {
      reply.headers(alwaysSent(request.id));
      void sendProblem(platform, request, reply, new DomainError('invalid_request', 'the address is malformed'));
      logRequest(platform, request, reply);
    },
    clientErrorHandler: (error, socket) => endBroken(platform, error, socket),
  }) as unknown as FastifyInstance;
  limitServer(app.server);
  followRequests(app.server);
  app.server.on('checkExpectation', refuseExpectation);
  app.server.on('connect', refuseTunnel(platform));
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJsonBody(app));
  app.setErrorHandler((error, request, reply) => sendProblem(platform, request, reply, domainErrorOf(error)));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(platform, request, reply, new DomainError('not_found', 'there is nothing at this address')),
  );
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  traceRequests(app, platform.tracing, (request) => ({ 'samtykke.organisation': knownPeer(request) }));
  app.addHook('onRequest', oneAtATime);
  app.addHook('onRequest', refuseOddHttp(platform, httpLimits.headers));
  app.addHook(
    'onRequest',
    requireCertificate({
      authorities: tls.authorities,
      proxies: config.pushProxies,
      header: config.pushCertHeader,
      now: () => platform.clock.realNow(),
    }),
  );
  app.addHook('onSend', async (request, reply) => {
    // Whoever was refused has to come back with another certificate, and so over another connection.
    if (closing || knownPeer(request) === undefined) reply.header('connection', 'close');
    reply.headers(alwaysSent(request.id));
  });
  app.addHook('onResponse', async (request, reply) => logRequest(platform, request, reply));
  await app.register(async (subtree) => mount(subtree));
  try {
    await app.listen({ port: config.pushPort ?? 0, host: config.pushHost });
  } catch (error) {
    await app.close();
    throw pushListenProblem(config, error);
  }
  const { port } = app.server.address() as AddressInfo;
  log.info({ port }, 'listening for deliveries');
  return { port, close: () => close(app, config) };
}

async function close(app: FastifyInstance, config: Config): Promise<void> {
  const stragglers = setTimeout(() => app.server.closeAllConnections(), config.shutdownSeconds * 1000);
  const idle = setInterval(() => app.server.closeIdleConnections(), 50);
  await app.close();
  clearTimeout(stragglers);
  clearInterval(idle);
}

/** What is wrong when the port for deliveries cannot be listened on, and how to mend it (R3). */
export function pushListenProblem(config: Config, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigError([
        `port ${config.pushPort} is taken: stop what listens there, or choose another with PUSH_PORT (0 takes a free one)`,
      ]);
    case 'EACCES':
      return new ConfigError([
        `port ${config.pushPort} may not be listened on by this user: choose one above 1023 with PUSH_PORT`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigError([`PUSH_HOST is '${config.pushHost}', which is not an address of this machine`]);
    default:
      return error;
  }
}

/** What went wrong before there was a request. A handshake that failed cannot be answered: there is nothing to answer over. */
function endBroken(platform: Platform, error: Error & { code?: string }, socket: Socket): void {
  if (/^(ERR_SSL_|ERR_TLS_|EPROTO|ECONNRESET)/.test(error.code ?? '')) {
    platform.log.info({ reason: error.code }, 'a handshake for deliveries failed');
    socket.destroy();
    return;
  }
  answerBrokenHttp(platform, error, socket);
}

function domainErrorOf(error: unknown): DomainError {
  return (error as { code?: unknown } | null)?.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    ? new DomainError('payload_too_large', 'the body is larger than a delivery may be', { cause: error })
    : toDomainError(error);
}

const errors = new WeakMap<FastifyRequest, DomainError>();

function sendProblem(
  platform: Platform,
  request: FastifyRequest,
  reply: FastifyReply,
  error: DomainError,
): FastifyReply {
  errors.set(request, error);
  const path = maskNins((request.url.split('?', 1)[0] ?? '/').slice(0, 500));
  const answer = presentProblem(error, { timestamp: '', traceId: request.id, path, apiUrl: platform.config.apiUrl });
  return reply
    .code(answer.status)
    .headers(answer.headers ?? {})
    .type(answer.contentType ?? 'application/problem+json')
    .serializer(JSON.stringify)
    .send(answer.body);
}

/** One line for each request, at its end; of a refused certificate why. */
function logRequest(platform: Platform, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'unknown';
  platform.metrics.request({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  const error = errors.get(request);
  const fields = {
    method: request.method,
    route,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    traceId: request.id,
    organisation: knownPeer(request),
    code: error?.code,
    ...(error?.code === 'certificate_refused' ? { reason: error.detail, from: request.socket.remoteAddress } : {}),
  };
  if (error?.code === 'server_error' || error?.code === 'unavailable') {
    platform.log.error({ ...fields, error }, 'delivery failed');
  } else platform.log.info(fields, 'delivery');
}
