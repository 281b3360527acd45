import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { API, bearer, clientOf, newConsent, startWorld, tokenFor, tokenRequest, type World } from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const { basic, id, secret } = clientOf(1);
const AGREEMENT = `${API}/v1/consent/agreement`;
const form = (changes: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  audience: AGREEMENT,
  scope: 'consent.create',
  ...changes,
});
const ask = (changes: Record<string, string> = {}, authorization = basic) =>
  world.call(tokenRequest(form(changes), authorization));

test('A4: an answer holds an opaque token, bearer, an hour, and the scope, and is not to be stored', async () => {
  const answer = await ask();
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.json).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
  assert.match(answer.json.access_token, /^[\w-]{43}$/);
  assert.equal(answer.json.token_type.toLowerCase(), 'bearer');
  assert.ok([3599, 3600].includes(answer.json.expires_in));
  assert.equal(answer.json.scope, 'consent.create');
  assert.match(String(answer.headers['cache-control']), /no-store/);
  assert.ok(answer.headers['x-trace-id']);
});

test('A4, A5: the database holds neither secrets nor tokens, only their SHA-256, and no refresh token is given', async () => {
  const token = await tokenFor(world, 'debt');
  const everything =
    JSON.stringify(await world.inspect('select *, payload::text as text from oauth_artefact')) +
    JSON.stringify(await world.inspect('select * from client'));
  assert.ok(!everything.includes(token));
  assert.ok(!everything.includes(secret));
  const stored = await world.inspect('select model from oauth_artefact where id_hash = sha256($1::bytea)', [
    Buffer.from(token),
  ]);
  assert.deepEqual(stored, [{ model: 'ClientCredentials' }]);
});

test('A3: debt tokens come with one scope or both', async () => {
  const both = 'debt.unsecured.presentation debt.unsecured.processing';
  assert.equal((await ask({ audience: `${API}/v1/debt`, scope: both })).json.scope, both);
  assert.equal(
    (await ask({ audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' })).json.scope,
    'debt.unsecured.processing',
  );
});

test('A3: a scope that does not belong to the audience, or that the client is not registered for, is invalid_scope', async () => {
  for (const [changes, client] of [
    [{ scope: 'debt.unsecured.processing' }, 1],
    [{ scope: 'consent.create debt.unsecured.processing' }, 1],
    [{ scope: 'openid' }, 1],
    [{ scope: 'nonsense' }, 1],
    [{ scope: '' }, 1],
    [{}, 3],
    [{ audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' }, 3],
    [{ audience: `${API}/v1/debt`, scope: 'debt.unsecured.presentation debt.unsecured.processing' }, 3],
    [{ audience: `${API}/feed/v1/consent`, scope: 'client.access.consent.events' }, 3],
  ] as const) {
    const answer = await ask(changes, clientOf(client).basic);
    assert.equal(answer.status, 400, JSON.stringify(changes));
    assert.equal(answer.json.error, 'invalid_scope');
    assert.ok(answer.json.error_description.length > 20, 'it says what to do');
  }
  const without: Record<string, string> = form();
  delete without['scope'];
  assert.equal((await world.call(tokenRequest(without, basic))).json.error, 'invalid_scope');
});

test('A3: an unknown audience is invalid_target, a missing one invalid_request', async () => {
  for (const audience of [
    'https://elsewhere.example/v1/debt',
    `${AGREEMENT}/`,
    API,
    'agreement',
    'urn:x',
    `${AGREEMENT}#x`,
  ]) {
    const answer = await ask({ audience });
    assert.equal(answer.status, 400);
    assert.equal(answer.json.error, 'invalid_target', audience);
  }
  const without: Record<string, string> = form();
  delete without['audience'];
  const missing = await world.call(tokenRequest(without, basic));
  assert.equal(missing.json.error, 'invalid_request');
  assert.match(missing.json.error_description, /audience/);
  const twice = await world.call({
    ...tokenRequest(form(), basic),
    payload: `${new URLSearchParams(form())}&audience=${encodeURIComponent(`${API}/v1/debt`)}`,
  });
  assert.equal(twice.status, 400);
});

test('RFC 8707: `resource` names the API as well as `audience` does', async () => {
  const { audience, ...rest } = form();
  const answer = await world.call(tokenRequest({ ...rest, resource: audience }, basic));
  assert.equal(answer.status, 200);
});

test('A3: `audience` and `resource` that name different APIs are invalid_target, and equal ones are one', async () => {
  const resource = `${API}/v1/debt`;
  const different = await ask({ resource });
  assert.deepEqual([different.status, different.json.error], [400, 'invalid_target']);
  assert.equal((await ask({ resource: AGREEMENT })).status, 200);
});

test('E1: what was asked for in vain is not repeated', async () => {
  const answer = await ask({ scope: '14842249091' });
  assert.equal(answer.json.error, 'invalid_scope');
  assert.ok(!answer.text.includes('14842249091'));
});

test('E2: a token request that is too large is 413, and one that is no form 415', async () => {
  const send = (type: string, payload: string) =>
    world.call({
      method: 'POST',
      url: '/oauth2/token',
      headers: { authorization: basic, 'content-type': type },
      payload,
    });
  const large = await send('application/x-www-form-urlencoded', `scope=${'x'.repeat(70_000)}`);
  assert.deepEqual([large.status, large.json.error], [413, 'invalid_request']);
  const json = await send('application/json', '{}');
  assert.deepEqual([json.status, json.json.error], [415, 'invalid_request']);
  assert.equal(
    (await send('application/x-www-form-urlencoded; charset=utf-8', new URLSearchParams(form()).toString())).status,
    200,
  );
});

test('A2: a client whose secrets have all been taken away is refused like an unknown one', async () => {
  await world.inspect(`update client set secret_hashes = '{}' where id = $1`, [clientOf(3).id]);
  const answer = await ask({}, clientOf(3).basic);
  assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
  await world.inspect(`update client set secret_hashes = array[sha256($2::bytea)] where id = $1`, [
    clientOf(3).id,
    Buffer.from(clientOf(3).secret),
  ]);
});

test('X5: the addresses of NGI’s pre-production name our APIs', async () => {
  for (const [path, scope] of [
    ['/v1/consent/agreement', 'consent.create'],
    ['/feed/v1/consent', 'client.access.consent.events'],
    ['/v1/debt', 'debt.unsecured.presentation'],
  ] as const) {
    assert.equal((await ask({ audience: `https://api-preprod.norskgjeld.no${path}`, scope })).status, 200);
  }
});

test('A2: a wrong secret, an unknown client, and no or other authentication are 401 with a challenge', async () => {
  const wrong = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  for (const authorization of [
    wrong(id, 'sandbox-secret-2'),
    wrong(id, ''),
    wrong('a0000000-0000-4000-8000-00000000000f', secret),
    wrong("' or 1=1", secret),
    'Basic x',
    'Basic',
  ]) {
    const answer = await ask({}, authorization);
    assert.ok([400, 401].includes(answer.status), authorization);
    assert.ok(['invalid_client', 'invalid_request'].includes(answer.json.error), answer.text);
    if (answer.status === 401) assert.match(String(answer.headers['www-authenticate']), /^Basic/);
  }
  const inBody = await world.call({
    method: 'POST',
    url: '/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ ...form(), client_id: id, client_secret: secret }).toString(),
  });
  assert.equal(inBody.json.error, 'invalid_client');
});

test('A2: two secrets are good at once while one is being rotated, and a disabled client gets nothing', async () => {
  const newSecret = 'x'.repeat(43);
  await world.inspect('update client set secret_hashes = secret_hashes || sha256($2::bytea) where id = $1', [
    id,
    Buffer.from(newSecret),
  ]);
  assert.equal((await ask({}, `Basic ${Buffer.from(`${id}:${newSecret}`).toString('base64')}`)).status, 200);
  assert.equal((await ask()).status, 200);
  await world.inspect('update client set enabled = false where id = $1', [id]);
  assert.equal((await ask()).status, 401);
  await world.inspect('update client set enabled = true where id = $1', [id]);
});

test('A1: other grants and other content are refused with the standard codes', async () => {
  for (const grant_type of [
    'password',
    'refresh_token',
    'authorization_code',
    'urn:ietf:params:oauth:grant-type:device_code',
    '',
  ]) {
    const answer = await ask({ grant_type });
    assert.equal(answer.status, 400);
    assert.ok(
      ['unsupported_grant_type', 'invalid_request', 'unauthorized_client'].includes(answer.json.error),
      answer.text,
    );
  }
  const json = await world.call({
    method: 'POST',
    url: '/oauth2/token',
    headers: { authorization: basic, 'content-type': 'application/json' },
    payload: form(),
  });
  assert.equal(json.status, 415);
  const get = await world.call({ method: 'GET', url: '/oauth2/token' });
  assert.equal(get.status, 405);
  assert.equal(get.headers['allow'], 'POST');
});

/** All of it: what is added or lost with another version of the library is looked at. */
const DISCOVERY = {
  authorization_endpoint: `${API}/oauth2/auth`,
  claims_parameter_supported: false,
  claims_supported: ['sub', 'pid', 'consent_id', 'acr', 'auth_time', 'iss'],
  code_challenge_methods_supported: ['S256'],
  end_session_endpoint: `${API}/oauth2/sessions/logout`,
  grant_types_supported: ['authorization_code', 'client_credentials'],
  issuer: API,
  jwks_uri: `${API}/.well-known/jwks.json`,
  authorization_response_iss_parameter_supported: true,
  response_modes_supported: ['query', 'fragment'],
  response_types_supported: ['code'],
  scopes_supported: ['openid'],
  subject_types_supported: ['pairwise'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
  token_endpoint: `${API}/oauth2/token`,
  id_token_signing_alg_values_supported: ['RS256', 'ES256'],
  pushed_authorization_request_endpoint: `${API}/oauth2/par`,
  dpop_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
  request_parameter_supported: true,
  request_object_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
  request_uri_parameter_supported: false,
  revocation_endpoint: `${API}/oauth2/revoke`,
  claim_types_supported: ['normal'],
  userinfo_endpoint: `${API}/userinfo`,
};

test('A12: discovery is truthful: what it lists works, and its addresses are the configured ones whatever is sent', async () => {
  const answer = await world.call({
    method: 'GET',
    url: '/.well-known/openid-configuration',
    headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'gopher' },
  });
  assert.equal(answer.status, 200);
  const discovery = answer.json;
  assert.equal(discovery.issuer, API);
  assert.ok(!answer.text.includes('evil'));
  assert.deepEqual(discovery, DISCOVERY);
  for (const address of Object.entries(discovery).filter(
    ([name, value]) => /(_endpoint|_uri)$/.test(name) && typeof value === 'string',
  )) {
    const path = String(address[1]).slice(API.length);
    const found = await Promise.all([
      world.call({ method: 'GET', url: path }),
      world.call({ method: 'POST', url: path }),
    ]);
    assert.ok(
      found.some((reply) => reply.status !== 404 && reply.status !== 405),
      `${address[0]} answers`,
    );
  }
  const jwks = (await world.call({ method: 'GET', url: '/.well-known/jwks.json' })).json;
  assert.equal(jwks.keys[0].kty, 'RSA');
  assert.ok(!('d' in jwks.keys[0]), 'the private part stays here');
});

test('A1: a token is revoked by its own client, and by no other', async () => {
  const token = await tokenFor(world, 'debt');
  const consent = await newConsent(world);
  const revoke = (authorization: string) =>
    world.call({
      method: 'POST',
      url: '/oauth2/revoke',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token }).toString(),
    });
  const status = () => world.call({ method: 'GET', url: `/v1/debt/${consent}/status`, headers: bearer(token) });
  await revoke(clientOf(2).basic);
  assert.equal((await status()).status, 200);
  assert.equal((await revoke(basic)).status, 200);
  assert.equal((await status()).json.error, 'invalid access token');
});

test('tokens that have expired are swept away, and no others', async () => {
  await tokenFor(world, 'debt');
  const count = async () => (await world.inspect('select count(*) as count from oauth_artefact'))[0].count;
  const before = await count();
  await world.inspect(
    `insert into oauth_artefact (model, id_hash, payload, expires_at) select 'ClientCredentials', sha256(n::text::bytea), '{}', now() - interval '1 hour' from generate_series(1, 6000) n`,
  );
  await world.jobs.runDue();
  assert.equal(await count(), before);
});
