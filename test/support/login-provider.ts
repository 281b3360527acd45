import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SignJWT, decodeJwt, exportJWK, generateKeyPair, type JWK, type JWTPayload } from 'jose';
import type { Adapter, AdapterPayload, ClientMetadata, Configuration } from 'oidc-provider';
import { Provider } from '../../src/authorization-server/oidc-provider.ts';

/** What a login provider does otherwise than it should, or otherwise than the usual: set and taken back by tests. */
export interface Deviations {
  /** Whoever comes leaves instead of logging in. */
  cancel?: boolean;
  /** Connections are cut. */
  away?: boolean;
  /** Answered by the token endpoint instead of tokens. */
  tokenStatus?: number;
  /** Where discovery redirects to. */
  discoveryElsewhere?: string;
  /** Changes the claims of the ID token, which is then signed again. */
  claims?: (claims: JWTPayload) => JWTPayload;
  /** Signs it with a key that the provider does not publish. */
  foreignKey?: boolean;
  /** Changes what the browser brings back. */
  callback?: (parameters: URLSearchParams) => void;
}

export interface TestProvider {
  readonly issuer: string;
  /** Reaches it by its name, whatever that is. */
  readonly fetch: typeof fetch;
  readonly deviations: Deviations;
  /** Who logs in next, and how surely. */
  readonly login: { nin: string; acr: string };
  /** Parameters of the last login request, as the provider understood them. */
  readonly asked: Record<string, unknown>;
  /** Paths that were asked for, in order. */
  readonly seen: string[];
  close(): Promise<void>;
}

export const TEST_SECRET = 'secret-of-ours-at-the-test-provider';

/**
 * A login provider of its own, over HTTP on this machine. `jwks`: our public keys, when we have no secret there; `issuer`: the name by
 * which it is known, as if a proxy stood in front.
 */
export async function startLoginProvider(options: {
  callbacks: readonly string[];
  jwks?: readonly JWK[];
  par?: boolean;
  issuer?: string;
}): Promise<TestProvider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const foreign = await generateKeyPair('RS256');
  const deviations: Deviations = {};
  const login = { nin: '14842249091', acr: 'idporten-loa-high' };
  const asked: Record<string, unknown> = {};
  const seen: string[] = [];
  let handle = async (_request: IncomingMessage, _response: ServerResponse): Promise<void> => undefined;

  const server = createServer((request, response) => {
    seen.push(request.url?.split('?', 1)[0] ?? '');
    if (deviations.away === true) request.socket.destroy();
    else void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that fails half-way does not close it, and is to end nevertheless.
  server.unref();
  const { port } = server.address() as { port: number };
  const address = `http://127.0.0.1:${port}`;
  const issuer = options.issuer ?? address;
  const { host, protocol } = new URL(issuer);

  const client: ClientMetadata = {
    client_id: 'our-id-there',
    redirect_uris: [...options.callbacks],
    post_logout_redirect_uris: options.callbacks.map((callback) => new URL('/signed-out', callback).href),
    response_types: ['code'],
    grant_types: ['authorization_code'],
    ...(options.jwks === undefined
      ? { token_endpoint_auth_method: 'client_secret_basic', client_secret: TEST_SECRET }
      : { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [...options.jwks] } }),
  };
  const configuration: Configuration = {
    adapter: inMemory(),
    clients: [client],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'test', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a cookie key of the test provider'] },
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub', 'pid', 'sid'], profile: ['name', 'birthdate'] },
    conformIdTokenClaims: false,
    acrValues: ['idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'],
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    expiresWithSession: () => false,
    pkce: { required: () => true },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: async () => ({ sub: 'somebody', pid: accountId, sid: 'session-there' }),
    }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        accountId: ctx.oidc.session?.accountId ?? '',
        clientId: ctx.oidc.client?.clientId ?? '',
      });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: 60, Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AuthorizationCode: 60 },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: options.par !== false },
    },
  };
  const provider = new Provider(issuer, configuration);
  provider.proxy = true;
  provider.on('server_error', (_ctx, error) => process.stderr.write(`test provider: ${error.message}\n`));
  provider.use(async (ctx, next) => {
    const { route } = { route: ctx.path };
    if (route === '/.well-known/openid-configuration' && deviations.discoveryElsewhere !== undefined) {
      ctx.redirect(deviations.discoveryElsewhere);
      return;
    }
    if (route === '/token' && deviations.tokenStatus !== undefined) {
      ctx.status = deviations.tokenStatus;
      ctx.body = { error: 'server_error' };
      return;
    }
    await next();
    if (route === '/token' && ctx.status === 200) await resign(ctx.body as { id_token: string });
    const location: string | undefined = ctx.response.get('location');
    if (location !== undefined && options.callbacks.some((callback) => location.startsWith(callback))) {
      const url = new URL(location);
      deviations.callback?.(url.searchParams);
      ctx.set('location', url.href);
    }
  });

  async function resign(body: { id_token: string }): Promise<void> {
    const { claims, foreignKey } = deviations;
    if (claims === undefined && foreignKey !== true) return;
    const payload = decodeJwt(body.id_token);
    body.id_token = await new SignJWT(claims === undefined ? payload : claims(payload))
      .setProtectedHeader({ alg: 'RS256', kid: 'test' })
      .sign(foreignKey === true ? foreign.privateKey : privateKey);
  }

  const library = provider.callback();
  handle = async (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return library(request, response);
    const { params } = await provider.interactionDetails(request, response);
    Object.assign(asked, params);
    const result =
      deviations.cancel === true ? { error: 'access_denied' } : { login: { accountId: login.nin, acr: login.acr } };
    return provider.interactionFinished(request, response, result);
  };

  return {
    issuer,
    fetch: (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      const headers = new Headers(init?.headers);
      headers.set('x-forwarded-host', host);
      headers.set('x-forwarded-proto', protocol.replace(':', ''));
      return fetch(`${address}${pathname}${search}`, { ...init, headers });
    },
    deviations,
    login,
    asked,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sessions are left out: whoever comes logs in anew. */
function inMemory(): (model: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return (model) => {
    const key = (id: string) => `${model} ${id}`;
    return {
      upsert: async (id, payload) => void (model === 'Session' || kept.set(key(id), payload)),
      find: async (id) => kept.get(key(id)),
      destroy: async (id) => void kept.delete(key(id)),
      consume: async (id) => {
        const payload = kept.get(key(id));
        if (payload !== undefined) kept.set(key(id), { ...payload, consumed: 1 });
      },
      revokeByGrantId: async () => undefined,
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
    };
  };
}
