/**
 * What collecting a creditor's loans costs: the real collecting process, and a creditor in another process that delivers a million loans
 * over mutual TLS; beside it `\copy` of the same rows, from a file, into the same table with its keys, as one who has the rows already
 * would do it. Memory is the most that the collecting process ever had resident.
 */
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { creditorIds } from '../sandbox/creditor-list.ts';
import { saveCreditor } from '../src/creditors/creditor-registry.ts';
import { openCollector } from '../src/delivery/collector.ts';
import { toConfig } from '../src/platform/config.ts';
import { openBarePlatform } from '../test/support/bare-platform.ts';
import { createDatabase } from '../test/support/database.ts';
import { evidenceLog } from '../test/support/evidence.ts';
import type { OpenDeliveries } from './support/deliveries-server.ts';
import { usedByOthers } from './support/load.ts';
import { postgresWork } from './support/postgres-work.ts';
import { short, spread, tableReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';
import { median } from './support/statistics.ts';
import { witness } from './support/witness.ts';

/** How many loans are delivered. Fewer, by `BENCH_LOANS`, are for trying this out. */
const LOANS = Number(process.env['BENCH_LOANS'] ?? 1_000_000);
const ROUNDS = 1;
const CREDITOR = creditorIds.lyngtind;
const PROVIDER = `9908:${CREDITOR}`;

/** One run of one side. Seconds of wall clock; milliseconds of CPU of our process and of PostgreSQL; megabytes. */
interface Run {
  readonly seconds: number;
  readonly cpu: number;
  readonly postgres: number;
  readonly peakMb: number;
}

const folder = dirname(process.env['SAMTYKKE_TEST_KEYS'] ?? '');
const database = await createDatabase();
const world = await openBarePlatform(database);
const { platform } = world;
const config = toConfig({
  SAMTYKKE_MODE: 'sandbox',
  DATA_DIR: folder,
  KEYS_FILE: process.env['SAMTYKKE_TEST_KEYS'],
  LOG_FILE: evidenceLog(),
});
const collector = openCollector({ ...platform, config });
const superuser = new pg.Client({ connectionString: database.superuserUrl });
await superuser.connect();
const postgresCpu = await postgresWork(superuser);
// What one side leaves to be tidied up is not to be tidied up at the expense of the other.
for (const table of ['delivered_loan', 'delivered_customer']) {
  await superuser.query(`alter table ${table} set (autovacuum_enabled = false)`);
}
await superuser.query('create table copied_loan (like delivered_loan including all) with (autovacuum_enabled = false)');

const server = await startServer<OpenDeliveries>('deliveries-server.ts', {
  loans: LOANS,
  creditorId: CREDITOR,
  providerId: PROVIDER,
});
const { origin, customers, bytes } = server.ready;
process.stderr.write(`${LOANS} loans of ${customers} customers are ready, ${short(bytes / 1_000_000)} MB\n`);

const startClean = async (): Promise<void> => {
  await superuser.query('truncate delivered_loan, delivered_customer, delivered_closing, copied_loan');
  await superuser.query('update creditor_provider set delivered_at = null, drawn_at = null');
  await superuser.query('checkpoint');
};

const timed = async (work: () => Promise<{ cpu: number; peakMb: number }>): Promise<Run> => {
  const postgres = postgresCpu();
  const begin = performance.now();
  const { cpu, peakMb } = await work();
  const seconds = (performance.now() - begin) / 1_000;
  return { seconds, cpu, peakMb, postgres: postgresCpu() - postgres };
};

/** One collection, from starting the process to its end. */
const collect = async (night: 1 | 2, pageMb: number, pages: number): Promise<Run> => {
  const creditor = { id: CREDITOR, name: 'Lyngtind', providerId: PROVIDER, contact: { email: null, phone: null } };
  const baseUrl = `${origin}/${night}/${pageMb}/${pages}`;
  await platform.db.transaction((tx) => saveCreditor(tx, { ...creditor, baseUrl }));
  return timed(async () => {
    const { result, costs } = await witness(() => collector.collectCreditor(CREDITOR));
    const [outcome] = result.reports.map((report) => report.outcome);
    const [cost] = costs;
    if (outcome?.kind !== 'applied' || cost === undefined) throw new Error(`not collected: ${JSON.stringify(outcome)}`);
    if (pages > 1 && outcome.loans !== LOANS) throw new Error(`${outcome.loans} loans were collected, not ${LOANS}`);
    return cost;
  });
};

const rows = join(folder, 'rows.copy');
const copy = (): Promise<Run> =>
  timed(async () => {
    const before = process.cpuUsage();
    await pipeline(createReadStream(rows), superuser.query(copyFrom('copy copied_loan from stdin')));
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / 1_000, peakMb: Number.NaN };
  });

const MANY = 10_000;
const sides = [
  { name: 'first night, pages of 100 MB', run: () => collect(1, 100, MANY) },
  { name: '\\copy of the same rows', run: copy },
  { name: 'first night, pages of 300 MB', run: () => collect(1, 300, MANY) },
] as const;
type Name = (typeof sides)[number]['name'] | 'only one page of 100 MB' | 'second night, 1 % changed';
const runs = new Map<Name, Run[]>();
const note = (name: Name, run: Run): void => {
  runs.set(name, [...(runs.get(name) ?? []), run]);
  process.stderr.write(`${name}: ${short(run.seconds)} s, ${short(run.cpu)} ms CPU, ${short(run.peakMb)} MB\n`);
};
const others: number[] = [];

await startClean();
await collect(1, 100, MANY);
// In the order in which they were delivered: nobody has sorted what a creditor sends.
await pipeline(
  superuser.query(copyTo('copy (select * from delivered_loan order by account_id collate "C") to stdout')),
  createWriteStream(rows),
);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { name, run } of round % 2 === 0 ? sides : sides.toReversed()) {
    await startClean();
    others.push(await usedByOthers());
    note(name, await run());
    if (name !== 'first night, pages of 100 MB') continue;
    await superuser.query('vacuum (analyze) delivered_loan, delivered_customer');
    await superuser.query('checkpoint');
    note('second night, 1 % changed', await collect(2, 100, MANY));
  }
}
await startClean();
note('only one page of 100 MB', await collect(1, 100, 1));

const of = (name: Name, figure: keyof Run): readonly number[] => (runs.get(name) ?? []).map((run) => run[figure]);
/** The median of what the rounds say. */
const ratio = (name: Name, beside: Name, figure: keyof Run): number =>
  median(of(name, figure).map((value, round) => value / (of(beside, figure)[round] ?? Number.NaN)));
const [hundred, copied, threeHundred] = sides.map((side) => side.name) as [Name, Name, Name];
const cells = (values: readonly number[]): string => (values.some(Number.isNaN) ? '' : spread(values));

process.stdout.write(
  tableReport('Collecting', {
    rows: [
      ['', 'seconds', 'CPU s', 'PostgreSQL CPU s', 'peak MB'],
      ...Array.from(runs.keys(), (name) => [
        name,
        cells(of(name, 'seconds')),
        cells(of(name, 'cpu').map((ms) => ms / 1_000)),
        cells(of(name, 'postgres').map((ms) => ms / 1_000)),
        cells(of(name, 'peakMb')),
      ]),
    ],
    notes: [
      `${LOANS} loans of ${customers} customers, ${short(bytes / 1_000_000)} MB of JSON. Median of ${ROUNDS} rounds (least-most).`,
      `Peak memory with pages of 100 MB: ${short(median(of(hundred, 'peakMb')))} MB; wanted: at most 192, whatever their number.`,
      `Peak memory with pages of 300 MB: ${short(ratio(threeHundred, hundred, 'peakMb'))} times that; wanted: at most 1.5.`,
      `Rows a second of a first night: ${short(1 / ratio(hundred, copied, 'seconds'))} of \\copy; wanted: at least 0.7.`,
      `A second night costs ${short(ratio('second night, 1 % changed', hundred, 'seconds'))} of a first one.`,
    ],
    others,
  }),
);

rmSync(rows);
await collector.close();
await server.end();
await superuser.end();
await world.close();
await database.drop();
