import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { openBarePlatform, type BarePlatform } from '../../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { clientOf } from '../../test/support/world.ts';
import { readEvents } from '../consent/event-log.ts';
import { sql } from '../platform/db-statement.ts';
import { BROKEN_EVENT, READ_PAGE } from './store.ts';
import { feedPage, feedPageOf } from './wire.ts';

const CLIENT = clientOf(1).id;
const BODIES = sql<{ body: string | null }>('test_feed_bodies', 'select body from feed_event');

let database: TestDatabase;
let node: BarePlatform;
before(async () => {
  database = await createDatabase();
  node = await openBarePlatform(database);
});
after(async () => {
  await node.close();
  await database.drop();
});

test('F1, F3: a page that PostgreSQL has spelt is to the letter the one that its events make, whatever an id of a client’s own holds', async () => {
  const ownIds = [
    'plain',
    'with "quotes" and \\ backslashes',
    'line\nbreak, tab\t, bell\u0007, del\u007f',
    'blåbær 漢字 🙂 \u2028',
    '{"a":null}',
    ',{"sequenceNr":99999,',
    "it's",
    null,
  ];
  await withClient(database.superuserUrl, async (admin) => {
    await admin.query("set timezone = 'Asia/Kathmandu'");
    let n = 0;
    const add = (type: string, more: { purpose?: string; ownId?: string | null; reason?: string }) =>
      admin.query(
        `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, purpose, external_id, reason)
         values ($1, gen_random_uuid(), gen_random_uuid(), $2, $3::timestamptz + make_interval(secs => $4::integer * 3601.007), $5, $6, $7)`,
        [CLIENT, type, '2026-10-25T00:59:59.999Z', (n += 1), more.purpose, more.ownId, more.reason],
      );
    // As many as fill several parts of a page.
    for (let round = 0; round < 20; round += 1) {
      for (const ownId of ownIds)
        for (const purpose of ['presentation', 'processing']) await add('created', { purpose, ownId });
      for (const reason of ['used', 'expired', 'revoked_by_client', 'revoked_by_person', 'revoked_by_operator'])
        await add('archived', { reason });
    }
  });
  const { db, clock } = node.platform;
  const now = clock.now();
  const readableSince = new Date(now.getTime() - 86_400_000);
  await readEvents(db, { clientId: CLIENT, from: 0, limit: 1, now, readableSince });
  const bodies = await node.platform.db.query(BODIES);
  assert.ok(bodies.length > 0 && bodies.every(({ body }) => body !== null), 'each is spelt when it gets its number');
  for (const [from, limit, isOld] of [
    [0, 1_000, false],
    [5, 3, false],
    [2, 1, false],
    [0, 1_000, true],
  ] as const) {
    // Numbered before there were texts: by the version before.
    if (isOld) await withClient(database.superuserUrl, (admin) => admin.query('update feed_event set body = null'));
    const events = await readEvents(db, { clientId: CLIENT, from, limit, now, readableSince });
    const parts = (await db.query(READ_PAGE, [CLIENT, from, readableSince, limit])).map((part) => part.events);
    assert.ok(parts.length > 0 && events.length > 0 && !parts.join().includes(BROKEN_EVENT));
    const text = feedPageOf(parts, now).toString();
    assert.deepEqual(JSON.parse(text), feedPage(from, events, now));
    assert.equal(Object.keys(JSON.parse(text)).join(), Object.keys(feedPage(from, events, now)).join());
  }
  assert.deepEqual(await db.query(READ_PAGE, [CLIENT, 1_000, readableSince, 10]), []);
});

test('F4: an event that got its number at or before the time that can be read is in no page, also on that day', async () => {
  const { db } = node.platform;
  const readableSince = new Date('2026-11-16T12:00:00.000Z');
  await withClient(database.superuserUrl, (admin) =>
    admin.query(
      `update feed_event set recorded_on = $1::timestamptz at time zone 'UTC', recorded_at = case when seq <= 4 then $1::timestamptz
         else $1::timestamptz + interval '1 millisecond' end where client_id = $2 and seq <= 6`,
      [readableSince, CLIENT],
    ),
  );
  const [first] = await db.query(READ_PAGE, [CLIENT, 0, readableSince, 1]);
  assert.match(first?.events ?? '', /^\{"sequenceNr":5,/);
});

const PAGES = 12;
/** Of events, by whoever asks, as far as they have been counted. */
async function rowsRead(admin: pg.Client): Promise<number> {
  await admin.query('select pg_stat_force_next_flush()');
  const { rows } = await admin.query<{ read: string }>(
    "select sum(idx_tup_fetch + seq_tup_read) as read from pg_stat_user_tables where relname like 'feed_event%'",
  );
  return Number(rows[0]?.read);
}

test('a page goes by the numbers of its events, however many there are and however often it is read', async () => {
  const [client, now] = ['c0000000-0000-4000-8000-00000000000c', node.platform.clock.now()];
  await withClient(database.superuserUrl, async (admin) => {
    await admin.query(
      `select feed_keep_partitions(($1::timestamptz at time zone 'UTC')::date - back, ($1::timestamptz at time zone 'UTC')::date - 60)
       from generate_series(0, 20) back`,
      [now],
    );
    await admin.query(
      `insert into feed_event (client_id, seq, recorded_on, recorded_at, event_id, consent_id, type, occurred_at, reason, body)
       select $1, n, (at at time zone 'UTC')::date, at, gen_random_uuid(), gen_random_uuid(), 'archived', at, 'used', 'event ' || n
       from (select n, $2::timestamptz - (40_000 - n) * interval '40 seconds' as at from generate_series(2, 40_000) n) numbered`,
      [client, now],
    );
    // What the planner knows: nothing at first, all afterwards.
    for (const known of [false, true]) {
      if (known) await admin.query('analyze feed_event');
      const earlier = await rowsRead(admin);
      for (let page = 0; page < PAGES; page += 1) {
        const values = [client, 2 + page * 3_000, new Date(now.getTime() - 30 * 86_400_000), 500];
        const { rows } = await admin.query<{ events: string }>({ ...READ_PAGE, values });
        assert.match(rows[0]?.events ?? '', new RegExp(`^event ${2 + page * 3_000},`));
      }
      const read = (await rowsRead(admin)) - earlier;
      for (let page = 0; page < PAGES; page += 1) {
        const values = [client, 2 + page * 3_000, new Date(now.getTime() - 30 * 86_400_000), 500];
        const { rows } = await admin.query<{ seq: string }>('select seq from feed_events($1, $2, $3, $4)', values);
        assert.deepEqual(
          rows.map(({ seq }) => Number(seq)),
          Array.from({ length: 500 }, (_, place) => 2 + page * 3_000 + place),
        );
      }
      // A page's own events, and the first one of each later day.
      assert.ok(read <= 2 * PAGES * (500 + 30), `${read} rows were read for ${2 * PAGES} pages`);
    }
  });
});
