import type { FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';
import { apiNamed, apiScopes, type Api } from './audience.ts';
import { findCaller, spendProof, type Caller } from './access-token.ts';
import { checkProof, type Proof } from './proof-of-possession.ts';
import { signingAlgorithms } from './public-keys.ts';
import type { ApiLimits } from './rate-limit.ts';

const callers = new WeakMap<FastifyRequest, Caller>();

/** Who makes this request, if that has been found out already; the log line names the client by it. */
export const knownCaller = (request: FastifyRequest): Caller | undefined => callers.get(request);

/** Who makes this request; only behind a guard. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('this route has no guard in front');
  return caller;
}

/** What a request bears, and how: as whoever holds it, or with a proof of a key (RFC 9449). */
export interface Credential {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

/** The access token of a request. Errors: `missing_authorization`, `invalid_token` (another scheme, or not a token at all). */
function credentialOf(request: FastifyRequest): Credential {
  const header = request.headers.authorization;
  if (header === undefined || header.trim() === '') {
    throw new DomainError('missing_authorization', "send the access token in a header 'Authorization: Bearer <token>'");
  }
  const [, scheme = '', token] = /^(Bearer|DPoP) +([\w.~+/-]{1,512}=*)$/i.exec(header) ?? [];
  if (token === undefined)
    throw new DomainError('invalid_token', "the Authorization header is not of the form 'Bearer <token>'");
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}

/** A challenge for whoever has to do with proofs (RFC 9449, section 7.1). */
const challengeOf = (error: string): string => `DPoP error="${error}", algs="${signingAlgorithms.join(' ')}"`;

/**
 * Whether whoever sends a token has its key, where it is bound to one: a bound token is good with a proof only, and one that is not
 * bound is no better for having one. Answers what is to be spent then, if anything. Errors: `invalid_token`, with a challenge.
 */
export async function checkPossession(
  platform: Pick<Platform, 'clock'>,
  request: FastifyRequest,
  { scheme, token }: Credential,
  { caller, ownAddress }: { caller: Caller; ownAddress: string },
): Promise<Proof | undefined> {
  const { boundTo } = caller;
  if (boundTo === null) {
    if (scheme === 'Bearer') return undefined;
    const detail = "the access token is bound to no key: send it in a header 'Authorization: Bearer <token>'";
    throw new DomainError('invalid_token', detail, { challenge: challengeOf('invalid_token') });
  }
  if (scheme === 'Bearer') {
    const detail =
      "the access token is bound to a key: send it in a header 'Authorization: DPoP <token>', with a proof";
    throw new DomainError('invalid_token', detail, { challenge: challengeOf('invalid_token') });
  }
  const address = `${ownAddress}${request.url.split('?', 1)[0] ?? ''}`;
  const realNow = platform.clock.realNow();
  const proof = await checkProof(request.headers['dpop'], { method: request.method, address, token, boundTo, realNow });
  if ('refused' in proof) throw proofRefused(proof.refused);
  return proof;
}

const proofRefused = (why: string): DomainError =>
  new DomainError('invalid_token', why, { challenge: challengeOf('invalid_dpop_proof') });

/** Uses a proof up, if there is one. Errors: `invalid_token`, when it has been used before, here or on another node. */
export async function useProof(platform: Pick<Platform, 'db' | 'clock'>, proof: Proof | undefined): Promise<void> {
  if (proof === undefined || (await spendProof(platform.db, proof, platform.clock.realNow()))) return;
  throw proofRefused('the DPoP proof has been used before (jti): make one for each request');
}

/** Decides whether this caller may use this API at all (A3: a token is good at its own audience only). */
function checkAudience(caller: Caller | undefined, api: Api, apiUrl: string): Caller {
  if (caller === undefined) {
    throw new DomainError(
      'invalid_token',
      'the access token is unknown, expired or revoked: fetch a new one from /oauth2/token',
    );
  }
  if (apiNamed(caller.audience, apiUrl) !== api) {
    throw new DomainError(
      'wrong_audience',
      `the access token is for another API: fetch one with the audience of this one`,
    );
  }
  return caller;
}

/**
 * Lets in whoever was found to bear a token: if it is good for this API, comes with the proof that it needs, and is within the client's
 * limit. The request knows its caller from then on. What is no good counts against the address it comes from. Errors: `invalid_token`,
 * `wrong_audience`, `rate_limited`.
 */
export async function admit(
  platform: Platform,
  limits: ApiLimits,
  request: FastifyRequest,
  credential: Credential,
  { found, api }: { found: Caller | undefined; api: Api },
): Promise<Caller> {
  try {
    const caller = checkAudience(found, api, platform.config.apiUrl);
    const proof = await checkPossession(platform, request, credential, { caller, ownAddress: platform.config.apiUrl });
    callers.set(request, caller);
    await limits.client(caller.clientId);
    await useProof(platform, proof);
    return caller;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid_token') await limits.failures.count(request.ip);
    throw error;
  }
}

/** The access token of a request, from an address that has not failed too often. Errors: as `credentialOf`, and `rate_limited`. */
export async function presented(limits: ApiLimits, request: FastifyRequest): Promise<Credential> {
  const credential = credentialOf(request);
  await limits.failures.check(request.ip);
  return credential;
}

/**
 * The guard of an API whose every scope is asked for (agreement, events): a hook that finds the caller, or refuses. `find`: finds it
 * beside something else that the request asks for, as `findCaller` would.
 */
export function requireToken(
  platform: Platform,
  limits: ApiLimits,
  api: Api,
  find: (request: FastifyRequest, token: string, realNow: Date) => Promise<Caller | undefined> = (
    _request,
    token,
    realNow,
  ) => findCaller(platform.db, token, realNow),
) {
  return async (request: FastifyRequest): Promise<void> => {
    const credential = await presented(limits, request);
    const found = await find(request, credential.token, platform.clock.realNow());
    checkScopes(await admit(platform, limits, request, credential, { found, api }), api);
  };
}

function checkScopes(caller: Caller, api: Api): void {
  const missing = apiScopes[api].find((scope) => !caller.scopes.includes(scope));
  if (missing !== undefined) throw new DomainError('insufficient_scope', `the access token lacks the scope ${missing}`);
}

/**
 * For requests that stay open: refuses as `requireToken` would refuse a new request with the same token by now. It counts against no
 * limit, and the proof that the request began with is not asked for again.
 */
export async function checkTokenAgain(platform: Platform, request: FastifyRequest, api: Api): Promise<void> {
  const found = await findCaller(platform.db, credentialOf(request).token, platform.clock.realNow());
  checkScopes(checkAudience(found, api, platform.config.apiUrl), api);
}
