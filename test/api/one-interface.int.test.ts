import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { settingsOf } from '../../sdk/src/options.ts';
import { scopeOf } from '../../sdk/src/purpose.ts';
import { ROOT } from '../support/sources.ts';
import { API, startWorld, type Json, type World } from '../support/world.ts';

/**
 * The interface is told in four places: the contract's rules, the discovery document, the description below /docs, and the types of the
 * client package. Here they are held against one another, as they are served and published, and not against the code that they share.
 */
let world: World;
let discovery: Json;
let description: Json;
before(async () => {
  world = await startWorld();
  discovery = (await world.call({ method: 'GET', url: '/.well-known/openid-configuration' })).json;
  description = (await world.call({ method: 'GET', url: '/docs/openapi.json' })).json;
});
after(() => world.close());

const contract = readFileSync(join(ROOT, 'docs/contract.md'), 'utf8').replaceAll('\n', ' ');
/** The words of one rule. */
const rule = (name: string): string =>
  new RegExp(` ${name}\\. (.*?) (?:[A-Z]\\d+b?\\. |## )`).exec(contract)?.[1] ?? '';
/** What stands between grave accents in a text. */
const quoted = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, words = '']) => words);
const sorted = (words: Iterable<string>): readonly string[] => [...new Set(words)].toSorted();

const sdk = settingsOf({ baseUrl: API, clientId: 'c', clientSecret: 's' });
const sdkAudiences = Object.values(sdk.apis).map(({ audience }) => audience);
const sdkScopes = ['consent.create', 'client.access.consent.events', scopeOf('presentation'), scopeOf('processing')];

test('A1, A12: the endpoints of the contract are those of the discovery document, and described', () => {
  const endpoints = Object.entries<unknown>(discovery)
    .filter(([name]) => /_endpoint$|^jwks_uri$/.test(name))
    .map(([, url]) => String(url).replace(API, ''));
  for (const path of quoted(rule('A1'))
    .map((words) => words.replace('GET ', ''))
    .filter((words) => words.startsWith('/'))) {
    assert.ok(
      path === '/.well-known/openid-configuration' || endpoints.includes(path),
      `${path} is in the discovery document`,
    );
  }
  for (const path of [...endpoints, '/.well-known/openid-configuration']) {
    assert.ok(description.paths[path] !== undefined, `${path} is described`);
  }
});

test('A3: audiences and scopes are the same in the contract, the description, and the client package', () => {
  const named = quoted(rule('A3'));
  const audiences = named
    .filter((words) => words.startsWith('{PUBLIC_URL}'))
    .map((words) => words.replace('{PUBLIC_URL}', API));
  assert.deepEqual(sorted(audiences), sorted(sdkAudiences));
  for (const audience of audiences)
    assert.ok(description.paths[audience.replace(API, '')] !== undefined || audience.endsWith('/v1/consent/agreement'));
  const scopes = named.filter((words) => /^(?:consent|client|debt)\./.test(words));
  assert.deepEqual(sorted(scopes), sorted(sdkScopes));
  const flows = Object.values<Json>(description.components.securitySchemes).flatMap((scheme) =>
    Object.values<Json>(scheme.flows ?? {}),
  );
  const described = flows.flatMap((flow) => Object.keys(flow.scopes));
  assert.deepEqual(sorted(described.filter((scope) => scope !== 'openid')), sorted(scopes));
  for (const flow of flows) assert.equal(flow.tokenUrl, discovery.token_endpoint);
});

test('A2, A13: how clients prove themselves is the same in the contract and the discovery document', () => {
  assert.deepEqual(
    sorted(discovery.token_endpoint_auth_methods_supported),
    sorted(quoted(rule('A2')).filter((words) => /^[a-z_]+$/.test(words) && words.includes('_'))),
  );
  assert.deepEqual(sorted(discovery.grant_types_supported), ['authorization_code', 'client_credentials']);
  for (const grant of discovery.grant_types_supported) assert.ok(quoted(rule('A1')).includes(grant), grant);
  assert.equal(typeof discovery.pushed_authorization_request_endpoint, 'string');
  assert.equal(discovery.request_parameter_supported, true);
  assert.ok(discovery.dpop_signing_alg_values_supported.length > 0);
  for (const [document, what] of [
    [contract, 'the contract'],
    [JSON.stringify(description), 'the description'],
  ] as const) {
    assert.match(document, /DPoP/, `${what} speaks of DPoP`);
    assert.match(document, /RFC 9126|\/oauth2\/par/, `${what} speaks of pushed requests`);
  }
});

test('D1, S1, F1: every call that the contract names is described, with the method that it names', () => {
  const calls = [...contract.matchAll(/`(GET|PUT|POST|DELETE) (\/(?:v1|feed|oauth2|userinfo)[^`?]*)/g)];
  assert.ok(calls.length >= 8);
  for (const [, method = '', path = ''] of calls) {
    const plain = path.replace(/\{its own consent id\}|\{id\}/, '{id}').trim();
    assert.ok(description.paths[plain]?.[method.toLowerCase()] !== undefined, `${method} ${plain} is described`);
  }
});
