import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Client } from './client.ts';
import { publicKeysFrom } from './public-keys.ts';
import { planChange, planNewClient, type NewClient } from './registration.ts';

const ID = 'b0000000-0000-4000-8000-000000000001';
const usual: NewClient = {
  name: 'Sparekompis AS',
  organisationNumber: '314159268',
  purposes: ['processing', 'presentation'],
};
const production = { open: true };

const problemsOf = (more: Partial<Record<keyof NewClient, unknown>>, where = production): readonly string[] => {
  const plan = planNewClient({ ...usual, ...more } as NewClient, ID, where);
  return 'client' in plan ? [] : plan.map(({ field, what }) => `${field} ${what}`);
};

const clientOf = (input: NewClient): Client => {
  const plan = planNewClient(input, ID, production);
  if (!('client' in plan)) throw new Error(JSON.stringify(plan));
  return plan.client;
};

const jwkOf = (kind: 'ec' | 'rsa' | 'P-384' | 'ed25519', bits = 2048): Record<string, unknown> => {
  const { publicKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind === 'ec' ? 'P-256' : kind });
  return { ...publicKey.export({ format: 'jwk' }) };
};

test('A2, C9: a client is registered for what it asks for and for nothing more, and the log tells what that is', () => {
  const plan = planNewClient({ ...usual, redirectUris: ['https://bank.example/callback'] }, ID, production);
  assert.ok('client' in plan);
  assert.deepEqual(plan.client.purposes, ['presentation', 'processing']);
  assert.deepEqual(
    [plan.client.mayRegisterAgreements, plan.client.mayReadEvents, plan.client.mayUseOpenid],
    [false, false, false],
  );
  assert.ok(
    plan.differences.some(({ field, before, after }) => field === 'name' && before === null && after === usual.name),
  );
  assert.ok(!plan.differences.some(({ field }) => field === 'keys'));
});

test('C9: a registration that cannot be right is refused with all that is wrong with it', () => {
  const problems = problemsOf({
    name: ' ',
    organisationNumber: '314159267',
    purposes: [],
    id: 'nobody',
    mayUseOpenid: true,
  });
  assert.deepEqual(problems.map((problem) => problem.split(' ')[0]).toSorted(), [
    'id',
    'mayUseOpenid',
    'name',
    'organisationNumber',
    'purposes',
  ]);
  assert.match(problemsOf({ name: 'Spare\u202ekompis' }).join(), /cannot be seen/);
  assert.match(problemsOf({ purposes: ['presentation', 'marketing'] }).join(), /something else/);
  assert.match(problemsOf({ authentication: 'private_key_jwt' }).join(), /jwks are missing/);
  assert.match(problemsOf({ profile: { signedRequests: true } }).join(), /jwks are missing: signed requests/);
  assert.match(problemsOf({ id: ID.toUpperCase() }).join(), /small letters/);
});

test('A8: people are sent to addresses that are exact, https, and not on their own machine', () => {
  const of = (address: string, where = production) => problemsOf({ redirectUris: [address] }, where).join();
  for (const good of ['https://bank.example', 'https://bank.example/a/b?c=d%20e', 'https://bank.example:8443/']) {
    assert.equal(of(good), '', good);
  }
  for (const [bad, why] of [
    ['http://bank.example/callback', /plain http/],
    ['https://bank.example/callback#here', /fragment/],
    ['https://bank.example/#', /fragment/],
    ['https://*.bank.example/callback', /letter by letter/],
    ['https://bank.example/*', /letter by letter/],
    ['https://user:password@bank.example/', /user or a password/],
    ['https://bank.example/a/../b', /unusual/],
    ['https://BANK.example/', /unusual/],
    ['https:\\\\bank.example\\', /unusual/],
    [' https://bank.example/', /unusual/],
    ['https://bank.example/\u0000', /unusual/],
    ['javascript:alert(1)', /no address/],
    ['com.bank.app:/callback', /no address/],
    ['bank.example/callback', /no address/],
    ['https://localhost/callback', /own machine/],
    ['https://127.0.0.1/callback', /own machine/],
    ['https://[::1]/callback', /own machine/],
    [`https://bank.example/${'a'.repeat(500)}`, /longer than 500/],
  ] as const) {
    assert.match(of(bad), why, bad);
  }
  assert.equal(of('http://localhost:8765/callback', { open: false }), '');
  assert.match(
    problemsOf({ redirectUris: Array.from({ length: 21 }, (_, at) => `https://bank.example/${at}`) }).join(),
    /more than 20/,
  );
  assert.match(problemsOf({ postLogoutRedirectUris: ['http://bank.example/'] }).join(), /^postLogoutRedirectUris/);
});

test('A2: keys that a client tells are public, long enough, and of a kind that is used', () => {
  const ec = jwkOf('ec');
  const rsa = jwkOf('rsa');
  const read = publicKeysFrom({
    keys: [
      { ...ec, kid: 'a', x5c: ['…'] },
      { ...rsa, kid: 'b', alg: 'PS256' },
    ],
  });
  assert.deepEqual(read, {
    keys: [
      { kty: 'EC', crv: 'P-256', x: ec['x'], y: ec['y'], kid: 'a', use: 'sig' },
      { kty: 'RSA', n: rsa['n'], e: 'AQAB', kid: 'b', alg: 'PS256', use: 'sig' },
    ],
  });
  assert.ok('keys' in publicKeysFrom(ec), 'a single key');
  const hidden = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) };
  for (const [told, why] of [
    [undefined, /no JWK Set/],
    ['{"keys":[]}', /no JWK Set/],
    [{ keys: [] }, /no JWK Set/],
    [{ keys: Array.from({ length: 11 }, () => ec) }, /more than 10/],
    [{ keys: [null] }, /is no JWK/],
    [hidden, /is private/],
    [{ kty: 'oct', k: 'c2VjcmV0' }, /is private/],
    [jwkOf('ed25519'), /neither RSA nor EC/],
    [jwkOf('P-384'), /another curve/],
    [jwkOf('rsa', 1024), /has 1024 bits/],
    [{ ...rsa, n: `A${'_'.repeat(1399)}` }, /bits: 2048 to 4096/],
    [{ ...rsa, e: 'Aw' }, /exponent/],
    [{ ...rsa, alg: 'RS512' }, /alg/],
    [{ ...ec, alg: 'none' }, /alg/],
    [{ ...ec, y: 'short' }, /coordinates/],
    [{ ...ec, use: 'enc' }, /not for signatures/],
    [{ ...ec, key_ops: ['encrypt'] }, /key_ops/],
    [{ ...ec, kid: 'with space' }, /kid/],
    [{ keys: [ec, rsa] }, /without kid/],
    [
      {
        keys: [
          { ...ec, kid: 'a' },
          { ...rsa, kid: 'a' },
        ],
      },
      /same kid/,
    ],
  ] as const) {
    const refused = publicKeysFrom(told);
    assert.ok('refused' in refused, String(why));
    assert.match(refused.refused.join(), why);
    assert.ok(!refused.refused.join().includes(String(hidden['d'])), 'no key is repeated');
  }
});

test('A2: what is not said of a client stays, and what was good once does not stand in the way of other changes', () => {
  const client = { ...clientOf({ ...usual, profile: { pkce: true } }), redirectUris: ['http://old.bank.example/'] };
  const plan = planChange({ name: 'Sparekompis ASA', profile: { dpop: true } }, client, production);
  assert.ok('client' in plan);
  assert.deepEqual(plan.client.profile, { pkce: true, par: false, dpop: true, signedRequests: false });
  assert.deepEqual(plan.client.redirectUris, client.redirectUris);
  assert.deepEqual(plan.differences, [
    { field: 'name', before: 'Sparekompis AS', after: 'Sparekompis ASA' },
    { field: 'requireDpop', before: false, after: true },
  ]);
  const same = planChange({ name: 'Sparekompis AS', redirectUris: undefined }, client, production);
  assert.ok('client' in same);
  assert.deepEqual(same.differences, []);
});
