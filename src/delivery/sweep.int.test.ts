import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  customers,
  OTHER,
  OWN,
  pages,
  person,
  startDeliveryWorld,
  untilWaiting,
  type DeliveryWorld,
} from '../../test/support/delivery-world.ts';
import { withClient } from '../../test/support/database.ts';
import { holdingsOf } from '../creditors/delivered-loans.ts';
import { syntheticNin } from '../../test/support/bare-platform.ts';
import { sweepDeliveries } from './sweep.ts';

let world: DeliveryWorld;
before(async () => {
  world = await startDeliveryWorld();
});
after(() => world.close());
beforeEach(async () => {
  world.clock.setOffsetSeconds(0);
  await world.inspect('truncate delivered_loan, delivered_customer, delivered_closing, delivery_run');
  world.server.conduct(pages([customers(2, 1)]));
  await world.collect();
});

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** Business time goes on, for the database too. */
async function pass(seconds: number): Promise<void> {
  world.clock.setOffsetSeconds(world.clock.offsetSeconds() + seconds);
  await world.inspect('update installation set clock_offset_seconds = $1', [world.clock.offsetSeconds()]);
}
const left = async () =>
  (
    await world.inspect(
      'select (select count(*) from delivered_loan) as loans, (select count(*) from delivered_customer) as customers, (select count(*) from delivery_run) as runs',
    )
  )[0];
/** How many creditors are asked about somebody. */
const asked = async (): Promise<number> =>
  (await holdingsOf(world.platform.db, world.platform.vault, syntheticNin(person(0)), world.clock.now())).length;

test('D3: what was delivered is shown for 48 hours, and then no more; who holds something is still known, and asked', async () => {
  const all = ['c 1', 'f 1', 'r 1'];
  await pass(47 * HOUR);
  assert.deepEqual(await world.shown(person(0)), all);
  await pass(2 * HOUR);
  assert.deepEqual(await world.shown(person(0)), []);
  assert.equal(await asked(), 1);
  // Each delivery makes all of it fresh again, although nothing of it has changed.
  await world.collect();
  assert.deepEqual(await world.shown(person(0)), all);
});

test('C8: what is left of one who delivers no more goes on schedule, and not before', async () => {
  await pass(29 * DAY);
  assert.deepEqual(await sweepDeliveries(world.platform), { loans: 0, customers: 0, runs: 0 });
  await pass(2 * DAY);
  assert.deepEqual(await sweepDeliveries(world.platform), { loans: 6, customers: 2, runs: 0 });
  assert.deepEqual(await left(), { loans: 0, customers: 0, runs: 1 });
});

test('C8: one who delivers each day loses nothing, however old its loans are; one who was switched off goes as the others', async () => {
  await world.inspect(
    'insert into creditor_provider (creditor_id, provider_id, base_url) select creditor_id, $1, base_url from creditor_provider',
    [OTHER],
  );
  await world.inspect('update creditor_provider set enabled = false where provider_id = $1', [OTHER]);
  await world.inspect(
    'insert into delivered_customer select nin_index, creditor_id, delivered_at, $1 from delivered_customer',
    [OTHER],
  );
  await pass(60 * DAY);
  await world.inspect('update creditor_provider set delivered_at = $1, drawn_at = $1 where provider_id = $2', [
    world.clock.now(),
    OWN,
  ]);
  assert.deepEqual(await sweepDeliveries(world.platform), { loans: 0, customers: 2, runs: 0 });
  await world.inspect('delete from creditor_provider where provider_id = $1', [OTHER]);
});

test('C8: what was pushed lately stays, with its customer, though nothing was collected', async () => {
  await pass(40 * DAY);
  await world.inspect("update delivered_loan set pushed_at = $1 where ctid = '(0,1)'", [world.clock.now()]);
  assert.deepEqual(await sweepDeliveries(world.platform), { loans: 5, customers: 1, runs: 0 });
  assert.deepEqual(await left(), { loans: 1, customers: 1, runs: 1 });
});

test('C8: what became of deliveries is kept for a year, and never less than seven days', async () => {
  await pass(365 * DAY);
  assert.equal((await sweepDeliveries(world.platform)).runs, 0);
  await pass(2 * DAY);
  assert.equal((await sweepDeliveries(world.platform)).runs, 1);
  const purge = (days: number) =>
    world.inspect('select purge_delivery_runs(business_now() - make_interval(days => $1), 10)', [days]);
  await assert.rejects(purge(6), /nothing younger than seven days/);
});

test('C8: several nodes may sweep at once', async () => {
  await pass(400 * DAY);
  const swept = await Promise.all(Array.from({ length: 3 }, () => sweepDeliveries(world.platform)));
  const sum = (name: 'loans' | 'customers' | 'runs') => swept.reduce((total, one) => total + one[name], 0);
  assert.deepEqual([sum('loans'), sum('customers'), sum('runs')], [6, 2, 1]);
});

test('C8: what is delivered again while it is being removed stays', async () => {
  await pass(31 * DAY);
  await withClient(world.database.superuserUrl, async (client) => {
    await client.query('begin');
    await client.query('update creditor_provider set delivered_at = $1, drawn_at = $1', [world.clock.now()]);
    const sweeping = sweepDeliveries(world.platform);
    await untilWaiting(world);
    await client.query('commit');
    assert.deepEqual(await sweeping, { loans: 0, customers: 0, runs: 0 });
  });
});
