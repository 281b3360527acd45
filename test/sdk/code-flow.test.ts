import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSamtykkeError, type SamtykkeErrorCode } from '../../sdk/src/entry.ts';
import { clientOf, withToldServer, type Told } from './told-server.ts';

const redirectUri = 'https://bank.example/callback';
const asking = { redirectUri, purpose: 'presentation', days: 30 } as const;

test('A6: the address has the scope with its days, PKCE, and a state that is new each time', async () => {
  await withToldServer(
    () => undefined,
    async (server) => {
      const client = clientOf(server);
      const { url, pending } = await client.authorizationUrl({
        ...asking,
        openid: true,
        language: 'nn',
        parameters: { login_hint: 'testid:14842249091', client_id: 'another' },
      });
      const { code_challenge: challenge, ...query } = Object.fromEntries(url.searchParams);
      assert.equal(url.origin + url.pathname, `${server.url}/oauth2/auth`);
      assert.deepEqual(query, {
        login_hint: 'testid:14842249091',
        client_id: 'client-1',
        ui_locales: 'nn',
        response_type: 'code',
        scope: 'debt.unsecured.presentation.30 openid',
        redirect_uri: redirectUri,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge_method: 'S256',
      });
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pending.codeVerifier));
      assert.equal(challenge, Buffer.from(digest).toString('base64url'));
      assert.deepEqual(JSON.parse(JSON.stringify(pending)), pending, 'can be kept as JSON');
      const again = await client.authorizationUrl({ redirectUri, purpose: 'processing' });
      assert.notEqual(again.pending.state, pending.state);
      assert.equal(again.url.searchParams.get('scope'), 'debt.unsecured.processing');
      assert.equal(again.pending.nonce, undefined);
      for (const wrong of [{ days: 0 }, { purpose: 'curiosity' as 'presentation' }]) {
        await assert.rejects(client.authorizationUrl({ ...asking, ...wrong }), { code: 'invalid_request' });
      }
    },
  );
});

test('A8: what a person comes back with is one of the closed list, and is checked before it is believed', async () => {
  const cases: readonly (readonly [Record<string, string>, SamtykkeErrorCode])[] = [
    [{ error: 'consent_denied', error_description: '' }, 'consent_denied'],
    [{ error: 'login_cancelled' }, 'login_cancelled'],
    [{ error: 'invalid_scopes', error_description: 'openid comes last' }, 'scope_refused'],
    [{ error: 'server_error' }, 'server_error'],
    [{ error: 'invalid_request' }, 'invalid_request'],
    [{ error: 'consent_denied', state: 'of-another-visit' }, 'callback_refused'],
    [{ code: 'c', state: 'of-another-visit' }, 'callback_refused'],
    [{ code: 'c', state: '' }, 'callback_refused'],
    [{ code: 'c', iss: 'https://elsewhere.example' }, 'callback_refused'],
    [{}, 'callback_refused'],
  ];
  await withToldServer(
    () => undefined,
    async (server) => {
      const client = clientOf(server);
      const { pending } = await client.authorizationUrl(asking);
      for (const [answer, code] of cases) {
        const query = new URLSearchParams({ state: pending.state, ...answer });
        for (const callback of [query, new URL(`${redirectUri}?${query}`), `/callback?${query}`]) {
          await assert.rejects(client.exchangeCode(callback, pending), (error: unknown) => {
            assert.ok(isSamtykkeError(error, code), `${JSON.stringify(answer)}: ${String(error)}`);
            return true;
          });
        }
      }
      await assert.rejects(client.exchangeCode('http://[', pending), { code: 'callback_refused' });
      assert.deepEqual(server.seen, [], 'no code was exchanged');
    },
  );
});

test('A11: a code is exchanged once, with what was remembered, and never sent again', async () => {
  const troubles: readonly (readonly [Told, SamtykkeErrorCode])[] = [
    [{ status: 503, headers: { 'retry-after': '1' } }, 'unavailable'],
    [{ text: '{"access', cut: true }, 'network'],
    [{ status: 400, json: { error: 'invalid_grant', error_description: 'grant request is invalid' } }, 'code_refused'],
    [{ json: { access_token: 't', token_type: 'bearer', scope: 'something.else' } }, 'bad_answer'],
    [{ json: { token_type: 'bearer' } }, 'bad_answer'],
  ];
  for (const [told, code] of troubles) {
    await withToldServer(
      ({ path }) => (path === '/oauth2/token' ? told : undefined),
      async (server) => {
        const client = clientOf(server);
        const { pending } = await client.authorizationUrl(asking);
        await assert.rejects(
          client.exchangeCode(`/callback?code=the-code&state=${pending.state}`, pending),
          (error: unknown) => {
            assert.ok(isSamtykkeError(error, code), String(error));
            return !error.message.includes('the-code');
          },
        );
        assert.equal(server.to('/oauth2/token').length, 1);
        const sent = Object.fromEntries(new URLSearchParams(server.to('/oauth2/token')[0]?.body));
        assert.deepEqual(sent, {
          grant_type: 'authorization_code',
          redirect_uri: redirectUri,
          code: 'the-code',
          code_verifier: pending.codeVerifier,
        });
      },
    );
  }
});

test('A5: without an ID token, as without openid, there is a token and no person; with openid one must come', async () => {
  const token = { access_token: 't', token_type: 'bearer', expires_in: 3599, scope: 'debt.unsecured.presentation' };
  await withToldServer(
    ({ path }) => (path === '/oauth2/token' ? { json: token } : undefined),
    async (server) => {
      const client = clientOf(server);
      const plain = await client.authorizationUrl(asking);
      const given = await client.exchangeCode(`?code=c&state=${plain.pending.state}`, plain.pending);
      assert.ok(given.debtTokenExpiresAt > new Date());
      assert.deepEqual(
        { ...given, debtTokenExpiresAt: undefined },
        {
          debtToken: 't',
          debtTokenExpiresAt: undefined,
          purpose: 'presentation',
          consentId: undefined,
          person: undefined,
        },
      );
      const { pending } = await client.authorizationUrl({ ...asking, openid: true });
      await assert.rejects(client.exchangeCode(`?code=c&state=${pending.state}`, pending), {
        code: 'callback_refused',
      });
    },
  );
});

test('SDK: addresses that are told one by one are enough, and one that is missing is named when it is needed', async () => {
  await withToldServer(
    ({ path }) =>
      path === '/t'
        ? { json: { access_token: 't', token_type: 'bearer', scope: 'debt.unsecured.processing' } }
        : undefined,
    async (server) => {
      const { url } = server;
      const addresses = { issuer: 'https://issuer.example', token: `${url}/t`, api: url };
      await assert.rejects(clientOf(server, { baseUrl: undefined, addresses } as never).authorizationUrl(asking), {
        code: 'configuration',
      });
      const client = clientOf(server, {
        baseUrl: undefined,
        addresses: { ...addresses, authorization: `${url}/a` },
      } as never);
      const { pending, url: address } = await client.authorizationUrl({ redirectUri, purpose: 'processing' });
      assert.equal(address.pathname, '/a');
      const callback = `?code=c&state=${pending.state}&iss=${encodeURIComponent('https://issuer.example')}`;
      assert.equal((await client.exchangeCode(callback, pending)).purpose, 'processing');
    },
  );
});
