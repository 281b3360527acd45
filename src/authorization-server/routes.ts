import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { tokenLimits } from '../clients/rate-limit.ts';
import { isUuid } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { authorizationServer, endpoints } from './provider.ts';

/**
 * Mounts the authorization server. Each address is registered by itself: the library's own router would take other spellings of
 * them too, and limits kept for a path could be walked around. The body reaches the library unread.
 */
export async function authorizationServerRoutes(
  app: FastifyInstance,
  platform: Platform,
  options: { audienceAliases: readonly string[] },
): Promise<void> {
  const provider = authorizationServer(platform, options.audienceAliases);
  const handle = provider.callback();
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
    delete headers['x-forwarded-host'];
    // Some clients ask for text/html by default (Java's do), and would get an error page instead of JSON.
    if (request.method === 'POST') headers.accept = 'application/json';
    reply.hijack();
    reply.raw.setHeader('x-trace-id', request.id);
    await handle(request.raw, reply.raw);
  };

  app.get(endpoints.discovery, { schema: { hide: true } }, pass);
  app.get(endpoints.jwks, { schema: { hide: true } }, pass);
  const limits = tokenLimits(platform.config.rateLimitPerMinute);
  app.post(endpoints.revocation, { schema: { hide: true }, onRequest: checkForm }, pass);
  app.post(endpoints.token, { schema: { hide: true }, onRequest: checkForm }, async (request, reply) => {
    const sender = { clientId: claimedClientId(request) ?? '', address: request.ip };
    await limits.check(sender);
    await pass(request, reply);
    await limits.count(sender, reply.raw.statusCode !== 401);
  });
}

// As much as the library reads.
const MOST_BYTES = 56 * 1024;

/** E2, before the library sees it: it would answer both with 400. */
async function checkForm(request: FastifyRequest): Promise<void> {
  const { 'content-length': length, 'content-type': type } = request.headers;
  if (Number(length ?? 0) > MOST_BYTES) {
    throw new DomainError('payload_too_large', `the body is larger than ${MOST_BYTES} bytes`);
  }
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
export function oauthErrorBody(error: DomainError): { error: string; error_description: string } {
  const code =
    error.code === 'unavailable'
      ? 'temporarily_unavailable'
      : error.code === 'server_error'
        ? 'server_error'
        : 'invalid_request';
  return { error: code, error_description: error.detail };
}
