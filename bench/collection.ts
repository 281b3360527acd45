/**
 * What collecting a creditor's loans costs: the real collecting process, and a creditor in another process that delivers a million loans
 * over mutual TLS; beside it `\copy` of the same rows, from files, into the same tables with their keys, as one who has the rows already would
 * do it. Memory is the most that the collecting process ever had resident.
 */
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { creditorIds } from '../sandbox/creditor-list.ts';
import { saveCreditor } from '../src/creditors/creditor-registry.ts';
import { openCollector } from '../src/delivery/collector.ts';
import { toConfig } from '../src/platform/config.ts';
import { openBarePlatform } from '../test/support/bare-platform.ts';
import { createDatabase } from '../test/support/database.ts';
import type { OpenDeliveries } from './support/deliveries-server.ts';
import { keepFigure } from './support/figures.ts';
import { isLong, profileFolder } from './support/length.ts';
import { usedByOthers } from './support/load.ts';
import { postgresWork } from './support/postgres-work.ts';
import { keepProfile } from './support/profile.ts';
import { short, spread, tableReport } from './support/report.ts';
import { runFolder, sandboxEnv } from './support/sandbox-env.ts';
import type { Profile } from './support/served.ts';
import { startServer } from './support/server-process.ts';
import { median } from './support/statistics.ts';
import { witness } from './support/witness.ts';

/** How many loans are delivered. Fewer, by `BENCH_LOANS`, are for trying this out. */
const LOANS = Number(process.env['BENCH_LOANS'] ?? 1_000_000);
const ROUNDS = isLong ? 6 : 5;
const CREDITOR = creditorIds.lyngtind;
const PROVIDER = `9908:${CREDITOR}`;

/** One run of one side. Seconds of wall clock; milliseconds of CPU of our process and of PostgreSQL; megabytes. */
interface Run {
  readonly seconds: number;
  readonly cpu: number;
  readonly postgres: number;
  readonly peakMb: number;
}

const database = await createDatabase();
const world = await openBarePlatform(database);
const { platform } = world;
const collector = openCollector({ ...platform, config: toConfig(sandboxEnv()) });
const superuser = new pg.Client({ connectionString: database.superuserUrl });
await superuser.connect();
const postgresCpu = await postgresWork(superuser);
// What one side leaves to be tidied up is not to be tidied up at the expense of the other.
for (const table of ['delivered_loan', 'delivered_customer']) {
  await superuser.query(`alter table ${table} set (autovacuum_enabled = false)`);
}
for (const what of ['loan', 'customer']) {
  await superuser.query(
    `create table copied_${what} (like delivered_${what} including all) with (autovacuum_enabled = false)`,
  );
}

const server = await startServer<OpenDeliveries>('deliveries-server.ts', {
  loans: LOANS,
  creditorId: CREDITOR,
  providerId: PROVIDER,
});
const { origin, customers, bytes } = server.ready;
process.stderr.write(`${LOANS} loans of ${customers} customers are ready, ${short(bytes / 1_000_000)} MB\n`);

const startClean = async (): Promise<void> => {
  await superuser.query('truncate delivered_loan, delivered_customer, delivered_closing, copied_loan, copied_customer');
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

let lastProfile: Profile | undefined;
/** One collection, from starting the process to its end. */
const collect = async (night: 1 | 2, pageMb: number, pages: number): Promise<Run> => {
  const creditor = { id: CREDITOR, name: 'Lyngtind', providerId: PROVIDER, contact: { email: null, phone: null } };
  const baseUrl = `${origin}/${night}/${pageMb}/${pages}`;
  await platform.db.transaction((tx) => saveCreditor(tx, { ...creditor, baseUrl }));
  return timed(async () => {
    const { result, costs } = await witness(() => collector.collectCreditor(CREDITOR));
    const [outcome] = result.reports.map((report) => report.outcome);
    const [cost] = costs;
    if (cost?.profile !== undefined) lastProfile = cost.profile;
    if (outcome?.kind !== 'applied' || cost === undefined) throw new Error(`not collected: ${JSON.stringify(outcome)}`);
    if (pages > 1 && outcome.loans !== LOANS) throw new Error(`${outcome.loans} loans were collected, not ${LOANS}`);
    return cost;
  });
};

const fileOf = (what: 'loan' | 'customer'): string => join(runFolder, `${what}.copy`);
const copy = (what: 'loan' | 'customer'): Promise<Run> =>
  timed(async () => {
    const before = process.cpuUsage();
    await pipeline(createReadStream(fileOf(what)), superuser.query(copyFrom(`copy copied_${what} from stdin`)));
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / 1_000, peakMb: Number.NaN };
  });

const names = {
  hundred: 'first night, pages of 100 MB',
  threeHundred: 'first night, pages of 300 MB',
  onePage: 'one page of 100 MB and no more',
  second: 'second night, 1 % changed',
  loans: '\\copy of the loans',
  both: '\\copy of loans and customers',
} as const;
type Side = keyof typeof names;
const runs: Record<Side, Run[]> = { hundred: [], threeHundred: [], onePage: [], second: [], loans: [], both: [] };
const note = (side: Side, run: Run): void => {
  runs[side].push(run);
  process.stderr.write(`${names[side]}: ${short(run.seconds)} s, ${short(run.cpu)} ms CPU\n`);
};

const MANY = 10_000;
/** What takes long, and needs no comparison within each round, is done once unless the careful figures are wanted. */
const once: readonly (() => Promise<void>)[] = [async () => note('threeHundred', await collect(1, 300, MANY))];
const sides: readonly (() => Promise<void>)[] = [
  async () => {
    note('hundred', await collect(1, 100, MANY));
    if (!isLong) return;
    // As it would be by then.
    await superuser.query('vacuum (analyze) delivered_loan, delivered_customer');
    await superuser.query('checkpoint');
    note('second', await collect(2, 100, MANY));
  },
  async () => {
    const loans = await copy('loan');
    const more = await copy('customer');
    note('loans', loans);
    note('both', {
      seconds: loans.seconds + more.seconds,
      cpu: loans.cpu + more.cpu,
      postgres: loans.postgres + more.postgres,
      peakMb: Number.NaN,
    });
  },
  ...(isLong ? once : []),
];

await startClean();
await collect(1, 100, MANY);
// In the order in which they were delivered: nobody has sorted what a creditor sends.
const ordered = {
  loan: 'select * from delivered_loan order by account_id collate "C"',
  customer: `select c.* from delivered_customer c
    join (select nin_index, min(account_id collate "C") as first from delivered_loan group by 1) l using (nin_index) order by first`,
};
for (const what of ['loan', 'customer'] as const) {
  await pipeline(superuser.query(copyTo(`copy (${ordered[what]}) to stdout`)), createWriteStream(fileOf(what)));
}
const others: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
    await startClean();
    others.push(await usedByOthers());
    await side();
  }
}
for (const side of [...(isLong ? [] : once), async () => note('onePage', await collect(1, 100, 1))]) {
  await startClean();
  await side();
}

const of = (side: Side, figure: keyof Run): readonly number[] => runs[side].map((run) => run[figure]);
/** How many times that of `beside`, as each round says. */
const times = (side: Side, beside: Side, figure: keyof Run): readonly number[] =>
  of(side, figure).map((value, round) => value / (of(beside, figure)[round] ?? Number.NaN));
const medianCpu = (side: Side) => ({
  node: (median(of(side, 'cpu')) * 1_000) / LOANS,
  postgres: (median(of(side, 'postgres')) * 1_000) / LOANS,
});
const cpuTimes = (baseline: Side): number[] =>
  of('hundred', 'cpu').map(
    (cpu, round) =>
      (cpu + (of('hundred', 'postgres')[round] ?? NaN)) /
      ((of(baseline, 'cpu')[round] ?? NaN) + (of(baseline, 'postgres')[round] ?? NaN)),
  );
const about = { measurement: `collection of ${LOANS} loans`, others };
for (const [side, baseline, least] of [
  // What a collection stores of them: loans, and whose they are.
  ['both', '`\\copy` of the same rows into the same tables', 0.7],
  ['loans', '`\\copy` of the loans alone', undefined],
] as const) {
  keepFigure({
    ...about,
    baseline,
    what: 'throughput ×',
    ...(least === undefined ? {} : { least }),
    rounds: times(side, 'hundred', 'seconds'),
    cpu: { ours: medianCpu('hundred'), baseline: medianCpu(side), times: cpuTimes(side) },
  });
}
keepFigure({ ...about, baseline: '-', what: 'peak MB, pages of 100 MB', most: 192, rounds: of('hundred', 'peakMb') });
keepFigure({
  ...about,
  baseline: 'pages of 100 MB',
  what: 'peak memory ×, pages of 300 MB',
  most: 1.5,
  rounds: times('threeHundred', 'hundred', 'peakMb'),
});

const cells = (values: readonly number[]): string => (values.some(Number.isNaN) ? '' : spread(values));
const seconds = (milliseconds: readonly number[]): readonly number[] => milliseconds.map((ms) => ms / 1_000);

process.stdout.write(
  tableReport('Collecting', {
    rows: [
      ['', 'seconds', 'CPU s', 'PostgreSQL CPU s', 'peak MB'],
      ...(Object.keys(names) as Side[])
        .filter((side) => runs[side].length > 0)
        .map((side) => [
          names[side],
          cells(of(side, 'seconds')),
          cells(seconds(of(side, 'cpu'))),
          cells(seconds(of(side, 'postgres'))),
          cells(of(side, 'peakMb')),
        ]),
    ],
    notes: [
      `${LOANS} loans of ${customers} customers, ${short(bytes / 1_000_000)} MB of JSON. Median of ${ROUNDS} rounds (least-most).`,
      `Peak memory with pages of 100 MB: at most ${short(Math.max(...of('hundred', 'peakMb')))} MB; wanted: 192, whatever their number.`,
      `Peak memory with pages of 300 MB: ${spread(times('threeHundred', 'hundred', 'peakMb'))} times that; wanted: at most 1.5.`,
      `Loans a second in a first night: ${spread(times('both', 'hundred', 'seconds'))} of \\copy of all that a collection stores (wanted: at least 0.7),`,
      `${spread(times('loans', 'hundred', 'seconds'))} of \\copy of the loans alone.`,
      ...(isLong ? [`A second night costs ${spread(times('second', 'hundred', 'seconds'))} of a first one.`] : []),
    ],
    others,
  }),
);

if (lastProfile !== undefined && profileFolder !== undefined) keepProfile(profileFolder, 'collection', lastProfile);
for (const what of ['loan', 'customer'] as const) rmSync(fileOf(what));
await collector.close();
await server.end();
await superuser.end();
await world.close();
await database.drop();
