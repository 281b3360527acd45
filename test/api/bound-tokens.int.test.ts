import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'openid-client';
import { apiPaths } from '../../src/clients/audience.ts';
import { recordToken } from '../support/evidence.ts';
import { codeFor, exchange } from '../support/flow.ts';
import { callback, clientCredentials, hint, openProfile, proofOf, scope, type Profile } from '../support/profile.ts';
import { API, bearer, startWorld, tokenFor, tokenRequest, type Json, type World } from '../support/world.ts';

/** Tokens that are bound to a key (RFC 9449): good for whoever has that key, and for nobody else who gets hold of one (ADR 19). */

let world: World;
let other: World;
let profile: Profile;
before(async () => {
  world = await startWorld();
  other = await startWorld({ database: world.database });
  profile = await openProfile(world);
});
after(async () => {
  await other.close();
  await world.close();
});

test('A4: a client that is held to proofs gets no token without one, with a broken one, or with one that was used before', async () => {
  const { basic } = await profile.newClient({ authentication: 'client_secret_basic', profile: { dpop: true } });
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

test("A3, A4: a token that is bound to a key is refused at every API without the right proof, in that API's own shape", async () => {
  const { config, id } = await profile.newClient();
  const pair = await generateKeyPair('ES256', { extractable: true });
  const DPoP = oauth.getDPoPHandle(config, pair);
  const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey));
  const pushed = await oauth.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: callback,
    scope: `${scope} openid`,
    state: 's1',
    nonce: 'n',
    login_hint: hint,
    dpop_jkt: jkt,
  });
  const fromFlow = await oauth.authorizationCodeGrant(
    config,
    await profile.sayYes(pushed),
    { expectedState: 's1', expectedNonce: 'n' },
    undefined,
    { DPoP },
  );
  const tokenOf = async (api: 'agreement' | 'events' | 'debt', asked: string) =>
    (await oauth.clientCredentialsGrant(config, { audience: `${API}${apiPaths[api]}`, scope: asked }, { DPoP }))
      .access_token;
  const consentId = fromFlow.claims()?.['consent_id'];
  assert.equal(typeof consentId, 'string');
  const stranger = await generateKeyPair('ES256', { extractable: true });
  const now = Math.floor(Date.now() / 1000);

  const debtToken = await tokenOf('debt', 'debt.unsecured.presentation');
  const places = [
    {
      method: 'PUT',
      path: '/v1/consent/agreement',
      token: await tokenOf('agreement', 'consent.create'),
      shape: 'empty',
      good: 400,
    },
    {
      method: 'GET',
      path: '/feed/v1/consent/lastSequenceNr',
      token: await tokenOf('events', 'client.access.consent.events'),
      shape: 'empty',
      good: 200,
    },
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
      });
    const expectRefusal = async (what: string, error: string, authorization: string, dpop?: string, at?: World) => {
      const answer = await call(authorization, dpop, at);
      const where = `${method} ${path} ${what}`;
      assert.equal(answer.status, shape === 'debt' ? 403 : 401, where);
      assert.match(
        String(answer.headers['www-authenticate']),
        new RegExp(`^DPoP error="${error}", algs="RS256 PS256 ES256"$`),
        where,
      );
      if (shape === 'empty') assert.equal(answer.text, '', where);
      if (shape === 'debt') assert.equal(answer.json.error, 'invalid access token', where);
      if (shape === 'userinfo') assert.equal(answer.json.error, 'invalid_token', where);
    };
    const proof = (changes: Parameters<typeof proofOf>[2] = {}, differs: object = {}) =>
      proofOf(pair, { ...of, ...differs }, changes);
    const invalid = 'invalid_dpop_proof';
    await expectRefusal('as a bearer', 'invalid_token', `Bearer ${token}`);
    await expectRefusal('as a bearer, with a proof', 'invalid_token', `Bearer ${token}`, await proof());
    await expectRefusal('without a proof', invalid, `DPoP ${token}`);
    await expectRefusal('with another key', invalid, `DPoP ${token}`, await proofOf(stranger, of));
    await expectRefusal('signed by another', invalid, `DPoP ${token}`, await proof({ key: stranger.privateKey }));
    await expectRefusal('for another method', invalid, `DPoP ${token}`, await proof({}, { method: 'POST' }));
    await expectRefusal('for another address', invalid, `DPoP ${token}`, await proof({}, { url: `${API}/v1/other` }));
    await expectRefusal(
      'for another host',
      invalid,
      `DPoP ${token}`,
      await proof({}, { url: `https://evil.example${path}` }),
    );
    await expectRefusal('for another token', invalid, `DPoP ${token}`, await proof({}, { token: 'other' }));
    await expectRefusal('without the token', invalid, `DPoP ${token}`, await proof({ claims: { ath: undefined } }));
    await expectRefusal('too old', invalid, `DPoP ${token}`, await proof({ claims: { iat: now - 120 } }));
    await expectRefusal('from the future', invalid, `DPoP ${token}`, await proof({ claims: { iat: now + 120 } }));
    await expectRefusal('without a time', invalid, `DPoP ${token}`, await proof({ claims: { iat: undefined } }));
    await expectRefusal('without an id', invalid, `DPoP ${token}`, await proof({ claims: { jti: undefined } }));
    await expectRefusal('of another type', invalid, `DPoP ${token}`, await proof({ header: { typ: 'JWT' } }));
    await expectRefusal('nonsense', invalid, `DPoP ${token}`, 'nonsense');
    await expectRefusal('too long', invalid, `DPoP ${token}`, await proof({ claims: { more: 'x'.repeat(4_000) } }));
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
    headers: {
      authorization: `DPoP ${unbound}`,
      dpop: await proofOf(pair, { method: 'GET', url: `${API}/feed/v1/consent/lastSequenceNr`, token: unbound }),
    },
  });
  assert.equal(answer.status, 401);
  assert.ok(id);
});

test('A4: of twenty requests with one proof at once, at two nodes, one is let in', async () => {
  const { config } = await profile.newClient();
  const pair = await generateKeyPair('ES256', { extractable: true });
  const DPoP = oauth.getDPoPHandle(config, pair);
  const audience = `${API}${apiPaths.events}`;
  const { access_token: token } = await oauth.clientCredentialsGrant(
    config,
    { audience, scope: 'client.access.consent.events' },
    { DPoP },
  );
  recordToken(token);
  const path = '/feed/v1/consent/lastSequenceNr';
  const dpop = await proofOf(pair, { method: 'GET', url: `${API}${path}`, token });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, turn) =>
      (turn % 2 === 0 ? world : other).call({
        method: 'GET',
        url: path,
        headers: { authorization: `DPoP ${token}`, dpop },
      }),
    ),
  );
  assert.deepEqual(
    answers.map((answer) => answer.status).toSorted((a, b) => a - b),
    [200, ...Array.from({ length: 19 }, () => 401)],
  );
});

test('A11: a code that was asked for with a key is exchanged with that key, and with no other', async () => {
  const { config } = await profile.newClient();
  const [pair, another] = [await oauth.randomDPoPKeyPair(), await oauth.randomDPoPKeyPair()];
  const DPoP = oauth.getDPoPHandle(config, pair);
  const back = async () =>
    profile.sayYes(
      await oauth.buildAuthorizationUrlWithPAR(
        config,
        { redirect_uri: callback, scope, state: 's1', login_hint: hint },
        { DPoP },
      ),
    );
  const exchanged = async (options?: oauth.DPoPOptions) =>
    oauth.authorizationCodeGrant(config, await back(), { expectedState: 's1' }, undefined, options).then(
      (tokens) => tokens.token_type,
      (error: Json) => error.error,
    );
  assert.equal(await exchanged(), 'invalid_dpop_proof');
  assert.equal(await exchanged({ DPoP: oauth.getDPoPHandle(config, another) }), 'invalid_dpop_proof');
  assert.equal(await exchanged({ DPoP }), 'dpop');
});

test('A4: what has no profile is as it was: a bearer token needs no proof, and one more header does it no harm', async () => {
  const answer = await exchange(world, await codeFor(world));
  assert.equal(answer.json.token_type, 'Bearer');
  const debt = await world.call({
    method: 'GET',
    url: '/v1/debt',
    headers: { ...bearer(answer.json.access_token), dpop: 'nonsense' },
  });
  assert.equal(debt.status, 200);
});
