/**
 * What everything costs with many consents, events and loans, beside the same with ten thousand: two databases of one PostgreSQL, a
 * node over each, asked in turns. `BENCH_SIZE`: how many are many, 150 000 unless told; with 10 000 000 it takes about twenty minutes to fill
 * and 25 GB of disk. `BENCH_KEEP`: a folder in which what was filled stays for the next run.
 */
import type { OpenCreditors } from './support/creditors-server.ts';
import { usedByOthers } from './support/load.ts';
import { startGrowthCluster } from './support/growth-cluster.ts';
import type { Side } from './support/growth-side.ts';
import { postgresWork } from './support/postgres-work.ts';
import { short, spread, tableReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';
import { median, percentile } from './support/statistics.ts';

const FEW = 10_000;
const MANY = Number(process.env['BENCH_SIZE'] ?? 150_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? (MANY > 300_000 ? 6 : 4));

/** What one round of one operation saw on one side. Milliseconds; CPU for each time. */
interface Round {
  readonly times: readonly number[];
  readonly postgres: number;
}

const stop = await startGrowthCluster(process.env['BENCH_KEEP']);
// These read where the cluster is when they are loaded.
const { openSide } = await import('./support/growth-side.ts');
const creditors = await startServer<OpenCreditors>('creditors-server.ts', {});
const sides: readonly [Side, Side] = [await openSide(FEW, creditors.ready), await openSide(MANY, creditors.ready)];
const cpuOfPostgres = await postgresWork(sides[0].superuser);

async function roundOf(side: Side, place: number): Promise<Round> {
  const operation = side.operations[place];
  if (operation === undefined) throw new Error('no such operation');
  const times: number[] = [];
  const before = cpuOfPostgres();
  for (let turn = 0; turn < operation.times; turn += 1) {
    const begin = performance.now();
    await operation.ask(turn);
    times.push(performance.now() - begin);
  }
  return { times, postgres: (cpuOfPostgres() - before) / operation.times };
}

const names = sides[0].operations.map(({ name }) => name);
const rounds: { few: Round[]; many: Round[] }[] = names.map(() => ({ few: [], many: [] }));
const others: number[] = [];
for (let round = -1; round < ROUNDS; round += 1) {
  others.push(await usedByOthers());
  for (const [place] of names.entries()) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const seen = await roundOf(side, place);
      if (round >= 0) rounds[place]?.[side === sides[0] ? 'few' : 'many'].push(seen);
    }
  }
}

const rows = rounds.map(({ few, many }, place) => {
  const of = (side: readonly Round[], part: number): string =>
    short(
      percentile(
        side.flatMap(({ times }) => times),
        part,
      ),
    );
  const ratio = (figure: (round: Round) => number): readonly number[] =>
    many.map((round, index) => figure(round) / figure(few[index] ?? round));
  return [
    names[place] ?? '',
    ...[few, many].flatMap((side) => [of(side, 50), of(side, 99), short(median(side.map(({ postgres }) => postgres)))]),
    spread(ratio(({ times }) => median(times))),
    short(
      percentile(
        many.flatMap(({ times }) => times),
        99,
      ) /
        percentile(
          few.flatMap(({ times }) => times),
          99,
        ),
    ),
  ];
});
process.stdout.write(
  tableReport(`Growth: ${MANY} consents, events and loans beside ${FEW}`, {
    rows: [
      [
        '',
        `p50 ms at ${FEW}`,
        'p99 ms',
        'PostgreSQL CPU ms',
        `p50 ms at ${MANY}`,
        'p99 ms',
        'PostgreSQL CPU ms',
        'p50, times',
        'p99, times',
      ],
      ...rows,
    ],
    notes: [
      `One client that waits for each answer; each time another consent or person, drawn from all. ${ROUNDS} rounds, in turns.`,
      'p50 times: the median of what each round says (least-most). Wanted: at most 1.3.',
    ],
    others,
  }),
);

for (const side of sides) await side.close();
await creditors.end();
await stop();
