import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseUrlFrom, hostProblem } from './address.ts';

const open = { open: true };
const sandbox = { open: false };

test('D3: the address of a creditor is kept as its path goes on: without a slash at the end, in one spelling', () => {
  const cases = [
    ['https://data.bank.example', 'https://data.bank.example'],
    ['https://data.bank.example/', 'https://data.bank.example'],
    ['  https://DATA.Bank.example:443/gjeld//', 'https://data.bank.example/gjeld'],
    ['https://data.bank.example:8443/a/../b', 'https://data.bank.example:8443/b'],
    ['https://bærbank.example', 'https://xn--brbank-pua.example'],
  ] as const;
  for (const [text, url] of cases)
    assert.deepEqual(baseUrlFrom(text, open), { url, name: new URL(url).hostname }, text);
});

test('D3: what is no address of a server, or says more than that, is refused', () => {
  const cases = [
    ['', /^is no address/],
    ['data.bank.example', /^is no address/],
    ['ftp://data.bank.example', /^is no address/],
    ['file:///etc/passwd', /^is no address/],
    ['https://', /^is no address/],
    ['https://user:secret@data.bank.example', /^holds a user or a password/],
    ['https://user@data.bank.example', /^holds a user or a password/],
    ['https://data.bank.example?page=1', /^has a query/],
    ['https://data.bank.example/?', /^has a query/],
    ['https://data.bank.example/#', /^has a query/],
    [`https://data.bank.example/${'a'.repeat(500)}`, /^is longer than 500/],
  ] as const;
  for (const [text, problem] of cases) {
    for (const where of [open, sandbox]) {
      const answer = baseUrlFrom(text, where);
      assert.ok(typeof answer === 'string', text);
      assert.match(answer, problem, text);
      assert.doesNotMatch(answer, /secret/);
    }
  }
});

test('D3: plain http is for the sandbox only', () => {
  assert.deepEqual(baseUrlFrom('http://data.bank.example', sandbox), {
    url: 'http://data.bank.example',
    name: 'data.bank.example',
  });
  assert.match(String(baseUrlFrom('http://data.bank.example', open)), /^is plain http/);
});

test('D3: an address that is not on the open internet is refused outside of the sandbox, however it is written', () => {
  const cases = [
    ['https://127.0.0.1', 'loopback'],
    ['https://127.1:8443/gjeld', 'loopback'],
    ['https://2130706433', 'loopback'],
    ['https://0x7f.0.0.1', 'loopback'],
    ['https://0177.0.0.1', 'loopback'],
    ['https://１２７.0.0.1', 'loopback'],
    ['https://[::1]', 'loopback'],
    ['https://[::ffff:127.0.0.1]', 'IPv4-mapped'],
    ['https://10.1.2.3', 'private'],
    ['https://169.254.169.254/latest', 'link-local'],
    ['https://[fd00::1]', 'unique-local'],
    ['https://0', 'unspecified'],
  ] as const;
  for (const [text, what] of cases) {
    assert.match(String(baseUrlFrom(text, open)), new RegExp(`^is at .* \\(${what}\\)`), text);
    assert.equal(typeof baseUrlFrom(text, sandbox), 'object', text);
  }
  assert.deepEqual(baseUrlFrom('https://8.8.8.8', open), { url: 'https://8.8.8.8', name: undefined });
  assert.deepEqual(baseUrlFrom('https://[2606:4700::1111]:8443/x', open), {
    url: 'https://[2606:4700::1111]:8443/x',
    name: undefined,
  });
});

test('D3: a host is refused when one of its addresses is', () => {
  assert.equal(hostProblem('bank.example', ['8.8.8.8', '2606:4700::1111']), undefined);
  assert.match(
    hostProblem('bank.example', ['8.8.8.8', '10.0.0.1']) ?? '',
    /bank\.example, which is 10\.0\.0\.1 \(private\)/,
  );
});
