import type { Configuration, KoaContextWithOIDC, Provider as OidcProvider } from 'oidc-provider';
import { errors, interactionPolicy, Provider } from '../../src/authorization-server/oidc-provider.ts';
import { derivedSecret, sha256 } from '../../src/platform/crypto.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { testIdAdapter } from './adapter.ts';
import { claimsOfPerson } from './persons.ts';

/** Where TestID is, below the authorization server's address. */
export const TESTID = '/testid';

/** Its addresses below that; those of the library, named so that they can be registered one by one. */
export const endpoints = {
  discovery: '/.well-known/openid-configuration',
  authorization: '/auth',
  pushed: '/request',
  token: '/token',
  jwks: '/jwks',
  logout: '/session/end',
  signIn: '/sign-in',
} as const;

/** Levels of login that it can be told to have, as ID-porten names them. */
export const levels = ['idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'] as const;

/** Shows a person why something cannot go on. */
export type ShowProblem = (ctx: KoaContextWithOIDC) => void;

/**
 * TestID: a real OpenID Connect provider without passwords, which a sandbox logs in at as production does at ID-porten. Requests are
 * pushed, proved by PKCE and by our key. Whoever comes chooses anew who to be; the session that is then there can be signed out of.
 */
export function testIdProvider(platform: Platform, showProblem: ShowProblem): OidcProvider {
  const { config, keys } = platform;
  const [pepper = ''] = keys.cookies;

  const configuration: Configuration = {
    adapter: testIdAdapter(platform),
    routes: {
      authorization: endpoints.authorization,
      pushed_authorization_request: endpoints.pushed,
      token: endpoints.token,
      jwks: endpoints.jwks,
      end_session: endpoints.logout,
    },
    jwks: { keys: [...keys.signing] as never },
    cookies: {
      keys: [...keys.cookies],
      names: { session: 'testid', interaction: 'testid-sign-in', resume: 'testid-resume' },
      short: { httpOnly: true, sameSite: 'lax', signed: true },
      long: { httpOnly: true, sameSite: 'lax', signed: true },
    },
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub', 'pid', 'sid'], profile: ['name', 'birthdate'] },
    conformIdTokenClaims: false,
    acrValues: [...levels],
    responseTypes: ['code'],
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_ctx, accountId) => derivedSecret(pepper, `testid ${accountId}`),
    sectorIdentifierUriValidate: () => false,
    clientAuthMethods: ['private_key_jwt', 'client_secret_basic'],
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    expiresWithSession: () => false,
    interactions: {
      policy: alwaysChoose(),
      url: (_ctx, interaction) => `${TESTID}${endpoints.signIn}/${interaction.uid}`,
    },
    loadExistingGrant: async (ctx) => {
      const accountId = ctx.oidc.session?.accountId;
      const clientId = ctx.oidc.client?.clientId;
      if (accountId === undefined || clientId === undefined) return undefined;
      const grant = new ctx.oidc.provider.Grant({ accountId, clientId });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    findAccount: (_ctx, accountId, token) => ({
      accountId,
      claims: async () => ({
        ...claimsOfPerson(accountId),
        sub: accountId,
        ...sessionClaim(token),
      }),
    }),
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      Interaction: 30 * 60,
      Session: 60 * 60,
      Grant: 60 * 60,
      IdToken: 60 * 60,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      // The page that it would show: see `signOut`.
      rpInitiatedLogout: { enabled: true, logoutSource: () => undefined },
      userinfo: { enabled: false },
    },
    renderError: (ctx, out) => {
      if (ctx.method === 'GET') {
        showProblem(ctx);
        return;
      }
      ctx.type = 'json';
      ctx.body = out;
    },
  };

  const provider = new Provider(config.loginIssuer, configuration);
  // What the outside says of host and scheme is overwritten in front (`routes.ts`) by what is configured.
  provider.proxy = true;
  provider.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      // The library keeps sessions outside of what it catches: a database that is away just then would be a line of plain text.
      if (!(error instanceof errors.OIDCProviderError)) throw error;
      ctx.remove('location');
      ctx.status = error.statusCode;
      showProblem(ctx as KoaContextWithOIDC);
      return;
    }
    if (ctx.oidc?.route !== 'end_session' || ctx.status !== 200) return;
    ctx.redirect(await signOut(ctx.oidc as KoaContextWithOIDC['oidc'], config.portalUrl));
    ctx.cookies.set(provider.cookieName('session'), null, { httpOnly: true, sameSite: 'lax', overwrite: true });
    ctx.status = 303;
  });
  provider.on('server_error', (ctx, error) => {
    platform.log.error({ traceId: ctx.get('x-trace-id'), error }, 'TestID failed');
  });
  const refused = (ctx: KoaContextWithOIDC, error: Error & { error_detail?: string | undefined }) => {
    platform.log.info(
      { traceId: ctx.get('x-trace-id'), reason: error.error_detail ?? error.message },
      'TestID refused',
    );
  };
  provider.on('authorization.error', refused);
  provider.on('pushed_authorization_request.error', refused);
  provider.on('grant.error', refused);
  provider.on('end_session.error', refused);
  return provider;
}

/** What names the session to those who log in, and is not what its cookie holds. The types do not know of `sessionUid`. */
function sessionClaim(token: object | undefined): { sid?: string } {
  const { sessionUid } = (token ?? {}) as { sessionUid?: unknown };
  return typeof sessionUid === 'string' ? { sid: sha256(sessionUid).toString('hex').slice(0, 32) } : {};
}

/** No sandbox wants to be logged in as the person of last time without being asked. */
function alwaysChoose() {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  policy.clear();
  const chosen = (ctx: KoaContextWithOIDC) => ctx.oidc.result?.login === undefined;
  policy.add(new Prompt({ name: 'login', requestable: true }, new Check('no_login', 'choose who to be', chosen)));
  return policy;
}

/** Signs out without asking, where the library would ask once more with a page that holds a script. Answers with where to go then. */
async function signOut({ params, session }: KoaContextWithOIDC['oidc'], otherwise: string): Promise<string> {
  await session?.destroy();
  const back = params?.['post_logout_redirect_uri'];
  const after = new URL(typeof back === 'string' ? back : otherwise);
  if (typeof params?.['state'] === 'string') after.searchParams.set('state', params['state']);
  return after.href;
}
