import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastSequenceNr, sealEvents } from '../consent/event-log.ts';
import { registerConsent } from '../consent/register.ts';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { clientOf, type ClientNumber } from '../../test/support/world.ts';
import { openWakeUps, type WakeUps } from './wake-ups.ts';

let database: TestDatabase;
/** Where somebody waits, and where something happens. */
let here: BarePlatform;
let elsewhere: BarePlatform;
let wakeUps: WakeUps;
before(async () => {
  database = await createDatabase();
  [here, elsewhere] = [await openBarePlatform(database), await openBarePlatform(database)];
  wakeUps = openWakeUps(here.platform);
});
after(async () => {
  await wakeUps.close();
  await Promise.all([here.close(), elsewhere.close()]);
  await database.drop();
});

const change = (client: ClientNumber): Promise<unknown> =>
  registerConsent(elsewhere.platform, {
    clientId: clientOf(client).id,
    nin: syntheticNin('07857193886'),
    purpose: 'presentation',
    duration: { kind: 'days', days: 1 },
    externalId: null,
    actor: 'client',
    traceId: 'waiting',
  });
const last = (client: ClientNumber): Promise<number> =>
  lastSequenceNr(here.platform.db, clientOf(client).id, new Date());

/** Waits, but not for ever; answers whether it was woken. */
async function woken(wait: Promise<void>, ms = 20_000): Promise<boolean> {
  return Promise.race([wait.then(() => true), sleep(ms, false, { ref: false })]);
}
async function begin(client: ClientNumber): Promise<{ wait: Promise<void>; leave: () => void }> {
  const leaving = new AbortController();
  const wait = wakeUps.wait(clientOf(client).id, { after: await last(client), signal: leaving.signal });
  return { wait, leave: () => leaving.abort() };
}

const listeners = async (what: string): Promise<number> => {
  let count = 0;
  await withClient(database.superuserUrl, async (admin) => {
    const { rowCount } = await admin.query(
      `select ${what} from pg_stat_activity where datname = current_database() and application_name = 'samtykke listener'`,
    );
    count = rowCount ?? 0;
  });
  return count;
};

test('F2: who waits is woken by a change that nobody has given a number to', async () => {
  const { wait } = await begin(1);
  await change(1);
  assert.ok(await woken(wait));
});

test('F2: who waits is woken when another node gives numbers, to one client or to all', async () => {
  for (const whose of [clientOf(1).id, null]) {
    const { wait } = await begin(1);
    await change(1);
    await sealEvents(elsewhere.platform.db, whose, new Date());
    assert.ok(await woken(wait));
  }
});

test('F2: another client’s change wakes nobody', async () => {
  const { wait, leave } = await begin(2);
  await change(1);
  await sealEvents(elsewhere.platform.db, clientOf(1).id, new Date());
  assert.equal(await woken(wait, 1_500), false);
  leave();
  assert.ok(await woken(wait), 'whoever leaves is let go');
});

test('F2: what happened between reading and waiting wakes, although it was said to nobody', async () => {
  const before = await last(1);
  await change(1);
  await sealEvents(elsewhere.platform.db, null, new Date());
  assert.ok(await woken(wakeUps.wait(clientOf(1).id, { after: before, signal: new AbortController().signal })));
});

test('F2: one connection listens for all who wait; when it is cut they are woken all the same, and it comes back', async () => {
  const waiting = [await begin(1), await begin(1), await begin(2)];
  assert.equal(await listeners('pid'), 1);
  assert.equal(await listeners('pg_terminate_backend(pid, 5000)'), 1);
  await change(1);
  await change(2);
  for (const { wait } of waiting) assert.ok(await woken(wait));
  const { wait, leave } = await begin(2);
  for (let tries = 0; (await listeners('pid')) !== 1; tries += 1) {
    assert.ok(tries < 400, 'it listens again');
    await sleep(50);
  }
  leave();
  await wait;
});

test('R5: when it is closed everybody is let go, and nobody waits any more', async () => {
  const closing = openWakeUps(here.platform);
  const { signal } = new AbortController();
  const wait = closing.wait(clientOf(3).id, { after: 1_000_000, signal });
  await closing.close();
  assert.ok(await woken(wait));
  assert.ok(await woken(closing.wait(clientOf(3).id, { after: 1_000_000, signal })));
});
