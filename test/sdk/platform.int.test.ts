import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { FeedGapError, isSamtykkeError, type ConsentEvent, type SamtykkeOptions } from '../../sdk/src/entry.ts';
import { sandboxClients } from '../../sandbox/clients.ts';
import { saveClient } from '../../src/clients/client-registry.ts';
import type { Client } from '../../src/clients/client.ts';
import { answerScreen, callbacks, go, visitorOf } from '../support/flow.ts';
import { API, newSingleUse } from '../support/world.ts';
import { placeIn } from './told-feed.ts';
import { serveWorld, type Served } from './served.ts';

/** The package against the platform, over HTTP. */

let world: Served;
before(async () => {
  world = await serveWorld();
});
after(() => world.close());

let ids = 0;
const wanted = (changes: object = {}) => ({
  nin: '14842249091',
  purpose: 'processing' as const,
  days: 28,
  clientConsentId: `sdk-${++ids}`,
  ...changes,
});

/** Events of some consents, until so many have come. */
async function eventsOf(count: number, consentIds: readonly string[]): Promise<ConsentEvent[]> {
  const events: ConsentEvent[] = [];
  for await (const event of world.connect().feed.follow()) {
    if (consentIds.includes(event.consentId)) events.push(event);
    if (events.length === count) break;
  }
  return events;
}

test('G1 to G3, D2, S1, S2: a consent is registered, looked up with, asked for and revoked', async () => {
  const samtykke = world.connect();
  const request = wanted();
  const consent = await samtykke.registerConsent(request);
  assert.deepEqual(await samtykke.registerConsent(request), consent, 'repeating it does no harm');
  assert.equal(consent.clientConsentId, request.clientConsentId);
  await assert.rejects(samtykke.registerConsent({ ...request, days: 7 }), { code: 'conflict', status: 409 });

  const debt = await samtykke.getDebt(consent.id);
  assert.equal(debt.nin, request.nin);
  assert.deepEqual(
    new Set(debt.loans.map(({ loan }) => loan?.type)),
    new Set(['credit_facility', 'repayment_loan', 'charge_card']),
  );
  assert.ok(debt.loans.every(({ loan }) => loan !== null && loan.asOf.getTime() > Date.parse('2020-01-01')));
  assert.deepEqual(debt.consent, { id: consent.id, purpose: 'processing', expiresAt: toSecond(consent.expiresAt) });
  assert.deepEqual(await samtykke.status(consent.id), { active: true, expiresAt: toSecond(consent.expiresAt) });

  await samtykke.revoke(consent.id);
  await samtykke.revoke(consent.id);
  assert.equal((await samtykke.status(consent.id)).active, false);
  await assert.rejects(samtykke.getDebt(consent.id), { code: 'consent_revoked', status: 403 });
  const events = await eventsOf(2, [consent.id]);
  assert.deepEqual(
    events.map((event) => [event.type, event.type === 'archived' ? event.reason : '']),
    [
      ['created', ''],
      ['archived', 'revoked_by_client'],
    ],
  );
});

const toSecond = (at: Date): Date => new Date(Math.floor(at.getTime() / 1000) * 1000);

test('D3: a creditor that is missing is told from one that owes nothing', async () => {
  const samtykke = world.connect();
  const debt = await samtykke.getDebt((await samtykke.registerConsent(wanted({ nin: '29868099311' }))).id);
  assert.equal(debt.creditorsMissing, 2);
  assert.equal(debt.loans.filter(({ loan }) => loan === null).length, 1);
  const none = await samtykke.getDebt((await samtykke.registerConsent(wanted({ nin: '07857193886' }))).id);
  assert.deepEqual([none.loans, none.creditorsAnswered, none.creditorsMissing], [[], 0, 0]);
});

test('E1: refusals of the platform are told by their codes, with the trace id that was sent', async () => {
  const samtykke = world.connect();
  const traceId = 'sdk-test/1';
  const unknown = samtykke.getDebt('0192a1b2-0000-7000-8000-000000000001', { traceId });
  await assert.rejects(unknown, { code: 'no_valid_consent', traceId });
  assert.deepEqual(await samtykke.status('0192a1b2-0000-7000-8000-000000000001'), {
    active: false,
    expiresAt: undefined,
  });
  await assert.rejects(samtykke.registerConsent(wanted({ nin: '14842249092' })), (error: unknown) => {
    assert.ok(isSamtykkeError(error, 'invalid_request'));
    assert.match(error.message, /nin/);
    return !error.message.includes('14842249092');
  });
  const single = await newSingleUse(world);
  await samtykke.getDebt(single);
  await assert.rejects(samtykke.getDebt(single), { code: 'consent_used' });
  await assert.rejects(samtykke.revoke(single), { code: 'consent_used' });
  await assert.rejects(samtykke.getDebtWithToken('no-such-token'), { code: 'invalid_token' });

  await assert.rejects(world.connect(1, { clientSecret: 'wrong' }).status(single), {
    code: 'client_refused',
    status: 401,
  });
  await assert.rejects(world.connect(1, { clientId: 'a0000000-0000-4000-8000-00000000ffff' }).status(single), {
    code: 'client_refused',
  });
  // Visning AS shows debt to people, and nothing else.
  await assert.rejects(world.connect(3).getDebt(single), { code: 'scope_refused' });
  const visning = world.connect(3, { purposes: ['presentation'] });
  await assert.rejects(visning.getDebt(single), { code: 'no_valid_consent' });
  await assert.rejects(visning.registerConsent(wanted()), { code: 'scope_refused' });
  await assert.rejects(visning.feed.lastSequenceNr(), { code: 'scope_refused' });
});

test('X5: against the sandbox the names of NGI work as audiences', async () => {
  const ngi = 'https://api-preprod.norskgjeld.no';
  const audiences = {
    agreement: `${ngi}/v1/consent/agreement`,
    debt: `${ngi}/v1/debt`,
    events: `${ngi}/feed/v1/consent`,
  };
  const samtykke = world.connect(2, { audiences });
  const { id } = await samtykke.registerConsent(wanted());
  assert.equal((await samtykke.status(id)).active, true);
  assert.ok((await samtykke.feed.lastSequenceNr()) > 1);
});

test('SDK: tokens that were revoked on the platform are renewed without anybody noticing', async () => {
  const samtykke = world.connect();
  const { id } = await samtykke.registerConsent(wanted());
  await samtykke.getDebt(id);
  await world.inspect("delete from oauth_artefact where model = 'ClientCredentials'");
  const answers = await Promise.all(Array.from({ length: 20 }, () => samtykke.status(id)));
  assert.ok(answers.every(({ active }) => active));
  assert.ok((await samtykke.feed.firstSequenceNr()) >= 2);
});

/** A person logs in, reads and answers; the address that they come back to. */
async function sendPerson(url: URL, answer: 'yes' | 'no'): Promise<URL> {
  const visitor = visitorOf(world);
  const back = await answerScreen(visitor, await go(visitor, url), answer);
  assert.ok(back.next, 'the person is sent back');
  return back.next;
}
const asking = {
  redirectUri: callbacks[1],
  purpose: 'presentation',
  parameters: { login_hint: 'testid:14842249091' },
} as const;

test('A5 to A8: a person is asked, says yes, and the debt is looked up with the token and with the id', async () => {
  const samtykke = world.connect();
  const { url, pending } = await samtykke.authorizationUrl({ ...asking, days: 30, openid: true, language: 'nn' });
  const callback = await sendPerson(url, 'yes');
  const given = await samtykke.exchangeCode(callback, pending);
  assert.equal(given.person?.nin, '14842249091');
  assert.equal(given.purpose, 'presentation');
  const debt = await samtykke.getDebtWithToken(given.debtToken);
  assert.equal(debt.consent.id, given.consentId);
  assert.equal((await samtykke.getDebt(debt.consent.id)).nin, '14842249091');
  // The code is good once, and a replay ends the token that it got.
  await assert.rejects(samtykke.exchangeCode(callback, pending), { code: 'code_refused' });
  await assert.rejects(samtykke.getDebtWithToken(given.debtToken), { code: 'invalid_token' });
});

test('A6, A8: without openid there is no person; no is consent_denied; another visit, issuer or verifier is not believed', async () => {
  const samtykke = world.connect();
  const { url, pending } = await samtykke.authorizationUrl(asking);
  const callback = await sendPerson(url, 'yes');
  for (const [name, value] of [
    ['state', 'another'],
    ['iss', 'https://elsewhere.example'],
    ['iss', ''],
  ] as const) {
    const forged = new URL(callback);
    forged.searchParams.set(name, value);
    await assert.rejects(samtykke.exchangeCode(forged, pending), { code: 'callback_refused' });
  }
  const stolen = await samtykke.authorizationUrl(asking);
  const mixed = { ...pending, codeVerifier: stolen.pending.codeVerifier };
  await assert.rejects(samtykke.exchangeCode(callback, mixed), { code: 'code_refused' });

  const again = await samtykke.authorizationUrl(asking);
  const given = await samtykke.exchangeCode(String(await sendPerson(again.url, 'yes')), again.pending);
  assert.deepEqual([given.person, given.consentId], [undefined, undefined]);
  assert.equal((await samtykke.getDebtWithToken(given.debtToken)).consent.purpose, 'presentation');

  const asked = await samtykke.authorizationUrl(asking);
  await assert.rejects(samtykke.exchangeCode(await sendPerson(asked.url, 'no'), asked.pending), {
    code: 'consent_denied',
  });
  // Fjordbanken is not registered for openid.
  const other = world.connect(2);
  const openid = await other.authorizationUrl({ ...asking, redirectUri: callbacks[2], openid: true });
  const refused = await go(visitorOf(world), openid.url);
  assert.ok(refused.next);
  await assert.rejects(other.exchangeCode(refused.next, openid.pending), { code: 'scope_refused' });
});

test('A2: a client with a key proves itself by it, and pushes its requests where it is registered to', async () => {
  for (const alg of ['ES256', 'RS256', 'PS256']) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const id = `a0000000-0000-4000-8000-0000000000${{ ES256: 'e5', RS256: 'b5', PS256: 'd5' }[alg]}`;
    const [{ client: likeness }] = sandboxClients(API);
    const client: Client = {
      ...likeness,
      id,
      authentication: 'private_key_jwt',
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg, use: 'sig' }] },
      profile: { ...likeness.profile, pkce: true, par: true },
    };
    await world.platform.db.transaction((tx) => saveClient(tx, client, new Date()));
    const jwk = { ...(await exportJWK(privateKey)), kid: 'k1', alg } as { kty: string };
    for (const proof of [{ privateKey: jwk }, { privateKey, keyId: 'k1' }]) {
      const options = { clientId: id, clientSecret: undefined, ...proof } as unknown as Partial<SamtykkeOptions>;
      const samtykke = world.connect(1, options);
      assert.ok((await samtykke.feed.lastSequenceNr()) >= 1);
      const { url, pending } = await samtykke.authorizationUrl({ ...asking, openid: true, pushed: true });
      assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'], 'nothing else is shown');
      const given = await samtykke.exchangeCode(await sendPerson(url, 'yes'), pending);
      assert.equal(given.person?.nin, '14842249091');
    }
    const other = (await generateKeyPair(alg)).privateKey;
    const stranger = {
      clientId: id,
      clientSecret: undefined,
      privateKey: other,
    } as unknown as Partial<SamtykkeOptions>;
    await assert.rejects(world.connect(1, stranger).feed.lastSequenceNr(), { code: 'client_refused' });
  }
  const broken = { clientSecret: undefined, privateKey: { kty: 'RSA', n: 'x' } } as unknown as Partial<SamtykkeOptions>;
  await assert.rejects(world.connect(1, broken).feed.lastSequenceNr(), { code: 'configuration' });
});

test('F4, SDK: whoever was away too long is told, takes the snapshot, and goes on without a gap', async () => {
  const samtykke = world.connect(2);
  const store = placeIn();
  const first = await samtykke.registerConsent(wanted({ purpose: 'presentation', days: 300 }));
  for await (const { consentId } of samtykke.feed.follow({ store })) {
    assert.ok(consentId);
    if (consentId === first.id) break;
  }
  const second = await samtykke.registerConsent(wanted({ purpose: 'presentation', days: 300 }));
  await samtykke.revoke(first.id);
  // Events age from when they have their numbers, which a reader gives them.
  await samtykke.feed.lastSequenceNr();
  await world.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: 8 * 86_400 } });
  const third = await samtykke.registerConsent(wanted({ purpose: 'presentation', days: 300 }));

  const resume = async (): Promise<void> => {
    for await (const event of samtykke.feed.follow({ store })) assert.fail(`${event.sequenceNr} was delivered`);
  };
  await assert.rejects(
    resume(),
    (error: unknown) => error instanceof FeedGapError && error.keptSequenceNr === store.place(),
  );

  const snapshot = await samtykke.feed.snapshot();
  const states = new Map<string, string | undefined>();
  for await (const consent of snapshot) states.set(consent.consentId, consent.active ? 'active' : consent.reason);
  assert.deepEqual(
    [first.id, second.id, third.id].map((id) => states.get(id)),
    ['revoked_by_client', 'active', 'active'],
  );
  await store.save(snapshot.asOfSequenceNr);
  await samtykke.revoke(second.id);
  for await (const event of samtykke.feed.follow({ store })) {
    assert.deepEqual([event.type, event.consentId], ['archived', second.id], 'and nothing that the snapshot had told');
    break;
  }
});
