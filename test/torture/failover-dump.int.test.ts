import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventInsert, firstSequenceNr, lastSequenceNr, readEvents } from '../../src/consent/event-log.ts';
import { missedBefore, readOn } from '../../src/feed/read-on.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import { whatPoolerLacks } from '../../src/platform/db-pooler.ts';
import { UnfitConnectionError } from '../../src/platform/db-primary.ts';
import { sql } from '../../src/platform/db-statement.ts';
import { openDatabase } from '../../src/platform/db.ts';
import { newId } from '../../src/platform/ids.ts';
import { SERVING_ROLE, migrate } from '../../src/platform/migrate.ts';
import { openBarePlatform, type BarePlatform } from '../support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let bare: BarePlatform;
before(async () => {
  database = await createDatabase();
  bare = await openBarePlatform(database);
});
after(async () => {
  await bare.close();
  await database.drop();
});

const TIMELINE = 2 ** 32;

async function leaveEvent(clientId: string): Promise<void> {
  const text = eventInsert("values ($1, $2, $3, 'created', now(), 'processing', null, null)");
  await bare.platform.db.query(sql('leave_event', text), [clientId, newId(), newId()]);
}

const numbersOf = async (clientId: string, from = 0): Promise<readonly number[]> => {
  const asked = { clientId, from, limit: 1000, now: new Date(), readableSince: new Date(0) };
  return (await readEvents(bare.platform.db, asked)).map(({ sequenceNr }) => sequenceNr);
};

/** As the rows are found by a server that they came to by a dump: with the identifier of another one. */
const comeFromElsewhere = (): Promise<void> =>
  withClient(database.ownerUrl, (owner) =>
    owner.query('update feed_cluster set system_identifier = system_identifier - 1'),
  );

const { ownerUrl, servingUrl } = { ownerUrl: () => database.ownerUrl, servingUrl: () => database.servingUrl };
const migrating = (owner: () => string) => migrate({ ownerUrl: owner(), servingUrl: servingUrl(), mode: 'sandbox' });

test('F2: after a dump numbers go on above all that were given, once, and whoever may not migrate does not start', async () => {
  const [busy, idle] = [newId(), newId()];
  const { platform } = bare;
  for (let n = 0; n < 3; n++) await leaveEvent(busy);
  assert.deepEqual(await numbersOf(busy), [2, 3, 4]);
  await migrating(ownerUrl);
  await leaveEvent(busy);
  assert.deepEqual(await numbersOf(busy), [2, 3, 4, 5], 'on the same server nothing changes');

  await comeFromElsewhere();
  await assert.rejects(migrating(servingUrl), /permission denied|must be owner/);
  await Promise.all([migrating(ownerUrl), migrating(ownerUrl)]);
  await migrating(servingUrl);
  const last = await lastSequenceNr(platform.db, idle, new Date());
  assert.ok(last > 1_000 * TIMELINE && last % TIMELINE === 0 && Number.isSafeInteger(last * 100), String(last));
  await leaveEvent(busy);
  assert.deepEqual(await numbersOf(busy), [2, 3, 4, 5, last + 1]);

  // Once more: higher again, also within one slot of time.
  await comeFromElsewhere();
  await migrating(ownerUrl);
  const next = await lastSequenceNr(platform.db, busy, new Date());
  assert.ok(next > last + 1);
  await leaveEvent(busy);
  assert.deepEqual(await numbersOf(busy, 6), [last + 1, next + 1]);
});

test('F4: what was left out is no gap; what has aged out before or behind it is', async () => {
  const client = newId();
  const { db } = bare.platform;
  for (let n = 0; n < 2; n++) await leaveEvent(client);
  const [base] = (await numbersOf(client)).map((number) => number - 1) as [number];
  await comeFromElsewhere();
  await migrating(ownerUrl);
  const missed = async (from: number): Promise<number | undefined> => {
    const asked = { clientId: client, from, limit: 10 };
    return missedBefore(bare.platform, asked, await readOn(bare.platform, asked));
  };
  const firstOf = (since: Date) => firstSequenceNr(db, client, new Date(), since);
  // Nothing has been numbered since.
  assert.equal(await missed(base + 3), undefined);
  assert.equal(await firstOf(new Date()), base + 3);
  await leaveEvent(client);
  const number = (await numbersOf(client)).at(-1) ?? 0;
  assert.ok(number > base + 3);
  for (const from of [0, base + 1, base + 2, base + 3, number, number + 1]) {
    assert.equal(await missed(from), undefined, `from ${from}`);
  }
  // Seen on a server whose end is lost; the last number of one that nobody was numbered on is none of these.
  assert.equal(await missed(base + 5), number);
  // Those from before it have aged out.
  await withClient(database.superuserUrl, (admin) =>
    admin.query(
      `update feed_event set recorded_at = recorded_at - interval '8 days', recorded_on = recorded_on - 8 where client_id = $1 and seq < $2`,
      [client, number],
    ),
  );
  assert.equal(await firstOf(new Date(Date.now() - 7 * 86_400_000)), base + 3);
  assert.equal(await missed(base + 3), undefined, 'who has seen all of those has missed nothing');
  assert.equal(await missed(base + 2), number, 'who has not, has');
});

test('R4: a login that owns the log does not serve through a pooler, and a limit of time is missed', async () => {
  const who = sql<{ who: string }>('who', 'select current_user as who');
  const owner = openDatabase({ url: ownerUrl(), directUrl: ownerUrl(), poolSize: 1, role: SERVING_ROLE });
  await assert.rejects(
    owner.query(who),
    (error) => error instanceof DomainError && error.cause instanceof UnfitConnectionError,
  );
  await owner.close();
  const serving = openDatabase({ url: servingUrl(), directUrl: servingUrl(), poolSize: 1, role: SERVING_ROLE });
  assert.equal((await serving.query(who)).length, 1);
  assert.deepEqual(serving.login(), { url: servingUrl() });
  await serving.close();
  assert.match((await whatPoolerLacks(servingUrl())).join('\n'), /^no statement of the login/);
});
