import { decodeJwt } from 'jose';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { signingAlgorithms } from '../clients/public-keys.ts';
import type { TokenLimits } from '../clients/rate-limit.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';
import { errors } from './oidc-provider.ts';

/** For how long ahead what a client has signed may be good: an assertion has to be remembered until then, and a request may be sent until then. */
const MOST_SECONDS = 60 * 60;

type JwtCheck = NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;

/**
 * What clients may use beyond the plain protocol, and are held to where they are registered so (ADR 19): pushed requests (RFC 9126),
 * signed ones (RFC 9101, by value: nothing is ever fetched from an address in a request), tokens bound to a key (RFC 9449), and
 * authentication with an assertion. `limits`: of clients that have proved who they are by one.
 */
export function securityProfile(platform: Pick<Platform, 'clock' | 'config'>, limits: TokenLimits) {
  const sandbox = platform.config.mode === 'sandbox';
  const latest = () => platform.clock.realNow().getTime() / 1000 + MOST_SECONDS;
  const assertAssertion: JwtCheck = async (ctx, claims, _header, client) => {
    if (!(Number(claims['exp']) <= latest())) {
      throw Object.assign(new errors.InvalidClientAuth('exp is more than an hour ahead'), {
        error_description: 'the client assertion is good for more than an hour (exp): make one for each request',
      });
    }
    await limits.checkProved(client.clientId).catch((error: unknown) => {
      throw tooMany(ctx, error);
    });
  };
  const assertRequestObject: JwtCheck = async (ctx, claims, header) => {
    const pushedBefore = 'PushedAuthorizationRequest' in ctx.oidc.entities;
    // What was pushed unsigned the library keeps in the same form, without a signature.
    if (pushedBefore && header.alg === 'none') return;
    const wrong = requestObjectProblem(claims, header, latest());
    const pushed = pushedBefore || ctx.oidc.route === 'pushed_authorization_request';
    // It is kept as it was signed, and these may hold the number of a person.
    const named = ['login_hint', 'id_token_hint'].find((name) => claims[name] !== undefined);
    const problem = wrong ?? (pushed && named !== undefined && !sandbox ? `leave ${named} out of it` : undefined);
    if (problem === undefined) return;
    throw new errors.InvalidRequestObject(`the request object is not taken: ${problem}`);
  };
  return {
    assertAssertion,
    algorithms: {
      clientAuthSigningAlgValues: [...signingAlgorithms],
      requestObjectSigningAlgValues: [...signingAlgorithms],
      dPoPSigningAlgValues: [...signingAlgorithms],
    },
    features: {
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true, assertJwtClaimsAndHeader: assertRequestObject },
    },
  };
}

/** What is wrong with a request object, besides its signature, issuer and audience, which the library checks. */
function requestObjectProblem(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
  latest: number,
): string | undefined {
  const { typ } = header;
  if (typ !== undefined && !(typeof typ === 'string' && /^(application\/)?(jwt|oauth-authz-req\+jwt)$/i.test(typ))) {
    return 'its type (typ) is not oauth-authz-req+jwt';
  }
  if (typeof claims['exp'] !== 'number') return 'it does not say until when it is good (exp)';
  if (claims['exp'] > latest) return 'it is good for more than an hour (exp)';
  // RFC 9101, section 10.8: an assertion that proves the client is no request, nor the other way round.
  if (claims['sub'] !== undefined) return 'it has a subject (sub)';
  return isRedirect(claims['response_mode']) ? undefined : 'response_mode is query or fragment';
}

/** Whether a request object asks for its answer by a page with a script; the library would send even a refusal so. */
export function asksForScript(object: string): boolean {
  try {
    return !isRedirect(decodeJwt(object)['response_mode']);
  } catch {
    return false;
  }
}

const isRedirect = (mode: unknown): boolean => mode === undefined || mode === 'query' || mode === 'fragment';

/** The scope of an authorization request as it was sent, however that was: the library has taken repeated words out by now. */
export function scopeAsSent(ctx: KoaContextWithOIDC): string | undefined {
  const { body, entities } = ctx.oidc;
  const sent = body ?? ctx.query;
  const object: unknown = entities.PushedAuthorizationRequest?.request ?? sent['request'];
  // The library takes an empty parameter for one that is not there.
  const scope = typeof object === 'string' && object !== '' ? decodeJwt(object)['scope'] : sent['scope'];
  return typeof scope === 'string' ? scope : undefined;
}

/** What the library hides from a client whose proof of a key was missing or no good, in the words of RFC 9449. */
export function tellOfProof(ctx: KoaContextWithOIDC, error: { error_detail?: string | undefined }): void {
  const said = error.error_detail;
  if (said === undefined || !/dpop/i.test(said)) return;
  const what = /not provided|missing/.test(said)
    ? "tokens of this client are bound to a key: send a proof of it in a header 'DPoP'"
    : said;
  ctx.body = { error: 'invalid_dpop_proof', error_description: what };
}

/** A refusal by a limit as an error of the library's. */
function tooMany(ctx: KoaContextWithOIDC, error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  ctx.set('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds ?? 1))));
  return Object.assign(new errors.OIDCProviderError(429, 'invalid_request', { cause: error }), {
    error_description: error.detail,
  });
}
