import { fastify } from 'fastify';
import { Provider } from '../../src/authorization-server/oidc-provider.ts';
import { serve } from './served.ts';

const TOKEN_SECONDS = 3_600;

/** What the baseline is told: one client, one API, and whom it pretends to be. */
interface Told {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  readonly audience: string;
  readonly scope: string;
}

/**
 * The baseline of a token: the same library, mounted in the same web framework in the same way, with the adapter that it brings along,
 * which keeps everything in memory. It limits and logs nothing.
 */
const open = async ({ issuer, clientId, secret, audience, scope }: Told): Promise<string> => {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: secret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    routes: { token: '/oauth2/token' },
    ttl: { ClientCredentials: TOKEN_SECONDS },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience,
          accessTokenTTL: TOKEN_SECONDS,
          accessTokenFormat: 'opaque' as const,
        }),
      },
    },
  });
  const handle = provider.callback();
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.post('/oauth2/token', async (request, reply) => {
    reply.hijack();
    await handle(request.raw, reply.raw);
  });
  return app.listen({ host: '127.0.0.1', port: 0 });
};

export type OpenBareToken = typeof open;
serve(open);
