import type { Client, Configuration, KoaContextWithOIDC, Provider as OidcProvider } from 'oidc-provider';
import { apiNamed, audienceOf } from '../clients/audience.ts';
import { equalHashes, sha256 } from '../platform/crypto.ts';
import type { Platform } from '../platform/platform.ts';
import { postgresAdapter } from './adapter.ts';
import { Provider, errors } from './oidc-provider.ts';
import { decideScopes } from './scopes.ts';

const TOKEN_SECONDS = 3_600;

/** Addresses of the authorization server below its issuer (A1). */
export const endpoints = {
  token: '/oauth2/token',
  revocation: '/oauth2/revoke',
  jwks: '/.well-known/jwks.json',
  discovery: '/.well-known/openid-configuration',
} as const;

/**
 * The authorization server: panva's `oidc-provider`, configured in this one place and through its documented options only. Its
 * traps, and why things are as they are: docs/adr/0006-authorization-server.md. `audienceAliases`: other origins whose addresses name our
 * APIs (X5).
 */
export function authorizationServer(platform: Platform, audienceAliases: readonly string[]): OidcProvider {
  const { apiUrl, accessUrl } = platform.config;

  const configuration: Configuration = {
    adapter: postgresAdapter(platform),
    routes: {
      token: endpoints.token,
      revocation: endpoints.revocation,
      jwks: endpoints.jwks,
    },
    jwks: { keys: [...platform.keys.signing] as never },
    cookies: { keys: [...platform.keys.cookies] },
    scopes: [],
    claims: {},
    responseTypes: [],
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_ctx, accountId, client) => sha256(`${client.clientId} ${accountId}`).toString('base64url'),
    clientAuthMethods: ['client_secret_basic'],
    extraClientMetadata: { properties: ['registered_scopes'] },
    clientBasedCORS: () => false,
    ttl: { ClientCredentials: TOKEN_SECONDS },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      introspection: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, _client, oneOf) => audienceOfRequest(ctx, oneOf),
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource, client) => {
          const api = apiNamed(resource, apiUrl, audienceAliases);
          if (api === undefined)
            throw refused(
              new errors.InvalidTarget(),
              `unknown audience: use ${apiUrl} followed by the path of the API`,
            );
          // `audience` is not a parameter that the library knows: where `resource` is there too, both must say the same.
          const audience: unknown = ctx.oidc.body?.['audience'];
          if (audience !== undefined && audience !== resource) {
            throw refused(new errors.InvalidTarget(), 'audience and resource name different APIs: send one of them');
          }
          const scope = ctx.oidc.params?.['scope'];
          const decision = decideScopes(api, typeof scope === 'string' ? scope : undefined, registeredScopesOf(client));
          // Without the scope, which the library would repeat to whoever sent it, whatever it is.
          if ('refused' in decision) {
            throw Object.assign(new errors.InvalidScope(decision.refused, ''), { scope: undefined });
          }
          return {
            scope: decision.granted,
            audience: audienceOf(api, apiUrl),
            accessTokenTTL: TOKEN_SECONDS,
            accessTokenFormat: 'opaque',
          };
        },
      },
    },
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
  };

  const provider = new Provider(accessUrl, configuration);
  // What the outside says of host and scheme is overwritten in front (`routes.ts`) by what is configured.
  provider.proxy = true;
  // Secrets are kept as SHA-256 of 256 random bits; several are good while one is being rotated. Every one is compared.
  provider.Client.prototype.compareClientSecret = function compareClientSecret(this: Client, actual: string): boolean {
    const offered = sha256(actual);
    const known = (this.clientSecret ?? '').split(' ').map((text) => Buffer.from(text, 'base64url'));
    return known.map((hash) => equalHashes(hash, offered)).includes(true);
  };
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.status === 503) ctx.set('retry-after', '3');
    if (ctx.oidc?.route === 'discovery') ctx.body = truthful(ctx.body as object);
  });
  const unexpected = (ctx: KoaContextWithOIDC, error: Error) => {
    platform.log.error({ traceId: ctx.get('x-trace-id'), error }, 'the authorization server failed');
  };
  provider.on('server_error', unexpected);
  provider.on('grant.error', (ctx, error) => {
    platform.log.info(
      { traceId: ctx.get('x-trace-id'), reason: error.error_detail ?? error.error_description },
      'token refused',
    );
  });
  return provider;
}

/** A12: what belongs to the code flow is not there yet, and so is not listed, although the library always lists it. */
const truthful = (discovery: object): object =>
  Object.fromEntries(
    Object.entries(discovery).filter(
      ([name]) => !/^(authorization_|response_modes|code_challenge|claims|request_|id_token|scopes)/.test(name),
    ),
  );

/** A3: `audience` names the API; RFC 8707's `resource` does so too, and then this is not asked. */
function audienceOfRequest(ctx: KoaContextWithOIDC, oneOf: readonly string[] | undefined): string | string[] {
  const audience: unknown = ctx.oidc.body?.['audience'];
  if (Array.isArray(audience)) throw refused(new errors.InvalidTarget(), 'ask for a single audience');
  if (typeof audience === 'string' && audience !== '') return audience;
  if (oneOf !== undefined) return [...oneOf];
  throw new errors.InvalidRequest("missing required parameter 'audience'");
}

const registeredScopesOf = (client: Client): readonly string[] => {
  const scopes = client['registered_scopes'];
  return Array.isArray(scopes) ? scopes.map(String) : [];
};

function refused<Failure extends Error>(error: Failure, description: string): Failure {
  return Object.assign(error, { error_description: description });
}
