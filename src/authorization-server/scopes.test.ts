import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiNamed } from '../clients/audience.ts';
import { decideScopes } from './scopes.ts';

const both = ['debt.unsecured.presentation', 'debt.unsecured.processing'];

test('A3: a token gets the scopes that were asked for, if all belong to the audience and the client is registered for them', () => {
  assert.deepEqual(decideScopes('debt', both.join(' '), both), { granted: both.join(' ') });
  assert.deepEqual(decideScopes('debt', both[0], both), { granted: both[0] });
  assert.deepEqual(decideScopes('agreement', 'consent.create', ['consent.create', ...both]), {
    granted: 'consent.create',
  });
});

test('A3: no scope, a scope of another audience, an unknown one and one not registered for are refused, none is dropped', () => {
  for (const [asked, registered] of [
    [undefined, both],
    ['', both],
    ['consent.create', ['consent.create', ...both]],
    [`${both[0]} consent.create`, ['consent.create', ...both]],
    ['debt.unsecured.other', both],
    [both.join(' '), [both[0] ?? '']],
    ['DEBT.UNSECURED.PROCESSING', both],
    ['openid', both],
  ] as const) {
    assert.ok('refused' in decideScopes('debt', asked, registered), String(asked));
  }
});

test('A3, X5: an audience names one of three APIs by its whole address, or by an alias, and nothing else', () => {
  const aliases = ['https://api-preprod.norskgjeld.no'];
  assert.equal(apiNamed('https://a.example/v1/debt', 'https://a.example'), 'debt');
  assert.equal(apiNamed('https://api-preprod.norskgjeld.no/feed/v1/consent', 'https://a.example', aliases), 'events');
  for (const audience of [
    'https://a.example/v1/debt/',
    'https://a.example',
    'http://a.example/v1/debt',
    'https://b.example/v1/debt',
    'https://api-preprod.norskgjeld.no/v1/debt',
  ]) {
    assert.equal(apiNamed(audience, 'https://a.example'), undefined, audience);
  }
});
