import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startAddress } from '../../sandbox/callback.ts';
import { answerScreen, formOn, go, visitorOf, wordsOf } from '../support/flow.ts';
import type { Visited, Visitor } from '../support/visitor.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** Follows the link that is printed at start, and logs in as a ready test person. */
async function begin(visitor: Visitor, nin = '14842249091'): Promise<Visited> {
  const login = await go(visitor, startAddress(world.platform.config));
  const { action, fields } = formOn(login, /^\/testid\/sign-in\//);
  return go(visitor, action, { ...fields, nin });
}

test('X6: the printed link leads through login and consent to a page with what the client receives, the debt included', async () => {
  const visitor = visitorOf(world);
  const page = await answerScreen(visitor, await begin(visitor), 'yes');
  assert.equal(page.url.pathname, '/sandbox/callback');
  assert.equal(page.status, 200);
  const words = wordsOf(page.text).replaceAll('&quot;', '"');
  assert.match(words, /"state": "try-it"/);
  assert.match(words, /"scope": "debt\.unsecured\.presentation openid"/);
  assert.match(words, /"consent_id": "[0-9a-f-]{36}"/);
  assert.match(words, /"creditorName": "Lyngtind Kredittbank ASA"/);
  assert.match(words, /"numberOfCreditorsAnswered": 6/);
  assert.doesNotMatch(page.text, /14842249091|sandbox-secret/);

  const again = await visitor.request(page.url);
  assert.match(wordsOf(again.text), /invalid_grant/);
  assert.doesNotMatch(wordsOf(again.text), /creditorName/);
});

test('X6: a no, and a visit without anything, are shown as what they are; markup that came in the address stays text', async () => {
  const visitor = visitorOf(world);
  const page = await answerScreen(visitor, await begin(visitor), 'no');
  assert.match(wordsOf(page.text), /consent_denied/);
  const bare = await visitor.request('http://localhost:4000/sandbox/callback');
  assert.match(wordsOf(bare.text), /Nothing came/);
  const forged = await visitor.request(
    'http://localhost:4000/sandbox/callback?error=%3Cb%3Ex%3C/b%3E&%3Ci%3E=1&code=x',
  );
  assert.doesNotMatch(forged.text, /<b>x|<i>/);
  assert.match(wordsOf(forged.text), /invalid_grant/);
});

test('A9, G6: any valid synthetic number may log in, and a wrong or a real one is told so on the page and kept nowhere', async () => {
  const visitor = visitorOf(world);
  for (const nin of ['1484224909', '14842249092', '01010112345', 'abc', '']) {
    const refused = await begin(visitor, nin);
    assert.match(refused.url.pathname, /^\/testid\/sign-in\//);
    assert.match(refused.text, /aria-invalid="true"/);
    if (nin !== '') assert.ok(!refused.text.includes(`value="${nin}"`));
  }
  const screen = await begin(visitor, '29868099311');
  assert.match(screen.text, /name="answer"/);
});
