import type { FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';
import { apiNamed, apiScopes, type Api } from './audience.ts';
import { findCaller, type Caller } from './access-token.ts';
import type { ClientLimit } from './rate-limit.ts';

const callers = new WeakMap<FastifyRequest, Caller>();

/** Who makes this request, if that has been found out already; the log line names the client by it. */
export const knownCaller = (request: FastifyRequest): Caller | undefined => callers.get(request);

/** Who makes this request; only behind a guard. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error('this route has no guard in front');
  return caller;
}

/** The bearer token of a request. Errors: `missing_authorization`, `invalid_token` (another scheme, or not a token at all). */
export function bearerTokenOf(request: FastifyRequest): string {
  const header = request.headers.authorization;
  if (header === undefined || header.trim() === '') {
    throw new DomainError('missing_authorization', "send the access token in a header 'Authorization: Bearer <token>'");
  }
  const token = /^Bearer +([\w.~+/-]{1,512}=*)$/i.exec(header)?.[1];
  if (token === undefined)
    throw new DomainError('invalid_token', "the Authorization header is not of the form 'Bearer <token>'");
  return token;
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
 * Lets in whoever was found to bear a token: if it is good for this API, and within the client's limit. The request knows its
 * caller from then on. Errors: `invalid_token`, `wrong_audience`, `rate_limited`.
 */
export async function admit(
  platform: Platform,
  limit: ClientLimit,
  request: FastifyRequest,
  found: Caller | undefined,
  api: Api,
): Promise<Caller> {
  const caller = checkAudience(found, api, platform.config.apiUrl);
  callers.set(request, caller);
  await limit(caller.clientId);
  return caller;
}

/** The guard of an API whose every scope is asked for (agreement, events): a hook that finds the caller, or refuses. */
export function requireToken(platform: Platform, limit: ClientLimit, api: Api) {
  return async (request: FastifyRequest): Promise<void> => {
    const token = bearerTokenOf(request);
    const found = await findCaller(platform.db, token, platform.clock.realNow());
    const caller = await admit(platform, limit, request, found, api);
    const missing = apiScopes[api].find((scope) => !caller.scopes.includes(scope));
    if (missing !== undefined)
      throw new DomainError('insufficient_scope', `the access token lacks the scope ${missing}`);
  };
}
