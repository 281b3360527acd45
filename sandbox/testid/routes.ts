import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import { DomainError } from '../../src/errors/domain-error.ts';
import { errorPage } from '../../src/html/error-page.ts';
import { errorHeaders } from '../../src/errors/status.ts';
import { frameOf, pageHeaders } from '../../src/html/send-page.ts';
import { alwaysSent } from '../../src/platform/http-server.ts';
import { remade } from '../../src/platform/keys-ring.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { TESTID, endpoints, testIdProvider, type ShowProblem } from './provider.ts';
import { forgetSession, signInRoutes } from './sign-in-routes.ts';

/** Mounts TestID, unless the sandbox logs in elsewhere. */
export function testIdRoutes(app: FastifyInstance, platform: Platform): void {
  if (platform.config.loginIssuer !== `${platform.config.accessUrl}${TESTID}`) return;
  const requests = new WeakMap<IncomingMessage, FastifyRequest>();
  const showProblem: ShowProblem = (ctx) => {
    const request = requests.get(ctx.req);
    if (request === undefined) throw new Error('a page needs its request');
    const code = ctx.status === 503 ? 'unavailable' : ctx.status >= 500 ? 'server_error' : 'login_unfinished';
    const error = new DomainError(code, 'TestID cannot go on', code === 'unavailable' ? { retryAfterSeconds: 3 } : {});
    ctx.set({ ...pageHeaders(request), ...errorHeaders(error) });
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = errorPage(frameOf(platform, request), error).text;
  };
  // Its keys are those of the sandbox, which may be rotated.
  const provider = remade(
    () => platform.keys,
    () => testIdProvider(platform, showProblem),
  );
  void app.register(async (subtree) => protocolRoutes(subtree, platform, provider, requests));
  void app.register(async (subtree) => signInRoutes(subtree, platform, provider));
}

/** What the library answers, each address by itself. It sees them as if it were alone at its host. */
function protocolRoutes(
  app: FastifyInstance,
  platform: Platform,
  provider: () => Provider,
  requests: WeakMap<IncomingMessage, FastifyRequest>,
): void {
  const handle = remade(provider, (current) => current.callback());
  const { host, protocol } = new URL(platform.config.accessUrl);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  const pass = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { raw } = request;
    raw.headers.host = host;
    raw.headers['x-forwarded-proto'] = protocol.replace(':', '');
    raw.headers['x-forwarded-for'] = request.ip;
    raw.headers['x-trace-id'] = request.id;
    delete raw.headers['x-forwarded-host'];
    requests.set(raw, request);
    const originalUrl = raw.url ?? '';
    // As mounting is done with this library: the whole address beside the one below the mount.
    Object.assign(raw, { originalUrl, url: originalUrl.slice(TESTID.length) });
    reply.hijack();
    for (const [name, value] of Object.entries(alwaysSent(request.id))) reply.raw.setHeader(name, value);
    await handle()(raw, reply.raw);
  };

  const hidden = { schema: { hide: true } };
  for (const path of [endpoints.discovery, endpoints.jwks, endpoints.logout]) app.get(`${TESTID}${path}`, hidden, pass);
  for (const path of [endpoints.pushed, endpoints.token]) app.post(`${TESTID}${path}`, hidden, pass);
  app.get(`${TESTID}${endpoints.authorization}`, hidden, async (request, reply) => {
    await forgetSession(provider(), request, reply);
    await pass(request, reply);
  });
  app.get(`${TESTID}${endpoints.authorization}/:uid`, hidden, pass);
}
