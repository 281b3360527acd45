import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { recordToken } from '../../test/support/evidence.ts';
import { API, bearer, newConsent, startWorld, tokenRequest, type Json, type World } from '../../test/support/world.ts';
import { countCovered, switchPermission } from '../consent/switch-permission.ts';
import { sha256 } from '../platform/crypto.ts';
import { findClient, listClients } from './client-registry.ts';
import { changeClient, registerClient, rotateSecret, type ClientSaved } from './register-client.ts';
import type { ClientChange, NewClient } from './registration.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const saved = (result: Awaited<ReturnType<typeof registerClient>>): ClientSaved => {
  assert.notEqual(result.outcome, 'refused', JSON.stringify(result));
  return result as ClientSaved;
};
const register = async (more: Partial<NewClient> = {}) => {
  const input: NewClient = {
    name: 'Nybanken AS',
    organisationNumber: '314159268',
    purposes: ['processing'],
    mayRegisterAgreements: true,
    ...more,
  };
  const { client, secret = '' } = saved(await registerClient(world.platform, input));
  return { id: client.id, secret };
};
const change = async (id: string, input: ClientChange) => saved(await changeClient(world.platform, id, input));
const ask = async (id: string, secret: string): Promise<Json> => {
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const form = { grant_type: 'client_credentials', audience: `${API}/v1/consent/agreement`, scope: 'consent.create' };
  const answer = await world.call(tokenRequest(form, basic));
  if (answer.status === 200) recordToken(answer.json.access_token);
  return answer.json;
};
const isGood = async (id: string, secret: string) => (await ask(id, secret)).access_token !== undefined;
/** What the agreement API says to a token: 400 is behind the guard. */
const used = async (token: string) =>
  (await world.call({ method: 'PUT', url: '/v1/consent/agreement', headers: bearer(token), payload: {} })).status;
const logOf = (id: string) =>
  world.inspect(
    "select actor, reason, change from audit_log where kind = 'client_changed' and client_id = $1 order by id",
    [id],
  );
const jwk = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
});

test('A2, A4, C7: a registered client gets a token with the secret that was shown once, of which the database holds the hash and the log nothing', async () => {
  const { id, secret } = await register({ redirectUris: ['https://ny.example/tilbake'] });
  assert.match(secret, /^[\w-]{43}$/);
  assert.ok(await isGood(id, secret));
  assert.ok(!(await isGood(id, `${secret}x`)));
  const [row] = await world.inspect('select secret_hashes from client where id = $1', [id]);
  assert.deepEqual(row.secret_hashes, [sha256(secret)]);
  const [line, ...more] = await logOf(id);
  assert.deepEqual([line.actor, line.reason, more.length], ['operator', 'added', 0]);
  assert.ok(line.change.some((difference: Json) => difference.field === 'redirectUris'));
  const everything = await world.inspect(
    'select to_jsonb(c) || to_jsonb(a) as text from client c, audit_log a where a.client_id = c.id',
  );
  assert.ok(!JSON.stringify(everything).includes(secret));
  assert.ok((await listClients(world.platform.db)).some((client) => client.id === id));
});

test('A2: a client is refused with all that is wrong, and an id is given once', async () => {
  const { id } = await register();
  const twice = await registerClient(world.platform, {
    id,
    name: 'X',
    organisationNumber: '314159268',
    purposes: ['processing'],
  });
  assert.equal(twice.outcome, 'refused');
  const key = jwk('k');
  // On no curve: only whoever does arithmetic sees it.
  const bent = { ...key, x: 'A'.repeat(43) };
  const bad = await changeClient(world.platform, id, { jwks: bent, name: 'other' });
  assert.ok(bad.outcome === 'refused' && bad.problems[0]?.field === 'jwks', JSON.stringify(bad));
  assert.equal((await findClient(world.platform.db, id))?.name, 'Nybanken AS');
  await assert.rejects(changeClient(world.platform, 'b0000000-0000-4000-8000-00000000dead', {}), { code: 'not_found' });
  const both = await Promise.all(
    [1, 2].map(() =>
      registerClient(world.platform, {
        id: 'b0000000-0000-4000-8000-0000000000ff',
        name: 'Two at once',
        organisationNumber: '314159268',
        purposes: ['processing'],
      }),
    ),
  );
  assert.deepEqual(both.map(({ outcome }) => outcome).toSorted(), ['added', 'refused']);
});

test('A4: while a secret is being rotated both are good, until the moment that was told and not after it; a third one ends the first', async () => {
  const { id, secret: first } = await register();
  const { secret: second, oldUntil } = await rotateSecret(world.platform, id, { overlapSeconds: 3600 });
  assert.ok(oldUntil !== null && oldUntil.getTime() - Date.now() > 3_500_000);
  assert.deepEqual([await isGood(id, first), await isGood(id, second)], [true, true]);
  await world.inspect("update client set former_secrets_until = now() - interval '1 second' where id = $1", [id]);
  assert.deepEqual([await isGood(id, first), await isGood(id, second)], [false, true]);
  await world.inspect("update client set former_secrets_until = now() + interval '1 hour' where id = $1", [id]);
  const { secret: third } = await rotateSecret(world.platform, id, { overlapSeconds: 60 });
  assert.deepEqual([await isGood(id, first), await isGood(id, second), await isGood(id, third)], [false, true, true]);
  const reasons = (await logOf(id)).map((line) => line.reason);
  assert.deepEqual(reasons, ['added', 'secret_rotated', 'secret_rotated']);
  for (const overlapSeconds of [-1, 0.5, 31 * 86_400, Number.NaN]) {
    await assert.rejects(rotateSecret(world.platform, id, { overlapSeconds }), { code: 'invalid_request' });
  }
});

test('A4: a secret that is rotated without an overlap is worth nothing at once, nor are the tokens of that client; those of others are', async () => {
  const [leaked, other] = [await register(), await register()];
  const tokens = [await ask(leaked.id, leaked.secret), await ask(other.id, other.secret)];
  const { secret, oldUntil, tokensEnded } = await rotateSecret(world.platform, leaked.id, { overlapSeconds: 0 });
  assert.deepEqual([oldUntil, tokensEnded], [null, 1]);
  assert.deepEqual([await isGood(leaked.id, leaked.secret), await isGood(leaked.id, secret)], [false, true]);
  assert.deepEqual([await used(tokens[0].access_token), await used(tokens[1].access_token)], [401, 400]);
});

test('A3: what is taken from a client is not in its tokens either; what is added leaves them alone', async () => {
  const { id, secret } = await register();
  const { access_token: token } = await ask(id, secret);
  const wider = await change(id, { mayReadEvents: true, name: 'Nybanken ASA' });
  assert.deepEqual([wider.outcome, wider.tokensEnded, await used(token)], ['changed', 0, 400]);
  const narrower = await change(id, { mayRegisterAgreements: false });
  assert.deepEqual([narrower.tokensEnded, await used(token)], [1, 401]);
  assert.equal((await ask(id, secret)).error, 'invalid_scope');
  const same = await change(id, { mayRegisterAgreements: false, name: 'Nybanken ASA' });
  assert.deepEqual([same.outcome, (await logOf(id)).length], ['unchanged', 3]);
});

test('A2: going over to keys makes the secret worthless, and the way back makes a new one', async () => {
  const { id, secret } = await register();
  const toKeys = await change(id, { authentication: 'private_key_jwt', jwks: { keys: [jwk('a'), jwk('b')] } });
  assert.equal(toKeys.secret, undefined);
  assert.ok(!(await isGood(id, secret)));
  await assert.rejects(rotateSecret(world.platform, id, { overlapSeconds: 0 }), { code: 'invalid_request' });
  const none = await changeClient(world.platform, id, { jwks: null });
  assert.equal(none.outcome, 'refused');
  const back = await change(id, { authentication: 'client_secret_basic', jwks: null });
  assert.ok(await isGood(id, back.secret ?? ''));
  const [, line] = await logOf(id);
  const keys = line.change.find((difference: Json) => difference.field === 'keys');
  assert.match(keys.after[0], /^a EC [\w-]{16}$/);
});

test('A2, A8: a client without a redirect address gets tokens, and asks nobody', async () => {
  const { id, secret } = await register();
  assert.ok(await isGood(id, secret));
  const query = new URLSearchParams({
    client_id: id,
    response_type: 'code',
    scope: 'debt.unsecured.processing',
    state: 's',
    redirect_uri: 'https://ny.example/',
  });
  const page = await world.call({ method: 'GET', url: `/oauth2/auth?${query}` });
  assert.equal(page.status, 400);
  assert.equal(page.headers['location'], undefined);
});

test('C9: one purpose of one client is taken away with its consents, and given again without them', async () => {
  const purpose = 'presentation';
  const clientId = 'a0000000-0000-4000-8000-000000000001';
  const permission = { kind: 'client_purpose', clientId, purpose } as const;
  const [mine, kept, others] = [
    await newConsent(world, { scope_of_consent: 'debt.unsecured.presentation' }),
    await newConsent(world, { scope_of_consent: 'debt.unsecured.processing' }),
    await newConsent(world, { client: 2, scope_of_consent: 'debt.unsecured.presentation' }),
  ];
  assert.equal(await countCovered(world.platform, permission), 1);
  assert.equal(await switchPermission(world.platform, permission, false), 1);
  const states = await world.inspect('select id, archived_reason from consent where id = any ($1)', [
    [mine, kept, others],
  ]);
  const reasonOf = (id: string) => states.find((row) => row.id === id).archived_reason;
  assert.deepEqual([mine, kept, others].map(reasonOf), ['revoked_by_operator', null, null]);
  assert.deepEqual((await findClient(world.platform.db, clientId))?.purposes, ['processing']);
  // Another switch does not give it back.
  await switchPermission(world.platform, { kind: 'client', clientId }, false);
  await switchPermission(world.platform, { kind: 'client', clientId }, true);
  const [row] = await world.inspect('select open from client_purpose where client_id = $1 and purpose = $2', [
    clientId,
    purpose,
  ]);
  assert.equal(row.open, false);
  assert.equal(await switchPermission(world.platform, permission, true), 0);
  await newConsent(world, { scope_of_consent: 'debt.unsecured.presentation' });
  await assert.rejects(switchPermission(world.platform, { ...permission, purpose: 'consent' }, true), {
    code: 'not_found',
  });
  const third = {
    kind: 'client_purpose',
    clientId: 'a0000000-0000-4000-8000-000000000003',
    purpose: 'processing',
  } as const;
  await switchPermission(world.platform, third, true);
  assert.deepEqual((await findClient(world.platform.db, third.clientId))?.purposes, ['presentation', 'processing']);
});
