import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  answerScreen,
  askAddress,
  callbacks,
  codeFor,
  exchange,
  formOn,
  go,
  sentBack,
  toConsentScreen,
  tokenFromFlow,
  visitorOf,
  wordsOf,
} from '../support/flow.ts';
import { withClient } from '../support/database.ts';
import {
  bearer,
  clientOf,
  logOf,
  startWorld,
  tokenFor,
  tokenRequest,
  type Json,
  type World,
} from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const debtWith = (token: string, path = '/v1/debt') => world.call({ method: 'GET', url: path, headers: bearer(token) });
const countOf = async (table: 'consent' | 'consent_request' | 'feed_event' | 'feed_pending'): Promise<number> =>
  (await world.inspect(`select count(*) from ${table}`))[0].count;
const events = async (client: 1 | 2 = 1): Promise<Json[]> => {
  const token = await tokenFor(world, 'events', { client });
  const answer = await world.call({
    method: 'GET',
    url: '/feed/v1/consent?fromSequenceNr=0&limit=1000',
    headers: bearer(token),
  });
  return answer.json.result;
};

test('A4 to A7, A10, D1, C4: a person says yes, the code becomes a token, the token one answer with debt, and no second one', async () => {
  const { visitor, screen } = await toConsentScreen(world, { scope: 'debt.unsecured.processing' });
  assert.match(wordsOf(screen.text), /Vil du dele gjeldsopplysningene dine med Sparekompis AS\?/);
  const back = sentBack(await answerScreen(visitor, screen, 'yes'));
  assert.deepEqual(Object.keys(back).toSorted(), ['code', 'iss', 'scope', 'state']);
  assert.equal(back['state'], 's1');
  assert.equal(back['scope'], 'debt.unsecured.processing');
  assert.equal(back['iss'], 'http://localhost:4000');

  const token = await exchange(world, back['code'] ?? '');
  assert.equal(token.status, 200, token.text);
  assert.deepEqual(Object.keys(token.json).toSorted(), ['access_token', 'expires_in', 'scope', 'token_type']);
  assert.equal(token.json.scope, 'debt.unsecured.processing');
  assert.equal(token.headers['cache-control'], 'no-store');

  const debt = await debtWith(token.json.access_token);
  assert.equal(debt.status, 200, debt.text);
  assert.equal(debt.json.ssn, '14842249091');
  assert.equal(debt.json.consent.scope, 'debt.unsecured.processing');
  const again = await debtWith(token.json.access_token);
  assert.equal(again.status, 403);
  assert.match(again.json.error_description, /^Consent was used at /);
  const log = await logOf(world, debt.json.consent.id);
  assert.deepEqual(
    log.map((row) => row.kind),
    ['consent_registered', 'debt_disclosed'],
  );
});

test('D3b: a token of the flow is good for its own consent by id, and for no other', async () => {
  const asked = { scope: 'debt.unsecured.presentation.10' };
  const [token, other] = [await tokenFromFlow(world, asked), await tokenFromFlow(world, asked)];
  const { id } = (await debtWith(token)).json.consent;
  assert.equal((await debtWith(token, `/v1/debt/${id}`)).status, 200);
  const strange = await debtWith(other, `/v1/debt/${id}`);
  assert.equal(strange.status, 403);
  assert.equal(strange.json.error, 'no valid consent');
});

test('A7, C2: without a number once within ten minutes, with one that many days, and above the maximum the maximum', async () => {
  for (const [scope, seconds] of [
    ['debt.unsecured.presentation', 600],
    ['debt.unsecured.presentation.100', 100 * 86_400],
    ['debt.unsecured.presentation.99999', 365 * 86_400],
    ['debt.unsecured.processing.99', 28 * 86_400],
  ] as const) {
    await codeFor(world, { scope });
    const [row] = await world.inspect('select * from consent order by created_at desc, id desc limit 1');
    assert.equal((row.expires_at - row.created_at) / 1000, seconds, scope);
    assert.equal(row.single_use, seconds === 600);
  }
});

test('A1 of the screen: the person may shorten the duration to one that is offered, and to nothing else', async () => {
  const asked = { scope: 'debt.unsecured.presentation.100' };
  const { visitor, screen } = await toConsentScreen(world, asked);
  for (const days of ['101', '365', '0', '-1', '', 'once', '7.5', '99']) {
    const before = await countOf('consent');
    const refused = await answerScreen(visitor, screen, 'yes', { days });
    assert.equal(refused.status, 400, days);
    assert.equal(await countOf('consent'), before);
  }
  sentBack(await answerScreen(visitor, screen, 'yes', { days: '7' }));
  const [row] = await world.inspect('select * from consent order by created_at desc, id desc limit 1');
  assert.equal(row.duration_days, 7);
});

test('A8, C10: a no is consent_denied with the state, leaves a record, and neither consent nor event', async () => {
  const before = [await countOf('consent'), await countOf('feed_pending'), await countOf('feed_event')];
  const { visitor, screen } = await toConsentScreen(world, { more: { state: 'a b+c&d=é' } });
  const back = sentBack(await answerScreen(visitor, screen, 'no'));
  assert.deepEqual(back, {
    error: 'consent_denied',
    error_description: '',
    state: 'a b+c&d=é',
    iss: 'http://localhost:4000',
  });
  assert.deepEqual([await countOf('consent'), await countOf('feed_pending'), await countOf('feed_event')], before);
  const [record] = await world.inspect('select * from consent_request order by created_at desc limit 1');
  assert.equal(record.outcome, 'declined');
  assert.equal(record.consent_id, null);
  assert.equal(record.shown, null);
  assert.equal(record.nin_index.length, 32);
});

test('C10: with the consent is kept what was shown: text, version, language, when, and the level of login', async () => {
  const { visitor, screen } = await toConsentScreen(world, { more: { ui_locales: 'nn-NO en' } });
  assert.match(screen.text, /<html lang="nn"/);
  sentBack(await answerScreen(visitor, screen, 'yes'));
  const [kept] = await world.inspect(
    'select r.*, c.created_at as given_at from consent_request r join consent c on c.id = r.consent_id order by c.created_at desc, c.id desc limit 1',
  );
  assert.equal(kept.shown_language, 'nn');
  assert.equal(kept.shown.title.includes('Sparekompis AS'), true);
  assert.equal(kept.text_version, kept.shown.version);
  assert.equal(kept.login_level, 'idporten-loa-high');
  assert.ok(kept.shown_at <= kept.given_at);
  const plain = (text: string) => text.replaceAll('&#39;', "'").replaceAll('&amp;', '&').replaceAll(/\s+/g, ' ');
  const seen = plain(wordsOf(screen.text));
  for (const { heading, paragraphs, bullets, after: rest, details } of kept.shown.sections) {
    for (const words of [heading, ...paragraphs, ...bullets, ...rest, ...(details?.items ?? [])]) {
      assert.ok(seen.includes(plain(words)), words);
    }
  }
});

test('A5: openid brings an ID token with number and consent, for the client that asks last for it, and no refresh token', async () => {
  const code = await codeFor(world, { scope: 'debt.unsecured.presentation.10 openid', more: { nonce: 'n-1' } });
  const answer = await exchange(world, code);
  assert.equal(answer.json.refresh_token, undefined);
  assert.equal(answer.json.scope, 'debt.unsecured.presentation openid');
  const jwks = createLocalJWKSet((await world.call({ method: 'GET', url: '/.well-known/jwks.json' })).json);
  const { payload, protectedHeader } = await jwtVerify(answer.json.id_token, jwks, {
    issuer: 'http://localhost:4000',
    audience: clientOf(1).id,
  });
  const { id } = (await debtWith(answer.json.access_token)).json.consent;
  assert.equal(protectedHeader.alg, 'RS256');
  assert.equal(payload['pid'], '14842249091');
  assert.equal(payload['consent_id'], id);
  assert.equal(payload['nonce'], 'n-1');
  assert.equal(payload['acr'], 'idporten-loa-high');

  const info = await world.call({ method: 'GET', url: '/userinfo', headers: bearer(answer.json.access_token) });
  assert.deepEqual(info.json, { sub: payload.sub, pid: '14842249091', consent_id: id });
  assert.notEqual(payload.sub, '14842249091');
  const revoked = await world.call({
    method: 'DELETE',
    url: `/v1/debt/${id}`,
    headers: bearer(answer.json.access_token),
  });
  assert.equal(revoked.status, 204);
  const after = await world.call({ method: 'GET', url: '/userinfo', headers: bearer(answer.json.access_token) });
  assert.equal(after.status, 401);
});

test('E3, A5: a database that goes away while the ID token is being made is 503 and when to come again, as anywhere', async () => {
  const code = await codeFor(world, { scope: 'debt.unsecured.presentation openid' });
  await withClient(world.database.superuserUrl, async (admin) => {
    // Whoever reads a consent waits for this one, and is cut off while it waits, when it tries again too.
    await admin.query('begin');
    await admin.query('lock table consent in access exclusive mode');
    const exchanging = exchange(world, code);
    const end = { told: false };
    void exchanging.then(() => (end.told = true));
    for (let tries = 0; !end.told && tries < 1_000; tries += 1) {
      await world.inspect(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      await sleep(20);
    }
    await admin.query('rollback');
    const { status, headers, json } = await exchanging;
    assert.equal(status, 503);
    assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
    assert.equal(json.error, 'temporarily_unavailable');
  });
});

test('A1: userinfo wants a token of the flow with openid', async () => {
  const without = await tokenFromFlow(world, { scope: 'debt.unsecured.presentation.10' });
  for (const [headers, status] of [
    [{}, 401],
    [bearer('x'.repeat(43)), 401],
    [bearer(await tokenFor(world, 'debt')), 401],
    [bearer(without), 403],
  ] as const) {
    const answer = await world.call({ method: 'GET', url: '/userinfo', headers });
    assert.equal(answer.status, status);
    assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
  }
});

test('A1: one person is another subject to each client, and the same one to the same client', async () => {
  await world.inspect('update client set may_use_openid = true where id = $1', [clientOf(2).id]);
  const subjects = new Set<unknown>();
  for (const client of [1, 2, 1, 2] as const) {
    const code = await codeFor(world, { client, scope: 'debt.unsecured.processing openid' });
    const { id_token: token } = (await exchange(world, code, { client })).json;
    subjects.add(JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub);
  }
  assert.equal(subjects.size, 2);
  await world.inspect('update client set may_use_openid = false where id = $1', [clientOf(2).id]);
});

test('A11: a code is good once; using it again fails and ends the token that it gave', async () => {
  const code = await codeFor(world, { scope: 'debt.unsecured.presentation.10' });
  const first = await exchange(world, code);
  assert.equal((await debtWith(first.json.access_token)).status, 200);
  const second = await exchange(world, code);
  assert.equal(second.status, 400);
  assert.equal(second.json.error, 'invalid_grant');
  const dead = await debtWith(first.json.access_token);
  assert.equal(dead.status, 403);
  assert.equal(dead.json.error, 'invalid access token');
});

test('A11: of many uses of a code at once at most one gets a token, and none has one that is good afterwards', async () => {
  for (let round = 0; round < 5; round++) {
    const code = await codeFor(world, { scope: 'debt.unsecured.presentation.10' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(world, code)));
    const won = answers.filter((answer) => answer.status === 200);
    assert.ok(won.length <= 1, `${won.length} got a token`);
    for (const answer of won) assert.equal((await debtWith(answer.json.access_token)).status, 403);
    for (const answer of answers) if (answer.status !== 200) assert.equal(answer.json.error, 'invalid_grant');
  }
});

test('A11: a code is refused to another client, with another redirect address, a wrong verifier, and after its minute', async () => {
  const verifier = 'v'.repeat(43);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const withPkce = { more: { code_challenge: challenge, code_challenge_method: 'S256' } };
  for (const [what, options] of [
    ['another client', { client: 2, more: { redirect_uri: callbacks[1], code_verifier: verifier } }],
    ['another address', { more: { redirect_uri: `${callbacks[1]}/`, code_verifier: verifier } }],
    ['no address', { more: { redirect_uri: '', code_verifier: verifier } }],
    ['a wrong verifier', { more: { code_verifier: 'w'.repeat(43) } }],
    ['no verifier', {}],
  ] as const) {
    const answer = await exchange(world, await codeFor(world, withPkce), options);
    assert.equal(answer.status, 400, what);
    assert.match(answer.json.error, /^invalid_(grant|request)$/, what);
  }
  assert.equal(
    (await exchange(world, await codeFor(world, withPkce), { more: { code_verifier: verifier } })).status,
    200,
  );
  const unasked = await exchange(world, await codeFor(world), { more: { code_verifier: verifier } });
  assert.equal(unasked.status, 400, 'a verifier for a code without a challenge');

  const late = await codeFor(world);
  await world.inspect(
    `update oauth_artefact set expires_at = expires_at - interval '2 minutes',
       payload = payload || jsonb_build_object('exp', (payload ->> 'exp')::bigint - 120, 'iat', (payload ->> 'iat')::bigint - 120)
     where model = 'AuthorizationCode'`,
  );
  const answer = await exchange(world, late);
  assert.equal(answer.json.error, 'invalid_grant');
  assert.equal((await exchange(world, 'x'.repeat(43))).json.error, 'invalid_grant');
});

test('A10: nothing is remembered: the same browser logs in and is asked each time, also when another person comes', async () => {
  const visitor = visitorOf(world);
  const persons: string[] = [];
  for (const nin of ['14842249091', '14842249091', '29868099311']) {
    const { screen } = await toConsentScreen(world, { nin, scope: 'debt.unsecured.presentation.10' }, visitor);
    const { code } = sentBack(await answerScreen(visitor, screen, 'yes'));
    const token = await exchange(world, code ?? '');
    const { ssn, consent } = (await debtWith(token.json.access_token)).json;
    persons.push(`${ssn} ${consent.id}`);
  }
  assert.equal(new Set(persons).size, 3);
  assert.deepEqual(
    persons.map((person) => person.split(' ')[0]),
    ['14842249091', '14842249091', '29868099311'],
  );
});

test('A1, A2: the revocation endpoint ends a token of the flow, of its own client only', async () => {
  const token = await tokenFromFlow(world, { scope: 'debt.unsecured.presentation.10' });
  const revoke = (client: 1 | 2) =>
    world.call({ ...tokenRequest({ token }, clientOf(client).basic), url: '/oauth2/revoke' });
  await revoke(2);
  assert.equal((await debtWith(token)).status, 200);
  assert.equal((await revoke(1)).status, 200);
  assert.equal((await debtWith(token)).status, 403);
});

test('C9: a purpose that is switched off stops a request with a page of its own, before and after the login, and tells the client', async () => {
  const { visitor, screen } = await toConsentScreen(world, { client: 2, scope: 'debt.unsecured.processing' });
  await world.inspect('update client_purpose set open = false where client_id = $1', [clientOf(2).id]);
  const before = await countOf('consent');
  const landed = await answerScreen(visitor, screen, 'yes');
  assert.equal(landed.status, 403);
  assert.equal(await countOf('consent'), before);
  const [, back = ''] = /href="([^"]*\/oauth2\/auth\/[^"]*)"/.exec(landed.text) ?? [];
  assert.equal(sentBack(await go(visitor, back))['error'], 'server_error');
  const fresh = await go(visitorOf(world), askAddress({ client: 2, scope: 'debt.unsecured.processing' }));
  assert.equal(fresh.status, 403);
  await world.inspect('update client_purpose set open = true where client_id = $1', [clientOf(2).id]);
});

test('C6: a consent from the screen has one event when it is given and one when it is used up', async () => {
  const token = await tokenFromFlow(world, { scope: 'debt.unsecured.presentation' });
  const { id } = (await debtWith(token)).json.consent;
  const types = (await events()).filter((event) => JSON.stringify(event).includes(id)).map((event) => event.eventType);
  assert.deepEqual(types, ['SAMTYKKE_OPPRETTET', 'SAMTYKKE_ARKIVERT']);
});

test('A8: whoever leaves the login comes back with login_cancelled', async () => {
  const visitor = visitorOf(world);
  const login = await go(visitor, askAddress({ more: { login_hint: '' } }));
  const { action } = formOn(login, /^\/testid\/sign-in\//);
  const back = sentBack(await go(visitor, action, { cancel: 'yes' }));
  assert.deepEqual([back['error'], back['state'], back['code']], ['login_cancelled', 's1', undefined]);
});

test('A11: a replay ends the token also when it comes late, from another client, or with another redirect address', async () => {
  for (const [what, options] of [
    ['another client', { client: 2, more: { redirect_uri: callbacks[1] } }],
    ['another address', { more: { redirect_uri: `${callbacks[1]}/` } }],
    ['late', {}],
  ] as const) {
    const code = await codeFor(world, { scope: 'debt.unsecured.presentation.10' });
    const token = (await exchange(world, code)).json.access_token;
    assert.equal((await debtWith(token)).status, 200);
    if (what === 'late') {
      await world.inspect(
        `update oauth_artefact set payload = payload || jsonb_build_object('exp', (payload ->> 'exp')::bigint - 600)
         where model = 'AuthorizationCode'`,
      );
    }
    assert.equal((await exchange(world, code, options)).status, 400, what);
    assert.equal((await debtWith(token)).status, 403, what);
  }
});

test('A11: a replay while the token is being saved ends it all the same', async () => {
  const code = await codeFor(world, { scope: 'debt.unsecured.presentation.10' });
  let both: Promise<Awaited<ReturnType<typeof exchange>>[]> | undefined;
  await withClient(world.database.superuserUrl, async (client) => {
    await client.query('begin');
    await client.query("select from oauth_artefact where model = 'Grant' for update");
    const first = exchange(world, code);
    await sleep(150);
    both = Promise.all([first, exchange(world, code)]);
    await sleep(150);
    await client.query('commit');
  });
  for (const answer of (await both) ?? []) {
    if (answer.status === 200) assert.equal((await debtWith(answer.json.access_token)).status, 403);
  }
});
