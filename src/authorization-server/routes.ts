import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DomainError } from '../errors/domain-error.ts';
import type { ClientLimit } from '../clients/require-token.ts';
import type { Platform } from '../platform/platform.ts';
import { authorizationServer, endpoints } from './provider.ts';

/**
 * Mounts the authorization server. Each address is registered by itself: the library's own router would take other spellings of
 * them too, and limits kept for a path could be walked around. The body reaches the library unread.
 */
export async function authorizationServerRoutes(
  app: FastifyInstance,
  platform: Platform,
  options: { audienceAliases: readonly string[]; tokenLimit: ClientLimit },
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
  app.post(endpoints.revocation, { schema: { hide: true } }, pass);
  app.post(endpoints.token, { schema: { hide: true } }, async (request, reply) => {
    await options.tokenLimit(`${claimedClientId(request)} ${request.ip}`);
    await pass(request, reply);
  });
}

/** Who a token request says it is from; not yet proved, so a limit on it counts the sender's address too. */
function claimedClientId(request: FastifyRequest): string {
  const encoded = /^Basic +([\w+/-]+=*)$/i.exec(request.headers.authorization ?? '')?.[1];
  return encoded === undefined
    ? ''
    : (Buffer.from(encoded, 'base64').toString('latin1').split(':', 1)[0] ?? '').slice(0, 64);
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
