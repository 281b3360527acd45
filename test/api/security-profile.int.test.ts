import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SignJWT, generateKeyPair, type JWTPayload } from 'jose';
import * as oauth from 'openid-client';
import { apiPaths } from '../../src/clients/audience.ts';
import { recordToken } from '../support/evidence.ts';
import { answerScreen, go, sentBack, visitorOf, wordsOf } from '../support/flow.ts';
import { askSigned, callback, clientCredentials, hint, openProfile, scope, type Profile } from '../support/profile.ts';
import { API, agreement, clientOf, startWorld, tokenRequest, type Json, type World } from '../support/world.ts';

/** What clients may use beyond the plain protocol, and what they are held to when they are registered so (ADR 19): their requests. */

let world: World;
let profile: Profile;
before(async () => {
  world = await startWorld();
  profile = await openProfile(world);
});
after(async () => {
  await world.close();
});

test('A6, A12: a client that is held to everything goes through all of it: pushed and signed request, PKCE, assertion, and tokens bound to a key', async () => {
  const everything = { pkce: true, par: true, dpop: true, signedRequests: true };
  const { config } = await profile.newClient({ profile: everything });
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
      login_hint: hint,
    },
    { key: profile.keys.privateKey, kid: 'k1' },
  );
  const address = await oauth.buildAuthorizationUrlWithPAR(config, jar.searchParams, { DPoP });
  assert.deepEqual([...address.searchParams.keys()].toSorted(), ['client_id', 'request_uri']);
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await oauth.authorizationCodeGrant(config, await profile.sayYes(address), checks, undefined, { DPoP });
  recordToken(tokens.access_token);
  assert.deepEqual([tokens.token_type, tokens.scope], ['dpop', 'debt.unsecured.presentation openid']);
  const claims = tokens.claims();
  const info = await oauth.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '', { DPoP });
  assert.equal(info['consent_id'], claims?.['consent_id']);
  const call = (method: string, path: string, token = tokens.access_token, body?: string) =>
    oauth.fetchProtectedResource(
      config,
      token,
      new URL(path, API),
      method,
      body,
      body === undefined ? undefined : new Headers({ 'content-type': 'application/json' }),
      { DPoP },
    );
  const debt = await call('GET', '/v1/debt');
  assert.equal(debt.status, 200);
  const { consent } = (await debt.json()) as Json;
  assert.equal(
    (consent.exp - Date.now() / 1000) / 86_400 > 29.9,
    true,
    'thirty days were asked for within what was signed',
  );
  // The other two APIs, and what is not looked up.
  for (const [api, asked, method, path, body] of [
    [
      'agreement',
      'consent.create',
      'PUT',
      '/v1/consent/agreement',
      JSON.stringify(agreement({ client_consent_id: 'bound' })),
    ],
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
  const { id, config } = await profile.newClient({ authentication: 'client_secret_basic' });
  const parameters = { redirect_uri: callback, scope, state: 's1', login_hint: hint };
  const pushed = await oauth.buildAuthorizationUrlWithPAR(config, parameters);
  assert.equal(
    (await oauth.authorizationCodeGrant(config, await profile.sayYes(pushed), { expectedState: 's1' })).token_type,
    'bearer',
  );
  const byValue = await profile.sayYes(askSigned(id, await profile.signedFor(id)));
  const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair('PS256'));
  const token = await oauth.authorizationCodeGrant(config, byValue, { expectedState: 's1' }, undefined, { DPoP });
  recordToken(token.access_token);
  assert.equal(token.token_type, 'dpop');
  const debt = await oauth.fetchProtectedResource(
    config,
    token.access_token,
    new URL('/v1/debt', API),
    'GET',
    undefined,
    undefined,
    { DPoP },
  );
  assert.equal(debt.status, 200);
});

test('A6: a client that is held to PKCE, to pushing or to signing is refused without it, pushed or not', async () => {
  const push = async ({ config }: { config: oauth.Configuration }, parameters: Record<string, string>) =>
    oauth.buildAuthorizationUrlWithPAR(config, { redirect_uri: callback, scope, state: 's1', ...parameters }).then(
      () => 'taken',
      (error: Json) => error.error,
    );
  const plain = (id: string) =>
    `/oauth2/auth?${new URLSearchParams({ client_id: id, response_type: 'code', redirect_uri: callback, scope, state: 's1' })}`;
  const pkce = await profile.newClient({ profile: { pkce: true } });
  assert.equal(await profile.refusedWith(plain(pkce.id)), 'invalid_request');
  assert.equal(await push(pkce, {}), 'invalid_request');
  assert.equal(
    await profile.refusedWith(askSigned(pkce.id, await profile.signedFor(pkce.id), { redirect_uri: callback })),
    'invalid_request',
  );
  const par = await profile.newClient({ profile: { par: true } });
  assert.equal(await profile.refusedWith(plain(par.id)), 'invalid_request');
  const withRedirect = { redirect_uri: callback };
  assert.equal(
    await profile.refusedWith(askSigned(par.id, await profile.signedFor(par.id), withRedirect)),
    'invalid_request',
  );
  assert.equal(await push(par, {}), 'taken');
  const signing = await profile.newClient({ profile: { signedRequests: true } });
  assert.equal(await profile.refusedWith(plain(signing.id)), 'invalid_request');
  assert.equal(await push(signing, {}), 'invalid_request');
  assert.equal(await push(signing, { request: await profile.signedFor(signing.id) }), 'taken');
});

test('A6: of a signed request only what was signed counts', async () => {
  const { id } = await profile.newClient({ profile: { signedRequests: true } });
  const request = await profile.signedFor(id);
  const outside = {
    scope: 'debt.unsecured.processing',
    redirect_uri: callback,
    state: 'outside',
    response_type: 'code',
    response_mode: 'fragment',
  };
  const back = await profile.sayYes(askSigned(id, request, outside));
  assert.deepEqual(
    [back.searchParams.get('state'), back.searchParams.get('scope')],
    ['s1', 'debt.unsecured.presentation'],
  );
  assert.equal(back.hash, '');
  // What is missing in it is missing.
  const without = await profile.signed({ iss: id, client_id: id, state: undefined });
  assert.equal(await profile.refusedWith(askSigned(id, without, { state: 'outside' })), 'invalid_request');
});

test('A8: a request object that is unsigned, of another key, client or audience, too old, good for too long, or no request is refused', async () => {
  const { id } = await profile.newClient();
  const stranger = await generateKeyPair('ES256');
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: id,
    aud: API,
    client_id: id,
    exp: now + 300,
    response_type: 'code',
    redirect_uri: callback,
    scope,
    state: 's1',
  };
  for (const [what, request] of [
    ['unsigned', `${part({ alg: 'none' })}.${part(claims)}.`],
    ['a shared secret', `${part({ alg: 'HS256' })}.${part(claims)}.c2ln`],
    ['another key', await profile.signedFor(id, {}, {}, stranger.privateKey)],
    ['another client', await profile.signedFor(clientOf(1).id)],
    ['another issuer', await profile.signedFor(id, { iss: clientOf(1).id })],
    ['no issuer', await profile.signed({ client_id: id })],
    ['too old', await profile.signedFor(id, { exp: now - 60 })],
    ['good for too long', await profile.signedFor(id, { exp: now + 7_200 })],
    ['not good yet', await profile.signedFor(id, { nbf: now + 600 })],
    ['an assertion', await profile.signedFor(id, { sub: id })],
    ['of another type', await profile.signedFor(id, {}, { typ: 'dpop+jwt' })],
    ['with an address in it', await profile.signedFor(id, { request_uri: 'https://evil.example/r' })],
    ['with days of its own', await profile.signedFor(id, { consent_days: '365' })],
    ['answered by a script', await profile.signedFor(id, { response_mode: 'form_post' })],
    ['no JWT', 'nonsense'],
  ] as const) {
    // Without a redirect address beside it there is nowhere to go; with one, the client hears of it.
    const page = await profile.refusedWith(askSigned(id, request));
    assert.match(page, /^(400 .*request_uri|invalid_request)/, what);
    assert.match(
      await profile.refusedWith(askSigned(id, request, { redirect_uri: callback })),
      /^invalid_request/,
      what,
    );
    assert.ok(!page.includes('<script'), what);
  }
  const elsewhere = await profile.signedFor(id, { redirect_uri: 'https://evil.example/' });
  assert.match(await profile.refusedWith(askSigned(id, elsewhere)), /^400 .*redirect_uri/);
});

test('A6 to A8: scopes, durations and state of pushed and signed requests are held to the same rules, with the same codes', async () => {
  const { id, config } = await profile.newClient({ mayUseOpenid: false });
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
    const pushed = await oauth.buildAuthorizationUrlWithPAR(config, asked).then(
      () => 'taken',
      (failure: Json) => failure.error,
    );
    assert.equal(pushed, error, JSON.stringify(parameters).slice(0, 80));
    if ('request_uri' in parameters || ('state' in parameters && parameters.state.length > 1_000)) continue;
    const byValue = askSigned(id, await profile.signedFor(id, parameters), { redirect_uri: callback });
    assert.equal(await profile.refusedWith(byValue), error, JSON.stringify(parameters).slice(0, 80));
  }
  // Half a character cannot be kept either; only JSON can say it.
  const half = await profile.signedFor(id, { state: 'a\ud800b' });
  assert.equal(await profile.refusedWith(askSigned(id, half)), 'invalid_request');
  for (const [asked, days] of [
    ['debt.unsecured.presentation.900', 365],
    ['debt.unsecured.processing.99', 28],
  ] as const) {
    const address = await oauth.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: callback,
      scope: asked,
      state: 's1',
      login_hint: hint,
    });
    const visitor = visitorOf(world);
    assert.match((await go(visitor, address)).text, new RegExp(`\\b${days}\\b`));
  }
});

test('A8: a request_uri is good for its client, for a minute, and once; no other address is fetched', async () => {
  const [mine, theirs] = [await profile.newClient(), await profile.newClient()];
  const parameters = { redirect_uri: callback, scope, state: 's1', login_hint: hint };
  const push = () => oauth.buildAuthorizationUrlWithPAR(mine.config, parameters);

  const stolen = await push();
  stolen.searchParams.set('client_id', theirs.id);
  assert.match(await profile.refusedWith(stolen), /^400 /);

  const old = await push();
  await world.inspect(
    `update oauth_artefact set payload = jsonb_set(payload, '{exp}', to_jsonb(extract(epoch from now())::bigint - 1)) where model = 'PushedAuthorizationRequest'`,
  );
  const expired = await profile.refusedWith(old);
  assert.match(expired, /^400 .*request_uri/);

  const once = await push();
  const [first, second] = [visitorOf(world), visitorOf(world)];
  const screens = [await go(first, once), await go(second, once)] as const;
  assert.equal(sentBack(await answerScreen(first, screens[0], 'yes'))['state'], 's1');
  assert.match(await profile.refusedWith(once), /^400 .*request_uri/);
  // Another window that was open already gives no second code, and says what is true.
  const late = await answerScreen(second, screens[1], 'yes');
  assert.equal(late.next, undefined);
  assert.match(wordsOf(late.text), /svart i et annet vindu/);
  const given = await world.inspect('select id from consent where client_id = $1', [mine.id]);
  assert.equal(given.length, 1);

  for (const address of [
    'https://evil.example/request',
    'urn:ietf:params:oauth:request_uri:unknown',
    `${API}/oauth2/auth`,
  ]) {
    const url = `/oauth2/auth?${new URLSearchParams({ client_id: mine.id, request_uri: address })}`;
    assert.match(await profile.refusedWith(url), /^400 /, address);
  }
});

test('A2: only a client that proves itself pushes a request, and what is pushed is kept without what names a person', async () => {
  const form = { client_id: clientOf(1).id, response_type: 'code', redirect_uri: callback, scope, state: 's1' };
  const push = async (authorization: string | undefined) => {
    const { headers, ...rest } = tokenRequest(form, authorization ?? '');
    const { authorization: basic, ...without } = headers as Record<string, string>;
    return world.call({
      ...rest,
      url: '/oauth2/par',
      headers: authorization === undefined ? without : { ...without, authorization: String(basic) },
    });
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

test('A2: an assertion is good once, for an hour at most, and is no request object', async () => {
  const { id } = await profile.newClient();
  const assertion = (claims: JWTPayload) =>
    new SignJWT({
      iss: id,
      sub: id,
      aud: API,
      jti: crypto.randomUUID(),
      exp: Math.floor(Date.now() / 1000) + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .sign(profile.keys.privateKey);
  const ask = async (client_assertion: string): Promise<Json> => {
    const form = {
      ...clientCredentials,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
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
  assert.equal((await ask(await profile.signedFor(id))).error, 'invalid_client');
});

test('A5, A9: whoever asks for a fresh login is told in the ID token when it was, and that is before the answer', async () => {
  const { config } = await profile.newClient();
  for (const fresh of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '600' }]) {
    const [state, nonce] = [oauth.randomState(), oauth.randomNonce()];
    const parameters = {
      redirect_uri: callback,
      scope: `${scope} openid`,
      state,
      nonce,
      login_hint: hint,
    };
    const address = await oauth.buildAuthorizationUrlWithPAR(config, { ...parameters, ...fresh });
    const visitor = visitorOf(world);
    const screen = await go(visitor, address);
    await world.inspect(
      "update consent_request set logged_in_at = logged_in_at - interval '100 seconds' where outcome is null",
    );
    const back = await answerScreen(visitor, screen, 'yes');
    assert.ok(back.next);
    const checks = { expectedState: state, expectedNonce: nonce, idTokenExpected: true, maxAge: 600 };
    const tokens = await oauth.authorizationCodeGrant(config, back.next, checks);
    recordToken(tokens.access_token);
    const age = Date.now() / 1000 - Number(tokens.claims()?.auth_time);
    assert.ok(age > 99 && age < 200, `${JSON.stringify(fresh)}: ${age}`);
  }
});
