import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  bearer,
  newConsent,
  newSingleUse,
  logOf,
  startWorld,
  tokenFor,
  type Answer,
  type World,
} from '../support/world.ts';

let world: World;
let token: string;
before(async () => {
  world = await startWorld();
  token = await tokenFor(world, 'debt');
});
after(() => world.close());
const lookUp = (id: string, headers: Record<string, string> = bearer(token)): Promise<Answer> =>
  world.call({ method: 'GET', url: `/v1/debt/${id}`, headers });

test('S1: status tells active and expiry of one’s own consent, and nothing of any other', async () => {
  const id = await newConsent(world);
  const status = (consentId: string, headers = bearer(token)) =>
    world.call({ method: 'GET', url: `/v1/debt/${consentId}/status`, headers });
  const own = await status(id);
  assert.deepEqual(Object.keys(own.json).sort(), ['active', 'expires_at']);
  assert.equal(own.json.active, true);
  assert.deepEqual((await status(randomUUID())).json, { active: false });
  assert.deepEqual((await status(await newConsent(world, { client: 2 }))).json, { active: false });
  assert.equal(
    (await status(id, bearer(await tokenFor(world, 'events')))).status,
    403,
    'S3: a token for the debt audience',
  );
  assert.equal((await status(id.toUpperCase())).json.active, true);
});

test('S2, S3: revoking answers 204, also again, with one event; the consent is then refused and not active', async () => {
  const id = await newConsent(world);
  const other = bearer(await tokenFor(world, 'debt', { scope: 'debt.unsecured.presentation' }));
  const revoke = (headers: Record<string, string> = other) =>
    world.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers });
  for (const headers of [other, other, { ...other, 'content-type': 'application/json' }]) {
    const answer = await revoke(headers);
    assert.equal(answer.status, 204);
    assert.equal(answer.text, '');
  }
  const refused = await lookUp(id);
  assert.equal(refused.status, 403);
  assert.match(refused.json.error_description, /^Consent was revoked at \d{4}-/);
  assert.equal(
    (await world.call({ method: 'GET', url: `/v1/debt/${id}/status`, headers: bearer(token) })).json.active,
    false,
  );
  assert.deepEqual(
    (await logOf(world, id)).map((row) => [row.kind, row.reason]),
    [
      ['consent_registered', null],
      ['consent_archived', 'revoked_by_client'],
    ],
  );
});

test('S2: revoking a used, an expired, an unknown and another client’s consent is refused', async () => {
  const used = await newSingleUse(world);
  await lookUp(used);
  const revoke = (id: string) => world.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(token) });
  const answer = await revoke(used);
  assert.equal(answer.status, 403);
  assert.match(answer.json.error_description, /^Consent was used at/);
  const expired = await newConsent(world, { consent_duration_days: 1 });
  world.clock.setOffsetSeconds(90_000);
  try {
    assert.match((await revoke(expired)).json.error_description, /^Consent expired at/);
  } finally {
    world.clock.setOffsetSeconds(0);
  }
  for (const id of [randomUUID(), await newConsent(world, { client: 2 })]) {
    assert.equal((await revoke(id)).json.error, 'no valid consent');
  }
});
