import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faceOf, isAlive, isOwnPath, isWorthNoting, loginCookie, sessionCookie, withOutcome } from './session.ts';

const at = (text: string) => new Date(`2026-11-23T${text}Z`);

test('A9: a session ends when it was not used for 30 minutes, and at that very instant', () => {
  const session = { signedInAt: at('10:00:00.000'), lastSeenAt: at('10:20:00.000') };
  assert.equal(isAlive(session, at('10:49:59.999')), true);
  assert.equal(isAlive(session, at('10:50:00.000')), false);
  assert.equal(isAlive(session, at('10:19:00.000')), true, 'another node may have seen it in our future');
});

test('A9: a session ends two hours after the login, however much it is used', () => {
  const session = { signedInAt: at('10:00:00.000'), lastSeenAt: at('11:59:59.000') };
  assert.equal(isAlive(session, at('11:59:59.999')), true);
  assert.equal(isAlive(session, at('12:00:00.000')), false);
});

test('A9: that a session was used is written down at most once a minute', () => {
  const session = { signedInAt: at('10:00:00.000'), lastSeenAt: at('10:20:00.000') };
  assert.equal(isWorthNoting(session, at('10:20:59.999')), false);
  assert.equal(isWorthNoting(session, at('10:21:00.000')), true);
});

test('A9: the portal and each consent request have a cookie of their own, bound to the host where it is https', () => {
  const request = '0199aabb-ccdd-7eee-8fff-000000000001';
  assert.equal(sessionCookie('portal', 'https://min.example'), '__Host-samtykke');
  assert.equal(sessionCookie('portal', 'http://localhost:4000'), 'samtykke');
  assert.equal(sessionCookie(request, 'https://access.example'), '__Host-samtykke-000000000001');
  assert.equal(sessionCookie(request, 'http://localhost:4000'), 'samtykke-000000000001');
  assert.equal(loginCookie('https://min.example'), '__Host-samtykke-login');
  assert.equal(loginCookie('http://localhost:4000'), 'samtykke-login');
  const urls = { portalUrl: 'https://min.example', accessUrl: 'https://access.example' };
  assert.deepEqual([faceOf('portal', urls), faceOf(request, urls)], [urls.portalUrl, urls.accessUrl]);
});

test('A9: a login leads back to a path of ours, and to nothing that a browser takes for another host', () => {
  for (const path of ['/', '/consents?page=2', '/interaction/abc?returned=1#part', '/%2f%2fevil.example'])
    assert.equal(isOwnPath(path), true, path);
  for (const path of [
    '',
    'consents',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/consents\\..\\x',
    '/consents?page=1 2',
    '/gjeld/\u00e5rlig',
    'https://evil.example/',
    ' /consents',
    'javascript:alert(1)',
  ])
    assert.equal(isOwnPath(path), false, JSON.stringify(path));
});

test('A9: what became of a login is added to the query that is there', () => {
  assert.equal(withOutcome('/consents', 'cancelled'), '/consents?login=cancelled');
  assert.equal(withOutcome('/interaction/x?returned=1', 'failed'), '/interaction/x?returned=1&login=failed');
  assert.equal(withOutcome('/a?b=c#d', 'failed'), '/a?b=c&login=failed#d');
});
