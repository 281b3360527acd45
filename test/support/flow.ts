import { recordToken } from './evidence.ts';
import { injectedFetch } from './injected-fetch.ts';
import { newVisitor, type Visited, type Visitor } from './visitor.ts';
import { API, clientOf, tokenRequest, type Answer, type ClientNumber, type World } from './world.ts';

/** Where the sandbox's clients are called back, each on an origin of its own. */
export const callbacks = {
  1: 'http://localhost:8765/callback',
  2: 'http://localhost:8766/callback',
  3: 'http://localhost:8767/callback',
} as const;

export interface Asked {
  readonly client?: ClientNumber;
  readonly nin?: string;
  readonly scope?: string;
  /** Parameters that differ; an empty one is left out. */
  readonly more?: Readonly<Record<string, string>>;
}

/** The address of an authorization request of a client, with a person who is logged in without a click. */
export function askAddress(asked: Asked = {}): string {
  const client = asked.client ?? 1;
  const parameters = new URLSearchParams({
    client_id: clientOf(client).id,
    response_type: 'code',
    scope: asked.scope ?? 'debt.unsecured.presentation',
    redirect_uri: callbacks[client],
    state: 's1',
    login_hint: `testid:${asked.nin ?? '14842249091'}`,
    ...asked.more,
  });
  for (const [name, value] of Object.entries(asked.more ?? {})) if (value === '') parameters.delete(name);
  return `${API}/oauth2/auth?${parameters}`;
}

/** A browser in front of this world. */
export const visitorOf = (world: Pick<World, 'app'>): Visitor => newVisitor(() => injectedFetch(() => world.app));

const elsewhere = (next: URL): boolean => next.origin !== API;

/** Where a page sends the browser, when that is to a client: the parameters of the address. */
export function sentBack(page: Visited): Readonly<Record<string, string>> {
  if (page.next === undefined || !elsewhere(page.next)) {
    throw new Error(`not sent back: ${page.status} ${page.url.pathname} ${wordsOf(page.text)}`);
  }
  return Object.fromEntries(page.next.searchParams);
}

/** Follows everything but the way to a client. */
export const go = (
  visitor: Visitor,
  address: string | URL,
  form?: Readonly<Record<string, string>>,
): Promise<Visited> =>
  visitor.visit(new URL(address, API), { ...(form === undefined ? {} : { form }), until: elsewhere });

/** Goes through the flow up to the consent screen. */
export async function toConsentScreen(
  world: Pick<World, 'app'>,
  asked: Asked = {},
  visitor: Visitor = visitorOf(world),
): Promise<{ visitor: Visitor; screen: Visited }> {
  const screen = await go(visitor, askAddress(asked));
  if (!/^\/interaction\/[^/]+$/.test(screen.url.pathname) || screen.status !== 200) {
    throw new Error(`no consent screen: ${screen.status} ${screen.url.pathname} ${wordsOf(screen.text)}`);
  }
  return { visitor, screen };
}

/** Answers the consent screen as it is, but for what differs. */
export function answerScreen(
  visitor: Visitor,
  screen: Visited,
  answer: 'yes' | 'no',
  changes: Record<string, string> = {},
): Promise<Visited> {
  const { action, fields } = formOn(screen, /\/answer$/);
  return go(visitor, action, { ...fields, answer, ...changes });
}

/** The fields of the form whose action fits, as the browser would send them without a button. */
export function formOn(page: Visited, action: RegExp): { action: URL; fields: Record<string, string> } {
  for (const [, head = '', body = ''] of page.text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const target = attributeOf(head, 'action') ?? '';
    if (!action.test(target)) continue;
    const fields: Record<string, string> = {};
    for (const [input] of body.matchAll(/<input[^>]*>/g)) {
      const name = attributeOf(input, 'name');
      const chosen = attributeOf(input, 'type') !== 'radio' || /\bchecked\b/.test(input);
      if (name !== undefined && chosen) fields[name] = attributeOf(input, 'value') ?? '';
    }
    return { action: new URL(target, page.url), fields };
  }
  throw new Error(`no form to ${action} on the page: ${wordsOf(page.text)}`);
}

const attributeOf = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&');

/** The words of a page, without its tags. */
export const wordsOf = (page: string): string =>
  page
    .replaceAll(/<head>.*?<\/head>|<[^>]*>/gs, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The whole of it: a person says yes, and the client gets a code. */
export async function codeFor(world: Pick<World, 'app'>, asked: Asked = {}): Promise<string> {
  const { visitor, screen } = await toConsentScreen(world, asked);
  const { code } = sentBack(await answerScreen(visitor, screen, 'yes'));
  if (code === undefined) throw new Error('no code came back');
  return code;
}

/** Exchanges a code, as the client that it was issued to or as told. */
export async function exchange(
  world: Pick<World, 'call'>,
  code: string,
  options: { client?: ClientNumber; more?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const client = options.client ?? 1;
  const form = { grant_type: 'authorization_code', code, redirect_uri: callbacks[client], ...options.more };
  const answer = await world.call(tokenRequest(form, clientOf(client).basic));
  if (answer.status === 200) recordToken(answer.json.access_token);
  return answer;
}

/** A token of the code flow: a person has said yes to this client. */
export async function tokenFromFlow(world: Pick<World, 'app' | 'call'>, asked: Asked = {}): Promise<string> {
  const client = asked.client ?? 1;
  const answer = await exchange(world, await codeFor(world, asked), { client });
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
  return answer.json.access_token;
}

/** Signs in on the portal, as somebody would on the page of the test login. Answers the page that comes then. */
export async function signIn(visitor: Visitor, nin = '14842249091', to = '/'): Promise<Visited> {
  const login = await go(visitor, `/login?to=${encodeURIComponent(to)}`);
  const { action, fields } = formOn(login, /^\/testid\/sign-in\//);
  return go(visitor, action, { ...fields, nin });
}
