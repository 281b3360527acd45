import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import swagger from '@fastify/swagger';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { interactionRoutes } from './authorization-server/interaction-routes.ts';
import { logoutRoute } from './authorization-server/logout.ts';
import {
  claimedClientId,
  presentOAuthError,
  openAuthorizationServer,
  protocolRoutes,
} from './authorization-server/routes.ts';
import { userinfoRoutes } from './authorization-server/userinfo.ts';
import { apiLimits, clientLimit, senderOf, type ClientLimit } from './clients/rate-limit.ts';
import { knownCaller, requireToken } from './clients/require-token.ts';
import { agreementRoutes } from './consent/agreement-routes.ts';
import { consentRoutes } from './consent/consent-routes.ts';
import type { CreditorClient } from './creditors/creditor-client.ts';
import { debtRoutes } from './debt/routes.ts';
import type { Description } from './docs/description.ts';
import { docsRoutes } from './docs/routes.ts';
import { DomainError } from './errors/domain-error.ts';
import { toDomainError } from './errors/from-http.ts';
import { presentAgreementError } from './errors/ngi-agreement-error.ts';
import { presentDebtError } from './errors/ngi-debt-error.ts';
import { helpLink } from './errors/help.ts';
import type { Presenter } from './errors/presented.ts';
import { presentProblem } from './errors/problem.ts';
import { errorHeaders, statusOf } from './errors/status.ts';
import { findFeedReader } from './feed/read-page.ts';
import { feedRoutes } from './feed/routes.ts';
import type { WakeUps } from './feed/wake-ups.ts';
import { assetRoutes } from './html/assets.ts';
import { errorPage } from './html/error-page.ts';
import { frameOf, rememberLanguage, sendPage } from './html/send-page.ts';
import { apiDescription } from './openapi.ts';
import { operationsRoutes } from './operations/routes.ts';
import { maskNins } from './person/nin.ts';
import {
  answerBrokenHttp,
  followRequests,
  oneAtATime,
  refuseOddHttp,
  refuseTunnel,
} from './platform/http-connections.ts';
import { alwaysSent, parseJsonBody, plainAddress, refuseExpectation, traceIdFrom } from './platform/http-server.ts';
import { httpLimits, limitServer } from './platform/http-limits.ts';
import type { Platform } from './platform/platform.ts';
import { traceRequests } from './platform/tracing-requests.ts';
import { portalRoutes } from './portal/routes.ts';
import { signInRoutes } from './sign-in/routes.ts';
import { openSignIn } from './sign-in/sign-in.ts';
import { webhookRoutes } from './webhooks/routes.ts';

/** How errors look below an address; the first that fits. */
const errorStyles: readonly (readonly [prefix: string, present: Presenter])[] = [
  ['/v1/debt', presentDebtError],
  ['/v1/consent', presentAgreementError],
  ['/feed/v1/consent', presentAgreementError],
  ['/oauth2', presentOAuthError],
  ['/userinfo', presentOAuthError],
  ['/', presentProblem],
];

export interface AppOptions {
  readonly creditors: CreditorClient;
  readonly wakeUps: WakeUps;
  /** Other origins whose addresses name our APIs (X5). */
  readonly audienceAliases?: readonly string[];
  /** What requests to the login provider go through, where that is not reached as its address says. */
  readonly loginFetch?: typeof fetch;
  /** Whether this node is about to stop: it still serves, and asks load balancers to leave it. */
  readonly draining?: () => boolean;
  /** More routes, of a world around us (the sandbox's). */
  readonly extend?: (app: FastifyInstance) => void;
}

/** THE FLOOR PLAN OF THE WEB: each subtree of addresses, its guard, its error style, its routes. */
export async function buildApp(platform: Platform, options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: 64 * 1024,
    // Node's own answer to a request without one is not ours.
    http: { requireHostHeader: false },
    routerOptions: { maxParamLength: 500 },
    requestIdHeader: false,
    rewriteUrl: ({ url }) => plainAddress(url ?? '/'),
    trustProxy: platform.config.trustedProxies.length > 0 ? [...platform.config.trustedProxies] : false,
    // HEAD would look up debt, and use a consent up, for an answer that nobody gets.
    exposeHeadRoutes: false,
    genReqId: (request) => traceIdFrom(request.headers['x-trace-id']),
    return503OnClosing: false,
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        verbose: true,
        strict: false,
        strictNumbers: true,
      },
    },
    // Neither of these runs the hooks below.
    frameworkErrors: (_error, request, reply) => {
      reply.headers(alwaysSent(request.id));
      void sendError(platform, request, reply, new DomainError('invalid_request', 'the address is malformed'));
      logRequest(platform, request, reply);
    },
    clientErrorHandler: (error, socket) => answerBrokenHttp(platform, error, socket),
  });
  limitServer(app.server);
  followRequests(app.server);
  app.server.on('checkExpectation', refuseExpectation);
  app.server.on('connect', refuseTunnel(platform));
  const limits = apiLimits(platform.config.rateLimitPerMinute);

  // Answers are written as they were made; the schemas are for requests and for the description.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJsonBody(app));
  const patterns = collectRoutes(app);
  app.setErrorHandler((error, request, reply) => sendError(platform, request, reply, toDomainError(error)));
  app.setNotFoundHandler((request, reply) => sendError(platform, request, reply, notFound(patterns, request)));
  await platform.tracing.ready;
  traceRequests(app, platform.tracing, (request) => ({ 'samtykke.client': clientIdOf(request) }));
  app.addHook('onRequest', oneAtATime);
  app.addHook('onRequest', refuseOddHttp(platform, httpLimits.headers));
  // While closing, what is in flight is answered, and told that its connection ends with that (R5).
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  // Hooks that every request meets call back: a promise each would be a tenth of what the framework costs.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (closing || options.draining?.() === true) reply.header('connection', 'close');
    reply.headers(alwaysSent(request.id));
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(platform, request, reply);
    done();
  });
  await app.register(swagger, apiDescription(platform.config));
  await app.register(cookie);

  operationsRoutes(app, platform, options.draining);

  // What people meet: pages and forms, with sessions of their own.
  const { loginFetch, creditors } = options;
  const signIn = openSignIn(platform, loginFetch === undefined ? {} : { fetch: loginFetch });
  assetRoutes(app);
  // Nobody has said who they are yet, and each visit leaves something in the database for a while.
  const { rateLimitPerMinute: perMinute } = platform.config;
  const perAddress = (limitOf: ClientLimit) => (request: FastifyRequest) => limitOf(senderOf(request.ip));
  const ofPages = perAddress(clientLimit(perMinute));
  // Each beginning also makes us speak to the login provider.
  const ofBeginning = perAddress(clientLimit(perMinute === 0 ? 0 : Math.max(60, Math.floor(perMinute / 20))));
  const server = openAuthorizationServer(platform, options.audienceAliases ?? []);
  await app.register(async (pages) => {
    await pages.register(formbody);
    pages.addHook('onRoute', (route) => {
      route.config = Object.assign(route.config ?? {}, { page: true });
    });
    pages.addHook('onRequest', ofPages);
    pages.addHook('onRequest', async (request) => {
      if (request.routeOptions.url === '/login') await ofBeginning(request);
    });
    pages.addHook('onRequest', rememberLanguage(platform.config));
    signInRoutes(pages, signIn);
    portalRoutes(pages, platform, { signIn, creditors });
    interactionRoutes(pages, server, signIn);
    logoutRoute(pages, platform);
  });
  await app.register(async (subtree) => {
    protocolRoutes(subtree, server, { ofPages, ofBeginning });
    userinfoRoutes(subtree, platform, limits);
  });
  await app.register(async (subtree) => {
    subtree.addHook('onRequest', requireToken(platform, limits, 'agreement'));
    agreementRoutes(subtree, platform);
  });
  await app.register(async (subtree) => {
    subtree.addHook('onRequest', requireToken(platform, limits, 'events', findFeedReader(platform)));
    feedRoutes(subtree, platform, options.wakeUps);
    webhookRoutes(subtree, platform);
  });
  await app.register(async (subtree) => {
    // The guard of these reads token and consent together: `consentForRequest`.
    debtRoutes(subtree, platform, limits, creditors);
    consentRoutes(subtree, platform, limits);
  });
  await app.register(async (subtree) => {
    subtree.addHook('onRequest', ofPages);
    docsRoutes(subtree, platform, {
      describe: () => app.swagger() as unknown as Description,
      presenters: {
        agreement: presentAgreementError,
        debt: presentDebtError,
        feed: presentAgreementError,
        tokens: presentOAuthError,
        userinfo: presentOAuthError,
        deliveries: presentProblem,
      },
    });
  });
  if (options.extend !== undefined) {
    const { extend } = options;
    await app.register(async (subtree) => extend(subtree));
  }
  await app.ready();
  return app;
}

type RoutePattern = readonly [pattern: RegExp, method: string];

function collectRoutes(app: FastifyInstance): readonly RoutePattern[] {
  const patterns: RoutePattern[] = [];
  app.addHook('onRoute', (route) => {
    const pattern = new RegExp(`^${route.url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
    for (const method of [route.method].flat()) patterns.push([pattern, method]);
  });
  return patterns;
}

/** E2: an address that we know by other methods is a wrong method; any other is not found. */
function notFound(patterns: readonly RoutePattern[], request: FastifyRequest): DomainError {
  const path = pathOf(request);
  const allow = [...new Set(patterns.filter(([pattern]) => pattern.test(path)).map(([, method]) => method))].sort();
  return allow.length > 0
    ? new DomainError('method_not_allowed', `this address answers ${allow.join(', ')}`, { allow })
    : new DomainError('not_found', 'there is nothing at this address');
}

const pathOf = (request: FastifyRequest): string => (request.url.split('?', 1)[0] ?? '/').slice(0, 500);

const errors = new WeakMap<FastifyRequest, DomainError>();

function sendError(platform: Platform, request: FastifyRequest, reply: FastifyReply, error: DomainError): FastifyReply {
  errors.set(request, error);
  const path = pathOf(request);
  const style = errorStyles.find(([prefix]) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`));
  const present = style?.[1] ?? presentProblem;
  if (isForPeople(request, present)) {
    const page = errorPage(frameOf(platform, request), error);
    return sendPage(reply.headers(errorHeaders(error)), page, { status: statusOf[error.code] });
  }
  const answer = present(error, {
    timestamp: platform.clock.now().toISOString(),
    traceId: request.id,
    path: maskNins(path),
    apiUrl: platform.config.apiUrl,
  });
  reply.code(answer.status).headers({ ...helpLink(platform.config.apiUrl, error.code), ...answer.headers });
  if (answer.body === undefined) return reply.send();
  return reply
    .type(answer.contentType ?? 'application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(answer.body);
}

/** Whether a page is what this request waits for: it came to one, or it came from a browser to nowhere in particular. */
function isForPeople(request: FastifyRequest, present: Presenter): boolean {
  const { page } = request.routeOptions.config as { page?: boolean };
  return page ?? (present === presentProblem && /\btext\/html\b/.test(request.headers.accept ?? ''));
}

/** Which client makes this request, as is known or claimed. */
const clientIdOf = (request: FastifyRequest): string | undefined =>
  knownCaller(request)?.clientId ?? claimedClientId(request);

/** One line for each request, at its end. The address is the route's pattern: no ids of people, no query. */
function logRequest(platform: Platform, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url ?? 'unknown';
  const seconds = reply.elapsedTime / 1000;
  platform.metrics.request({ method: request.method, route, status: reply.statusCode }, seconds);
  const error = errors.get(request);
  const consentId = route.startsWith('/v1/debt/') ? (request.params as { id?: string } | undefined)?.id : undefined;
  const fields = {
    method: request.method,
    route,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    traceId: request.id,
    clientId: clientIdOf(request),
    consentId: consentId?.slice(0, 36),
    code: error?.code,
  };
  if (error !== undefined && (error.code === 'server_error' || error.code === 'unavailable')) {
    platform.log.error({ ...fields, error }, 'request failed');
  } else {
    platform.log.info(fields, 'request');
  }
}
