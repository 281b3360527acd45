import { formOn, go, signIn, toConsentScreen, visitorOf, askAddress } from '../../support/flow.ts';
import type { Visited, Visitor } from '../../support/visitor.ts';
import { API, newConsent, type World } from '../../support/world.ts';
import type { Draft } from './request.ts';

/** The pages of people, with somebody in front of them: their forms as they stand there, and the cookies that belong to it. */

/** A page as it is to be asked for, or a form as it is to be sent. */
export interface Place {
  readonly name: string;
  /** Somebody on that page. Nothing of it has been used up. */
  arrive(world: World): Promise<Arrival>;
}

export interface Arrival {
  readonly visitor: Visitor;
  readonly method: 'GET' | 'POST';
  readonly address: URL;
  readonly fields: Readonly<Record<string, string>>;
}

const NIN = '14842249091';

interface SignedIn {
  readonly visitor: Visitor;
  readonly consentId: string;
}

/** Somebody who is signed in on the portal, and has a consent. */
async function onPortal(world: World): Promise<SignedIn> {
  const visitor = visitorOf(world);
  await signIn(visitor, NIN);
  return { visitor, consentId: await newConsent(world, { nin: NIN }) };
}

const regulars = new WeakMap<World, Promise<SignedIn>>();

/** One who is signed in all the time, for pages that are only looked at. */
function regularOf(world: World): Promise<SignedIn> {
  const known = regulars.get(world) ?? onPortal(world);
  regulars.set(world, known);
  return known;
}

const sees = (address: string): Place => ({
  name: `GET ${address}`,
  arrive: async (world) => {
    const { visitor, consentId } = await regularOf(world);
    return { visitor, method: 'GET', address: new URL(address.replace(':id', consentId), API), fields: {} };
  },
});

const sends = (
  route: string,
  action: RegExp,
  page: (world: World) => Promise<{ visitor: Visitor; page: Visited }>,
  chosen: Readonly<Record<string, string>> = {},
): Place => ({
  name: `POST ${route}`,
  arrive: async (world) => {
    const { visitor, page: shown } = await page(world);
    const { action: address, fields } = formOn(shown, action);
    return { visitor, method: 'POST', address, fields: { ...fields, ...chosen } };
  },
});

const portalPage = (address: string) => async (world: World) => {
  const { visitor, consentId } = await onPortal(world);
  return { visitor, page: await go(visitor, address.replace(':id', consentId)) };
};
const screen = async (world: World) => {
  const { visitor, screen: page } = await toConsentScreen(world, { nin: NIN });
  return { visitor, page };
};
const consolePage = (address: string) => async (world: World) => {
  await newConsent(world, { nin: NIN });
  const visitor = visitorOf(world);
  return { visitor, page: await go(visitor, address) };
};
const testId = async (world: World) => {
  const visitor = visitorOf(world);
  return { visitor, page: await go(visitor, '/login?to=/consents') };
};

/** A form that is on a page of the console only at times, with the proof of one that always is. */
const ofConsole = (route: string, fields: Readonly<Record<string, string>>): Place => ({
  name: `POST ${route}`,
  arrive: async (world) => {
    const { visitor, page } = await consolePage('/sandbox/creditors')(world);
    const { csrf = '' } = formOn(page, /\/behaviour$/).fields;
    return { visitor, method: 'POST', address: new URL(route, API), fields: { csrf, ...fields } };
  },
});

/** What is sent by programs to addresses that no document tells of. */
const bare = (route: string, fields: Record<string, string>, address = route): Place => ({
  name: `POST ${route}`,
  arrive: async (world) => ({ visitor: visitorOf(world), method: 'POST', address: new URL(address, API), fields }),
});

/** Forms, each by the route that it is sent to. A route that has none here fails the test that counts them. */
export const forms: readonly Place[] = [
  sends('/consents/:id/withdraw', /\/withdraw$/, portalPage('/consents/:id/withdraw')),
  sends('/logout', /^\/logout$/, portalPage('/help')),
  sends('/interaction/:uid/answer', /\/answer$/, screen, { answer: 'yes' }),
  sends('/interaction/:uid/logout', /^\/interaction\/.*\/logout$/, screen),
  sends('/testid/sign-in/:uid', /^\/testid\/sign-in\//, testId, { nin: NIN }),
  sends('/sandbox/console/clock', /\/console\/clock$/, consolePage('/sandbox')),
  sends('/sandbox/console/creditors/:id/behaviour', /\/behaviour$/, consolePage('/sandbox/creditors'), {
    behaviour: 'normal',
  }),
  sends('/sandbox/console/consents/:id/revoke', /\/revoke$/, consolePage('/sandbox/consents')),
  ofConsole('/sandbox/console/push', { creditor: '310472654', person: '0', kroner: '1' }),
  // With its proof it would start a process each time.
  bare('/sandbox/console/creditors/:id/collect', { csrf: 'x' }, '/sandbox/console/creditors/310472654/collect'),
  ofConsole('/sandbox/console/creditors/normal', {}),
  bare('/sandbox/clock', { advanceSeconds: '1' }),
  bare('/sandbox/creditors/:id', { behaviour: 'normal' }, '/sandbox/creditors/310472654'),
  bare('/testid/token', { grant_type: 'authorization_code', code: 'x' }),
  bare('/testid/request', { client_id: 'x', response_type: 'code' }),
  bare('/userinfo', { access_token: 'x' }),
];

/** Pages that need somebody in front of them, or something that there is; all others are asked for by nobody in particular. */
export const pages: readonly Place[] = [
  ...[
    '/',
    '/consents',
    '/consents/:id',
    '/consents/:id/receipt.json',
    '/consents/:id/withdraw',
    '/accesses',
    '/accesses.csv',
  ].map(sees),
  ...['/my-data.json', '/login', '/signed-out', '/login/callback', '/sandbox/callback'].map(sees),
  {
    name: 'GET /interaction/:uid',
    arrive: async (world) => {
      const { visitor, screen: page } = await toConsentScreen(world, { nin: NIN });
      return { visitor, method: 'GET', address: page.url, fields: {} };
    },
  },
  {
    name: 'GET /interaction/:uid/done',
    arrive: async (world) => {
      const { visitor, screen: page } = await toConsentScreen(world, { nin: NIN });
      return { visitor, method: 'GET', address: new URL(`${page.url.pathname}/done`, API), fields: {} };
    },
  },
  {
    name: 'GET /oauth2/auth/:uid',
    arrive: async (world) => {
      const visitor = visitorOf(world);
      const begun = await visitor.request(askAddress({ nin: NIN }));
      const uid = begun.next?.pathname.split('/').at(-1) ?? '';
      return { visitor, method: 'GET', address: new URL(`/oauth2/auth/${uid}`, API), fields: {} };
    },
  },
  {
    name: 'GET /testid/sign-in/:uid',
    arrive: async (world) => {
      const { visitor, page } = await testId(world);
      return { visitor, method: 'GET', address: page.url, fields: {} };
    },
  },
];

/** Somebody who asks for any other address, with the cookies of a signed-in visitor. */
export const placeAt = (route: string): Place =>
  sees(route.replace('/:name', '/invalid_request').replaceAll(/:\w+/g, 'x'));

/** The request that a browser would send there. */
export function draftAt({ visitor, method, address, fields }: Arrival): Draft {
  const sent = visitor.cookies
    .filter(
      ({ host, path }) =>
        host === address.host && (address.pathname === path || address.pathname.startsWith(path.replace(/\/?$/, '/'))),
    )
    .map(({ name, value }) => `${name}=${encodeURIComponent(value)}`)
    .join('; ');
  const [, , ...parts] = address.pathname.split('/');
  // What could be an id is taken for one, so that it is changed too.
  const inPath = new Map<string, string>();
  const path = parts.reduce(
    (made, part) => {
      if (!/\d/.test(part) && part.length < 20) return `${made}/${part}`;
      inPath.set(`p${inPath.size}`, part);
      return `${made}/{p${inPath.size - 1}}`;
    },
    `/${address.pathname.split('/')[1] ?? ''}`,
  );
  return {
    method,
    path,
    inPath,
    query: [...address.searchParams].map(([name, value]) => [name, encodeURIComponent(value)]),
    headers: [['Accept', 'text/html'], ...(sent === '' ? [] : [['Cookie', sent] as [string, string]])],
    contentType: method === 'POST' ? 'application/x-www-form-urlencoded' : undefined,
    body:
      method === 'POST'
        ? { kind: 'form', fields: Object.entries(fields).map(([name, value]) => [name, value]) }
        : undefined,
    bytes: [],
  };
}

/** Names that pages and forms know, or that others' pages would. */
const names =
  'lang to login login_hint before by year withdrawn refused changed returned clock set collected pushed revoked refresh code state error ' +
  'error_description iss sid client_id redirect_uri scope response_type id_token_hint post_logout_redirect_uri ui_locales request request_uri ' +
  'response_mode nonce';

export const pageParameters = names.split(' ').map((name) => ({
  name,
  in: 'query' as const,
  required: false,
  schema: {},
  example: undefined,
}));

/** The routes of an app, as `GET /consents/:id`. */
export function routesOf(world: Pick<World, 'app'>): readonly string[] {
  const routes: string[] = [];
  const above: string[] = [];
  for (const line of world.app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    if (part === '') continue;
    const depth = indent.length / 4;
    above.length = depth;
    const path = `${above.at(-1) ?? ''}${part}`.replace('//', '/');
    above.push(path);
    if (methods !== '') routes.push(...methods.split(', ').map((method) => `${method} ${path}`));
  }
  return routes;
}
