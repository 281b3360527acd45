import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  eventInsert,
  firstSequenceNr,
  keepFeedPartitions,
  lastSequenceNr,
  readEvents,
  sealEvents,
  type ConsentEvent,
} from '../../src/consent/event-log.ts';
import { readConsent } from '../../src/consent/find.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { revokeConsent } from '../../src/consent/revoke.ts';
import type { Database } from '../../src/platform/db.ts';
import { newId } from '../../src/platform/ids.ts';
import { openBarePlatform, syntheticNin, type BarePlatform } from '../support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { clientOf } from '../support/world.ts';

const DAY_MS = 86_400_000;

let database: TestDatabase;
let one: BarePlatform;
let two: BarePlatform;
before(async () => {
  database = await createDatabase();
  [one, two] = [await openBarePlatform(database), await openBarePlatform(database)];
});
after(async () => {
  await Promise.all([one.close(), two.close()]);
  await database.drop();
});

const open: pg.Client[] = [];
/** A connection of its own, as a writer or a node that does something step by step; closed at the end of the test. */
async function connection(url = database.servingUrl): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  return client;
}
afterEach(async () => {
  for (const client of open.splice(0)) await client.end().catch(() => undefined);
});

/** Leaves an event as a change does, in whatever transaction is open; answers its id. */
async function leaveEvent(writer: pg.Client, clientId: string): Promise<string> {
  const eventId = newId();
  await writer.query(eventInsert("values ($1, $2, $3, 'created', now(), 'processing', null, null)"), [
    clientId,
    eventId,
    newId(),
  ]);
  return eventId;
}

/** A client that has had an event, numbered 2: its head is there, to be locked. */
async function knownClient(): Promise<string> {
  const client = newId();
  await leaveEvent(await connection(), client);
  assert.deepEqual(numbersOf(await readAll(one.platform.db, client)), [2]);
  return client;
}

const readAll = (db: Database, clientId: string, from = 0): Promise<readonly ConsentEvent[]> =>
  readEvents(db, { clientId, from, limit: 1000, now: new Date(), readableSince: new Date(Date.now() - 7 * DAY_MS) });

const numbersOf = (events: readonly ConsentEvent[]) => events.map((event) => event.sequenceNr);
const idsOf = (events: readonly ConsentEvent[]) => events.map((event) => event.eventId);

/** Waits until a backend waits for a lock. */
async function untilSomeoneWaits(): Promise<void> {
  await withClient(database.superuserUrl, async (admin) => {
    for (let tries = 0; tries < 500; tries += 1) {
      const { rowCount } = await admin.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      if ((rowCount ?? 0) > 0) return;
      await sleep(10);
    }
    assert.fail('nobody came to wait for a lock');
  });
}

async function terminate(victim: pg.Client): Promise<void> {
  const pid = (await victim.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
  await withClient(database.superuserUrl, (admin) => admin.query('select pg_terminate_backend($1, 5000)', [pid]));
}

test('F3: nothing is numbered 1: the last number is 1 before the first event, and that one gets 2', async () => {
  const client = newId();
  assert.equal(await lastSequenceNr(one.platform.db, client, new Date()), 1);
  assert.equal(await firstSequenceNr(one.platform.db, client, new Date(), new Date(0)), 2);
  const writer = await connection();
  await leaveEvent(writer, client);
  await leaveEvent(writer, client);
  assert.deepEqual(numbersOf(await readAll(one.platform.db, client)), [2, 3]);
  assert.equal(await lastSequenceNr(two.platform.db, client, new Date()), 3);
  assert.equal(await firstSequenceNr(two.platform.db, client, new Date(), new Date(0)), 2);
});

test('F2: an event that is committed late gets a higher number than one that was inserted after it and read before', async () => {
  const client = newId();
  const [slow, quick] = [await connection(), await connection()];
  await slow.query('begin');
  const early = await leaveEvent(slow, client);
  const late = await leaveEvent(quick, client);
  const first = await readAll(one.platform.db, client);
  assert.deepEqual(idsOf(first), [late]);
  await slow.query('commit');
  const next = await readAll(two.platform.db, client, (first.at(-1)?.sequenceNr ?? 0) + 1);
  assert.deepEqual(idsOf(next), [early]);
  assert.deepEqual(numbersOf([...first, ...next]), [2, 3]);
});

test('F2: a reader that waits for another one to give numbers goes on from that one, and sees what was committed meanwhile', async () => {
  const client = await knownClient();
  const [sealing, writer] = [await connection(), await connection()];
  const before = [await leaveEvent(writer, client), await leaveEvent(writer, client)];
  await sealing.query('begin');
  await sealing.query('select feed_seal($1, now(), 1000)', [client]);
  const reading = readAll(one.platform.db, client, 3);
  await untilSomeoneWaits();
  const meanwhile = await leaveEvent(writer, client);
  await sealing.query('commit');
  const events = await reading;
  assert.deepEqual(numbersOf(events), [3, 4, 5]);
  assert.deepEqual(idsOf(events), [...before, meanwhile]);
});

test('F2: one who waits for another one to give numbers gives the next portion, and not nothing', async () => {
  const client = await knownClient();
  const [sealing, waiting, writer] = [await connection(), await connection(), await connection()];
  const left: string[] = [];
  for (let n = 0; n < 5; n += 1) left.push(await leaveEvent(writer, client));
  await sealing.query('begin');
  await sealing.query('select feed_seal($1, now(), 2)', [client]);
  const second = waiting.query<{ sealed: string }>('select feed_seal($1, now(), 2) as sealed', [client]);
  await untilSomeoneWaits();
  await sealing.query('commit');
  assert.deepEqual((await second).rows, [{ sealed: '2' }]);
  assert.deepEqual(idsOf(await readAll(one.platform.db, client, 3)), left);
});

test('F2: any number of readers and background runs at once give each event one number', async () => {
  const clients = [newId(), newId(), newId()];
  const writer = await connection();
  for (let round = 0; round < 20; round += 1) {
    for (const client of clients) for (let n = 0; n < 7; n += 1) await leaveEvent(writer, client);
    await Promise.all(
      [one, two].flatMap(({ platform: { db } }) => [
        sealEvents(db, null, new Date()),
        ...clients.flatMap((client) => [sealEvents(db, client, new Date()), readAll(db, client)]),
      ]),
    );
  }
  for (const client of clients) {
    const events = await readAll(one.platform.db, client);
    assert.deepEqual(
      numbersOf(events),
      Array.from({ length: 140 }, (_, n) => n + 2),
    );
    assert.equal(new Set(idsOf(events)).size, 140);
  }
});

test('F2: a crash after numbers were given and before they were answered loses nothing, and gives them once', async () => {
  const client = newId();
  const [node, writer] = [await connection(), await connection()];
  const left = [await leaveEvent(writer, client), await leaveEvent(writer, client)];
  await node.query('select feed_seal($1, now(), 1000)', [client]);
  await terminate(node);
  left.push(await leaveEvent(writer, client));
  const events = await readAll(one.platform.db, client);
  assert.deepEqual(numbersOf(events), [2, 3, 4]);
  assert.deepEqual(idsOf(events), left);
});

test('F2: a crash while numbers are being given gives none; the next reader does', async () => {
  const client = await knownClient();
  const [node, writer] = [await connection(), await connection()];
  const left = [await leaveEvent(writer, client)];
  await node.query('begin');
  await node.query('select feed_seal($1, now(), 1000)', [client]);
  const reading = readAll(one.platform.db, client, 3);
  await untilSomeoneWaits();
  left.push(await leaveEvent(writer, client));
  await terminate(node);
  const events = await reading;
  assert.deepEqual(numbersOf(events), [3, 4]);
  assert.deepEqual(idsOf(events), left);
});

test('F2: a reader whose own connection is cut right after it gave numbers is told everything when it asks again', async () => {
  const client = newId();
  const writer = await connection();
  const node = await openBarePlatform(database, { poolSize: 2 });
  const cutAfterSealing: Database = {
    ...node.platform.db,
    query: async (statement, values) => {
      const rows = await node.platform.db.query(statement, values);
      if (statement.name === 'feed_seal') {
        await withClient(database.superuserUrl, (admin) =>
          admin.query(
            `select pg_terminate_backend(pid, 5000) from pg_stat_activity
             where datname = current_database() and query like 'select feed_seal%' and pid <> pg_backend_pid()`,
          ),
        );
      }
      return rows;
    },
  };
  const left: string[] = [];
  const told: ConsentEvent[] = [];
  for (let round = 0; round < 10; round += 1) {
    left.push(await leaveEvent(writer, client), await leaveEvent(writer, client));
    const from = (told.at(-1)?.sequenceNr ?? 1) + 1;
    const answer = await readAll(cutAfterSealing, client, from).catch(() => readAll(node.platform.db, client, from));
    told.push(...answer);
  }
  assert.deepEqual(idsOf(told), left);
  assert.deepEqual(
    numbersOf(told),
    left.map((_, n) => n + 2),
  );
  await node.close();
});

test('F2: a poll straight after a change was acknowledged sees it, on every node, whoever is giving numbers meanwhile', async () => {
  const { id: client } = clientOf(1);
  let own = await lastSequenceNr(one.platform.db, client, new Date());
  const background = { on: true };
  const sealing = (async () => {
    while (background.on) await sealEvents(two.platform.db, null, new Date());
  })();
  try {
    for (let round = 0; round < 150; round += 1) {
      const [writing, reading] = round % 2 === 0 ? [one.platform, two.platform] : [two.platform, one.platform];
      const consent = await registerConsent(writing, {
        clientId: client,
        nin: syntheticNin('07857193886'),
        purpose: 'processing',
        duration: { kind: 'days', days: 1 },
        externalId: null,
        actor: 'client',
        traceId: 'torture',
      });
      await revokeConsent(writing, { consent, clientId: client, by: 'client', traceId: 'torture' });
      const events = await readAll(reading.db, client, own + 1);
      assert.deepEqual(
        events.map(({ type, consentId }) => [type, consentId]),
        [
          ['created', consent.id],
          ['archived', consent.id],
        ],
        `round ${round}`,
      );
      own = events.at(-1)?.sequenceNr ?? own;
      assert.equal(await lastSequenceNr(writing.db, client, new Date()), own);
      assert.equal((await readConsent(reading.db, consent.id))?.archived?.reason, 'revoked_by_client');
    }
  } finally {
    background.on = false;
    await sealing;
  }
});

test('F2: numbers are given in READ COMMITTED only', async () => {
  const client = newId();
  const writer = await connection();
  await leaveEvent(writer, client);
  for (const level of ['repeatable read', 'serializable']) {
    await writer.query(`begin isolation level ${level}`);
    for (const whose of [client, null]) {
      await writer.query('savepoint before');
      await assert.rejects(writer.query('select feed_seal($1, now(), 10)', [whose]), /READ COMMITTED/, level);
      await writer.query('rollback to savepoint before');
    }
    await writer.query('rollback');
  }
  assert.deepEqual(numbersOf(await readAll(one.platform.db, client)), [2]);
});

test('F2: numbers that were served are on the disk, whatever the connection is set to', async () => {
  const client = newId();
  const writer = await connection();
  await leaveEvent(writer, client);
  for (const [setting, kept] of [
    ['off', 'on'],
    ['local', 'on'],
    ['remote_write', 'on'],
    ['remote_apply', 'remote_apply'],
  ]) {
    await writer.query(`begin; set local synchronous_commit = ${setting}`);
    await writer.query('select feed_seal($1, now(), 10)', [client]);
    const { rows } = await writer.query('show synchronous_commit');
    assert.deepEqual(rows, [{ synchronous_commit: kept }]);
    await writer.query('commit');
  }
});

test('F2: a portion is numbered in the order in which it was inserted, and the rest follows it', async () => {
  const client = newId();
  const writer = await connection();
  const left = [];
  for (let n = 0; n < 10; n += 1) left.push(await leaveEvent(writer, client));
  for (const portion of [3, 3, 3, 3]) await writer.query('select feed_seal($1, now(), $2)', [client, portion]);
  assert.deepEqual(idsOf(await readAll(one.platform.db, client)), left);
});

/** Business time moved forward for everybody, as the sandbox does (X4). */
async function moveClock(toBeAheadBy: number): Promise<Date> {
  await withClient(database.ownerUrl, (owner) =>
    owner.query('update installation set clock_offset_seconds = $1', [toBeAheadBy / 1000]),
  );
  for (const { clock } of [one, two]) clock.setOffsetSeconds(toBeAheadBy / 1000);
  return one.clock.now();
}

test('F4: events are readable for seven days from when they got their number, and then the first number is the last + 1', async () => {
  const client = newId();
  const writer = await connection();
  const { db } = one.platform;
  const start = Date.now() - 5 * DAY_MS;
  const at = (days: number, ms = 0) => new Date(start + days * DAY_MS + ms);
  const since = (now: Date) => new Date(now.getTime() - 7 * DAY_MS);
  const readAt = (now: Date) =>
    readEvents(db, { clientId: client, from: 0, limit: 1000, now, readableSince: since(now) });
  const firstAt = (now: Date) => firstSequenceNr(db, client, now, since(now));

  await leaveEvent(writer, client);
  await sealEvents(db, client, at(0));
  await leaveEvent(writer, client);
  await sealEvents(db, client, at(2));
  for (const [now, readable, first] of [
    [at(0), [2, 3], 2],
    [at(6.9), [2, 3], 2],
    [at(7, -1), [2, 3], 2],
    [at(7, 1), [3], 3],
    [at(9, -1), [3], 3],
    [at(9, 1), [], 4],
    [at(400), [], 4],
  ] as const) {
    assert.deepEqual(numbersOf(await readAt(now)), readable, now.toISOString());
    assert.equal(await firstAt(now), first, now.toISOString());
    assert.equal(await lastSequenceNr(db, client, now), 3, now.toISOString());
  }
});

test('F4: the last number stays when everything has aged out and been purged, and the next event follows it', async () => {
  const client = newId();
  const writer = await connection();
  const { db } = one.platform;
  const owner = await connection(database.ownerUrl);
  const rows = async (table: string): Promise<number> =>
    Number((await owner.query<{ count: string }>(`select count(*) from ${table}`)).rows[0]?.count);

  // One event falls into the net, as when no partition was made in time; one into the partition of its day.
  await leaveEvent(writer, client);
  let now = await moveClock(0);
  await sealEvents(db, client, now);
  assert.ok((await rows('feed_event_default')) > 0, 'without a partition of its day an event is kept in the net');
  now = await moveClock(2 * DAY_MS);
  await keepFeedPartitions(db, now, new Date(now.getTime() - 30 * DAY_MS));
  await leaveEvent(writer, client);
  await sealEvents(db, client, now);
  const partition = `feed_event_${now.toISOString().slice(0, 10).replaceAll('-', '')}`;
  assert.equal(await rows(partition), 1);
  assert.equal((await readAll(db, client)).length, 2);

  // Nothing younger than seven days goes, whoever asks.
  await assert.rejects(keepFeedPartitions(db, now, new Date(now.getTime() - 6 * DAY_MS)), /seven days/);
  now = await moveClock(9 * DAY_MS);
  await keepFeedPartitions(db, now, new Date(now.getTime() - 30 * DAY_MS));
  assert.equal((await readAll(db, client)).length, 2);

  now = await moveClock(40 * DAY_MS);
  await keepFeedPartitions(db, now, new Date(now.getTime() - 30 * DAY_MS));
  assert.equal(await rows('feed_event'), 0);
  const { rows: gone } = await owner.query('select to_regclass($1) as partition', [partition]);
  assert.deepEqual(gone, [{ partition: null }]);
  const since = new Date(now.getTime() - 7 * DAY_MS);
  assert.equal(await lastSequenceNr(db, client, now), 3);
  assert.equal(await firstSequenceNr(db, client, now, since), 4);

  await leaveEvent(writer, client);
  const [event, ...others] = await readEvents(two.platform.db, {
    clientId: client,
    from: 4,
    limit: 10,
    now,
    readableSince: since,
  });
  assert.equal(event?.sequenceNr, 4);
  assert.deepEqual(others, []);
});
