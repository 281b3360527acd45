import cookie from '@fastify/cookie';
import { fastify, type FastifyInstance } from 'fastify';
import { testIdRoutes } from '../../sandbox/testid/routes.ts';
import { toDomainError } from '../../src/errors/from-http.ts';
import { statusOf } from '../../src/errors/status.ts';
import { toConfig, type Env } from '../../src/platform/config.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { checkCsrf } from '../../src/sign-in/csrf.ts';
import { signInRoutes } from '../../src/sign-in/routes.ts';
import { openSignIn, type SignIn } from '../../src/sign-in/sign-in.ts';
import { openBarePlatform } from './bare-platform.ts';
import type { TestDatabase } from './database.ts';
import { injectedFetch } from './injected-fetch.ts';
import { newVisitor, type Visited, type Visitor } from './visitor.ts';

/** An app with nothing but the login, at an hour that the test sets: what pages do with it, laid bare. */
export interface LoginHouse {
  readonly platform: Platform;
  readonly app: FastifyInstance;
  readonly signIn: SignIn;
  /** Real time, and that of its stopwatch beyond the machine's, as the house sees them. */
  readonly clock: { now: Date; aheadMs: number };
  /** What requests for an address go through: inside the house for its own ones. */
  reach(url: URL): typeof fetch;
  /** `reach`: for one who meets several nodes. */
  newVisitor(reach?: (url: URL) => typeof fetch): Visitor;
  /** Who is signed in in that browser. */
  whoIs(visitor: Visitor, usedFor?: string): Promise<Who | null>;
  /** Begins a login; answers with where it leads. */
  begin(
    visitor: Visitor,
    options?: { usedFor?: string; hint?: string; to?: string; lang?: string; anew?: string },
  ): Promise<Visited>;
  /** A whole login, by hint at TestID, by whoever it lets in at another provider. */
  logIn(visitor: Visitor, options?: { usedFor?: string; hint?: string }): Promise<Visited>;
  close(): Promise<void>;
}

export interface Who {
  readonly digits: string;
  readonly name: string | null;
  readonly born: string;
  readonly level: string;
  readonly csrf: string;
}

/** Opens one; `env`: over a sandbox's. `outside`: what reaches the login provider, where its address does not. */
export async function openLoginHouse(
  database: TestDatabase,
  env: Env = {},
  outside: typeof fetch = fetch,
): Promise<LoginHouse> {
  const bare = await openBarePlatform(database);
  const config = toConfig({ SAMTYKKE_MODE: 'sandbox', LOG_FILE: bare.platform.config.logFile, ...env });
  const clock = { now: new Date(), aheadMs: 0 };
  const platform: Platform = {
    ...bare.platform,
    config,
    clock: {
      ...bare.platform.clock,
      realNow: () => new Date(clock.now),
      stopwatch: () => bare.platform.clock.stopwatch() + clock.aheadMs,
    },
  };
  const app = fastify();
  const inside = injectedFetch(() => app);
  const own = (url: URL) => [config.accessUrl, config.portalUrl].includes(url.origin);
  const signIn = openSignIn(
    platform,
    config.loginIssuer.startsWith(config.accessUrl) ? { fetch: inside } : { fetch: outside },
  );

  await app.register(cookie);
  app.setErrorHandler((error, _request, reply) => {
    const { code, detail } = toDomainError(error);
    return reply.code(statusOf[code]).send({ code, detail });
  });
  signInRoutes(app, signIn);
  testIdRoutes(app, platform);
  app.get<{ Querystring: Record<string, string> }>('/begin', (request, reply) => {
    const { used = 'portal', to = '/home', hint, lang = 'nb', anew } = request.query;
    const ask = {
      usedFor: used,
      returnTo: to,
      language: lang as 'nb',
      ...(hint === undefined ? {} : { loginHint: hint }),
      anew: anew !== undefined,
    };
    return signIn.begin(request, reply, ask);
  });
  app.get<{ Querystring: Record<string, string> }>('/who', async (request) => {
    const person = await signIn.personOf(request, request.query['used'] ?? 'portal');
    if (person === undefined) return { who: null };
    // In two parts: what is answered is read through for personal numbers.
    const digits = `${person.nin.reveal().slice(0, 6)} ${person.nin.reveal().slice(6)}`;
    const { name, born, level, csrf } = person;
    return { who: { digits, name, born, level, csrf } };
  });
  app.get<{ Querystring: Record<string, string> }>('/form', async (request) => {
    const person = await signIn.personOf(request, 'portal');
    if (person !== undefined) checkCsrf(person, request.query['csrf']);
    return { taken: true };
  });
  app.get<{ Querystring: Record<string, string> }>('/end', async (request, reply) => {
    const address = await signIn.end(request, reply, request.query['used'] ?? 'portal', '/signed-out');
    return { address: address ?? null, after: (await signIn.personOf(request, 'portal')) ?? null };
  });
  for (const path of ['/home', '/signed-out']) app.get(path, async () => ({ path }));
  await app.ready();

  const reach = (url: URL) => (own(url) ? inside : outside);
  const faceOf = (usedFor: string) => (usedFor === 'portal' ? config.portalUrl : config.accessUrl);
  const begin: LoginHouse['begin'] = async (visitor, { usedFor = 'portal', hint, to, lang, anew } = {}) => {
    const asked = {
      used: usedFor,
      ...(hint && { hint }),
      ...(to && { to }),
      ...(lang && { lang }),
      ...(anew && { anew }),
    };
    return visitor.request(`${faceOf(usedFor)}/begin?${new URLSearchParams(asked)}`);
  };
  return {
    platform,
    app,
    signIn,
    clock,
    reach,
    newVisitor: (through = reach) => newVisitor(through),
    begin,
    whoIs: async (visitor, usedFor = 'portal') => {
      const { text } = await visitor.request(`${faceOf(usedFor)}/who?used=${usedFor}`);
      return (JSON.parse(text) as { who: Who | null }).who;
    },
    logIn: async (visitor, options) => {
      const begun = await begin(visitor, options);
      return begun.next === undefined ? begun : visitor.visit(begun.next);
    },
    close: async () => {
      await app.close();
      await bare.close();
    },
  };
}
