import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Interaction, Provider } from 'oidc-provider';
import { errors } from '../../src/authorization-server/oidc-provider.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import { isLanguage, languageAmong } from '../../src/html/language.ts';
import type { Frame } from '../../src/html/layout.ts';
import { frameOf, sendPage } from '../../src/html/send-page.ts';
import { Nin, type NinRefusal } from '../../src/person/nin.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { testPersons } from '../people.ts';
import { TESTID, endpoints, levels } from './provider.ts';
import { onwardPage, signInPage } from './sign-in.page.ts';
import { isRefusal } from './texts.ts';

type SignInRequest = FastifyRequest<{ Params: { uid: string } }>;

/** TestID's page for choosing who to be (A0), and what follows from the choice. */
export function signInRoutes(app: FastifyInstance, platform: Platform, current: () => Provider): void {
  const address = `${TESTID}${endpoints.signIn}/:uid`;
  const hidden = { schema: { hide: true } };
  if (!app.hasContentTypeParser('application/x-www-form-urlencoded')) void app.register(formbody);

  app.get<{ Params: { uid: string }; Querystring: Record<string, unknown> }>(
    address,
    hidden,
    async (request, reply) => {
      const provider = current();
      const interaction = await interactionOf(provider, request, reply);
      const hint = hintOf(platform, interaction.params['login_hint']);
      if (hint !== undefined) return reply.redirect(await logIn(provider, request, reply, hint), 303);
      const { refused } = request.query;
      const action = `${pathOf(interaction)}${inChosenLanguage(request, '?')}`;
      const page = { action, refused: isRefusal(refused) ? refused : null };
      return sendPage(reply, signInPage(frame(platform, request, interaction), page));
    },
  );

  app.post<{ Params: { uid: string } }>(address, hidden, async (request, reply) => {
    const provider = current();
    const interaction = await interactionOf(provider, request, reply);
    const form = (request.body ?? {}) as Record<string, unknown>;
    const onward = (next: string) => sendPage(reply, onwardPage(frame(platform, request, interaction), next));
    if (form['cancel'] !== undefined) {
      const result = { error: 'access_denied', error_description: 'the person left the login' };
      return onward(await provider.interactionResult(request.raw, reply.raw, result));
    }
    const nin = chosenIn(platform, form);
    if (!(nin instanceof Nin)) {
      return reply.redirect(`${pathOf(interaction)}?refused=${nin}${inChosenLanguage(request, '&')}`, 303);
    }
    return onward(await logIn(provider, request, reply, { nin, level: 'idporten-loa-high' }));
  });
}

const pathOf = (interaction: Interaction): string => `${TESTID}${endpoints.signIn}/${interaction.uid}`;

/** The language that the login was asked for in, unless the person has chosen another. */
function frame(platform: Platform, request: FastifyRequest, { params }: Interaction): Frame {
  const { lang } = request.query as { lang?: unknown };
  const asked = isLanguage(lang) ? lang : languageAmong(String(params['ui_locales'] ?? ''));
  return frameOf(platform, request, asked === undefined ? {} : { language: asked });
}

/** What keeps the chosen language with the form and what follows from it. */
function inChosenLanguage(request: FastifyRequest, joint: '?' | '&'): string {
  const { lang } = request.query as { lang?: unknown };
  return isLanguage(lang) ? `${joint}lang=${lang}` : '';
}

async function interactionOf(provider: Provider, request: SignInRequest, reply: FastifyReply): Promise<Interaction> {
  try {
    return await provider.interactionDetails(request.raw, reply.raw);
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    throw new DomainError('login_unfinished', 'this login at TestID is over, or was begun in another browser');
  }
}

interface Choice {
  readonly nin: Nin;
  readonly level: string;
}

/** `testid:` and a number, for tests that click nothing; with a level after another colon if not the highest. */
function hintOf({ config }: Platform, hint: unknown): Choice | undefined {
  const [, digits, level = 'idporten-loa-high'] = /^testid:(\d{11})(?::([\w-]+))?$/.exec(String(hint ?? '')) ?? [];
  const nin = Nin.parse(digits, config.population, { from2032: config.ninRule2032 });
  return nin instanceof Nin && levels.some((known) => known === level) ? { nin, level } : undefined;
}

function chosenIn({ config }: Platform, form: Record<string, unknown>): Nin | NinRefusal {
  const { person, nin } = form;
  const place = typeof person === 'string' && /^\d{1,3}$/.test(person) ? Number(person) : -1;
  const written = typeof nin === 'string' ? nin.replaceAll(/\s/g, '') : undefined;
  return Nin.parse(testPersons[place]?.nin ?? written, config.population, { from2032: config.ninRule2032 });
}

/** Answers with where the browser goes on. */
async function logIn(
  provider: Provider,
  request: FastifyRequest,
  reply: FastifyReply,
  choice: Choice,
): Promise<string> {
  // Somebody who logged in here meanwhile, in another window.
  await forgetSession(provider, request, reply);
  return provider.interactionResult(request.raw, reply.raw, {
    login: { accountId: choice.nin.reveal(), acr: choice.level, amr: ['TestID'], remember: false },
  });
}

/**
 * Ends the session that a browser has. The library would ask whoever becomes another person first to sign out, with a page that holds a
 * script; here it is what choosing a person means.
 */
export async function forgetSession(provider: Provider, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const session = await provider.Session.get(provider.createContext(request.raw, reply.raw));
  if (session.accountId !== undefined) await session.destroy();
}
