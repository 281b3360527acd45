import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { openLoginHouse, type LoginHouse } from '../../test/support/login-house.ts';
import { startLoginProvider, type TestProvider } from '../../test/support/login-provider.ts';
import type { Visitor } from '../../test/support/visitor.ts';
import { loginKeys, publicPart, readKeysFile } from '../platform/keys.ts';
import { sweepSignIn } from './session-store.ts';

const ORIGIN = 'http://localhost:4000';
const REQUEST = '0199aabb-ccdd-7eee-8fff-000000000001';
const MINUTE = 60_000;
const keys = readKeysFile(process.env['SAMTYKKE_TEST_KEYS'] ?? '');

let database: TestDatabase;
let provider: TestProvider;
let house: LoginHouse;
before(async () => {
  database = await createDatabase();
  const callbacks = [ORIGIN, 'https://access.example', 'https://min.example'].map((face) => `${face}/login/callback`);
  provider = await startLoginProvider({ callbacks, jwks: loginKeys(keys).map(publicPart) });
  house = await openLoginHouse(database, { LOGIN_ISSUER: provider.issuer, LOGIN_CLIENT_ID: 'our-id-there' });
});
after(async () => {
  await house.close();
  await provider.close();
  await database.drop();
});

async function count(table: string): Promise<number> {
  let found = 0;
  await withClient(database.superuserUrl, async (client) => {
    const [row] = (await client.query(`select count(*)::int as found from ${table}`)).rows as { found: number }[];
    found = row?.found ?? 0;
  });
  return found;
}

async function loggedIn(usedFor?: string): Promise<Visitor> {
  const visitor = house.newVisitor();
  await house.logIn(visitor, usedFor === undefined ? {} : { usedFor });
  return visitor;
}

const cookieIn = (visitor: Visitor, name: string) => visitor.cookies.find((cookie) => cookie.name === name);

test('A9: a session ends at the very instant at which it has not been used for 30 minutes', async () => {
  const [visitor, other] = [await loggedIn(), await loggedIn()];
  const begun = house.clock.now.getTime();
  house.clock.now = new Date(begun + 30 * MINUTE - 1);
  assert.ok((await house.whoIs(visitor)) !== null);
  house.clock.now = new Date(begun + 30 * MINUTE);
  assert.equal(await house.whoIs(other), null);
  assert.ok((await house.whoIs(visitor)) !== null, 'used a moment ago');
});

test('A9: a session that is used all the time ends at the very instant at which it is two hours old', async () => {
  const visitor = await loggedIn();
  const begun = house.clock.now.getTime();
  for (let minutes = 20; minutes < 120; minutes += 20) {
    house.clock.now = new Date(begun + minutes * MINUTE);
    assert.ok((await house.whoIs(visitor)) !== null, `${minutes} minutes`);
  }
  house.clock.now = new Date(begun + 120 * MINUTE - 1);
  assert.ok((await house.whoIs(visitor)) !== null);
  house.clock.now = new Date(begun + 120 * MINUTE);
  assert.equal(await house.whoIs(visitor), null);
});

test('A9: use is written down at most once a minute', async () => {
  const visitor = await loggedIn();
  const begun = house.clock.now.getTime();
  const seen = async () => {
    let at = 0;
    await withClient(database.superuserUrl, async (client) => {
      const [row] = (await client.query('select max(last_seen_at) as at from session')).rows as { at: Date }[];
      at = (row?.at.getTime() ?? 0) - begun;
    });
    return at;
  };
  for (const [after, written] of [
    [MINUTE - 1, 0],
    [MINUTE, MINUTE],
    [MINUTE + 1, MINUTE],
    [2 * MINUTE + 30_000, 2 * MINUTE + 30_000],
  ] as const) {
    house.clock.now = new Date(begun + after);
    await house.whoIs(visitor);
    assert.equal(await seen(), written);
  }
});

test('A9: a new login makes a new secret and ends the session that this browser had, for that use only', async () => {
  const visitor = await loggedIn();
  await house.logIn(visitor, { usedFor: REQUEST });
  const former = cookieIn(visitor, 'samtykke');
  const before = await count('session');
  await house.logIn(visitor);
  assert.notEqual(cookieIn(visitor, 'samtykke')?.value, former?.value);
  assert.equal(await count('session'), before);
  const thief = await house.app.inject({ url: '/who', cookies: { samtykke: former?.value ?? '' } });
  assert.equal(thief.json<{ who: unknown }>().who, null);
  assert.ok((await house.whoIs(visitor)) !== null && (await house.whoIs(visitor, REQUEST)) !== null);
});

test('A9: a secret that somebody planted before the login is not the one after it', async () => {
  const visitor = house.newVisitor();
  const planted = 'x'.repeat(43);
  const begun = await house.begin(visitor);
  const page = await visitor.visit(begun.next ?? '', { until: (next) => next.pathname === '/login/callback' });
  const login = cookieIn(visitor, 'samtykke-login')?.value ?? '';
  const answer = await house.app.inject({
    url: `${page.next?.pathname}${page.next?.search}`,
    cookies: { 'samtykke-login': login, samtykke: planted },
  });
  assert.equal(answer.statusCode, 303);
  assert.notEqual(answer.cookies.find(({ name }) => name === 'samtykke')?.value, planted);
  const who = await house.app.inject({ url: '/who', cookies: { samtykke: planted } });
  assert.equal(who.json<{ who: unknown }>().who, null);
});

test('A9: a session is good for its own use only, whatever cookie its secret is put into', async () => {
  const visitor = await loggedIn(REQUEST);
  const { value = '' } = cookieIn(visitor, 'samtykke-000000000001') ?? {};
  const who = async (cookies: Record<string, string>, used: string) =>
    (await house.app.inject({ url: `/who?used=${used}`, cookies })).json<{ who: unknown }>().who;
  assert.ok((await who({ 'samtykke-000000000001': value }, REQUEST)) !== null);
  assert.equal(await who({ samtykke: value }, 'portal'), null);
  // Another request whose id ends alike, and so has a cookie of the same name.
  assert.equal(await who({ 'samtykke-000000000001': value }, '0199aabb-ccde-7000-8000-000000000001'), null);
  for (const wrong of ['', 'x', `${value}x`, value.slice(1), `${value.slice(0, -1)} `, '%00', "' or true --"])
    assert.equal(await who({ 'samtykke-000000000001': wrong }, REQUEST), null, wrong);
});

test('E2: a form is taken with the proof of its own session, and with no other', async () => {
  const [visitor, other] = [await loggedIn(), await loggedIn()];
  const proof = (await house.whoIs(visitor))?.csrf ?? '';
  const send = async (csrf: string) => (await visitor.request(`${ORIGIN}/form?csrf=${csrf}`)).status;
  assert.equal(await send(proof), 200);
  const others = (await house.whoIs(other))?.csrf ?? '';
  for (const wrong of ['', others, proof.slice(1), `${proof}x`, cookieIn(visitor, 'samtykke')?.value ?? ''])
    assert.equal(await send(wrong), 403, wrong);
  await house.logIn(visitor);
  assert.equal(await send(proof), 403, 'of the session before');
});

test('A9: signing out ends the session here and leads to the provider, which leads back', async () => {
  const visitor = await loggedIn();
  const { value: former = '' } = cookieIn(visitor, 'samtykke') ?? {};
  const before = await count('session');
  const { address, after } = JSON.parse((await visitor.request(`${ORIGIN}/end`)).text) as Record<string, string>;
  assert.equal(after, null, 'at once, in the same request');
  assert.equal(await count('session'), before - 1);
  assert.equal(cookieIn(visitor, 'samtykke'), undefined);
  const thief = await house.app.inject({ url: '/who', cookies: { samtykke: former } });
  assert.equal(thief.json<{ who: unknown }>().who, null);
  const there = new URL(address ?? '');
  assert.equal(there.origin, provider.issuer);
  assert.equal(there.pathname, '/session/end');
  assert.equal(there.searchParams.get('post_logout_redirect_uri'), `${ORIGIN}/signed-out`);
  assert.equal(there.searchParams.get('client_id'), 'our-id-there');
  const [, payload = ''] = (there.searchParams.get('id_token_hint') ?? '').split('.');
  assert.equal((JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud: string }).aud, 'our-id-there');
  assert.equal((await visitor.request(there)).status, 200, 'taken there');
  const again = JSON.parse((await visitor.request(`${ORIGIN}/end`)).text) as Record<string, unknown>;
  assert.equal(again['address'], null);
});

test('A9: signing out at the provider ends all sessions of that login, without a cookie; what is malformed ends nothing', async () => {
  const browsers = [await loggedIn(), await loggedIn(REQUEST), await loggedIn()];
  const before = await count('session');
  const stranger = house.newVisitor();
  const tell = (query: string) => stranger.request(`${ORIGIN}/login/frontchannel-logout${query}`);
  const iss = encodeURIComponent(provider.issuer);
  for (const query of [
    '',
    `?iss=${iss}`,
    '?sid=session-there',
    `?iss=${iss}&sid=`,
    `?iss=${iss}&sid=a&sid=b`,
    `?iss=${iss}&sid=${'x'.repeat(501)}`,
  ])
    assert.equal((await tell(query)).status, 400, query);
  for (const query of ['?iss=https%3A%2F%2Fevil.example&sid=session-there', `?iss=${iss}&sid=another`])
    assert.equal((await tell(query)).status, 200);
  assert.equal(await count('session'), before);
  const told = await tell(`?iss=${iss}&sid=session-there`);
  assert.equal(told.status, 200);
  assert.ok(told.text.length < 50);
  for (const browser of browsers) assert.equal(await house.whoIs(browser), null);
});

test('A9: under https, cookies are bound to the host and leave over https only', async () => {
  const env = { LOGIN_ISSUER: provider.issuer, LOGIN_CLIENT_ID: 'our-id-there' };
  const urls = { ACCESS_URL: 'https://access.example', PORTAL_URL: 'https://min.example' };
  const secure = await openLoginHouse(database, { ...env, ...urls });
  const visitor = secure.newVisitor();
  await secure.logIn(visitor);
  await secure.logIn(visitor, { usedFor: REQUEST });
  const set = visitor.cookies
    .filter(({ host }) => host.endsWith('.example'))
    .map(({ host, name, line }) => [host, name, line.replace(/^[^;]+/, '')]);
  const flags = 'Path=/; HttpOnly; Secure; SameSite=Lax';
  assert.deepEqual(set, [
    ['min.example', '__Host-samtykke-login', `; Max-Age=1800; ${flags}`],
    ['min.example', '__Host-samtykke', `; ${flags}`],
    ['access.example', '__Host-samtykke-login', `; Max-Age=1800; ${flags}`],
    ['access.example', '__Host-samtykke-000000000001', `; Max-Age=7200; ${flags}`],
  ]);
  assert.ok((await secure.whoIs(visitor)) !== null && (await secure.whoIs(visitor, REQUEST)) !== null);
  await secure.close();
});

test('A9: what has ended is swept, and nothing else', async () => {
  await withClient(database.superuserUrl, (client) => client.query('truncate session, login_attempt'));
  const idle = await loggedIn();
  await house.begin(idle);
  const begun = house.clock.now.getTime();
  house.clock.now = new Date(begun + 1);
  const busy = await loggedIn();
  await house.begin(busy);
  house.clock.now = new Date(begun + 30 * MINUTE);
  await sweepSignIn(house.platform);
  assert.deepEqual([await count('session'), await count('login_attempt')], [1, 1]);
  assert.ok((await house.whoIs(busy)) !== null);
  house.clock.now = new Date(begun + 1 + 120 * MINUTE);
  await sweepSignIn(house.platform);
  assert.deepEqual([await count('session'), await count('login_attempt')], [0, 0]);
});
