import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newConsent, startWorld, tokenFor, bearer, type World } from '../../test/support/world.ts';
import { purgePastRetention } from './purge.ts';

let world: World;
before(async () => {
  world = await startWorld({ env: { CONSENT_RETENTION_DAYS: '100', LOG_RETENTION_DAYS: '50' } });
});
after(() => world.close());

const advance = (days: number) =>
  world.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: days * 86_400 } });
const left = async () =>
  (
    await world.inspect(
      'select (select count(*) from consent) as consents, (select count(*) from audit_log) as log, (select count(*) from person) as persons',
    )
  )[0];

test('C8: nothing of a consent goes before its retention time; then the log, the consent and the person go, on schedule', async () => {
  const token = await tokenFor(world, 'debt');
  const id = await newConsent(world, { consent_duration_days: 10 });
  await world.call({ method: 'GET', url: `/v1/debt/${id}`, headers: bearer(token) });
  await advance(11); // expired at day 10, announced by the job
  assert.deepEqual(await left(), { consents: 1, log: 3, persons: 1 });
  await advance(38); // day 49
  assert.deepEqual(await left(), { consents: 1, log: 3, persons: 1 });
  await advance(2); // day 51: two log rows are older than 50 days
  assert.deepEqual(await left(), { consents: 1, log: 1, persons: 1 });
  await advance(58); // day 109: 99 days after its end
  assert.deepEqual(await left(), { consents: 1, log: 0, persons: 1 });
  await advance(2);
  assert.deepEqual(await left(), { consents: 0, log: 0, persons: 0 });
});

test('C8: an active consent is never purged, and whoever serves cannot purge anything younger than seven days', async () => {
  await newConsent(world, { scope_of_consent: 'debt.unsecured.presentation', consent_duration_days: 365 });
  await advance(200);
  assert.equal((await left()).consents, 1);
  const purge = (sinceDays: number) =>
    world.inspect(
      `select * from purge_past_retention(business_now() - make_interval(days => $1), business_now() - make_interval(days => $1), 10)`,
      [sinceDays],
    );
  await assert.rejects(purge(6), /nothing younger than seven days/);
  await purge(8);
  assert.equal((await left()).consents, 1);
});

test('C8: several nodes may purge at once', async () => {
  await advance(500);
  await Promise.all([
    purgePastRetention(world.platform),
    purgePastRetention(world.platform),
    purgePastRetention(world.platform),
  ]);
  assert.deepEqual(await left(), { consents: 0, log: 0, persons: 0 });
});
