import assert from 'node:assert/strict';
import { test } from 'node:test';
import { organisationIn, serverOf } from './certificate.ts';

test('D3: a certificate stands for the organisation that its attribute names, and the attribute is a text, once', () => {
  assert.deepEqual(organisationIn('NTRNO-314159268'), { organisation: '314159268' });
  assert.deepEqual(organisationIn(undefined), { refusal: 'organisation_missing' });
  assert.deepEqual(organisationIn(null), { refusal: 'organisation_missing' });
  assert.deepEqual(organisationIn(['NTRNO-314159268']), { refusal: 'organisation_twice' });
  for (const odd of [
    'NTRNO-314159266',
    'NTRNO-314159268\n',
    'x\nNTRNO-314159268',
    ' NTRNO-314159268',
    'NTRNO-314 159 265',
    'NTRNO-3141592680',
    'ntrno-314159268',
    'NTRNO314159268',
    314159268,
    { toString: () => 'NTRNO-314159268' },
    Object('NTRNO-314159268'),
    true,
    '',
  ]) {
    assert.deepEqual(organisationIn(odd), { refusal: 'organisation_malformed' }, JSON.stringify(odd));
  }
});

test('D3: where a creditor answers, and that its server may be its own, who delivers for it, or of no Norwegian name', () => {
  const { origin, basePath, identity } = serverOf({
    id: '314159268',
    providerId: '9908:318465711',
    baseUrl: 'https://Creditor.example:8443/api//',
    clientCertificate: 'second',
  });
  assert.deepEqual([origin, basePath, identity.certificate], ['https://creditor.example:8443', '/api', 'second']);
  for (const good of ['NTRNO-314159268', 'NTRNO-318465711', undefined, 'PSDSE-FINA-44059', 'VATNO-314159268']) {
    assert.equal(identity.refuse(good), undefined);
  }
  assert.equal(identity.refuse('NTRNO-211872543'), 'another_organisation');
  assert.equal(identity.refuse('NTRNO-314159266'), 'organisation_malformed');
  assert.equal(identity.refuse(['NTRNO-314159268', 'NTRNO-314159268']), 'organisation_twice');
  assert.equal(identity.refuse(['VATNO-1', 'NTRNO-211872543']), 'organisation_twice');
  assert.equal(identity.refuse({}), 'organisation_malformed');
});

test('D3: creditors with the same server share its connections only where the same may answer for both', () => {
  const server = (id: string, providerId: string) =>
    serverOf({ id, providerId, baseUrl: 'https://x.example', clientCertificate: null });
  const key = server('314159268', '9908:318465711').identity.key;
  assert.equal(server('314159268', '0192:318465711').identity.key, key);
  assert.notEqual(server('211872543', '9908:318465711').identity.key, key);
  assert.equal(server('314159268', '9908:318465711').basePath, '');
});
