import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../src/platform/config.ts';
import { derivedSecret } from '../../src/platform/crypto.ts';
import { newSecret } from '../../src/platform/ids.ts';
import { cookieOptions, secretIn } from '../../src/sign-in/cookies.ts';
import { checkCsrf } from '../../src/sign-in/csrf.ts';

const COOKIE = 'samtykke-sandbox';

/**
 * Keeps forms of other sites out. Nobody signs in to the console, so there is no session to tie a form to: each browser gets a secret in
 * a cookie, which a page cannot read, and forms bring what follows from it. It is the proof that the portal's forms have, with the same
 * check; what browsers say of a request's origin would be less: proxies lose it, and some browsers never say it.
 */
export const consoleForms = (config: Config) => ({
  /** The proof for the forms of a page; the first page gives the browser its secret. */
  proofFor: (request: FastifyRequest, reply: FastifyReply): string => {
    const known = secretIn(request, COOKIE);
    const secret = known ?? newSecret();
    if (known === undefined) reply.setCookie(COOKIE, secret, cookieOptions(config.portalUrl));
    return proofOf(secret);
  },

  /** A hook (preHandler) for what forms are sent to. Throws `form_refused`. */
  check: async (request: FastifyRequest): Promise<void> => {
    const secret = secretIn(request, COOKIE);
    // Without a cookie no proof is good: this one is known to nobody.
    checkCsrf({ csrf: proofOf(secret ?? newSecret()) }, field(request, 'csrf'));
  },
});

const proofOf = (secret: string): string => derivedSecret(secret, 'forms of the console');

/** A field of a form; one that is there twice is none. */
export function field(request: FastifyRequest, name: string): string | undefined {
  const value = ((request.body ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** A parameter of the address; one that is there twice is none. */
export function parameter(request: FastifyRequest, name: string): string | undefined {
  const value = ((request.query ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

/** A whole number that somebody wrote, with spaces anywhere; undefined: it is none of `least` to `most`. */
export function wholeNumber(text: string | undefined, least: number, most: number): number | undefined {
  const digits = text?.replaceAll(/\s/g, '') ?? '';
  if (!/^\d{1,12}$/.test(digits)) return undefined;
  const number = Number(digits);
  return number >= least && number <= most ? number : undefined;
}
