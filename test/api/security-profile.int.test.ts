import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload } from 'jose';
import * as oauth from 'openid-client';
import { apiPaths } from '../../src/clients/audience.ts';
import { registerClient } from '../../src/clients/register-client.ts';
import type { ClientChange } from '../../src/clients/registration.ts';
import { recordToken } from '../support/evidence.ts';
import { answerScreen, callbacks, codeFor, exchange, go, sentBack, visitorOf, wordsOf } from '../support/flow.ts';
import { injectedFetch } from '../support/injected-fetch.ts';
import { API, agreement, bearer, clientOf, startWorld, tokenFor, tokenRequest, type Json, type World } from '../support/world.ts';

/**
 * What clients may use beyond the plain protocol, and what they are held to when they are registered so (ADR 19): by a certified
 * library, and by hand where that does not let itself be made to do wrong.
 */

let world: World;
let other: World;
let keys: CryptoKeyPair;
let jwk: Json;
before(async () => {
  world = await startWorld();
  other = await startWorld({ database: world.database });
  keys = await generateKeyPair('ES256', { extractable: true });
  jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
});
after(async () => {
  await other.close();
  await world.close();
});

const callback = callbacks[1];
const scope = 'debt.unsecured.presentation.30';

/** A client of its own, held to what the test says. It authenticates with its key, unless told otherwise. */
async function newClient(more: ClientChange = {}): Promise<{ id: string; config: oauth.Configuration; basic: string }> {
  const result = await registerClient(world.platform, {
    name: 'Profilbanken AS',
    organisationNumber: '314159268',
    purposes: ['presentation', 'processing'],
    redirectUris: [callback],
    mayRegisterAgreements: true,
    mayReadEvents: true,
    mayUseOpenid: true,
    authentication: 'private_key_jwt',
    jwks: { keys: [jwk] },
    ...more,
  });
  assert.ok(result.outcome === 'added', JSON.stringify(result));
  const { secret, client } = result;
  const basic = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
  const proof = secret === undefined ? oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'k1' }) : oauth.ClientSecretBasic(secret);
  const config = await oauth.discovery(new URL(API), client.id, { id_token_signed_response_alg: 'RS256' }, proof, {
    execute: [oauth.allowInsecureRequests],
    [oauth.customFetch]: injectedFetch(() => world.app) as oauth.CustomFetch,
  });
  return { id: client.id, config, basic };
}

/** Logs in, says yes, and answers the address that the browser is sent back to. */
async function sayYes(address: URL): Promise<URL> {
  const visitor = visitorOf(world);
  const back = await answerScreen(visitor, await go(visitor, address), 'yes');
  assert.ok(back.next, 'sent back to the client');
  return back.next;
}

/** What a request that is refused leads to: the error that the client is sent, or the page that a person sees. */
async function refusedWith(address: URL | string): Promise<string> {
  const page = await go(visitorOf(world), address);
  return page.next?.searchParams.get('error') ?? `${page.status} ${wordsOf(page.text)}`;
}

/** A request object by hand. */
const signed = (claims: JWTPayload, header: object = {}, key: CryptoKey = keys.privateKey) =>
  new SignJWT({ response_type: 'code', redirect_uri: callback, scope, state: 's1', login_hint: 'testid:14842249091', ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'oauth-authz-req+jwt', ...header })
    .setAudience(API)
    .setExpirationTime(claims.exp ?? '5 minutes')
    .sign(key);
const signedFor = (id: string, claims: JWTPayload = {}, header: object = {}, key?: CryptoKey) =>
  signed({ iss: id, client_id: id, ...claims }, header, key);
const askSigned = (id: string, request: string, more: Record<string, string> = {}) =>
  new URL(`${API}/oauth2/auth?${new URLSearchParams({ client_id: id, request, ...more })}`);

/** A proof of a key by hand, with what differs. */
async function proofOf(
  pair: CryptoKeyPair,
  of: { method: string; url: string; token?: string },
  changes: { claims?: Record<string, unknown>; header?: object; key?: CryptoKey } = {},
): Promise<string> {
  const claims = {
    htm: of.method,
    htu: of.url,
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    ...(of.token === undefined ? {} : { ath: createHash('sha256').update(of.token).digest('base64url') }),
    ...changes.claims,
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(pair.publicKey), ...changes.header })
    .sign(changes.key ?? pair.privateKey);
}

const clientCredentials = { grant_type: 'client_credentials', audience: `${API}${apiPaths.debt}`, scope: 'debt.unsecured.presentation' };

test('A6, A12: a client that is held to everything goes through all of it: pushed and signed request, PKCE, assertion, and tokens bound to a key', async () => {
  const profile = { pkce: true, par: true, dpop: true, signedRequests: true };
  const { config } = await newClient({ profile });
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair());
  const verifier = oauth.randomPKCECodeVerifier();
  const [state, nonce] = [oauth.randomState(), oauth.randomNonce()];
  const jar = await oauth.buildAuthorizationUrlWithJAR(
    config,
    {
      redirect_uri: callback,
      scope: `${scope} openid`,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      login_hint: 'testid:14842249091',
    },
    { key: keys.privateKey, kid: 'k1' },
  );
  const address = await oauth.buildAuthorizationUrlWithPAR(config, jar.searchParams, { DPoP });
  assert.deepEqual([...address.searchParams.keys()].toSorted(), ['client_id', 'request_uri']);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await oauth.authorizationCodeGrant(config, await sayYes(address), checks, undefined, { DPoP });
  recordToken(tokens.access_token);
  assert.deepEqual([tokens.token_type, tokens.scope], ['dpop', 'debt.unsecured.presentation openid']);
  const claims = tokens.claims();
  const info = await oauth.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '', { DPoP });
  assert.equal(info['consent_id'], claims?.['consent_id']);
  const call = (method: string, path: string, token = tokens.access_token, body?: string) =>
    oauth.fetchProtectedResource(config, token, new URL(path, API), method, body, body === undefined ? undefined : new Headers({ 'content-type': 'application/json' }), { DPoP });
  const debt = await call('GET', '/v1/debt');
  assert.equal(debt.status, 200);
  const { consent } = (await debt.json()) as Json;
  assert.equal((consent.exp - Date.now() / 1000) / 86_400 > 29.9, true, 'thirty days were asked for within what was signed');
  // The other two APIs, and what is not looked up.
  for (const [api, asked, method, path, body] of [
    ['agreement', 'consent.create', 'PUT', '/v1/consent/agreement', JSON.stringify(agreement({ client_consent_id: 'bound' }))],
    ['events', 'client.access.consent.events', 'GET', '/feed/v1/consent?fromSequenceNr=0&limit=10', undefined],
    ['debt', 'debt.unsecured.presentation', 'GET', `/v1/debt/${consent.id}/status`, undefined],
  ] as const) {
    const audience = `${API}${apiPaths[api]}`;
    const token = await oauth.clientCredentialsGrant(config, { audience, scope: asked }, { DPoP });
    recordToken(token.access_token);
    assert.equal((await call(method, path, token.access_token, body)).status, 200, api);
  }
});

test('A12: each of it may be used by a client that is held to none of it, and by itself', async () => {
  const { id, config } = await newClient({ authentication: 'client_secret_basic' });
  const parameters = { redirect_uri: callback, scope, state: 's1', login_hint: 'testid:14842249091' };
  const pushed = await oauth.buildAuthorizationUrlWithPAR(config, parameters);
  assert.equal((await oauth.authorizationCodeGrant(config, await sayYes(pushed), { expectedState: 's1' })).token_type, 'bearer');
  const byValue = await sayYes(askSigned(id, await signedFor(id)));
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('PS256'));
  const token = await oauth.authorizationCodeGrant(config, byValue, { expectedState: 's1' }, undefined, { DPoP });
  recordToken(token.access_token);
  assert.equal(token.token_type, 'dpop');
  const debt = await oauth.fetchProtectedResource(config, token.access_token, new URL('/v1/debt', API), 'GET', undefined, undefined, { DPoP });
  assert.equal(debt.status, 200);
});

test('A6: a client that is held to PKCE, to pushing or to signing is refused without it, pushed or not', async () => {
  const push = async ({ config }: { config: oauth.Configuration }, parameters: Record<string, string>) =>
    oauth
      .buildAuthorizationUrlWithPAR(config, { redirect_uri: callback, scope, state: 's1', ...parameters })
      .then(() => 'taken', (error: Json) => error.error);
  const plain = (id: string) =>
    `/oauth2/auth?${new URLSearchParams({ client_id: id, response_type: 'code', redirect_uri: callback, scope, state: 's1' })}`;
  const pkce = await newClient({ profile: { pkce: true } });
  assert.equal(await refusedWith(plain(pkce.id)), 'invalid_request');
  assert.equal(await push(pkce, {}), 'invalid_request');
  assert.equal(await refusedWith(askSigned(pkce.id, await signedFor(pkce.id))), 'invalid_request');
  const par = await newClient({ profile: { par: true } });
  assert.equal(await refusedWith(plain(par.id)), 'invalid_request');
  const withRedirect = { redirect_uri: callback };
  assert.equal(await refusedWith(askSigned(par.id, await signedFor(par.id), withRedirect)), 'invalid_request');
  assert.equal(await push(par, {}), 'taken');
  const signing = await newClient({ profile: { signedRequests: true } });
  assert.equal(await refusedWith(plain(signing.id)), 'invalid_request');
  assert.equal(await push(signing, {}), 'invalid_request');
  assert.equal(await push(signing, { request: await signedFor(signing.id) }), 'taken');
});

test('A6: of a signed request only what was signed counts', async () => {
  const { id } = await newClient({ profile: { signedRequests: true } });
  const request = await signedFor(id);
  const outside = { scope: 'debt.unsecured.processing', redirect_uri: callback, state: 'outside', response_type: 'code', response_mode: 'fragment' };
  const back = await sayYes(askSigned(id, request, outside));
  assert.deepEqual([back.searchParams.get('state'), back.searchParams.get('scope')], ['s1', 'debt.unsecured.presentation']);
  assert.equal(back.hash, '');
  // What is missing in it is missing.
  const without = await signed({ iss: id, client_id: id, state: undefined });
  assert.equal(await refusedWith(askSigned(id, without, { state: 'outside' })), 'invalid_request');
});

test('A8: a request object that is unsigned, of another key, client or audience, too old, good for too long, or no request is refused', async () => {
  const { id } = await newClient();
  const stranger = await generateKeyPair('ES256');
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: id, aud: API, client_id: id, exp: now + 300, response_type: 'code', redirect_uri: callback, scope, state: 's1' };
  for (const [what, request] of [
    ['unsigned', `${part({ alg: 'none' })}.${part(claims)}.`],
    ['a shared secret', `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`],
    ['another key', await signedFor(id, {}, {}, stranger.privateKey)],
    ['another client', await signedFor(clientOf(1).id)],
    ['another issuer', await signedFor(id, { iss: clientOf(1).id })],
    ['no issuer', await signed({ client_id: id })],
    ['too old', await signedFor(id, { exp: now - 60 })],
    ['good for too long', await signedFor(id, { exp: now + 7_200 })],
    ['not good yet', await signedFor(id, { nbf: now + 600 })],
    ['an assertion', await signedFor(id, { sub: id })],
    ['of another type', await signedFor(id, {}, { typ: 'dpop+jwt' })],
    ['with an address in it', await signedFor(id, { request_uri: 'https://evil.example/r' })],
    ['with days of its own', await signedFor(id, { consent_days: '365' })],
    ['answered by a script', await signedFor(id, { response_mode: 'form_post' })],
    ['no JWT', 'nonsense'],
  ] as const) {
    // Without a redirect address beside it there is nowhere to go; with one, the client hears of it.
    const page = await refusedWith(askSigned(id, request));
    assert.match(page, /^(400 |invalid_request)/, what);
    assert.match(await refusedWith(askSigned(id, request, { redirect_uri: callback })), /^invalid_request/, what);
    assert.ok(!page.includes('<script'), what);
  }
  const elsewhere = await signedFor(id, { redirect_uri: 'https://evil.example/' });
  assert.match(await refusedWith(askSigned(id, elsewhere)), /^400 .*redirect_uri/);
});

test('A6 to A8: scopes, durations and state of pushed and signed requests are held to the same rules, with the same codes', async () => {
  const { id, config } = await newClient({ mayUseOpenid: false });
  for (const [parameters, error] of [
    [{ scope: 'debt.unsecured.presentation debt.unsecured.processing' }, 'invalid_scopes'],
    [{ scope: 'debt.unsecured.presentation debt.unsecured.presentation' }, 'invalid_scopes'],
    [{ scope: 'debt.unsecured.presentation.0' }, 'invalid_scopes'],
    [{ scope: 'debt.unsecured.other' }, 'invalid_scopes'],
    [{ scope: 'debt.unsecured.presentation openid' }, 'invalid_scopes'],
    [{ scope: 'openid debt.unsecured.presentation' }, 'invalid_scopes'],
    [{ scope: 'debt.unsecured.presentation "' }, 'invalid_scopes'],
    [{ scope: '' }, 'invalid_scopes'],
    [{ state: '' }, 'invalid_request'],
    [{ state: 'a\0b' }, 'invalid_request'],
    [{ state: 'x'.repeat(20_000) }, 'invalid_request'],
    [{ consent_days: '365' }, 'invalid_request'],
    [{ resource: `${API}${apiPaths.agreement}` }, 'invalid_target'],
    [{ request_uri: 'https://evil.example/request' }, 'request_uri_not_supported'],
  ] as const) {
    const asked = { redirect_uri: callback, scope, state: 's1', ...parameters };
    const pushed = await oauth.buildAuthorizationUrlWithPAR(config, asked).then(() => 'taken', (failure: Json) => failure.error);
    assert.equal(pushed, error, JSON.stringify(parameters).slice(0, 80));
    if ('request_uri' in parameters || ('state' in parameters && parameters.state.length > 1_000)) continue;
    const byValue = askSigned(id, await signedFor(id, parameters), { redirect_uri: callback });
    assert.equal(await refusedWith(byValue), error, JSON.stringify(parameters).slice(0, 80));
  }
  // Half a character cannot be kept either; only JSON can say it.
  const half = await signedFor(id, { state: 'a\ud800b' });
  assert.equal(await refusedWith(askSigned(id, half)), 'invalid_request');
  for (const [asked, days] of [['debt.unsecured.presentation.900', 365], ['debt.unsecured.processing.99', 28]] as const) {
    const address = await oauth.buildAuthorizationUrlWithPAR(config, { redirect_uri: callback, scope: asked, state: 's1', login_hint: 'testid:14842249091' });
    const visitor = visitorOf(world);
    assert.match((await go(visitor, address)).text, new RegExp(`\\b${days}\\b`));
  }
});

test('A8: a request_uri is good for its client, for a minute, and once; no other address is fetched', async () => {
  const [mine, theirs] = [await newClient(), await newClient()];
  const parameters = { redirect_uri: callback, scope, state: 's1', login_hint: 'testid:14842249091' };
  const push = () => oauth.buildAuthorizationUrlWithPAR(mine.config, parameters);

  const stolen = await push();
  stolen.searchParams.set('client_id', theirs.id);
  assert.match(await refusedWith(stolen), /^400 /);

  const old = await push();
  await world.inspect(
    `update oauth_artefact set payload = jsonb_set(payload, '{exp}', to_jsonb(extract(epoch from now())::bigint - 1)) where model = 'PushedAuthorizationRequest'`,
  );
  const expired = await refusedWith(old);
  assert.match(expired, /^400 .*request_uri/);

  const once = await push();
  const [first, second] = [visitorOf(world), visitorOf(world)];
  const screens = [await go(first, once), await go(second, once)] as const;
  assert.equal(sentBack(await answerScreen(first, screens[0], 'yes'))['state'], 's1');
  assert.match(await refusedWith(once), /^400 .*request_uri/);
  // Another window that was open already gives no second code, and says what is true.
  const late = await answerScreen(second, screens[1], 'yes');
  assert.equal(late.next, undefined);
  assert.match(wordsOf(late.text), /samtykket/i);

  for (const address of ['https://evil.example/request', 'urn:ietf:params:oauth:request_uri:unknown', `${API}/oauth2/auth`]) {
    const url = `/oauth2/auth?${new URLSearchParams({ client_id: mine.id, request_uri: address })}`;
    assert.match(await refusedWith(url), /^400 /, address);
  }
});

test('A2: only a client that proves itself pushes a request, and what is pushed is kept without what names a person', async () => {
  const form = { client_id: clientOf(1).id, response_type: 'code', redirect_uri: callback, scope, state: 's1' };
  const push = async (authorization: string | undefined) => {
    const { headers, ...rest } = tokenRequest(form, authorization ?? '');
    const { authorization: basic, ...without } = headers as Record<string, string>;
    return world.call({ ...rest, url: '/oauth2/par', headers: authorization === undefined ? without : { ...without, authorization: String(basic) } });
  };
  const good = await push(clientOf(1).basic);
  assert.equal(good.status, 201);
  assert.equal(good.json.expires_in, 60);
  assert.equal(good.headers['cache-control'], 'no-store');
  assert.equal((await push(undefined)).json.error, 'invalid_client');
  const wrong = await push(`Basic ${Buffer.from(`${clientOf(1).id}:wrong`).toString('base64')}`);
  assert.deepEqual([wrong.status, wrong.json.error], [401, 'invalid_client']);
  const mismatch = await push(clientOf(2).basic);
  assert.equal(mismatch.json.error, 'invalid_request');
  const [row] = await world.inspect(
    `select count(*) as found from oauth_artefact where model = 'PushedAuthorizationRequest' and payload::text like '%' || $1 || '%'`,
    [String(good.json.request_uri).split(':').at(-1)],
  );
  assert.equal(row.found, 0, 'the request_uri is kept as its hash');
});

test('A4: a client that is held to proofs gets no token without one, with a broken one, or with one that was used before', async () => {
  const { basic } = await newClient({ authentication: 'client_secret_basic', profile: { dpop: true } });
  const pair = await generateKeyPair('ES256', { extractable: true });
  const of = { method: 'POST', url: `${API}/oauth2/token` };
  const ask = async (dpop?: string): Promise<Json> => {
    const { headers, ...rest } = tokenRequest(clientCredentials, basic);
    const answer = await world.call({ ...rest, headers: { ...headers, ...(dpop === undefined ? {} : { dpop }) } });
    if (answer.status === 200) recordToken(answer.json.access_token);
    return answer.json;
  };
  const good = await proofOf(pair, of);
  assert.equal((await ask(good)).token_type, 'DPoP');
  const missing = await ask();
  assert.equal(missing.error, 'invalid_dpop_proof');
  assert.match(missing.error_description, /send a proof/);
  assert.equal((await ask(good)).error, 'invalid_dpop_proof', 'replayed');
  const stranger = await generateKeyPair('ES256');
  const now = Math.floor(Date.now() / 1000);
  for (const [what, proof] of [
    ['another address', await proofOf(pair, { ...of, url: `${API}/oauth2/par` })],
    ['another method', await proofOf(pair, { ...of, method: 'GET' })],
    ['too old', await proofOf(pair, of, { claims: { iat: now - 3_600 } })],
    ['signed by another', await proofOf(pair, of, { key: stranger.privateKey })],
    ['with the private key in it', await proofOf(pair, of, { header: { jwk: await exportJWK(pair.privateKey) } })],
    ['of another type', await proofOf(pair, of, { header: { typ: 'jwt' } })],
    ['nonsense', 'nonsense'],
    ['two of them', `${await proofOf(pair, of)}, ${await proofOf(pair, of)}`],
  ] as const) {
    assert.equal((await ask(proof)).error, 'invalid_dpop_proof', what);
  }
});

test('A3, A4: a token that is bound to a key is refused at every API without the right proof, in that API\'s own shape', async () => {
  const { config, id } = await newClient();
  const pair = await generateKeyPair('ES256', { extractable: true });
  const DPoP = oauth.getDPoPHandle(config, pair);
  const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey));
  const pushed = await oauth.buildAuthorizationUrlWithPAR(
    config,
    { redirect_uri: callback, scope: `${scope} openid`, state: 's1', nonce: 'n', login_hint: 'testid:14842249091', dpop_jkt: jkt },
  );
  const fromFlow = await oauth.authorizationCodeGrant(config, await sayYes(pushed), { expectedState: 's1', expectedNonce: 'n' }, undefined, { DPoP });
  const tokenOf = async (api: 'agreement' | 'events' | 'debt', asked: string) =>
    (await oauth.clientCredentialsGrant(config, { audience: `${API}${apiPaths[api]}`, scope: asked }, { DPoP })).access_token;
  const consentId = fromFlow.claims()?.['consent_id'];
  assert.equal(typeof consentId, 'string');
  const stranger = await generateKeyPair('ES256', { extractable: true });
  const now = Math.floor(Date.now() / 1000);

  const debtToken = await tokenOf('debt', 'debt.unsecured.presentation');
  const places = [
    { method: 'PUT', path: '/v1/consent/agreement', token: await tokenOf('agreement', 'consent.create'), shape: 'empty', good: 400 },
    { method: 'GET', path: '/feed/v1/consent/lastSequenceNr', token: await tokenOf('events', 'client.access.consent.events'), shape: 'empty', good: 200 },
    { method: 'GET', path: '/v1/debt', token: fromFlow.access_token, shape: 'debt', good: 200 },
    { method: 'GET', path: `/v1/debt/${String(consentId)}`, token: debtToken, shape: 'debt', good: 200 },
    { method: 'GET', path: `/v1/debt/${String(consentId)}/status`, token: debtToken, shape: 'debt', good: 200 },
    { method: 'GET', path: '/userinfo', token: fromFlow.access_token, shape: 'userinfo', good: 200 },
    { method: 'DELETE', path: `/v1/debt/${String(consentId)}`, token: debtToken, shape: 'debt', good: 204 },
  ] as const;
  for (const { method, path, token, shape, good } of places) {
    recordToken(token);
    const of = { method, url: `${API}${path}`, token };
    const call = (authorization: string, dpop?: string, at: World = world) =>
      at.call({
        method,
        url: path,
        headers: { authorization, ...(dpop === undefined ? {} : { dpop }) },
        ...(method === 'PUT' ? { payload: {} } : {}),
      } as InjectOptions);
    const expectRefusal = async (what: string, error: string, authorization: string, dpop?: string, at?: World) => {
      const answer = await call(authorization, dpop, at);
      const where = `${method} ${path} ${what}`;
      assert.equal(answer.status, shape === 'debt' ? 403 : 401, where);
      assert.match(String(answer.headers['www-authenticate']), new RegExp(`^DPoP error="${error}", algs="RS256 PS256 ES256"$`), where);
      if (shape === 'empty') assert.equal(answer.text, '', where);
      if (shape === 'debt') assert.equal(answer.json.error, 'invalid access token', where);
      if (shape === 'userinfo') assert.equal(answer.json.error, 'invalid_token', where);
    };
    const proof = (changes: Parameters<typeof proofOf>[2] = {}, differs: object = {}) => proofOf(pair, { ...of, ...differs }, changes);
    const invalid = 'invalid_dpop_proof';
    await expectRefusal('as a bearer', 'invalid_token', `Bearer ${token}`);
    await expectRefusal('as a bearer, with a proof', 'invalid_token', `Bearer ${token}`, await proof());
    await expectRefusal('without a proof', invalid, `DPoP ${token}`);
    await expectRefusal('with another key', invalid, `DPoP ${token}`, await proofOf(stranger, of));
    await expectRefusal('signed by another', invalid, `DPoP ${token}`, await proof({ key: stranger.privateKey }));
    await expectRefusal('for another method', invalid, `DPoP ${token}`, await proof({}, { method: 'POST' }));
    await expectRefusal('for another address', invalid, `DPoP ${token}`, await proof({}, { url: `${API}/v1/other` }));
    await expectRefusal('for another host', invalid, `DPoP ${token}`, await proof({}, { url: `https://evil.example${path}` }));
    await expectRefusal('for another token', invalid, `DPoP ${token}`, await proof({}, { token: 'other' }));
    await expectRefusal('without the token', invalid, `DPoP ${token}`, await proof({ claims: { ath: undefined } }));
    await expectRefusal('too old', invalid, `DPoP ${token}`, await proof({ claims: { iat: now - 120 } }));
    await expectRefusal('from the future', invalid, `DPoP ${token}`, await proof({ claims: { iat: now + 120 } }));
    await expectRefusal('without a time', invalid, `DPoP ${token}`, await proof({ claims: { iat: undefined } }));
    await expectRefusal('without an id', invalid, `DPoP ${token}`, await proof({ claims: { jti: undefined } }));
    await expectRefusal('of another type', invalid, `DPoP ${token}`, await proof({ header: { typ: 'JWT' } }));
    await expectRefusal('nonsense', invalid, `DPoP ${token}`, 'nonsense');
    await expectRefusal('too long', invalid, `DPoP ${token}`, `${await proof({ claims: { more: 'x'.repeat(4_000) } })}`);
    const used = await proof({}, { url: `${API}${path}?query=is#not-looked-at` });
    assert.equal((await call(`dpop ${token}`, used)).status, good, `${method} ${path}`);
    await expectRefusal('used before', invalid, `DPoP ${token}`, used);
    await expectRefusal('used before, at another node', invalid, `DPoP ${token}`, used, other);
  }
  // The end of a token ends it bound or not; and what is bound to nothing is no better for having a proof.
  const unbound = await tokenFor(world, 'events');
  const answer = await world.call({
    method: 'GET',
    url: '/feed/v1/consent/lastSequenceNr',
    headers: { authorization: `DPoP ${unbound}`, dpop: await proofOf(pair, { method: 'GET', url: `${API}/feed/v1/consent/lastSequenceNr`, token: unbound }) },
  });
  assert.equal(answer.status, 401);
  assert.ok(id);
});

test('A4: of twenty requests with one proof at once, at two nodes, one is let in', async () => {
  const { config } = await newClient();
  const pair = await generateKeyPair('ES256', { extractable: true });
  const DPoP = oauth.getDPoPHandle(config, pair);
  const audience = `${API}${apiPaths.events}`;
  const { access_token: token } = await oauth.clientCredentialsGrant(config, { audience, scope: 'client.access.consent.events' }, { DPoP });
  recordToken(token);
  const path = '/feed/v1/consent/lastSequenceNr';
  const dpop = await proofOf(pair, { method: 'GET', url: `${API}${path}`, token });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, turn) =>
      (turn % 2 === 0 ? world : other).call({ method: 'GET', url: path, headers: { authorization: `DPoP ${token}`, dpop } }),
    ),
  );
  assert.deepEqual(answers.map((answer) => answer.status).toSorted((a, b) => a - b), [200, ...Array.from({ length: 19 }, () => 401)]);
});

test('A11: a code that was asked for with a key is exchanged with that key, and with no other', async () => {
  const { config } = await newClient();
  const [pair, another] = [await oauth.randomDPoPKeyPair(), await oauth.randomDPoPKeyPair()];
  const DPoP = oauth.getDPoPHandle(config, pair);
  const back = async () =>
    sayYes(await oauth.buildAuthorizationUrlWithPAR(config, { redirect_uri: callback, scope, state: 's1', login_hint: 'testid:14842249091' }, { DPoP }));
  const exchanged = async (options?: oauth.DPoPOptions) =>
    oauth.authorizationCodeGrant(config, await back(), { expectedState: 's1' }, undefined, options).then(
      (tokens) => tokens.token_type,
      (error: Json) => error.error,
    );
  assert.equal(await exchanged(), 'invalid_dpop_proof');
  assert.equal(await exchanged({ DPoP: oauth.getDPoPHandle(config, another) }), 'invalid_dpop_proof');
  assert.equal(await exchanged({ DPoP }), 'dpop');
});

test('A2: an assertion is good once, for an hour at most, and is no request object', async () => {
  const { id } = await newClient();
  const assertion = (claims: JWTPayload) =>
    new SignJWT({ iss: id, sub: id, aud: API, jti: crypto.randomUUID(), exp: Math.floor(Date.now() / 1000) + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(keys.privateKey);
  const ask = async (client_assertion: string): Promise<Json> => {
    const form = { ...clientCredentials, client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
    const { headers, ...rest } = tokenRequest(form, '');
    const { authorization: _none, ...without } = headers as Record<string, string>;
    const answer = await world.call({ ...rest, headers: without });
    if (answer.status === 200) recordToken(answer.json.access_token);
    return answer.json;
  };
  const once = await assertion({});
  assert.equal((await ask(once)).token_type, 'Bearer');
  assert.equal((await ask(once)).error, 'invalid_client');
  const long = await ask(await assertion({ exp: Math.floor(Date.now() / 1000) + 7_200 }));
  assert.equal(long.error, 'invalid_client');
  assert.match(long.error_description, /an hour/);
  assert.equal((await ask(await signedFor(id))).error, 'invalid_client');
});

test('A4: what has no profile is as it was: a bearer token needs no proof, and one more header does it no harm', async () => {
  const answer = await exchange(world, await codeFor(world));
  assert.equal(answer.json.token_type, 'Bearer');
  const debt = await world.call({ method: 'GET', url: '/v1/debt', headers: { ...bearer(answer.json.access_token), dpop: 'nonsense' } });
  assert.equal(debt.status, 200);
});
