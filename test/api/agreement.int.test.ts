import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agreement, newConsent, putAgreement, startWorld, tokenFor, type World } from '../support/world.ts';

let world: World;
let token: string;
before(async () => {
  world = await startWorld();
  token = await tokenFor(world, 'agreement');
});
after(() => world.close());

test('G2: a registered consent is answered with our id, its expiry and its scope', async () => {
  const answer = await putAgreement(world, token, agreement());
  assert.equal(answer.status, 200);
  const { client_consent_id, consent } = answer.json;
  assert.equal(client_consent_id, 'loan-application-1');
  assert.match(consent.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(consent.scope_of_consent, 'debt.unsecured.processing');
  const lifetime = Date.parse(consent.expires_at) - world.clock.now().getTime();
  assert.ok(Math.abs(lifetime - 28 * 86_400_000) < 60_000, `expires in 28 days, not in ${lifetime} ms`);
  assert.ok(await newConsent(world));
});
