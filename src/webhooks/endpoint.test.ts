import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '../errors/domain-error.ts';
import { checkedEndpoint, endpointFrom } from './endpoint.ts';

const open = { open: true };
const sandbox = { open: false };

test('F1: an address is taken as it was written, with its port and query; one that is no name is not looked up', () => {
  assert.deepEqual(endpointFrom('https://Bank.example:8443/hooks/samtykke?key=1', open), {
    url: 'https://bank.example:8443/hooks/samtykke?key=1',
    name: 'bank.example',
  });
  assert.deepEqual(endpointFrom('https://1.1.1.1/', open), { url: 'https://1.1.1.1/', name: undefined });
  assert.deepEqual(endpointFrom('https://[2606:4700:4700::1111]/', open), {
    url: 'https://[2606:4700:4700::1111]/',
    name: undefined,
  });
});

test('R4: outside of a sandbox it is https, and at no address of a network of our own, however that is written', () => {
  assert.equal(endpointFrom('http://bank.example/', open), 'must be https');
  assert.equal(endpointFrom('http://localhost:3000/', open), 'must be https');
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '10.1.2.3',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[fd00::1]',
    '[fe80::1]',
    '[64:ff9b::7f00:1]',
  ]) {
    assert.equal(endpointFrom(`https://${host}/hooks`, open), 'must be at a host on the open internet', host);
  }
});

test('X7: a sandbox takes plain http to the machine itself, and to no other', () => {
  for (const url of [
    'http://localhost:3000/',
    'http://127.0.0.1:3000/',
    'http://[::1]:3000/',
    'http://bank.localhost/',
  ]) {
    assert.equal(typeof endpointFrom(url, sandbox), 'object', url);
  }
  for (const url of [
    'http://bank.example/',
    'http://192.168.1.5/',
    'http://localhost.bank.example/',
    'http://1.1.1.1/',
  ]) {
    assert.match(
      String(endpointFrom(url, sandbox)),
      /^must be https; plain http is for addresses of this machine/,
      url,
    );
  }
  assert.equal(typeof endpointFrom('https://192.168.1.5/', sandbox), 'object');
});

test('F1: what is no address, or holds what messages do not need, is refused with a sentence that says why', () => {
  for (const [text, what] of [
    ['', /must be an address/],
    ['bank.example/hooks', /must be an address/],
    ['ftp://bank.example/', /must be an address/],
    ['javascript:alert(1)', /must be an address/],
    ['https://user:secret@bank.example/', /a user or a password/],
    ['https://bank.example/#part', /a fragment/],
    [`https://bank.example/${'x'.repeat(2_000)}`, /longer than 2000 characters/],
    ['https://bank.example/14842249091/hooks', /a national identity number/],
    ['https://bank.example/?who=1484224%39091', /a national identity number/],
  ] as const) {
    const answer = endpointFrom(text, open);
    assert.match(String(answer), what, text);
    assert.doesNotMatch(String(answer), /secret|14842249091/);
  }
});

test('R4: a name that stands for an address of our own network is refused outside of a sandbox, and told nothing of it', async () => {
  await assert.rejects(checkedEndpoint('https://localhost/hooks', open), (error: unknown) => {
    assert.ok(error instanceof DomainError);
    assert.deepEqual([error.code, error.detail], ['invalid_request', 'url must be at a host on the open internet']);
    return true;
  });
  await assert.rejects(checkedEndpoint('https://no-such-host.invalid/hooks', open), (error: unknown) => {
    assert.ok(error instanceof DomainError);
    // Without a resolver nobody can say whether there is such a name.
    assert.match(error.detail, /nobody knows no-such-host\.invalid$|cannot be looked up right now/);
    return true;
  });
  assert.equal(await checkedEndpoint('http://localhost:3000/a', sandbox), 'http://localhost:3000/a');
});
