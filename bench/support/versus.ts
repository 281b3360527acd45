import pg from 'pg';
import { keepFigure, type Figure } from './figures.ts';
import { isLong, profileFolder } from './length.ts';
import type { OpenLoad } from './load-server.ts';
import { othersBetween, usedSoFar } from './machine.ts';
import { postgresWork } from './postgres-work.ts';
import { keepProfile } from './profile.ts';
import type { Asked, Plan } from './raw-connections.ts';
import { short, spread, tableReport } from './report.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import { median } from './statistics.ts';

/** Something that can be done over and over, and what it costs. */
export interface Side {
  /** Does it for about so many milliseconds. Throws when anything that came of it was not right. */
  run(milliseconds: number): Promise<Asked>;
  /** CPU milliseconds of the process that does it, PostgreSQL not counted, since this was last asked. */
  cpu(): Promise<number>;
  close(): Promise<void>;
  /** The process that a profile is made of. */
  readonly server?: ServerProcess<unknown>;
}

/** One round of one side. Milliseconds; microseconds of CPU an operation, `asking` too. */
export interface Round extends Asked {
  readonly perSecond: number;
  readonly node: number;
  readonly postgres: number;
  /** What others used of the machine meanwhile, from 0 to 1. */
  readonly others: number;
}

export interface Versus {
  readonly ours: readonly Round[];
  readonly baseline: readonly Round[];
}

/** Many short ones: what others do comes and goes. */
const ROUNDS = isLong ? 15 : 7;
const ROUND_MS = isLong ? 2_000 : 800;
const WARM_UP_MS = isLong ? 6_000 : 2_500;

/** A server that is asked by a process of its own. */
export async function askedSide(server: ServerProcess<string>, plan: Omit<Plan, 'port'>): Promise<Side> {
  const port = Number(new URL(server.ready).port);
  const load = await startServer<OpenLoad>('load-server.ts', { ...plan, port });
  return {
    server,
    run: async (milliseconds) => (await load.act(milliseconds)) as Asked,
    cpu: async () => (await server.work()).cpu,
    close: () => load.end(),
  };
}

/**
 * Runs both sides in turns, A B, B A, …, after a warm-up of each, so that what others do to this machine hits both alike.
 * `databaseUrl`: any database of the server whose CPU is counted. `name`: of the file for the profile, where one is wanted.
 */
export async function versus(
  name: string,
  databaseUrl: string,
  { ours, baseline }: { ours: Side; baseline: Side },
  { roundMs = ROUND_MS, rounds = ROUNDS }: { roundMs?: number; rounds?: number } = {},
): Promise<Versus> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const cpuOfPostgres = await postgresWork(client);
  const round = async (side: Side): Promise<Round> => {
    await side.cpu(); // what was before is not of this round
    const [postgresBefore, before] = [cpuOfPostgres(), usedSoFar(cpuOfPostgres.postmaster)];
    const asked = await side.run(roundMs);
    const [postgresAfter, after] = [cpuOfPostgres(), usedSoFar(cpuOfPostgres.postmaster)];
    const each = (milliseconds: number): number => (milliseconds * 1_000) / asked.operations;
    return {
      ...asked,
      perSecond: asked.operations / asked.seconds,
      asking: each(asked.asking),
      node: each(await side.cpu()),
      postgres: each(postgresAfter - postgresBefore),
      others: othersBetween(before, after),
    };
  };
  for (const side of [ours, baseline]) await side.run(WARM_UP_MS);
  if (profileFolder !== undefined) await profiled(name, ours, profileFolder);
  const seen: { ours: Round; baseline: Round }[] = [];
  for (let place = 0; place < rounds; place += 1) {
    if (place % 2 === 0) seen.push({ ours: await round(ours), baseline: await round(baseline) });
    else {
      const first = await round(baseline);
      seen.push({ ours: await round(ours), baseline: first });
    }
  }
  await client.end();
  return { ours: seen.map((of) => of.ours), baseline: seen.map((of) => of.baseline) };
}

/** Writes what the measured server does into a folder, and prints where its time goes. */
async function profiled(name: string, side: Side, folder: string): Promise<void> {
  await side.server?.profile();
  await side.run(WARM_UP_MS);
  const profile = await side.server?.profile();
  if (profile === undefined) return;
  keepProfile(folder, name, profile);
}

/** What each round says, ours beside the baseline's. */
export const ratios = ({ ours, baseline }: Versus, figure: (round: Round) => number): readonly number[] =>
  ours.map((round, place) => figure(round) / figure(baseline[place] as Round));

/** CPU of Node and of PostgreSQL. */
export const cpuOf = ({ node, postgres }: Round): number => node + postgres;

/** The figure of a comparison: throughput, with the CPU beside it. */
export function throughputFigure(
  about: Pick<Figure, 'measurement' | 'baseline'> & { least?: number },
  seen: Versus,
): Figure {
  const each = (rounds: readonly Round[]) => ({
    node: median(rounds.map(({ node }) => node)),
    postgres: median(rounds.map(({ postgres }) => postgres)),
  });
  return {
    ...about,
    what: 'throughput ×',
    rounds: ratios(seen, ({ perSecond }) => perSecond),
    cpu: { ours: each(seen.ours), baseline: each(seen.baseline), times: ratios(seen, cpuOf) },
    perSecond: {
      ours: median(seen.ours.map(({ perSecond }) => perSecond)),
      baseline: median(seen.baseline.map(({ perSecond }) => perSecond)),
    },
    others: othersOf(seen),
  };
}

const othersOf = ({ ours, baseline }: Versus): readonly number[] => [...ours, ...baseline].map(({ others }) => others);

/** Prints a comparison as a table, and keeps its figures for the summary. */
export function report(title: string, seen: Versus, figures: readonly Figure[], notes: readonly string[]): void {
  for (const figure of figures) keepFigure(figure);
  const cells = (rounds: readonly Round[]): readonly string[] => [
    spread(rounds.map(({ perSecond }) => perSecond)),
    ...(['p50', 'p99'] as const).map((part) => middle(rounds.map((round) => round[part]))),
    ...(['node', 'postgres'] as const).map((part) => cell(rounds.map((round) => round[part]))),
    short(median(rounds.map(({ asking }) => asking))),
  ];
  const times = [
    spread(ratios(seen, ({ perSecond }) => perSecond)),
    ...(['p50', 'p99'] as const).map((part) => middle(ratios(seen, (round) => round[part]))),
    ...(['node', 'postgres'] as const).map((part) => cell(ratios(seen, (round) => round[part]))),
    '',
  ];
  process.stdout.write(
    tableReport(title, {
      rows: [
        ['', 'a second', 'p50 ms', 'p99 ms', 'CPU us Node', 'CPU us PostgreSQL', 'asking'],
        ['Samtykke', ...cells(seen.ours)],
        ['baseline', ...cells(seen.baseline)],
        ['times', ...times],
      ],
      notes: [
        ...notes,
        `CPU of Node and PostgreSQL together: ${cell(ratios(seen, cpuOf))} times. Median of ${seen.ours.length} rounds (least-most).`,
        ...figures.map(
          ({ what, least, most, rounds }) =>
            `${what}: ${spread(rounds)}${least === undefined ? '' : `; wanted: at least ${least}`}${most === undefined ? '' : `; wanted: at most ${most}`}.`,
        ),
      ],
      others: othersOf(seen),
    }),
  );
}

const middle = (values: readonly number[]): string => (values.some(Number.isNaN) ? '' : short(median(values)));
const cell = (values: readonly number[]): string => (values.some(Number.isNaN) ? '' : spread(values));
