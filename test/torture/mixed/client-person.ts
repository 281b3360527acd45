import { newVisitor, type Visited, type Visitor } from '../../support/visitor.ts';
import type { Calls, Organisation, Surface } from './client-calls.ts';
import { jsonOf, type Door } from './client-door.ts';
import type { Call, Told } from './history.ts';

/** Persons with their browsers: they say yes on the consent screen, and withdraw on the portal. */
export interface Persons {
  /** Says yes to this organisation, which then fetches its token. Undefined: it did not come to a question. */
  give(organisation: Organisation, calls: Calls, asked: { nin: string; days?: number }): Promise<Call | undefined>;
  /** Withdraws on the portal. Undefined: there was nothing to withdraw, or no way to get there now. */
  withdraw(asked: { nin: string; consent: string; organisation: string }): Promise<Call | undefined>;
}

export function personsAt(door: Door, { publicUrl }: Surface): Persons {
  const signedIn = new Map<string, Visitor>();
  const elsewhere = (next: URL): boolean => next.origin !== publicUrl;
  const visitor = (): Visitor => newVisitor(() => fetchBy(door));

  const signIn = async (nin: string): Promise<Visitor> => {
    const known = signedIn.get(nin);
    if (known !== undefined) return known;
    const browser = visitor();
    const login = await browser.visit(`${publicUrl}/login?to=${encodeURIComponent('/consents')}`);
    const form = formOn(login, /^\/testid\/sign-in\//);
    if (form === undefined) throw new Error('no login');
    const page = await browser.visit(form.action, { form: { ...form.fields, nin } });
    if (page.url.pathname !== '/consents') throw new Error('the login did not lead to the consents');
    signedIn.set(nin, browser);
    return browser;
  };

  const give: Persons['give'] = async (organisation, calls, { nin, days }) => {
    const browser = visitor();
    const scope = `debt.unsecured.presentation${days === undefined ? '' : `.${days}`} openid`;
    const address = authorizationAddress(publicUrl, organisation, { scope, nin });
    const screen = await orNothing(browser.visit(address, { until: elsewhere }));
    const form = screen === undefined ? undefined : formOn(screen, /\/answer$/);
    if (form === undefined) return undefined;
    const what = {
      op: 'give' as const,
      organisation: organisation.id,
      asked: { singleUse: days === undefined, data: scope },
    };
    return door.record(what, async (trace) => {
      const back = await browser.visit(form.action, { form: { ...form.fields, answer: 'yes' }, until: elsewhere });
      const code = back.next?.searchParams.get('code') ?? undefined;
      // The person is left on a page of ours: whether the answer counted is not known here.
      if (code === undefined) return { status: null, told: {} };
      const { status, json } = await calls.exchange(code, trace);
      const consent = status === 200 ? consentIn(json.id_token) : undefined;
      return consent === undefined ? { status: null, told: {} } : { status: 200, told: { consent } };
    });
  };

  const withdraw: Persons['withdraw'] = async ({ nin, consent, organisation }) => {
    const browser = await orNothing(signIn(nin));
    const page = await orNothing(
      browser?.request(`${publicUrl}/consents/${consent}/withdraw`) ?? Promise.reject(new Error('not signed in')),
    );
    const form = page === undefined ? undefined : formOn(page, /\/withdraw$/);
    // A session that has ended, or an error: next time with a new login.
    if (page === undefined || (form === undefined && page.status !== 303)) signedIn.delete(nin);
    if (form === undefined || browser === undefined) return undefined;
    return door.record({ op: 'withdraw', organisation, asked: { consent } }, async () => {
      const answer = await browser.request(form.action, form.fields);
      const told: Told =
        answer.status === 303 || answer.status === 503 ? {} : { error: `a page with status ${answer.status}` };
      return { status: answer.status, told };
    });
  };
  return { give, withdraw };
}

function authorizationAddress(
  publicUrl: string,
  organisation: Organisation,
  asked: { scope: string; nin: string },
): string {
  const parameters = new URLSearchParams({
    client_id: organisation.id,
    response_type: 'code',
    scope: asked.scope,
    redirect_uri: organisation.redirect,
    state: 'torture',
    login_hint: `testid:${asked.nin}`,
  });
  return `${publicUrl}/oauth2/auth?${parameters}`;
}

/** The consent that an ID token names: its client knows what it was given. */
function consentIn(idToken: unknown): string | undefined {
  const claims = jsonOf(Buffer.from(String(idToken).split('.')[1] ?? '', 'base64url').toString()) as
    { consent_id?: string } | undefined;
  return claims?.consent_id;
}

const orNothing = <Result>(work: Promise<Result>): Promise<Result | undefined> => work.catch(() => undefined);

interface Form {
  readonly action: URL;
  readonly fields: Readonly<Record<string, string>>;
}

/** The form on a page whose action fits, as a browser sends it without a button; undefined when there is none. */
function formOn(page: Visited, action: RegExp): Form | undefined {
  const attribute = (tag: string, name: string): string | undefined =>
    new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&');
  for (const [, head = '', body = ''] of page.text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const target = attribute(head, 'action') ?? '';
    if (!action.test(target)) continue;
    const inputs = [...body.matchAll(/<input[^>]*>/g)].map(([input]) => input);
    const sent = inputs.filter((input) => attribute(input, 'type') !== 'radio' || /\bchecked\b/.test(input));
    const fields = sent.map((input) => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? ''] as const);
    return { action: new URL(target, page.url), fields: Object.fromEntries(fields) };
  }
  return undefined;
}

/** Requests of a browser, each at any node; and each in the history. */
const fetchBy = (door: Door): typeof fetch =>
  (async (address: URL, init: RequestInit) => {
    const headers = new Headers();
    let [status, text] = [0, ''];
    const form = init.body instanceof URLSearchParams ? init.body.toString() : undefined;
    const sent = {
      method: form === undefined ? ('GET' as const) : ('POST' as const),
      path: `${address.pathname}${address.search}`,
      headers: {
        ...(init.headers as Record<string, string>),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form,
      patience: 15_000,
    };
    const call = await door.send(
      { op: 'page', organisation: '', asked: { data: `${sent.method} ${address.pathname.split('/', 3).join('/')}` } },
      sent,
      (heard) => {
        ({ status, text } = heard);
        for (const [name, value] of Object.entries(heard.headers))
          for (const one of [value].flat()) headers.append(name, String(one));
        return {};
      },
    );
    if (call.status === null || call.status === 503) throw new Error('no page');
    return { status, headers, text: async () => text } as Response;
  }) as typeof fetch;
