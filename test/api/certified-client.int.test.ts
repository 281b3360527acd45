import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'openid-client';
import { saveClient } from '../../src/clients/client-registry.ts';
import { sandboxClients } from '../../sandbox/clients.ts';
import { answerScreen, callbacks, go, visitorOf } from '../support/flow.ts';
import { recordToken } from '../support/evidence.ts';
import { injectedFetch } from '../support/injected-fetch.ts';
import { API, bearer, clientOf, startWorld, type World } from '../support/world.ts';

/** A library that is certified for OpenID Connect, with all its checks on, as the client of an organisation. */

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const options = (): oauth.DiscoveryRequestOptions => ({
  execute: [oauth.allowInsecureRequests],
  [oauth.customFetch]: injectedFetch(() => world.app) as oauth.CustomFetch,
});

const discovered = (client: string, authentication: oauth.ClientAuth, metadata: Partial<oauth.ClientMetadata> = {}) =>
  oauth.discovery(new URL(API), client, metadata, authentication, options());

/** Logs in, says yes, and answers the address that the browser is sent back to. */
async function sayYes(address: URL): Promise<URL> {
  const visitor = visitorOf(world);
  const back = await answerScreen(visitor, await go(visitor, address), 'yes');
  assert.ok(back.next, 'sent back to the client');
  return back.next;
}

async function throughTheFlow(config: oauth.Configuration, redirectUri: string, alg: string) {
  const verifier = oauth.randomPKCECodeVerifier();
  const [state, nonce] = [oauth.randomState(), oauth.randomNonce()];
  const address = oauth.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'debt.unsecured.presentation.30 openid',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    login_hint: 'testid:14842249091',
  });
  const tokens = await oauth.authorizationCodeGrant(config, await sayYes(address), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  recordToken(tokens.access_token);
  const claims = tokens.claims();
  assert.equal(claims?.['pid'], '14842249091');
  const [header = ''] = (tokens.id_token ?? '').split('.');
  assert.equal(JSON.parse(Buffer.from(header, 'base64url').toString()).alg, alg);
  const info = await oauth.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '');
  assert.equal(info['consent_id'], claims?.['consent_id']);
  const debt = await world.call({ method: 'GET', url: '/v1/debt', headers: bearer(tokens.access_token) });
  assert.equal(debt.status, 200);
  return tokens;
}

/** How the library tells that it was answered 401, with a challenge or without. */
const refused = /challenge in the WWW-Authenticate|error in the response body/;

test('A1 to A6, A11, A12: a certified client goes through discovery, code flow with PKCE, ID token, userinfo, revocation and logout', async () => {
  const { id, secret } = clientOf(1);
  const config = await discovered(id, oauth.ClientSecretBasic(secret));
  const tokens = await throughTheFlow(config, callbacks[1], 'RS256');

  await oauth.tokenRevocation(config, tokens.access_token);
  const after = await world.call({ method: 'GET', url: '/v1/debt', headers: bearer(tokens.access_token) });
  assert.equal(after.status, 403);

  const logout = oauth.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: callbacks[1],
    state: 'bye',
  });
  assert.equal((await visitorOf(world).request(logout)).next?.href, `${callbacks[1]}?state=bye`);
});

test('A3, A12: a certified client gets tokens by client credentials for each API', async () => {
  const { id, secret } = clientOf(1);
  const config = await discovered(id, oauth.ClientSecretBasic(secret));
  for (const [path, scope] of [
    ['/v1/consent/agreement', 'consent.create'],
    ['/feed/v1/consent', 'client.access.consent.events'],
    ['/v1/debt', 'debt.unsecured.presentation debt.unsecured.processing'],
  ] as const) {
    for (const name of ['audience', 'resource']) {
      const token = await oauth.clientCredentialsGrant(config, { [name]: `${API}${path}`, scope });
      recordToken(token.access_token);
      assert.equal(token.scope, scope);
    }
  }
});

test('A2, A5: a client may be registered for private_key_jwt and ES256 instead, and its secret is worth nothing then', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  const [{ client: likeness }] = sandboxClients(API);
  const client = {
    ...likeness,
    id: 'a0000000-0000-4000-8000-0000000000aa',
    name: 'Nøkkelbanken AS',
    authentication: 'private_key_jwt',
    jwks: { keys: [jwk] },
    idTokenAlgorithm: 'ES256',
    profile: { ...likeness.profile, pkce: true },
  } as const;
  await world.platform.db.transaction((tx) => saveClient(tx, client, new Date()));
  const config = await discovered(client.id, oauth.PrivateKeyJwt({ key: privateKey, kid: 'k1' }), {
    id_token_signed_response_alg: 'ES256',
  });
  await throughTheFlow(config, callbacks[1], 'ES256');
  const token = await oauth.clientCredentialsGrant(config, {
    audience: `${API}/v1/debt`,
    scope: 'debt.unsecured.processing',
  });
  recordToken(token.access_token);

  const withSecret = await discovered(client.id, oauth.ClientSecretBasic(clientOf(1).secret));
  const ask = { audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' };
  await assert.rejects(oauth.clientCredentialsGrant(withSecret, ask), refused);
  const foreign = await discovered(
    client.id,
    oauth.PrivateKeyJwt({ key: (await generateKeyPair('ES256')).privateKey }),
  );
  await assert.rejects(oauth.clientCredentialsGrant(foreign, ask), refused);
  const basic = await discovered(clientOf(1).id, oauth.PrivateKeyJwt({ key: privateKey, kid: 'k1' }));
  await assert.rejects(oauth.clientCredentialsGrant(basic, ask), refused);
});

test('A1, A8: logout leads back to a registered address only, for a client that is named by an ID token of ours or by its id', async () => {
  const out = (parameters: object) =>
    visitorOf(world).request(`${API}/oauth2/sessions/logout?${new URLSearchParams(Object.entries(parameters))}`);
  const { id } = clientOf(1);
  const back = callbacks[1];
  const good = await out({ client_id: id, post_logout_redirect_uri: back, state: 'æ+&=' });
  assert.equal(good.status, 303);
  assert.equal(good.next?.searchParams.get('state'), 'æ+&=');
  for (const parameters of [
    { post_logout_redirect_uri: back },
    { client_id: id, post_logout_redirect_uri: `${back}/` },
    { client_id: id, post_logout_redirect_uri: 'https://evil.example/' },
    { client_id: clientOf(2).id, post_logout_redirect_uri: back },
    { id_token_hint: 'eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.', post_logout_redirect_uri: back },
    { id_token_hint: 'nonsense', client_id: id, post_logout_redirect_uri: back },
  ]) {
    const refused = await out(parameters);
    assert.equal(refused.status, 400, JSON.stringify(parameters));
    assert.equal(refused.headers.get('location'), null);
  }
  const bare = await out({});
  assert.equal(bare.next?.pathname, '/signed-out');
});
