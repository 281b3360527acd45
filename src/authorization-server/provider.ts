import type { Client, Configuration, KoaContextWithOIDC, Provider as OidcProvider } from 'oidc-provider';
import { apiNamed, apiScopes, audienceOf } from '../clients/audience.ts';
import type { TokenLimits } from '../clients/rate-limit.ts';
import { helpAddress, helpLink } from '../errors/help.ts';
import { maskNins } from '../person/nin.ts';
import { equalHashes, sha256 } from '../platform/crypto.ts';
import { JWKS_MAX_AGE_SECONDS } from '../platform/keys-kinds.ts';
import type { Platform } from '../platform/platform.ts';
import { postgresAdapter } from './adapter.ts';
import { codeFlow } from './code-flow.ts';
import { Provider, errors } from './oidc-provider.ts';
import { decideScopes } from './scopes.ts';
import { securityProfile, tellOfProof } from './security-profile.ts';

const TOKEN_SECONDS = 3_600;

/** Addresses of the authorization server below its issuer (A1). */
export const endpoints = {
  authorization: '/oauth2/auth',
  token: '/oauth2/token',
  revocation: '/oauth2/revoke',
  pushed: '/oauth2/par',
  userinfo: '/userinfo',
  logout: '/oauth2/sessions/logout',
  jwks: '/.well-known/jwks.json',
  discovery: '/.well-known/openid-configuration',
} as const;

/** Shows a person why an authorization request cannot go on, where there is nowhere to send them back to. */
export type ShowProblem = (ctx: KoaContextWithOIDC, error: Error) => Promise<void>;

/**
 * The authorization server: panva's `oidc-provider`, configured in this one place and through its documented options only. Its
 * traps, and why things are as they are: docs/adr/0006-authorization-server.md. `audienceAliases`: other origins whose addresses name our
 * APIs (X5).
 */
export function authorizationServer(
  platform: Platform,
  options: { audienceAliases: readonly string[]; showProblem: ShowProblem; limits: TokenLimits },
): OidcProvider {
  const { apiUrl, accessUrl } = platform.config;
  const { audienceAliases } = options;
  const flow = codeFlow(platform);
  const profile = securityProfile(platform, options.limits);

  const configuration: Configuration = {
    ...flow,
    adapter: postgresAdapter(platform),
    routes: {
      authorization: endpoints.authorization,
      token: endpoints.token,
      revocation: endpoints.revocation,
      pushed_authorization_request: endpoints.pushed,
      jwks: endpoints.jwks,
    },
    jwks: { keys: [...platform.keys.signing] as never },
    cookies: {
      keys: [...platform.keys.cookies],
      names: { interaction: 'samtykke-request', resume: 'samtykke-resume', session: 'samtykke-none' },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    discovery: {
      userinfo_endpoint: `${accessUrl}${endpoints.userinfo}`,
      end_session_endpoint: `${accessUrl}${endpoints.logout}`,
    },
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_ctx, accountId, client) => subjectOf(client.clientId, accountId),
    sectorIdentifierUriValidate: () => false,
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    assertJwtClientAuthClaimsAndHeader: profile.assertAssertion,
    enabledJWA: { ...profile.algorithms, idTokenSigningAlgValues: idTokenAlgorithms(platform) },
    extraClientMetadata: { properties: ['registered_scopes', 'consent_scopes', 'require_pkce'] },
    // Secrets do not belong into browsers; but those of a sandbox are known, and its API reference asks from this origin.
    clientBasedCORS: (_ctx, origin) => platform.config.mode === 'sandbox' && origin === new URL(accessUrl).origin,
    ttl: { ...flow.ttl, ClientCredentials: TOKEN_SECONDS, AccessToken: TOKEN_SECONDS },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      ...profile.features,
      introspection: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, _client, oneOf) =>
          isCodeFlow(ctx) ? (oneOf?.[0] ?? audienceOf('debt', apiUrl)) : audienceOfRequest(ctx, oneOf),
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource, client) => {
          const api = apiNamed(resource, apiUrl, audienceAliases);
          if (isCodeFlow(ctx)) {
            if (api !== 'debt') throw refused(new errors.InvalidTarget(), 'a person can be asked for debt only');
            return tokensOf(`${apiScopes.debt.join(' ')} openid`, audienceOf('debt', apiUrl));
          }
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
          return tokensOf(decision.granted, audienceOf(api, apiUrl));
        },
      },
    },
    renderError: async (ctx, out, error) => {
      if (isFrontChannel(ctx)) {
        await options.showProblem(ctx, error);
        return;
      }
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
    // A new key is published for as long before anything is signed with it (ADR 16).
    if (ctx.oidc?.route === 'jwks') ctx.set('cache-control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`);
    inTermsOfOurs(ctx);
    explain(ctx, apiUrl);
  });
  provider.on('authorization.success', (ctx, answer) => {
    // NGI tells the scope on the way back, without the number of days (A7).
    if (answer !== undefined) answer['scope'] = ctx.oidc.params?.['scope'];
    // A session of the library's own is never kept, so its cookie is not needed either.
    Object.assign(ctx.oidc.session ?? {}, { destroyed: true });
  });
  const unexpected = (ctx: KoaContextWithOIDC, error: Error) => {
    platform.log.error({ traceId: ctx.get('x-trace-id'), error }, 'the authorization server failed');
  };
  provider.on('server_error', unexpected);
  // Of the web framework below the library, which would print it with its stack.
  (provider as NodeJS.EventEmitter).on('error', (error: unknown) => {
    platform.log.error({ error }, 'the authorization server failed');
  });
  // What the client is told is told here too, so that its operator can say why it was refused (E1).
  provider.on('authorization.error', (ctx, error) => {
    const { error: code, error_description: reason } = error;
    platform.log.info(
      { traceId: ctx.get('x-trace-id'), clientId: ctx.oidc.client?.clientId, code, reason },
      'request refused',
    );
  });
  provider.on('grant.error', (ctx, error) => {
    const reason = error.error_detail ?? error.error_description;
    tellOfProof(ctx, error);
    platform.log.info({ traceId: ctx.get('x-trace-id'), reason }, 'token refused');
  });
  provider.on('pushed_authorization_request.error', (ctx, error) => {
    const reason = error.error_detail ?? error.error_description;
    const clientId = ctx.oidc.client?.clientId;
    platform.log.info({ traceId: ctx.get('x-trace-id'), clientId, code: error.error, reason }, 'request refused');
  });
  return provider;
}

/** A person as one client knows them: another one for each client, and telling nothing (A1). */
export const subjectOf = (clientId: string, personId: string): string =>
  sha256(`${clientId} ${personId}`).toString('base64url');

/** A12: what the library lists whatever is configured, a mode of response and a claim, and no client can have, is not listed. */
const truthful = (discovery: { claims_supported?: readonly string[] }): object => ({
  ...discovery,
  response_modes_supported: ['query', 'fragment'],
  claims_supported: discovery.claims_supported?.filter((claim) => claim !== 'sid'),
});

const routeOf = (ctx: { oidc?: unknown }): unknown => (ctx.oidc as { route?: unknown } | undefined)?.route;

const isFrontChannel = (ctx: { oidc?: unknown }): boolean => ['authorization', 'resume'].includes(String(routeOf(ctx)));

const isCodeFlow = (ctx: Pick<KoaContextWithOIDC, 'oidc'>): boolean =>
  isFrontChannel(ctx) ||
  routeOf(ctx) === 'pushed_authorization_request' ||
  ctx.oidc.params?.['grant_type'] === 'authorization_code';

const tokensOf = (scope: string, audience: string) => ({
  scope,
  audience,
  accessTokenTTL: TOKEN_SECONDS,
  accessTokenFormat: 'opaque' as const,
});

/** The algorithms for which there is a key. */
function idTokenAlgorithms(platform: Platform): ('RS256' | 'ES256')[] {
  const known = platform.keys.signing.map((key) => key.alg);
  return (['RS256', 'ES256'] as const).filter((algorithm) => known.includes(algorithm));
}

/**
 * A8: on the way back from an authorization request an outage, which has a code of its own at the token endpoint, is `server_error`;
 * and a scope that the library refuses before it comes to us is `invalid_scopes`, also of a request that is pushed.
 */
function inTermsOfOurs(ctx: Pick<KoaContextWithOIDC, 'response' | 'set' | 'body'> & { oidc?: unknown }): void {
  const { location } = ctx.response.headers;
  if (isFrontChannel(ctx) && typeof location === 'string') {
    const ours = location
      .replace('error=temporarily_unavailable', 'error=server_error')
      .replace(/error=invalid_scope(?!s)/, 'error=invalid_scopes');
    if (ours !== location) ctx.set('location', ours);
  }
  if (routeOf(ctx) !== 'pushed_authorization_request') return;
  const body = ctx.body as { error?: unknown } | undefined;
  if (body?.error === 'invalid_scope') ctx.body = { ...body, error: 'invalid_scopes' };
}

/**
 * RFC 6749, section 5.2: each error that is answered as JSON leads to the page that explains it. What the library repeats of a request in its
 * sentence may hold a number (E1), and signs that no such sentence has.
 */
function explain(ctx: Pick<KoaContextWithOIDC, 'body' | 'set'> & { oidc?: unknown }, apiUrl: string): void {
  const body = ctx.body as { error?: unknown; error_description?: unknown } | undefined;
  if (isFrontChannel(ctx) || typeof body?.error !== 'string') return;
  const { error_description: sentence } = body;
  const plain = typeof sentence === 'string' ? { error_description: plainSentence(sentence) } : {};
  ctx.body = { ...body, ...plain, error_uri: helpAddress(apiUrl, body.error) };
  ctx.set(helpLink(apiUrl, body.error));
}

const plainSentence = (sentence: string): string =>
  maskNins(sentence).replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");

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
