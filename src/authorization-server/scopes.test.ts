import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiNamed } from '../clients/audience.ts';
import { decideConsentAsked, decideScopes } from './scopes.ts';

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

const registered = [...both, 'openid'];

test('A6, A7: one debt scope, with days or without; above the maximum it becomes the maximum; the number is left out of the scope', () => {
  for (const [asked, expected] of [
    ['debt.unsecured.presentation', ['presentation', null, false]],
    ['debt.unsecured.presentation.1', ['presentation', 1, false]],
    ['debt.unsecured.presentation.365', ['presentation', 365, false]],
    ['debt.unsecured.presentation.366', ['presentation', 365, false]],
    ['debt.unsecured.processing.28', ['processing', 28, false]],
    ['debt.unsecured.processing.99999', ['processing', 28, false]],
    [`debt.unsecured.processing.${'9'.repeat(400)}`, ['processing', 28, false]],
    ['debt.unsecured.processing.007', ['processing', 7, false]],
    ['debt.unsecured.presentation.100 openid', ['presentation', 100, true]],
    [' debt.unsecured.processing  openid ', ['processing', null, true]],
  ] as const) {
    const [purpose, days, openid] = expected;
    const scope = `debt.unsecured.${purpose}${openid ? ' openid' : ''}`;
    assert.deepEqual(decideConsentAsked(asked, registered), { purpose, days, openid, scope }, asked);
  }
});

test('A8: no, two, unknown and unregistered scopes, a bad duration, and openid anywhere but last are refused', () => {
  const [presentation = '', processing = ''] = both;
  for (const asked of [
    undefined,
    '',
    ' ',
    'openid',
    `openid ${presentation}`,
    `openid ${presentation} openid`,
    `${presentation} openid openid`,
    `${presentation} ${processing}`,
    `${presentation} ${presentation}`,
    `${presentation}.1 ${presentation}.2 openid`,
    'debt.secured.presentation',
    'debt.unsecured.other',
    'debt.unsecured.',
    'DEBT.UNSECURED.PRESENTATION',
    'consent.create',
    `${presentation} consent.create`,
    `${presentation} offline_access`,
    ...['', '0', '00', '-1', '+1', '1.5', '1e2', 'abc', '0x10', '10x', ' 10', '1.', '１０'].map(
      (days) => `${presentation}.${days}`,
    ),
  ]) {
    assert.ok('refused' in decideConsentAsked(asked, registered), String(asked));
  }
  assert.ok('refused' in decideConsentAsked(processing, [presentation, 'openid']));
  assert.ok('refused' in decideConsentAsked(`${presentation} openid`, both));
});
