import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import type { Language } from '../html/language.ts';
import { derivedSecret, equalHashes, sha256 } from '../platform/crypto.ts';
import { newSecret } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { cookieOptions, secretIn } from './cookies.ts';
import { identityFrom } from './identity.ts';
import { loginProvider, type Proof } from './login-provider.ts';
import { END_BY_ISSUER, SAVE_ATTEMPT, TAKE_ATTEMPT, type Attempt } from './session-store.ts';
import { LOGIN_MS, faceOf, isOwnPath, loginCookie, withOutcome } from './session.ts';
import { openSessions } from './sessions.ts';
import type { SignedIn } from './signed-in.ts';

export interface LoginAsked {
  /** `portal`, or the id of a consent request. */
  readonly usedFor: string;
  /** A path of ours. */
  readonly returnTo: string;
  readonly language: Language;
  /** Passed on to the login provider by a sandbox only. */
  readonly loginHint?: string;
  /** Whether the person has to log in now, also where the login provider knows them already. */
  readonly anew?: boolean;
}

/** Logging in at the login provider, and who is logged in (A9). Times are real times; nothing is kept but in the database. */
export interface SignIn {
  /**
   * Answers 303 to the login provider. When the person cancels there, the browser comes back to `returnTo` with `login=cancelled` added to
   * its query; when nobody is logged in for another reason, with `login=failed`. Throws `unavailable` when the provider is away.
   */
  begin(request: FastifyRequest, reply: FastifyReply, ask: LoginAsked): Promise<FastifyReply>;
  /**
   * Answers a browser that has come back: 303 to where the login began. Throws `login_unfinished` when the login was not begun in this browser
   * (somebody else's is not taken on), took too long, or has been finished before.
   */
  finish(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  /** Who is signed in in this browser for that use, or undefined. Counts as use of the session; asked once for each request. */
  personOf(request: FastifyRequest, usedFor: string): Promise<SignedIn | undefined>;
  /**
   * Signs out here: row and cookie. With `after`, a path of ours that is registered at the login provider, answers with the address that
   * signs out there too and leads back to it; undefined when there is none.
   */
  end(request: FastifyRequest, reply: FastifyReply, usedFor: string, after?: string): Promise<string | undefined>;
  /** Ends all sessions that came from one session at the login provider. */
  endByIssuer(issuer: string, issuerSession: string): Promise<void>;
}

/** `fetch`: what requests to the login provider go through; a sandbox reaches its own TestID by it. */
export function openSignIn(platform: Platform, options: { fetch?: typeof fetch } = {}): SignIn {
  const { clock, config, db, log, metrics } = platform;
  const provider = loginProvider(platform, options.fetch);
  const sessions = openSessions(platform);
  const remembered = new WeakMap<FastifyRequest, Map<string, Promise<SignedIn | undefined>>>();
  const callbackOf = (usedFor: string) => `${faceOf(usedFor, config)}/login/callback`;

  /** The login that a browser comes back from, with the secret that it began it with. Of each login once. */
  const takeAttempt = async (request: FastifyRequest, state: string): Promise<Attempt & { browser: string }> => {
    const [attempt] = await db.query(TAKE_ATTEMPT, [sha256(state)]);
    if (attempt === undefined) throw doesNotBelong(request, 'unknown_state');
    const browser = secretIn(request, loginCookie(faceOf(attempt.used_for, config)));
    if (browser === undefined || !equalHashes(sha256(browser), attempt.browser_hash)) {
      throw doesNotBelong(request, 'other_browser');
    }
    if (clock.realNow() >= attempt.expires_at) throw doesNotBelong(request, 'too_late');
    return { ...attempt, browser };
  };

  const doesNotBelong = (request: FastifyRequest, reason: string): DomainError => {
    note(request, 'failed', reason);
    return new DomainError(
      'login_unfinished',
      'this login was begun elsewhere, took too long or is finished: begin again',
    );
  };

  const note = (request: FastifyRequest, outcome: 'cancelled' | 'failed', reason: string, more: object = {}): void => {
    metrics.login(outcome);
    if (outcome === 'failed') log.warn({ traceId: request.id, ...more, reason }, 'login failed');
  };

  return {
    begin: async (request, reply, ask) => {
      if (!isOwnPath(ask.returnTo)) throw new DomainError('invalid_request', 'a login leads back to a path of ours');
      const face = faceOf(ask.usedFor, config);
      const browser = secretIn(request, loginCookie(face)) ?? newSecret();
      const proof = proofOf(browser, newSecret());
      const address = await provider.loginAddress({
        ...proof,
        callback: callbackOf(ask.usedFor),
        language: ask.language,
        loginHint: config.mode === 'sandbox' ? ask.loginHint : undefined,
        anew: ask.anew === true,
      });
      const values = [sha256(proof.state), sha256(browser), ask.usedFor, ask.returnTo, ask.language];
      await db.query(SAVE_ATTEMPT, [...values, new Date(clock.realNow().getTime() + LOGIN_MS)]);
      reply.setCookie(loginCookie(face), browser, { ...cookieOptions(face), maxAge: LOGIN_MS / 1000 });
      return reply.redirect(address, 303);
    },

    finish: async (request, reply) => {
      const { searchParams } = new URL(request.url, config.accessUrl);
      const state = searchParams.get('state') ?? '';
      const attempt = await takeAttempt(request, state);
      const back = (outcome: 'cancelled' | 'failed', reason: string, more?: object) => {
        note(request, outcome, reason, more);
        return reply.redirect(withOutcome(attempt.return_to, outcome), 303);
      };
      const callback = new URL(callbackOf(attempt.used_for));
      callback.search = searchParams.toString();
      const told = await provider.exchange(callback, proofOf(attempt.browser, state));
      if ('reason' in told) return back(told.reason === 'cancelled' ? 'cancelled' : 'failed', told.reason, told);
      const who = identityFrom(told.claims, {
        levels: config.loginLevels,
        ninClaim: config.loginNinClaim,
        population: config.population,
        from2032: config.ninRule2032,
      });
      if (typeof who === 'string') return back('failed', who);
      await sessions.open(request, reply, attempt.used_for, who, told);
      metrics.login('signed_in');
      return reply.redirect(attempt.return_to, 303);
    },

    personOf: (request, usedFor) => {
      const ofRequest = remembered.get(request) ?? new Map<string, Promise<SignedIn | undefined>>();
      remembered.set(request, ofRequest);
      const found = ofRequest.get(usedFor) ?? sessions.find(request, usedFor);
      ofRequest.set(usedFor, found);
      return found;
    },

    end: async (request, reply, usedFor, after) => {
      remembered.get(request)?.set(usedFor, Promise.resolve(undefined));
      const idToken = await sessions.end(request, reply, usedFor);
      if (idToken === undefined || after === undefined) return undefined;
      return provider.logoutAddress({ idToken, after: new URL(after, faceOf(usedFor, config)).href });
    },

    endByIssuer: async (issuer, issuerSession) => {
      const ended = await db.query(END_BY_ISSUER, [issuer, issuerSession]);
      log.info({ ended: ended.length }, 'signed out by the login provider');
    },
  };
}

/** Nonce and verifier follow from what the browser holds and from the state, so they are stored nowhere. */
const proofOf = (browser: string, state: string): Proof => ({
  state,
  nonce: derivedSecret(browser, `nonce ${state}`),
  verifier: derivedSecret(browser, `verifier ${state}`),
});
