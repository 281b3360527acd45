import { importJWK, type CryptoKey } from 'jose';
import * as oidc from 'openid-client';
import type { Language } from '../html/language.ts';
import { DomainError } from '../errors/domain-error.ts';
import { outgoingFetch } from '../platform/fetch.ts';
import { loginKeys } from '../platform/keys.ts';
import type { Platform } from '../platform/platform.ts';

const TIMEOUT_SECONDS = 5;
const REFRESH_MS = 60 * 60_000;
const AFTER_FAILURE_MS = 60_000;

/** What only the browser that began a login, and nobody on the way, can know when it comes back. */
export interface Proof {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider told of somebody, after all checks of the protocol. */
export interface Told {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly issuer: string;
  readonly idToken: string;
}

/** Why nobody came back logged in. `error` and `says`, the provider's own code, are for the log: nothing of a person is in them. */
export interface NotTold {
  readonly reason: 'cancelled' | 'refused_by_provider' | 'response_refused';
  readonly error?: unknown;
  readonly says?: string | undefined;
}

/** The OpenID Connect provider that people log in at: the protocol, and nothing of sessions or browsers. */
export interface LoginProvider {
  /** Where to send the browser. Throws `unavailable` when the provider is away or does not take the request. */
  loginAddress(
    ask: Proof & {
      readonly callback: string;
      readonly language: Language;
      readonly loginHint: string | undefined;
      readonly anew: boolean;
    },
  ): Promise<string>;
  /** Exchanges what a browser came back with. `callback`: its address, with its query. */
  exchange(callback: URL, proof: Proof): Promise<Told | NotTold>;
  /** Where to send the browser to sign out there too; undefined when the provider has no such place, or is away. */
  logoutAddress(ask: { readonly idToken: string; readonly after: string }): Promise<string | undefined>;
}

/**
 * Opens it; the provider is asked about itself (discovery) at the first login, every hour after that, and again after a failure. All
 * requests go through `fetch`, none follows a redirect.
 */
export function loginProvider(platform: Platform, speak: typeof fetch = outgoingFetch): LoginProvider {
  const { config, clock, log } = platform;
  /** `key`: of the key that we prove ourselves with, where we have no secret there. */
  let known: { readonly configuration: oidc.Configuration; readonly until: number; readonly key: unknown } | undefined;
  let underWay: Promise<oidc.Configuration> | undefined;
  const keyInUse = (): unknown => loginKeys(platform.keys)[0]?.kid;

  const discover = async (): Promise<oidc.Configuration> => {
    const key = keyInUse();
    const configuration = await oidc.discovery(
      new URL(config.loginIssuer),
      config.loginClientId,
      undefined,
      await clientAuthentication(platform),
      {
        // What answers elsewhere than where it was asked is not the provider.
        [oidc.customFetch]: async (url, options) => speak(url, { ...options, redirect: 'manual' } as RequestInit),
        timeout: TIMEOUT_SECONDS,
        // Its ID tokens are checked by their signature too, not only by where they came from.
        execute: [oidc.enableNonRepudiationChecks, ...(plainAllowed(platform) ? [oidc.allowInsecureRequests] : [])],
      },
    );
    known = { configuration, until: clock.stopwatch() + REFRESH_MS, key };
    return configuration;
  };

  const current = async (): Promise<oidc.Configuration> => {
    if (known !== undefined && clock.stopwatch() < known.until && known.key === keyInUse()) return known.configuration;
    underWay ??= discover().finally(() => {
      underWay = undefined;
    });
    try {
      return await underWay;
    } catch (error) {
      log.warn({ error, reason: 'provider_away' }, 'the login provider could not be asked about itself');
      if (known === undefined) throw away(error);
      // What it told before is most likely still so, and a key that was replaced a moment ago still good.
      known = { ...known, until: clock.stopwatch() + AFTER_FAILURE_MS, key: keyInUse() };
      return known.configuration;
    }
  };

  return {
    loginAddress: async (ask) => {
      const configuration = await current();
      const [level] = config.loginLevels;
      const parameters = {
        redirect_uri: ask.callback,
        scope: config.loginScope,
        state: ask.state,
        nonce: ask.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(ask.verifier),
        code_challenge_method: 'S256',
        ui_locales: ask.language,
        ...(level === undefined ? {} : { acr_values: level }),
        ...(ask.loginHint === undefined ? {} : { login_hint: ask.loginHint }),
        ...(ask.anew ? { prompt: 'login' } : {}),
      };
      if (configuration.serverMetadata().pushed_authorization_request_endpoint === undefined) {
        return oidc.buildAuthorizationUrl(configuration, parameters).href;
      }
      try {
        return (await oidc.buildAuthorizationUrlWithPAR(configuration, parameters)).href;
      } catch (error) {
        log.error(
          { error, reason: 'request_not_taken', says: codeIn(error) },
          'the login provider did not take a request',
        );
        throw away(error);
      }
    },

    exchange: async (callback, proof) => {
      try {
        const configuration = await current();
        const tokens = await oidc.authorizationCodeGrant(configuration, callback, {
          expectedState: proof.state,
          expectedNonce: proof.nonce,
          pkceCodeVerifier: proof.verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined || tokens.id_token === undefined) return { reason: 'response_refused' };
        return { claims, issuer: claims.iss, idToken: tokens.id_token };
      } catch (error) {
        const says = codeIn(error);
        if (!(error instanceof oidc.AuthorizationResponseError)) return { reason: 'response_refused', error, says };
        return says === 'access_denied' ? { reason: 'cancelled' } : { reason: 'refused_by_provider', error, says };
      }
    },

    logoutAddress: async ({ idToken, after }) => {
      const configuration = await current().catch(() => undefined);
      if (configuration?.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: after }).href;
    },
  };
}

/** A secret if we have one; else an assertion signed with our key, new for each request, which names the provider and lasts a minute. */
async function clientAuthentication({ config, keys }: Platform): Promise<oidc.ClientAuth> {
  if (config.loginClientSecret !== undefined) return oidc.ClientSecretBasic(config.loginClientSecret);
  const [jwk] = loginKeys(keys);
  if (jwk?.kid === undefined) throw new Error('there is no key for the login provider');
  return oidc.PrivateKeyJwt({ key: (await importJWK(jwk)) as CryptoKey, kid: jwk.kid });
}

/** A sandbox may log in over plain http, as its own TestID does; production never. */
const plainAllowed = ({ config }: Platform): boolean =>
  config.mode === 'sandbox' && config.loginIssuer.startsWith('http:');

/** The code of an error as the provider told it (RFC 6749), unless it is something else than a code. */
function codeIn(error: unknown): string | undefined {
  const told =
    error instanceof oidc.WWWAuthenticateChallengeError
      ? error.cause.map(({ parameters }) => parameters.error).join(' ')
      : error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError
        ? error.error
        : '';
  return told !== undefined && /^[a-z_]{1,60}$/.test(told) ? told : undefined;
}

const away = (cause: unknown): DomainError =>
  new DomainError('unavailable', 'The login cannot be reached right now. Try again in a few minutes.', {
    cause,
    retryAfterSeconds: 30,
  });
