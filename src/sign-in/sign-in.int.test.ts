import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withControlDigits } from '../../sandbox/synthetic-nin.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { openLoginHouse, type LoginHouse } from '../../test/support/login-house.ts';
import {
  TEST_SECRET,
  startLoginProvider,
  type Deviations,
  type TestProvider,
} from '../../test/support/login-provider.ts';
import { loginKeys, publicPart, readKeysFile } from '../platform/keys.ts';

const ORIGIN = 'http://localhost:4000';
const CALLBACK = `${ORIGIN}/login/callback`;
const REQUEST = '0199aabb-ccdd-7eee-8fff-000000000001';
const keys = readKeysFile(process.env['SAMTYKKE_TEST_KEYS'] ?? '');

let database: TestDatabase;
let provider: TestProvider;
let house: LoginHouse;
before(async () => {
  database = await createDatabase();
  provider = await startLoginProvider({ callbacks: [CALLBACK], jwks: loginKeys(keys).map(publicPart) });
  house = await openLoginHouse(database, { LOGIN_ISSUER: provider.issuer, LOGIN_CLIENT_ID: 'our-id-there' });
});
function asItShould(): void {
  for (const name of Object.keys(provider.deviations)) delete provider.deviations[name as keyof Deviations];
}
afterEach(() => {
  asItShould();
  Object.assign(provider.login, { nin: '14842249091', acr: 'idporten-loa-high' });
});
after(async () => {
  await house.close();
  await provider.close();
  await database.drop();
});

async function rows(table: string): Promise<unknown[]> {
  const found: unknown[] = [];
  await withClient(database.superuserUrl, async (client) => {
    found.push(...(await client.query(`select * from ${table}`)).rows);
  });
  return found;
}

/** What the log says of logins that failed; it is written a little later than they fail. */
function failures(): string[] {
  house.platform.log.flush();
  const lines = readFileSync(house.platform.config.logFile, 'utf8').split('\n');
  return lines.filter((line) => line.includes('"login failed"'));
}

/** Logs in with these deviations, and expects to come back with nobody logged in, for a reason that the log tells. */
async function refused(deviations: Deviations, why: RegExp): Promise<void> {
  Object.assign(provider.deviations, deviations);
  const visitor = house.newVisitor();
  const before = failures().length;
  const page = await house.logIn(visitor);
  assert.equal(page.url.href, `${ORIGIN}/home?login=failed`, String(why));
  assert.equal(await house.whoIs(visitor), null, String(why));
  for (let tries = 0; failures().length === before && tries < 100; tries++) await sleep(20);
  assert.match(failures().at(-1) ?? '', why);
  asItShould();
}

/** Goes as far as where the browser would come back to us, and answers with that address. */
async function untilCallback(visitor: ReturnType<LoginHouse['newVisitor']>, usedFor?: string): Promise<URL> {
  const begun = await house.begin(visitor, usedFor === undefined ? {} : { usedFor });
  const page = await visitor.visit(begun.next ?? '', { until: (next) => next.pathname === '/login/callback' });
  assert.ok(page.next !== undefined);
  return page.next;
}

test('A9: a login asks for level, language, state, nonce and PKCE in a pushed request, and ends where it began', async () => {
  const visitor = house.newVisitor();
  const begun = await house.begin(visitor, { to: '/home?page=2', lang: 'nn' });
  assert.equal(begun.status, 303, begun.text);
  assert.deepEqual([...(begun.next?.searchParams.keys() ?? [])], ['request_uri', 'client_id']);
  const page = await visitor.visit(begun.next ?? '');
  assert.equal(page.url.href, `${ORIGIN}/home?page=2`);
  const { state, nonce, code_challenge: challenge, ...rest } = provider.asked;
  assert.deepEqual(rest, {
    client_id: 'our-id-there',
    redirect_uri: CALLBACK,
    response_type: 'code',
    scope: 'openid profile',
    acr_values: 'idporten-loa-substantial',
    ui_locales: 'nn',
    code_challenge_method: 'S256',
  });
  assert.equal(new Set([state, nonce, challenge]).size, 3);
  for (const secret of [state, nonce, challenge]) assert.match(String(secret), /^[\w-]{43}$/);
  const who = await house.whoIs(visitor);
  assert.deepEqual(
    [who?.digits, who?.name, who?.born, who?.level],
    ['148422 49091', null, '14.04.22', 'idporten-loa-high'],
  );
});

test('A9: where somebody has to log in now, the login provider is asked not to go by an earlier login', async () => {
  const visitor = house.newVisitor();
  await visitor.visit((await house.begin(visitor)).next ?? '');
  assert.equal(provider.asked['prompt'], undefined);
  await visitor.visit((await house.begin(visitor, { anew: 'yes' })).next ?? '');
  assert.equal(provider.asked['prompt'], 'login');
});

test('A9: with a secret instead of a key, and without pushed requests, a login goes as well', async () => {
  const other = await startLoginProvider({ callbacks: [CALLBACK], par: false });
  const env = { LOGIN_ISSUER: other.issuer, LOGIN_CLIENT_ID: 'our-id-there', LOGIN_CLIENT_SECRET: TEST_SECRET };
  const there = await openLoginHouse(database, { ...env, LOGIN_PRESET: 'generic', LOGIN_SCOPE: 'openid' });
  try {
    const visitor = there.newVisitor();
    const page = await there.logIn(visitor, { hint: 'somebody' });
    assert.equal(page.url.pathname, '/home', page.text);
    assert.equal((await there.whoIs(visitor))?.digits, '148422 49091');
    assert.equal(other.asked['acr_values'], undefined);
    assert.equal(other.asked['scope'], 'openid');
    assert.equal(other.asked['login_hint'], 'somebody', 'in a sandbox it is passed on');
    const wrong = await openLoginHouse(database, { ...env, LOGIN_CLIENT_SECRET: 'not-it' });
    assert.equal((await wrong.logIn(wrong.newVisitor())).url.search, '?login=failed');
    await wrong.close();
  } finally {
    await there.close();
    await other.close();
  }
});

test('A9: a level that is too low, or none, is nobody logged in; the other good one is', async () => {
  provider.login.acr = 'idporten-loa-low';
  await refused({}, /level_too_low/);
  provider.login.acr = 'idporten-loa-high';
  await refused({ claims: ({ acr: _acr, ...claims }) => claims }, /level_too_low/);
  provider.login.acr = 'idporten-loa-substantial';
  const visitor = house.newVisitor();
  await house.logIn(visitor);
  assert.equal((await house.whoIs(visitor))?.level, 'idporten-loa-substantial');
});

test('A9, G6: no number, a wrong one, or a real person’s in a sandbox is nobody logged in', async () => {
  await refused({ claims: ({ pid: _pid, ...claims }) => claims }, /number_missing/);
  await refused({ claims: (claims) => ({ ...claims, pid: '14842249090' }) }, /number_refused/);
  await refused({ claims: (claims) => ({ ...claims, pid: realNumber() }) }, /number_refused/);
});

test('A9: what is not proved to come from the provider for this very login is nobody logged in', async () => {
  await refused({ claims: (claims) => ({ ...claims, nonce: 'another' }) }, /ID Token .{2}nonce.{2} claim value/);
  await refused({ claims: ({ nonce: _nonce, ...claims }) => claims }, /claim missing/);
  await refused({ claims: (claims) => ({ ...claims, iss: 'https://evil.example' }) }, /JWT .{2}iss/);
  await refused({ claims: (claims) => ({ ...claims, aud: 'somebody-else' }) }, /JWT .{2}aud/);
  await refused({ claims: (claims) => ({ ...claims, exp: 1_000_000_000 }) }, /JWT .{2}exp/);
  await refused({ foreignKey: true }, /signature/);
  await refused(
    { callback: (parameters) => parameters.set('iss', 'https://evil.example') },
    /response parameter value/,
  );
  await refused({ callback: (parameters) => parameters.delete('iss') }, /iss.{2} \(issuer\) missing/);
  await refused({ callback: (parameters) => parameters.set('code', 'another') }, /invalid_grant/);
  await refused({ callback: (parameters) => parameters.append('state', 'another') }, /only once/);
  await refused({ callback: (parameters) => parameters.delete('code') }, /no authorization code/);
  await refused({ tokenStatus: 500 }, /status code/);
});

test('A9: whoever cancels at the provider comes back with that; another error is a login that failed', async () => {
  provider.deviations.cancel = true;
  const page = await house.logIn(house.newVisitor());
  assert.equal(page.url.href, `${ORIGIN}/home?login=cancelled`);
  const forged = (parameters: URLSearchParams) => {
    parameters.set('error', 'temporarily_unavailable');
    parameters.delete('error_description');
  };
  await refused({ callback: forged }, /refused_by_provider.*temporarily_unavailable/);
  // Not even a cancellation is believed of somebody else.
  provider.deviations.cancel = true;
  await refused(
    { callback: (parameters) => parameters.set('iss', 'https://evil.example') },
    /response parameter value/,
  );
});

test('A9: a call-back is good once, in the browser in which the login began, and for half an hour', async () => {
  const visitor = house.newVisitor();
  const callback = await untilCallback(visitor);
  const stranger = house.newVisitor();
  assert.equal((await stranger.request(callback)).status, 403, 'a browser that began nothing');
  assert.equal((await visitor.request(callback)).status, 403, 'taken by the attempt');

  const again = await untilCallback(visitor);
  assert.equal((await visitor.request(again)).status, 303);
  assert.ok((await house.whoIs(visitor)) !== null);
  assert.equal((await visitor.request(again)).status, 403, 'replayed');

  // Somebody else's login, begun in another browser that has a login cookie of its own.
  await house.begin(stranger);
  const planted = await untilCallback(visitor);
  assert.equal((await stranger.request(planted)).status, 403);
  assert.equal(await house.whoIs(stranger), null);

  for (const [ms, status] of [
    [30 * 60_000 - 1, 303],
    [30 * 60_000, 403],
  ] as const) {
    const slow = house.newVisitor();
    const late = await untilCallback(slow);
    const begun = house.clock.now;
    house.clock.now = new Date(begun.getTime() + ms);
    assert.equal((await slow.request(late)).status, status, String(ms));
    house.clock.now = begun;
  }
  for (const address of [
    CALLBACK,
    `${CALLBACK}?state=`,
    `${CALLBACK}?state=unknown&code=x`,
    `${CALLBACK}?error=access_denied`,
  ])
    assert.equal((await visitor.request(address)).status, 403, address);
});

test('A9: logins in windows beside each other do not disturb each other', async () => {
  const visitor = house.newVisitor();
  const first = await untilCallback(visitor);
  const second = await untilCallback(visitor, REQUEST);
  provider.login.nin = '29868099311';
  const third = await untilCallback(visitor, '0199aabb-ccde-7eee-8fff-000000000002');
  for (const callback of [second, first, third]) assert.equal((await visitor.request(callback)).status, 303);
  assert.equal((await house.whoIs(visitor))?.digits, '148422 49091');
  assert.equal((await house.whoIs(visitor, REQUEST))?.digits, '148422 49091');
  assert.equal((await house.whoIs(visitor, '0199aabb-ccde-7eee-8fff-000000000002'))?.digits, '298680 99311');
  assert.equal(visitor.cookies.filter(({ name }) => name === 'samtykke-login').length, 1);
});

test('A9: a provider that is away is a clear 503, and back as soon as it is; what it told of itself is kept meanwhile', async () => {
  const env = { LOGIN_ISSUER: provider.issuer, LOGIN_CLIENT_ID: 'our-id-there' };
  const later = await openLoginHouse(database, env);
  provider.deviations.away = true;
  const away = await later.begin(later.newVisitor());
  assert.equal(away.status, 503);
  assert.match(away.text, /"code":"unavailable".*The login cannot be reached right now/);
  provider.deviations.away = false;
  assert.equal((await later.logIn(later.newVisitor())).url.pathname, '/home');
  const asked = () => provider.seen.filter((path) => path.includes('openid-configuration')).length;
  const before = asked();
  await later.logIn(later.newVisitor());
  assert.equal(asked(), before, 'asked about itself once');

  // It goes away while somebody is there.
  const visitor = later.newVisitor();
  const begun = await later.begin(visitor);
  const page = await visitor.visit(begun.next ?? '', { until: (next) => next.pathname === '/login/callback' });
  provider.deviations.away = true;
  assert.equal((await visitor.visit(page.next ?? '')).url.href, `${ORIGIN}/home?login=failed`);
  await later.close();
});

test('A9: what the provider tells of itself is asked for again after an hour, and kept while it cannot be asked', async () => {
  const other = await startLoginProvider({ callbacks: [CALLBACK], jwks: loginKeys(keys).map(publicPart), par: false });
  const later = await openLoginHouse(database, { LOGIN_ISSUER: other.issuer, LOGIN_CLIENT_ID: 'our-id-there' });
  const asked = () => other.seen.filter((path) => path.includes('openid-configuration')).length;
  const begin = async () => (await later.begin(later.newVisitor())).status;
  assert.deepEqual([await begin(), await begin(), asked()], [303, 303, 1]);
  later.clock.aheadMs = 3_600_000;
  assert.deepEqual([await begin(), asked()], [303, 2]);
  later.clock.aheadMs += 3_600_000;
  other.deviations.away = true;
  const away = asked();
  assert.equal(await begin(), 303, 'what it told before');
  assert.ok(asked() > away);
  other.deviations.away = false;
  const back = asked();
  assert.deepEqual([await begin(), asked() - back], [303, 0], 'not at each login');
  later.clock.aheadMs += 60_000;
  assert.deepEqual([await begin(), asked() - back], [303, 1], 'after a minute');
  await later.close();
  await other.close();
});

test('A9: the provider is believed at its own address only: redirects are not followed', async () => {
  const other = await startLoginProvider({ callbacks: [CALLBACK] });
  const later = await openLoginHouse(database, { LOGIN_ISSUER: provider.issuer, LOGIN_CLIENT_ID: 'our-id-there' });
  provider.deviations.discoveryElsewhere = `${other.issuer}/.well-known/openid-configuration`;
  assert.equal((await later.begin(later.newVisitor())).status, 503);
  assert.deepEqual(other.seen, []);
  await later.close();
  await other.close();
});

test('A9, G6: production speaks https only, takes real persons only, and passes no hint on', async () => {
  const face = 'https://samtykke.example';
  const other = await startLoginProvider({
    callbacks: [`${face}/login/callback`],
    jwks: loginKeys(keys).map(publicPart),
    issuer: 'https://login.example',
  });
  const env = {
    SAMTYKKE_MODE: 'production',
    PUBLIC_URL: face,
    DATABASE_URL: 'postgresql://elsewhere.example/x',
    KEYS_FILE: '/elsewhere',
    LOGIN_ISSUER: other.issuer,
    LOGIN_CLIENT_ID: 'our-id-there',
    OPERATOR_NAME: 'Prøveregisteret AS',
    OPERATOR_EMAIL: 'personvern@register.example',
  };
  const production = await openLoginHouse(database, env, other.fetch);
  other.login.nin = realNumber();
  const visitor = production.newVisitor();
  assert.equal((await production.logIn(visitor, { hint: 'testid:14842249091' })).url.href, `${face}/home`);
  assert.ok((await production.whoIs(visitor)) !== null);
  assert.equal(other.asked['login_hint'], undefined);
  other.login.nin = '14842249091';
  const refusedThere = await production.logIn(production.newVisitor());
  assert.equal(refusedThere.url.href, `${face}/home?login=failed`);
  await production.close();

  // An https provider that says that its other addresses are plain http.
  const careless = await openLoginHouse(database, env, async (input, init) => {
    const answer = await other.fetch(input, init);
    const text = (await answer.text()).replaceAll('"https://login.example/', '"http://login.example/');
    return new Response(text === '' ? null : text, answer);
  });
  const count = other.seen.length;
  assert.equal((await careless.begin(careless.newVisitor())).status, 503);
  assert.deepEqual(other.seen.slice(count), ['/.well-known/openid-configuration']);
  await careless.close();
  await other.close();
});

test('A9: a login leads back to a path of ours only', async () => {
  for (const to of ['https://evil.example/', '//evil.example', '/\\evil.example', 'home'])
    assert.equal((await house.begin(house.newVisitor(), { to })).status, 400, to);
});

test('E1, A9: nothing that is stored or logged is a cookie, a state, a token or a personal number', async () => {
  const visitor = house.newVisitor();
  const callback = await untilCallback(visitor);
  await house.begin(visitor);
  await visitor.visit(callback);
  await refused({ claims: (claims) => ({ ...claims, pid: '07857193886', acr: 'low' }) }, /level_too_low/);
  const stored = JSON.stringify([await rows('session'), await rows('login_attempt')], (_name, value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('latin1') : value,
  );
  assert.ok(stored.includes('idporten-loa-high'));
  house.platform.log.flush();
  const logged = readFileSync(house.platform.config.logFile, 'utf8');
  assert.match(logged, /"reason":"level_too_low".*login failed/);
  const secrets = [
    ...visitor.cookies.map(({ value }) => value),
    ...callback.searchParams.values(),
    '14842249091',
    '29868099311',
    '07857193886',
    'eyJ',
  ].filter((secret) => secret !== provider.issuer);
  assert.ok(secrets.length >= 8);
  for (const secret of secrets) {
    const bytes = Buffer.from(secret, 'base64url');
    assert.ok(!stored.includes(secret), secret);
    assert.ok(bytes.length < 16 || !stored.includes(bytes.toString('latin1')), secret);
    assert.ok(!logged.includes(secret), 'not in the log');
  }
  const ours = visitor.cookies.filter(({ host }) => host === 'localhost:4000').map(({ line }) => line);
  assert.equal(ours.length, 2);
  for (const line of ours) assert.match(line, /^[^;]+;( Max-Age=1800;)? Path=\/; HttpOnly; SameSite=Lax$/);
});

/** A number that could be a real person's: of a day long past, the first whose check digits match. It stands nowhere. */
const realNumber = (): string =>
  [100, 101, 102]
    .map((individual) => withControlDigits(`010100${individual}`))
    .find((digits) => digits !== undefined) ?? '';
