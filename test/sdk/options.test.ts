import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Samtykke, isSamtykkeError, type SamtykkeOptions } from '../../sdk/src/entry.ts';
import { settingsOf } from '../../sdk/src/options.ts';

const proof = { clientId: 'c', clientSecret: 's' };

test('SDK: one address is enough for Samtykke; for others the APIs have their own', () => {
  const one = settingsOf({ baseUrl: 'https://samtykke.example/', ...proof });
  assert.equal(one.issuer.href, 'https://samtykke.example/');
  assert.equal(one.apis.debt.url, 'https://samtykke.example/v1/debt');
  assert.equal(one.apis.events.audience, 'https://samtykke.example/feed/v1/consent');
  const [issuer, apiUrl] = ['https://access-preprod.norskgjeld.no', 'https://api-preprod.norskgjeld.no'];
  const two = settingsOf({ issuer, apiUrl, ...proof });
  assert.equal(two.apis.agreement.audience, `${apiUrl}/v1/consent/agreement`);
  const told = settingsOf({
    addresses: { issuer: `${issuer}/`, token: `${issuer}/oauth2/token`, api: apiUrl },
    audiences: { debt: 'https://other.example/v1/debt' },
    ...proof,
  });
  assert.equal(told.addresses?.issuer, `${issuer}/`, 'to the letter');
  assert.equal(told.apis.debt.url, `${apiUrl}/v1/debt`);
  assert.equal(told.apis.debt.audience, 'https://other.example/v1/debt');
});

test('SDK: options that cannot be right are refused at once, by name, and no secret is repeated', () => {
  const where = { baseUrl: 'https://samtykke.example' };
  const wrong: readonly (readonly [object, RegExp])[] = [
    [proof, /baseUrl, or issuer and apiUrl, or addresses/],
    [{ ...where, issuer: 'https://a.example', ...proof }, /baseUrl, or issuer and apiUrl/],
    [{ issuer: 'https://a.example', ...proof }, /apiUrl must be an address/],
    [{ apiUrl: 'https://a.example', ...proof }, /issuer must be an address/],
    [{ baseUrl: 'samtykke.example', ...proof }, /must be an address/],
    [{ baseUrl: 'ftp://samtykke.example', ...proof }, /must be an address/],
    [{ baseUrl: 'https://me:hidden@samtykke.example', ...proof }, /without user, query and fragment/],
    [{ baseUrl: 'http://samtykke.example', ...proof }, /must be https/],
    [{ addresses: { issuer: 'https://a.example', api: 'https://a.example' }, ...proof }, /addresses\.token/],
    [{ ...where, clientSecret: 'hidden' }, /clientId is missing/],
    [{ ...where, clientId: 'c' }, /either clientSecret or privateKey/],
    [{ ...where, ...proof, privateKey: { kty: 'EC' } }, /either clientSecret or privateKey/],
    [{ ...where, clientId: 'c', clientSecret: '' }, /clientSecret is empty/],
    [{ ...where, ...proof, purposes: [] }, /purposes/],
    [{ ...where, ...proof, purposes: ['curiosity'] }, /purposes/],
    [{ ...where, ...proof, timeoutMs: 0 }, /timeoutMs must be a whole number from 1/],
    [{ ...where, ...proof, timeoutMs: 1.5 }, /timeoutMs/],
    [{ ...where, ...proof, retries: 11 }, /retries/],
  ];
  for (const [options, sentence] of wrong) {
    assert.throws(
      () => new Samtykke(options as SamtykkeOptions),
      (error: unknown) => {
        assert.ok(isSamtykkeError(error, 'configuration'));
        assert.match(error.message, sentence);
        return !error.message.includes('hidden');
      },
    );
  }
});

test('SDK: plain http goes to this machine only, unless it is allowed', () => {
  for (const baseUrl of ['http://localhost:4000', 'http://127.0.0.1:4000', 'http://[::1]:4000', 'http://a.localhost']) {
    settingsOf({ baseUrl, ...proof });
  }
  for (const baseUrl of ['http://localhost.example', 'http://127.0.0.1.example', 'http://10.0.0.1']) {
    assert.throws(() => settingsOf({ baseUrl, ...proof }), { code: 'configuration' });
    settingsOf({ baseUrl, allowInsecureHttp: true, ...proof });
  }
});
