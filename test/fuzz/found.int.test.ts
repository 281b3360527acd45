import assert from 'node:assert/strict';
import { connect, type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { plainAddress } from '../../src/platform/http-server.ts';
import { callbacks } from '../support/flow.ts';
import { API, agreement, bearer, clientOf, startWorld, tokenFor, tokenRequest, type World } from '../support/world.ts';

/** What the fuzzing has found, each as it was found: so that it is met in every run, and not only when the dice fall so. */

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const grant = { grant_type: 'client_credentials', audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' };
const asked = {
  client_id: clientOf(1).id,
  response_type: 'code',
  scope: 'debt.unsecured.presentation.30',
  redirect_uri: callbacks[1],
  state: 's',
};

test('E2: nothing that the authorization server answers may be kept, but its keys', async () => {
  const answers = [
    await world.call(tokenRequest(grant, clientOf(1).basic)),
    await world.call({ ...tokenRequest({ token: 'x' }, clientOf(1).basic), url: '/oauth2/revoke' }),
    await world.call({ ...tokenRequest(asked, clientOf(1).basic), url: '/oauth2/par' }),
    await world.call({ method: 'GET', url: `/oauth2/auth?${new URLSearchParams(asked)}` }),
    await world.call({ method: 'GET', url: '/.well-known/openid-configuration' }),
    await world.call({ method: 'GET', url: '/testid/.well-known/openid-configuration' }),
  ];
  for (const { headers } of answers) {
    assert.match(String(headers['cache-control']), /\bno-store\b/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
  const keys = await world.call({ method: 'GET', url: '/.well-known/jwks.json' });
  assert.match(String(keys.headers['cache-control']), /max-age/);
});

test('E2: an address has one spelling, however it is sent: in it errors, proofs and libraries find what the router has found', async () => {
  for (const [sent, plain] of [
    ['/v1/debt', '/v1/debt'],
    ['/%76%31/%64ebt?a=%62', '/v1/debt?a=%62'],
    ['/oauth2%2ftoken', '/oauth2%2ftoken'],
    ['http://localhost:4000/v1/debt?x', '/v1/debt?x'],
    ['HTTPS://user:word@evil.example', '/'],
    ['http://evil.example?x', '/?x'],
    ['/v1/debt#x', '/v1/debt%23x'],
    ['/%2e%2E/%41%7e%5F', '/../A~_'],
    ['/%zz%', '/%zz%'],
    ['/%c3%a6', '/%c3%a6'],
    ['*', '/*'],
    ['ftp://evil.example/', '/ftp://evil.example/'],
  ] as const) {
    assert.equal(plainAddress(sent), plain, sent);
    assert.equal(plainAddress(plain), plain, 'said twice it stays the same');
  }
  const token = await world.call({ ...tokenRequest(grant, clientOf(1).basic), url: '/%6fauth2/%74oken' });
  assert.equal(token.status, 200);
  const debt = await world.call({ method: 'GET', url: '/%76%31/debt/x' });
  assert.equal(debt.json.error, 'missing authorization header', 'in the words of that API');
});

test('E1: the authorization server repeats no number in what it says of a request, and no sign that such a sentence cannot have', async () => {
  for (const origin of ['https://14842249091.example', 'https://"\\æ.example']) {
    const request = tokenRequest(grant, clientOf(1).basic);
    const answer = await world.call({ ...request, headers: { ...request.headers, origin } });
    assert.equal(answer.status, 400);
    assert.match(answer.json.error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
    assert.doesNotMatch(answer.text, /14842249091/);
  }
});

test('A8: a request object that is there and empty is none, in an address and in a request that is pushed', async () => {
  const empty = new URLSearchParams({ ...asked, request: '' });
  const answer = await world.call({ method: 'GET', url: `/oauth2/auth?${empty}` });
  assert.equal(answer.status, 303);
  assert.match(String(answer.headers['location']), /^\/interaction\//);
  const pushed = await world.call({
    ...tokenRequest({ ...asked, request: '' }, clientOf(1).basic),
    url: '/oauth2/par',
  });
  assert.equal(pushed.status, 201, pushed.text);
});

test('E2: a body that is packed, or says so, is refused at every API, and one that says that it is not is taken', async () => {
  const token = await tokenFor(world, 'agreement');
  const body = JSON.stringify(agreement({ client_consent_id: 'packed' }));
  const put = (payload: string | Buffer, coding: string) =>
    world.call({
      method: 'PUT',
      url: '/v1/consent/agreement',
      headers: { ...bearer(token), 'content-type': 'application/json', 'content-encoding': coding },
      payload,
    });
  for (const [payload, coding] of [
    [gzipSync(body), 'gzip'],
    [body, 'gzip'],
    [body, 'identity, gzip'],
    [body, 'br'],
    [body, '__proto__'],
  ] as const) {
    const answer = await put(payload, coding);
    assert.deepEqual([answer.status, answer.json.error], [415, 'Unsupported Media Type'], coding);
  }
  assert.equal((await put(body, 'Identity')).status, 200);
  const request = tokenRequest(grant, clientOf(1).basic);
  const packed = await world.call({ ...request, headers: { ...request.headers, 'content-encoding': 'gzip' } });
  assert.equal(packed.status, 415);
});

test('E2: who goes on sending after having been refused is cut off', async () => {
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = world.app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.resume();
  socket.on('error', () => undefined);
  socket.write('nonsense\r\n\r\n');
  for (let drips = 0; drips < 400 && !socket.closed; drips += 1) {
    socket.write('x');
    await sleep(50);
  }
  assert.ok(socket.closed, 'the connection is still there');
});
