import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { askAddress, callbacks, visitorOf, wordsOf } from '../support/flow.ts';
import { clientOf, startWorld, type World } from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** Sends an authorization request and answers where it leads, without going on. */
async function ask(more: Record<string, string>, raw = '') {
  const answer = await visitorOf(world).request(askAddress({ more }) + raw);
  const location = answer.headers.get('location') ?? '';
  return { ...answer, location, sentBack: Object.fromEntries(answer.next?.searchParams ?? []) };
}

const requests = () => world.inspect('select * from consent_request');

test('A8: an unknown client, and a redirect address that is not exactly a registered one, are never redirected to', async () => {
  const registered = callbacks[1];
  for (const [more, says] of [
    [{ client_id: 'a0000000-0000-4000-8000-00000000000f' }, 'client_id'],
    [{ client_id: 'nobody' }, 'client_id'],
    [{ client_id: clientOf(1).id.toUpperCase() }, 'client_id'],
    [{ client_id: "'; drop table client; --" }, 'client_id'],
    [{ client_id: '' }, 'client_id'],
    ...[
      '',
      registered.toUpperCase(),
      registered.replace('localhost', 'LOCALHOST'),
      registered.replace('callback', 'Callback'),
      `${registered}/`,
      `${registered}?`,
      `${registered}?a=b`,
      `${registered}#`,
      `${registered}#fragment`,
      registered.replace('8765', '8766'),
      registered.replace('8765', '87650'),
      registered.replace(':8765', ''),
      registered.replace('http:', 'https:'),
      registered.replace('//', '//user@'),
      registered.replace('//', '//localhost:8765@evil.example/'),
      registered.replace('/callback', '/x/../callback'),
      registered.replace('/callback', '/%63allback'),
      registered.replace('/callback', '//callback'),
      registered.replace('localhost', 'localhost.evil.example'),
      registered.replace('localhost', '127.0.0.1'),
      'https://evil.example/',
      'javascript:alert(1)',
      '//evil.example',
      callbacks[2],
    ].map((redirect_uri) => [{ redirect_uri }, 'redirect_uri'] as const),
  ] as const) {
    for (const scope of ['debt.unsecured.presentation', 'nonsense']) {
      const answer = await ask({ ...more, scope });
      assert.equal(answer.status, 400, JSON.stringify(more));
      assert.equal(answer.location, '', JSON.stringify(more));
      assert.match(String(answer.headers.get('content-type')), /^text\/html/);
      assert.match(String(answer.headers.get('content-security-policy')), /default-src 'none'/);
      assert.match(answer.text, new RegExp(`<code>${says}`), JSON.stringify(more));
      assert.doesNotMatch(wordsOf(answer.text), /evil|drop table/);
      assert.doesNotMatch(answer.text, /http-equiv="refresh"|testid:|<script|href="[^"/]*evil/);
    }
  }
  assert.equal((await requests()).length, 0);
});

test('A6, A8: what is wrong with the scope is told on the redirect, with the state byte for byte and the issuer', async () => {
  const state = ' æ+%2B&=?#/ "<b>\'\\\u{1F600} ';
  const both = 'debt.unsecured.presentation debt.unsecured.processing';
  for (const scope of [
    '',
    'openid',
    'openid debt.unsecured.presentation',
    both,
    'debt.unsecured.presentation debt.unsecured.presentation',
    'debt.unsecured.presentation offline_access',
    ...['0', '-1', 'abc', '1.5', ''].map((days) => `debt.unsecured.presentation.${days}`),
    'debt.unsecured.presentation  openid',
    ' debt.unsecured.presentation',
    'debt.unsecured.presentation"',
    'debt.unsecured.presentation\\',
    'debt.unsecured.præsentation',
    'debt.unsecured.other',
    'consent.create',
  ]) {
    const { status, location, sentBack } = await ask({ scope, state });
    assert.equal(status, 303, scope);
    assert.ok(location.startsWith(`${callbacks[1]}?`), location);
    assert.equal(sentBack['error'], 'invalid_scopes', scope);
    assert.equal(sentBack['state'], state);
    assert.equal(sentBack['iss'], 'http://localhost:4000');
    assert.ok((sentBack['error_description'] ?? '').length > 10);
    assert.doesNotMatch(sentBack['error_description'] ?? '', /præ|"|\\/);
  }
  assert.equal((await requests()).length, 0);
});

test('A8, C9: a scope or openid that the client is not registered for is invalid_scopes', async () => {
  for (const [client, scope] of [
    [3, 'debt.unsecured.processing'],
    [2, 'debt.unsecured.presentation openid'],
  ] as const) {
    const address = askAddress({ client, scope });
    const answer = await visitorOf(world).request(address);
    assert.match(String(answer.headers.get('location')), /error=invalid_scopes/);
  }
});

test('A6: a missing state, another response type, a plain challenge, and what we do not take part in are refused on the redirect', async () => {
  for (const [more, error] of [
    [{ state: '' }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: 'code id_token' }, 'unsupported_response_type'],
    [{ response_type: '' }, 'invalid_request'],
    [{ code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge: 'short', code_challenge_method: 'S256' }, 'invalid_request'],
    [{ request: 'eyJhbGciOiJub25lIn0.e30.' }, 'invalid_request_object'],
    [{ request: 'eyJhbGciOiJub25lIn0.eyJyZXNwb25zZV9tb2RlIjoiZm9ybV9wb3N0In0.' }, 'invalid_request_object'],
    [{ request_uri: 'https://evil.example/request' }, 'request_uri_not_supported'],
    [{ resource: 'http://localhost:4000/v1/consent/agreement' }, 'invalid_target'],
    [{ resource: 'https://evil.example/' }, 'invalid_target'],
    [{ prompt: 'none' }, 'login_required'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ response_mode: 'form_post' }, 'unsupported_response_mode'],
    [{ consent_days: '365' }, 'invalid_request'],
  ] as const) {
    const { location, status } = await ask(more);
    const { hash, searchParams } = new URL(location, 'http://localhost');
    const told = hash === '' ? searchParams : new URLSearchParams(hash.slice(1));
    assert.equal(status, 303, JSON.stringify(more));
    assert.equal(told.get('error'), error, JSON.stringify(more));
    assert.ok(location.startsWith(callbacks[1]));
    if (!('state' in more)) assert.equal(told.get('state'), 's1');
  }
  const twice = await ask({}, '&state=s2');
  assert.equal(twice.sentBack['error'], 'invalid_request');
});

test('A6: a client that is registered to require PKCE is refused without it, and others may leave it out', async () => {
  await world.inspect('update client set require_pkce = true where id = $1', [clientOf(2).id]);
  const address = askAddress({ client: 2 });
  const without = await visitorOf(world).request(address);
  assert.match(String(without.headers.get('location')), /error=invalid_request/);
  const challenge = `&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`;
  const answer = await visitorOf(world).request(address + challenge);
  assert.match(String(answer.headers.get('location')), /^http:\/\/localhost:4000\/interaction\/|^\/interaction\//);
  await world.inspect('update client set require_pkce = false where id = $1', [clientOf(2).id]);
});

test('A6: parameters of OpenID Connect do no harm without openid', async () => {
  const more = { nonce: 'n', max_age: '0', acr_values: 'x', claims: '{}', id_token_hint: 'x' };
  const { location } = await ask(more);
  assert.match(location, /^http:\/\/localhost:4000\/interaction\/|^\/interaction\//);
});

test('A6: an address that holds what cannot be kept or given back is a wrong link, and nothing is begun by it', async () => {
  for (const raw of ['&ui_locales=%00', '&nonce=%00', '&x=%ff%fe', '&login_hint=a%00b', '&x=%']) {
    const answer = await ask({}, raw);
    assert.equal(answer.status, 400, raw);
    assert.equal(answer.location, '', raw);
  }
  const answer = await visitorOf(world).request(askAddress().replace('state=s1', 'state=%ff%fe'));
  assert.equal(answer.status, 400);
  assert.equal((await requests()).length, 0);
});

test('E1: why a request was refused is in the log, under the trace id, with the client', async () => {
  const { headers } = await ask({ scope: 'nonsense' });
  const traceId = headers.get('x-trace-id') ?? '';
  world.platform.log.flush();
  const lines = readFileSync(world.platform.config.logFile, 'utf8').split('\n');
  const line = JSON.parse(lines.find((text) => text.includes('request refused') && text.includes(traceId)) ?? '{}');
  assert.equal(line.traceId, traceId);
  assert.equal(line.clientId, clientOf(1).id);
  assert.equal(line.code, 'invalid_scopes');
  assert.match(line.reason, /no such scope/);
});

test('A8, C9: a client that is switched off is answered as an unknown one', async () => {
  await world.inspect('update client set enabled = false where id = $1', [clientOf(3).id]);
  const answer = await visitorOf(world).request(askAddress({ client: 3 }));
  assert.equal(answer.status, 400);
  assert.equal(answer.headers.get('location'), null);
  await world.inspect('update client set enabled = true where id = $1', [clientOf(3).id]);
});

test('A1, E2: the authorization endpoint is asked by GET, at its own address only', async () => {
  for (const [method, url, status] of [
    ['POST', '/oauth2/auth', 405],
    ['GET', '/oauth2/auth/', 404],
    ['GET', '/OAUTH2/AUTH', 404],
    ['GET', '/oauth2/auth/x/y', 404],
    ['GET', '/oauth2/par', 405],
    ['POST', '/oauth2/par/', 404],
    ['GET', '/oauth2/sessions/logout/confirm', 404],
  ] as const) {
    const answer = await world.call({ method, url });
    assert.equal(answer.status, status, `${method} ${url}`);
  }
});
