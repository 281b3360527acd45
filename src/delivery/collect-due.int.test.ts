import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { customers, OWN, pages, startDeliveryWorld, type DeliveryWorld } from '../../test/support/delivery-world.ts';
import { lastDue, MOST_ATTEMPTS } from './delivery-run.ts';
import { ANYTHING_DUE } from './run-log.ts';

let world: DeliveryWorld;
before(async () => {
  world = await startDeliveryWorld();
});
after(() => world.close());
beforeEach(async () => {
  await world.inspect('truncate delivered_loan, delivered_customer, delivered_closing, delivery_run');
  world.server.conduct(pages([customers(2, 1)]));
  setTime('05:00:00');
});

/** Sets business time to so many hours of a day some days from now, so that it never goes back. */
let day = 1;
function setTime(time: string): void {
  const today = new Date().toISOString().slice(0, 10);
  const wanted = new Date(`${today}T${time}.000Z`).getTime() + day * 86_400_000;
  world.clock.setOffsetSeconds(Math.ceil((wanted - Date.now()) / 1_000));
}
const pass = (seconds: number): void => world.clock.setOffsetSeconds(world.clock.offsetSeconds() + seconds);

/** What came of collecting what is due now. */
const outcomes = async (): Promise<string[]> => (await world.collectDue()).map((report) => report.outcome.kind);
const anythingDue = async (): Promise<boolean | undefined> => {
  const now = world.clock.now();
  return (await world.platform.db.query(ANYTHING_DUE, [now, lastDue(now)]))[0]?.due;
};

test('D3: each creditor is collected once a day, from 05:00 UTC on', async () => {
  assert.equal(await anythingDue(), true);
  assert.deepEqual(await outcomes(), ['applied']);
  assert.equal(await anythingDue(), false);
  assert.deepEqual(await outcomes(), []);
  day += 1;
  setTime('04:59:30');
  assert.deepEqual(await outcomes(), []);
  pass(40);
  assert.equal(await anythingDue(), true);
  assert.deepEqual(await outcomes(), ['applied']);
  assert.deepEqual(await outcomes(), []);
});

test('D3: who was away at 05:00 collects later on the same day', async () => {
  day += 1;
  setTime('17:30:00');
  assert.deepEqual(await outcomes(), ['applied']);
});

test('D3: what failed in passing is tried again, later and later, until it works or the day has had enough tries', async () => {
  day += 1;
  setTime('05:00:00');
  world.server.conduct((_page, response) => response.writeHead(503).end());
  const waits: number[] = [];
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    assert.deepEqual(await outcomes(), ['failed'], `try ${attempt}`);
    assert.deepEqual(await outcomes(), [], 'not at once');
    const [run] = await world.runs();
    if (attempt === MOST_ATTEMPTS) assert.equal(run.retry_at, null);
    else {
      const wait = (run.retry_at - run.finished_at) / 1_000;
      waits.push(wait);
      pass(wait - 5);
      assert.deepEqual(await outcomes(), [], 'not before it is time');
      pass(6);
    }
  }
  assert.deepEqual(waits, [60, 120, 240, 480, 960, 1_920, 3_600]);
  pass(7_200);
  assert.equal(await anythingDue(), false);
  day += 1;
  setTime('05:00:00');
  assert.deepEqual(await outcomes(), ['failed']);
  world.server.conduct(pages([customers(2, 1)]));
  pass(61);
  assert.deepEqual(await outcomes(), ['applied']);
  pass(3_600);
  assert.deepEqual(await outcomes(), []);
});

test('D3: what a creditor has to mend is not tried again on the same day', async () => {
  for (const conduct of [
    pages([['7']]),
    ((_page, response) => response.writeHead(404).end()) satisfies Parameters<typeof world.server.conduct>[0],
  ]) {
    day += 1;
    setTime('05:00:00');
    world.server.conduct(conduct);
    assert.equal((await outcomes()).length, 1);
    pass(12 * 3_600);
    assert.deepEqual(await outcomes(), []);
    assert.equal(await anythingDue(), false);
  }
});

test('D3: a creditor or provider that is switched off is not collected', async () => {
  for (const table of ['creditor', 'creditor_provider']) {
    day += 1;
    setTime('05:00:00');
    await world.inspect(`update ${table} set enabled = false`);
    assert.equal(await anythingDue(), false);
    assert.deepEqual(await outcomes(), []);
    await world.inspect(`update ${table} set enabled = true`);
    assert.deepEqual(await outcomes(), ['applied']);
  }
});

test('D3: of several sessions one collects a creditor; when that one is gone, another takes over once it is time for the next try', async () => {
  day += 1;
  setTime('05:00:00');
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  world.server.conduct((page, response, request) => {
    void held.then(() => pages([customers(2, 1)])(page, response, request));
  });
  const first = world.collectDue();
  while (world.server.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  pass(600);
  assert.equal(await anythingDue(), false, 'somebody is at it');
  assert.deepEqual(await outcomes(), []);
  // Its connection to the database is cut, as when its machine is.
  await world.inspect(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and application_name = 'test'",
  );
  release();
  await assert.rejects(first);
  assert.equal(await anythingDue(), true);
  assert.deepEqual(await outcomes(), ['applied']);
  const runs = await world.runs();
  assert.deepEqual(
    runs.map((run) => [run.outcome, run.detail]),
    [
      ['applied', null],
      ['failed', 'interrupted'],
    ],
  );
});

test('D3: each of many creditors is collected once by many sessions at once', async () => {
  day += 1;
  setTime('05:00:00');
  const ids = ['210437185', '211872543', '213509624', '215290417', '217468132', '218933572'];
  for (const id of ids) {
    await world.inspect('insert into creditor (id, name) values ($1, $1)', [id]);
    await world.inspect('insert into creditor_provider (creditor_id, provider_id, base_url) values ($1, $2, $3)', [
      id,
      OWN,
      `${world.server.url}/${id}`,
    ]);
  }
  world.server.conduct(pages([]));
  const reports = (await Promise.all(Array.from({ length: 6 }, () => world.collectDue()))).flat();
  assert.deepEqual(reports.map((report) => report.creditorId).toSorted(), [...ids, '314901398'].toSorted());
  assert.equal(world.server.asked.length, 7);
  await world.inspect('delete from creditor_provider where creditor_id = any ($1)', [ids]);
});
