/**
 * How long an event waits for its number, at the size of Norway, of ten Norways and of a hundred million persons: a model of the sealing
 * with what `feed_seal` takes here, beside what is measured at a rate that this machine can make.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase } from '../test/support/database.ts';
import { clientOf } from '../test/support/world.ts';
import { capacityOf, simulateFeed, type Sealing } from './support/growth-feed-model.ts';
import { usedByOthers } from './support/load.ts';
import { short, tableReport } from './support/report.ts';
import { median, percentile } from './support/statistics.ts';

const CLIENTS = [1, 2, 3].map((number) => clientOf(number as 1 | 2 | 3).id);
const PORTION = 5_000;
const EVERY_MS = 1_000;
const MEASURED = { rate: 100, seconds: 8 };

/** Active consents and what comes of them, for each million: see `docs/scale.md`. */
const SIZES = [
  { name: 'Norway', rate: 5, burst: 100_000 },
  { name: 'ten Norways', rate: 50, burst: 1_000_000 },
  { name: '100 million persons', rate: 160, burst: 3_200_000 },
];

const database = await createDatabase();
const client = new pg.Client({ connectionString: database.superuserUrl });
const writer = new pg.Client({ connectionString: database.superuserUrl });
for (const each of [client, writer]) await each.connect();

/** Commits so many events, spread over the clients. */
const commit = (on: pg.Client, events: number): Promise<unknown> =>
  on.query(
    `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason)
     select ($1::uuid[])[1 + n % 3], gen_random_uuid(), gen_random_uuid(), 'archived', clock_timestamp(), 'expired'
     from generate_series(1, $2::integer) n`,
    [CLIENTS, events],
  );

/** One pass, and how many got a number; with how long it took. */
async function seal(): Promise<{ sealed: number; took: number }> {
  const begin = performance.now();
  const { rows } = await client.query<{ sealed: string }>({
    name: 'seal',
    text: 'select feed_seal(null, now(), $1) as sealed',
    values: [PORTION],
  });
  return { sealed: Number(rows[0]?.sealed), took: performance.now() - begin };
}

const others: number[] = [];
const takes = async (events: number, times: number): Promise<number> => {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    await commit(writer, events);
    took.push((await seal()).took);
  }
  return median(took);
};
await takes(PORTION, 2);
others.push(await usedByOthers());
const [one, full] = [await takes(1, 30), await takes(PORTION, 9)];
others.push(await usedByOthers());
const sealing: Sealing = {
  everyMs: EVERY_MS,
  portion: PORTION,
  fixedMs: one,
  perEventMs: Math.max(0, full - one) / PORTION,
};

/** What really happens: events are committed one by one while passes run, and each is looked for by its time. */
async function measure(): Promise<{ p50: number; p99: number; sealed: number }> {
  const begin = performance.now();
  const committed = new Map<string, number>();
  const waits: number[] = [];
  const write = async (): Promise<void> => {
    for (let event = 0; performance.now() - begin < MEASURED.seconds * 1_000; event += 1) {
      const id = randomUUID();
      await writer.query(
        `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason) values ($1, $2, $2, 'archived', now(), 'expired')`,
        [CLIENTS[event % 3], id],
      );
      committed.set(id, performance.now());
      await sleep(Math.max(0, begin + ((event + 1) * 1_000) / MEASURED.rate - performance.now()));
    }
  };
  const written = write();
  let after = new Date(0);
  for (let pass = 1; performance.now() - begin < MEASURED.seconds * 1_000; pass += 1) {
    await seal();
    const now = performance.now();
    const { rows } = await client.query<{ event_id: string; at: Date }>(
      'select event_id, recorded_at as at from feed_event where recorded_at > $1',
      [after],
    );
    for (const { event_id: id, at } of rows) {
      const since = committed.get(id);
      if (since !== undefined) waits.push(now - since);
      committed.delete(id);
      if (at > after) after = at;
    }
    await sleep(Math.max(0, begin + pass * EVERY_MS - performance.now()));
  }
  await written;
  return { p50: percentile(waits, 50), p99: percentile(waits, 99), sealed: waits.length };
}

const measured = await measure();
others.push(await usedByOthers());
const modelled = simulateFeed(MEASURED, sealing);
const row = (
  name: string,
  rate: number,
  figures: { p50: number; p99: number },
  more: readonly string[],
): readonly string[] => [name, String(rate), short(figures.p50), short(figures.p99), ...more];
process.stdout.write(
  tableReport('How long an event waits for its number', {
    rows: [
      ['', 'events/s', 'p50 ms', 'p99 ms', 'busy', 'all expire at once', 'worked off after s'],
      row('measured', MEASURED.rate, measured, ['', '', '']),
      row('modelled, the same', MEASURED.rate, modelled, [`${(modelled.busy * 100).toFixed(1)} %`, '', '']),
      ...SIZES.map(({ name, rate, burst }) => {
        const usual = simulateFeed({ rate, seconds: 300 }, sealing);
        const mass = simulateFeed({ rate, seconds: Math.ceil((3 * burst) / capacityOf(sealing)) + 60, burst }, sealing);
        return row(name, rate, usual, [`${(usual.busy * 100).toFixed(1)} %`, String(burst), short(mass.most / 1_000)]);
      }),
    ],
    notes: [
      `A pass every second for all clients, at most ${PORTION} events: ${short(one)} ms for one event, ${short(full)} ms for ${PORTION}; so at`,
      `most ${Math.round(capacityOf(sealing))} events a second from one database. A reader who polls seals for itself, and waits less.`,
    ],
    others,
  }),
);
for (const each of [client, writer]) await each.end();
await database.drop();
