import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageToReturnTo, pageWith, placeOf, placeText } from './addresses.ts';

const id = '01a206a3-a2c2-70bb-8e96-f2f17e76cab8';

test('A9: a login leads back to a page of the portal, with the parameters that it knows', () => {
  for (const page of [
    '/',
    '/consents',
    `/consents/${id}`,
    `/consents/${id.toUpperCase()}/withdraw`,
    '/accesses',
    '/help',
    `/accesses?by=${id}&year=2026`,
    `/consents?withdrawn=${id}`,
  ]) {
    assert.equal(pageToReturnTo(page), page);
  }
  assert.equal(pageToReturnTo('/accesses?year=2026&next=https%3A%2F%2Fx.example&login=failed'), '/accesses?year=2026');
});

test('A9: a login leads to nothing else: no other site, no other part of this one, no file', () => {
  for (const other of [
    undefined,
    null,
    ['/consents'],
    '',
    'consents',
    'https://x.example/',
    '//x.example',
    '//x.example/consents',
    '/\\x.example',
    '/\t/x.example',
    '/consents\n',
    '/consents/../oauth2/auth',
    '/consents/unknown',
    `/consents/${id}/receipt.json`,
    '/my-data.json',
    '/accesses.csv',
    '/logout',
    '/oauth2/auth?client_id=x',
    '/consents#x',
    `/${'a'.repeat(600)}`,
  ]) {
    assert.equal(pageToReturnTo(other), '/', String(other));
  }
});

test('A9: whoever asked for a file is led back to the page with its link', () => {
  assert.equal(pageWith(`/consents/${id}/receipt.json`), `/consents/${id}`);
  assert.equal(pageWith('/accesses.csv?year=2026'), '/accesses?year=2026');
  assert.equal(pageWith('/my-data.json'), '/accesses');
  assert.equal(pageWith('/consents?before=1-1'), '/consents?before=1-1');
});

test('B5: a place in a list is read back as it was written, and whatever is none is no place', () => {
  const place = { at: new Date('2026-11-22T13:17:00.123Z'), skip: 3 };
  assert.deepEqual(placeOf(placeText(place)), place);
  for (const none of [
    undefined,
    '',
    '1',
    '-1-1',
    '1-',
    'x-1',
    '1-1-1',
    '1e3-1',
    '9'.repeat(15) + '-1',
    ['1-1'],
    '1-1\n',
  ]) {
    assert.equal(placeOf(none), undefined, String(none));
  }
});
