import type { World } from '../world.ts';
import { API, clientOf } from '../world.ts';
import { askAddress, callbacks, codeFor, tokenFromFlow } from '../flow.ts';
import type { Show } from './recorder.ts';

/** The calls of the authorization server. */

const first = clientOf(1);
export const credentials = (path: string, scope: string) => ({
  grant_type: 'client_credentials',
  audience: `${API}${path}`,
  scope,
});
export const TOKEN = { method: 'POST', path: '/oauth2/token' } as const;

export async function tokens(show: Show): Promise<void> {
  const ask = (name: string, summary: string, form: Record<string, string>, basic = first.basic) =>
    show('fetchToken', name, summary, { ...TOKEN, basic, form });
  await ask('agreements', 'For registering consents', credentials('/v1/consent/agreement', 'consent.create'));
  const debtScopes = 'debt.unsecured.presentation debt.unsecured.processing';
  const { json } = await ask('debt', 'For looking up debt', credentials('/v1/debt', debtScopes));
  await ask('feed', 'For the feed', credentials('/feed/v1/consent', 'client.access.consent.events'));
  const wrong = `Basic ${Buffer.from(`${first.id}:another-secret`).toString('base64')}`;
  await ask('wrong-secret', 'A wrong secret', credentials('/v1/debt', debtScopes), wrong);
  await ask('wrong-scope', 'A scope of another API', credentials('/v1/debt', 'consent.create'));
  await ask('wrong-audience', 'An audience that there is not', credentials('/v1/debts', debtScopes));
  const { audience: _none, ...without } = credentials('/v1/debt', debtScopes);
  await ask('no-audience', 'Without an audience', without);
  await ask('wrong-grant', 'A grant that there is not', { grant_type: 'refresh_token', refresh_token: 'x' });
  await show('fetchToken', 'json', 'JSON instead of a form', {
    ...TOKEN,
    basic: first.basic,
    raw: { type: 'application/json', body: '{}' },
  });
  await show('fetchToken', 'too-large', 'A body of more than 56 KiB', {
    ...TOKEN,
    basic: first.basic,
    raw: { type: 'application/x-www-form-urlencoded', body: `scope=${'x'.repeat(60_000)}` },
  });

  const revoke = { method: 'POST', path: '/oauth2/revoke', basic: first.basic } as const;
  await show('revokeToken', 'token', 'A token of yours', { ...revoke, form: { token: json.access_token } });
  await show('revokeToken', 'no-token', 'Without a token', { ...revoke, form: { tokens: 'x' } });
  await show('revokeToken', 'wrong-secret', 'A wrong secret', { ...revoke, basic: wrong, form: { token: 'x' } });
  await show('revokeToken', 'json', 'JSON instead of a form', {
    ...revoke,
    raw: { type: 'application/json', body: '{}' },
  });
  await show('revokeToken', 'too-large', 'A body of more than 56 KiB', {
    ...revoke,
    raw: { type: 'application/x-www-form-urlencoded', body: `token=${'x'.repeat(60_000)}` },
  });
  await show('discovery', 'sandbox', 'Of the sandbox', { path: '/.well-known/openid-configuration' });
  await show('signingKeys', 'sandbox', 'Of the sandbox', { path: '/.well-known/jwks.json' });
}

export async function askingAPerson(world: World, show: Show): Promise<void> {
  const asked = (more: Record<string, string>) =>
    Object.fromEntries(
      new URL(askAddress({ scope: 'debt.unsecured.presentation.30', more: { login_hint: '', ...more } })).searchParams,
    );
  const auth = (name: string, summary: string, more: Record<string, string>) =>
    show('askPerson', name, summary, { path: '/oauth2/auth', query: asked(more) });
  await auth('thirty-days', 'For thirty days', { state: 'new-each-time' });
  await auth('two-scopes', 'Two debt scopes', { scope: 'debt.unsecured.presentation debt.unsecured.processing' });
  await auth('no-login', 'Without a login, which there is not', { prompt: 'none' });
  await auth('unknown-client', 'A client that there is not', { client_id: '0193a2f4-6b1e-7c3d-9a10-000000000000' });

  const push = { method: 'POST', path: '/oauth2/par', basic: first.basic } as const;
  await show('pushRequest', 'thirty-days', 'For thirty days', { ...push, form: asked({ state: 'new-each-time' }) });
  await show('pushRequest', 'wrong-scope', 'A scope that there is not', { ...push, form: asked({ scope: 'debt' }) });
  await show('pushRequest', 'wrong-secret', 'A wrong secret', {
    ...push,
    basic: `Basic ${Buffer.from(`${first.id}:another-secret`).toString('base64')}`,
    form: asked({}),
  });
  await show('pushRequest', 'json', 'JSON instead of a form', {
    ...push,
    raw: { type: 'application/json', body: '{}' },
  });
  await show('pushRequest', 'too-large', 'A body of more than 56 KiB', {
    ...push,
    raw: { type: 'application/x-www-form-urlencoded', body: `state=${'x'.repeat(60_000)}` },
  });

  const code = await codeFor(world, { scope: 'debt.unsecured.presentation.30 openid' });
  const form = { grant_type: 'authorization_code', code, redirect_uri: callbacks[1] };
  const { json } = await show('fetchToken', 'code', "With the code that a person's yes has led to", {
    ...TOKEN,
    basic: first.basic,
    form,
  });
  await show('userinfo', 'person', 'Who gave the consent', { path: '/userinfo', token: json.access_token });
  await show('userinfo', 'no-token', 'Without a token', { path: '/userinfo' });
  await show('userinfo', 'wrong-token', 'A token that is not good', { path: '/userinfo', token: 'not-a-token' });
  const plain = await tokenFromFlow(world, { client: 2 });
  await show('userinfo', 'no-openid', 'A token without openid', { path: '/userinfo', token: plain });
  await show('fetchToken', 'code-again', 'The same code once more', { ...TOKEN, basic: first.basic, form });
  await show('logout', 'back', 'Back to the organisation', {
    path: '/oauth2/sessions/logout',
    query: { client_id: first.id, post_logout_redirect_uri: callbacks[1], state: 'new-each-time' },
  });
  await show('logout', 'unregistered', 'An address that is not registered', {
    path: '/oauth2/sessions/logout',
    query: { client_id: first.id, post_logout_redirect_uri: 'https://elsewhere.example/' },
  });
}
