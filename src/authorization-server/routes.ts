import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { DomainError } from '../errors/domain-error.ts';
import { helpAddress } from '../errors/help.ts';
import type { Presenter } from '../errors/presented.ts';
import { errorHeaders, statusOf } from '../errors/status.ts';
import { tokenLimits, type TokenLimits } from '../clients/rate-limit.ts';
import { frameOf } from '../html/send-page.ts';
import { NOT_CODED, alwaysSent, isCoded } from '../platform/http-server.ts';
import { isUuid } from '../platform/ids.ts';
import { remade } from '../platform/keys-ring.ts';
import type { Platform } from '../platform/platform.ts';
import { authorizationServer, endpoints } from './provider.ts';
import { asksForScript } from './security-profile.ts';
import { problemPages } from './show-problem.ts';
import { sendStop } from './visit.ts';

/** Refuses a request of an address that sends too many. */
type LimitAddress = (request: FastifyRequest) => Promise<void>;

/** The library, and which request of the web framework each of its own is. */
export interface AuthorizationServer {
  readonly platform: Platform;
  /** Another one when keys have changed: what was begun with the one before goes on with it. */
  readonly provider: Provider;
  readonly requests: WeakMap<FastifyRequest['raw'], FastifyRequest>;
  /** Which client a request has turned out to name, and whether it was let in: it proved who it is, and got what it asked for. */
  readonly outcomes: WeakMap<FastifyRequest['raw'], { readonly client: string; readonly proved: boolean }>;
  readonly limits: TokenLimits;
}

/** Makes the authorization server. `audienceAliases`: other origins whose addresses name our APIs (X5). */
export function openAuthorizationServer(platform: Platform, audienceAliases: readonly string[]): AuthorizationServer {
  const requests = new WeakMap<FastifyRequest['raw'], FastifyRequest>();
  const showProblem = problemPages(platform, (raw) => requests.get(raw));
  const limits = tokenLimits(platform.config.rateLimitPerMinute);
  const outcomes: AuthorizationServer['outcomes'] = new WeakMap();
  // The library takes its keys when it is made, and it keeps nothing itself (ADR 16).
  const current = remade(
    () => platform.keys,
    () => {
      const provider = authorizationServer(platform, { audienceAliases, showProblem, limits });
      provider.use(async (ctx, next) => {
        await next();
        const { client } = (ctx as { oidc?: KoaContextWithOIDC['oidc'] }).oidc ?? {};
        if (client !== undefined) outcomes.set(ctx.req, { client: client.clientId, proved: ctx.status < 400 });
      });
      return provider;
    },
  );
  current(); // what is wrong with its configuration is seen at the start
  return {
    platform,
    get provider() {
      return current();
    },
    requests,
    outcomes,
    limits,
  };
}

/**
 * What the library answers. Each address is registered by itself: the library's own router would take other spellings of them too,
 * and limits kept for a path could be walked around. The body reaches the library unread. `limits`: for what comes from browsers.
 */
export function protocolRoutes(
  app: FastifyInstance,
  server: AuthorizationServer,
  limits: { readonly ofPages: LimitAddress; readonly ofBeginning: LimitAddress },
): void {
  const { platform, requests, outcomes, limits: tokens } = server;
  const handle = remade(
    () => server.provider,
    (provider) => provider.callback(),
  );
  const { ofPages: limitAddress, ofBeginning: limitBeginning } = limits;
  const { host, protocol } = new URL(platform.config.accessUrl);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  const pass = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { headers } = request.raw;
    // Metadata and audiences of assertions are made from these: they say what is configured, not what somebody sends.
    headers.host = host;
    headers['x-forwarded-proto'] = protocol.replace(':', '');
    headers['x-forwarded-for'] = request.ip;
    headers['x-trace-id'] = request.id;
    if (headers['x-forwarded-host'] !== undefined) delete headers['x-forwarded-host'];
    // Some clients ask for text/html by default (Java's do), and would get an error page instead of JSON.
    if (request.method === 'POST') headers.accept = 'application/json';
    requests.set(request.raw, request);
    reply.hijack();
    // The library says of some of its answers only that nobody may keep them.
    for (const [name, value] of Object.entries(alwaysSent(request.id))) reply.raw.setHeader(name, value);
    await handle()(request.raw, reply.raw);
  };

  const hidden = { schema: { hide: true } };
  // Errors of these are pages, as of all that people open.
  const page = { ...hidden, config: { page: true } as object };
  app.get(endpoints.discovery, hidden, pass);
  app.get(endpoints.jwks, hidden, pass);
  app.get(endpoints.authorization, { ...page, onRequest: [limitAddress, limitBeginning] }, async (request, reply) => {
    const address = authorizationAddress(request.raw.url ?? '');
    if (address === undefined) return sendStop(platform, reply, frameOf(platform, request), BAD_LINK);
    request.raw.url = address;
    await pass(request, reply);
    return reply;
  });
  const resume = `${endpoints.authorization}/:uid`;
  app.get<{ Params: { uid: string } }>(resume, { ...page, onRequest: limitAddress }, async (request, reply) => {
    if (request.params.uid === '') reply.callNotFound();
    else await pass(request, reply);
  });
  // Where clients prove who they are.
  for (const address of [endpoints.token, endpoints.revocation, endpoints.pushed]) {
    app.post(address, { ...hidden, onRequest: checkForm }, async (request, reply) => {
      const sender = { clientId: claimedClientId(request) ?? '', address: request.ip };
      await tokens.check(sender);
      await pass(request, reply);
      await tokens.count(sender, outcomes.get(request.raw) ?? { client: undefined, proved: false });
    });
  }
}

/** Parameters of OpenID Connect, with which the library refuses a request that does not ask for `openid`. */
const openidOnly = ['acr_values', 'claims', 'claims_locales', 'id_token_hint', 'max_age', 'nonce'];

/**
 * The address of an authorization request as the library should see it: `openid` is optional here, so what would be refused
 * without it is left out; and a scope in which there are signs that no scope has is made one
 * that is refused in our words (A8). Undefined: it holds what cannot be kept or given back.
 */
function authorizationAddress(url: string): string | undefined {
  const [path = '', query = ''] = url.split(/\?(.*)/s, 2);
  if (!isText(query)) return undefined;
  const parameters = new URLSearchParams(query);
  const scope = parameters.get('scope') ?? '';
  if (!scope.split(' ').includes('openid')) for (const name of openidOnly) parameters.delete(name);
  // The library would send its answer by a page with a script.
  if (parameters.get('response_mode') === 'form_post') parameters.set('response_mode', 'malformed');
  if (parameters.getAll('request').some(asksForScript)) parameters.set('request', 'malformed');
  if (!/^([\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*)?$/.test(scope)) parameters.set('scope', 'malformed');
  return `${path}?${parameters}`;
}

/** Whether a query is what it can be given back as: UTF-8, and without the one character that PostgreSQL's text cannot hold. */
function isText(query: string): boolean {
  try {
    return !decodeURIComponent(query.replaceAll('+', ' ')).includes('\0');
  } catch {
    return false;
  }
}

const BAD_LINK = { kind: 'bad_link', problem: 'other' } as const;

// As much as the library reads.
const MOST_BYTES = 56 * 1024;

/** E2, before the library sees it: it would answer both with 400. */
async function checkForm(request: FastifyRequest): Promise<void> {
  const { 'content-length': length, 'content-type': type } = request.headers;
  if (Number(length ?? 0) > MOST_BYTES) {
    throw new DomainError('payload_too_large', `the body is larger than ${MOST_BYTES} bytes`);
  }
  if (isCoded(request)) throw new DomainError('unsupported_media_type', NOT_CODED);
  if (type !== undefined && !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    const wanted = 'send the parameters as a form, with Content-Type: application/x-www-form-urlencoded';
    throw new DomainError('unsupported_media_type', wanted);
  }
}

/**
 * Who a request to the token endpoint says it is from, if that is a UUID as all our clients' ids are. Not proved by that: what
 * others send in a client's name must not be counted against the client.
 */
export function claimedClientId(request: FastifyRequest): string | undefined {
  const encoded = /^Basic +([\w+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = ''] = Buffer.from(encoded, 'base64').toString('latin1').split(':', 1);
  return isUuid(id) ? id.toLowerCase() : undefined;
}

/** RFC 6749 section 5.2: an error of the token endpoint that did not come from the library. */
export const presentOAuthError: Presenter = (error, { apiUrl }) => {
  const { code, detail } = error;
  const name =
    code === 'unavailable' ? 'temporarily_unavailable' : code === 'server_error' ? 'server_error' : 'invalid_request';
  return {
    status: statusOf[code],
    headers: errorHeaders(error),
    body: { error: name, error_description: detail, error_uri: helpAddress(apiUrl, code) },
  };
};
