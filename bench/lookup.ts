/**
 * What a lookup costs beyond the creditors that it asks, and what a creditor that never answers costs those who owe it nothing. Whole
 * lookups (`GET /v1/debt/{id}`) over HTTP, of a node in a process of its own; creditors in another one, over mutual TLS.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { creditorIds } from '../sandbox/creditor-list.ts';
import type { Creditor } from '../src/creditors/creditor.ts';
import { creditorClient } from '../src/creditors/creditor-client.ts';
import { toConfig } from '../src/platform/config.ts';
import { configuredHttpClient } from '../src/platform/http-client.ts';
import { syntheticNin } from '../test/support/bare-platform.ts';
import { keepFigure } from './support/figures.ts';
import { isLong } from './support/length.ts';
import { usedByOthers } from './support/load.ts';
import { inTurn, openLookupWorld, type Person } from './support/lookup-world.ts';
import { short, spread, tableReport } from './support/report.ts';
import { sandboxEnv } from './support/sandbox-env.ts';
import { median, percentile } from './support/statistics.ts';

const CREDITORS = 5;
const SILENT = creditorIds.havsule;
const ROUNDS = isLong ? 6 : 5;
const ROUND_MS = isLong ? 1_500 : 1_000;
/** Longer than a creditor is left alone for after it has failed, so that each round asks the silent one again. */
const LONG_ROUNDS = isLong ? 4 : 0;
const LONG_ROUND_MS = 7_000;
const CLIENTS = 2;
/** Lookups a second of the others, beside those that are measured. */
const BESIDE = 20;

const world = await openLookupWorld({ creditors: CREDITORS, silentId: SILENT });
const { samtykke, answered, waiting, lookUp } = world;
// Those who are looked up beside are others than those who are measured.
const measured = answered.filter((_, place) => place % 2 === 0);
const beside = answered.filter((_, place) => place % 2 === 1);

// First: one client, and the same creditors asked alone, by the client that the node asks them with.
const config = toConfig(sandboxEnv());
const platform = { ...world.platform, config, http: configuredHttpClient(config) };
const client = creditorClient(platform);
type Asked = readonly [id: string, took: number];
async function ask({ nin, creditors }: Person, how: 'one by one' | 'at once'): Promise<readonly Asked[]> {
  const signal = AbortSignal.timeout(10_000);
  const askOne = async (creditor: Creditor): Promise<Asked> => {
    const begin = performance.now();
    await client.loansOf(creditor, syntheticNin(nin), { signal, traceId: 'bench' });
    return [creditor.id, performance.now() - begin];
  };
  if (how === 'at once') return Promise.all(creditors.map(askOne));
  const took: Asked[] = [];
  for (const creditor of creditors) took.push(await askOne(creditor));
  return took;
}

/** The median of each creditor, and of these the largest. */
function slowestOf(took: readonly Asked[]): number {
  const ids = new Set(took.map(([id]) => id));
  return Math.max(...[...ids].map((id) => median(took.filter((one) => one[0] === id).map((one) => one[1]))));
}

const others: number[] = [];
const whole: { p50: number; p95: number; cpu: number }[] = [];
const alone: number[] = [];
const atOnce: number[] = [];
const sides = [
  async (): Promise<void> => {
    await samtykke.work(); // what was before is not of this round
    const times = await inTurn(measured, ROUND_MS, (person) => lookUp(person, 0));
    const { cpu } = await samtykke.work();
    whole.push({ p50: median(times), p95: percentile(times, 95), cpu: cpu / times.length });
  },
  async () => alone.push(slowestOf((await inTurn(measured, ROUND_MS, (person) => ask(person, 'one by one'))).flat())),
  async () => {
    const took = await inTurn(measured, ROUND_MS, (person) => ask(person, 'at once'));
    atOnce.push(median(took.map((of) => Math.max(...of.map((one) => one[1])))));
  },
];
for (let warm = 0; warm < 2; warm += 1) for (const side of sides) await side();
for (const figures of [whole, alone, atOnce]) figures.length = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  others.push(await usedByOthers());
  for (const side of round % 2 === 0 ? sides : sides.toReversed()) await side();
}
const beyond = (creditors: readonly number[]): readonly number[] =>
  whole.map(({ p50 }, round) => p50 - (creditors[round] ?? Number.NaN));

keepFigure({
  measurement: `lookup, ${CREDITORS} creditors, one client`,
  baseline: 'its slowest creditor, asked alone',
  what: 'p50 ms beyond it',
  most: 5,
  rounds: beyond(alone),
  others,
});

// Second, for the careful figures (`hanging` is the short form): some clients all the time, and beside them nobody, others whose creditors answer, others who owe the silent one.
type Beside = 'nobody' | 'others, whose creditors answer' | 'others, who owe the silent one';
const company: Readonly<Record<Beside, { persons: readonly Person[]; missing: number }>> = {
  nobody: { persons: [], missing: 0 },
  'others, whose creditors answer': { persons: beside, missing: 0 },
  'others, who owe the silent one': { persons: waiting, missing: 1 },
};
interface LongRound {
  readonly times: readonly number[];
  readonly timesBeside: readonly number[];
  readonly cpu: number;
}
const rounds = Object.fromEntries(Object.keys(company).map((name) => [name, []])) as unknown as Record<
  Beside,
  LongRound[]
>;

async function longRound(name: Beside): Promise<void> {
  const { persons, missing } = company[name];
  const underWay: Promise<number>[] = [];
  const begin = performance.now();
  const timer = setInterval(() => {
    const person = persons[underWay.length % persons.length];
    if (person !== undefined) underWay.push(lookUp(person, missing));
    underWay.at(-1)?.catch(() => undefined); // told when all of them are waited for
  }, 1_000 / BESIDE);
  await samtykke.work();
  const times = await Promise.all(
    Array.from({ length: CLIENTS }, (_, place) =>
      inTurn([...measured.slice(place), ...measured.slice(0, place)], LONG_ROUND_MS, (person) => lookUp(person, 0)),
    ),
  );
  clearInterval(timer);
  const { cpu } = await samtykke.work();
  const all = times.flat();
  rounds[name].push({ times: all, timesBeside: await Promise.all(underWay), cpu: cpu / all.length });
  process.stderr.write(`${name}: ${Math.round(performance.now() - begin)} ms\n`);
  await sleep(200);
}
for (let round = 0; round < LONG_ROUNDS; round += 1) {
  others.push(await usedByOthers());
  const names = Object.keys(company) as Beside[];
  for (const name of round % 2 === 0 ? names : names.toReversed()) await longRound(name);
}

const p95s = (name: Beside): readonly number[] => rounds[name].map(({ times }) => percentile(times, 95));
const p95Beside = (name: Beside, base: Beside): number =>
  median(p95s(name).map((p95, round) => p95 / (p95s(base)[round] ?? Number.NaN)));
const rowOf = (name: Beside): readonly string[] => {
  const times = rounds[name].flatMap((round) => round.times);
  const timesBeside = rounds[name].flatMap((round) => round.timesBeside);
  const besideCells =
    timesBeside.length === 0 ? ['', ''] : [50, 95].map((part) => short(percentile(timesBeside, part)));
  return [name, short(median(times)), spread(p95s(name)), short(percentile(times, 99)), ...besideCells];
};

process.stdout.write(
  tableReport('A lookup, and its creditors', {
    rows: [
      ['', 'p50 ms', 'p95 ms', 'CPU ms'],
      [
        `lookup, ${CREDITORS} creditors`,
        spread(whole.map((round) => round.p50)),
        spread(whole.map((round) => round.p95)),
        spread(whole.map((round) => round.cpu)),
      ],
      ['slowest creditor, one asked at a time', spread(alone), '', ''],
      ['slowest creditor, all asked at once', spread(atOnce), '', ''],
    ],
    notes: [
      `One client; ${measured.length} persons with ${CREDITORS} creditors each. Median of ${ROUNDS} rounds (least-most).`,
      `Beyond the slowest creditor at p50: ${spread(beyond(alone))} ms where each is asked alone,`,
      `${spread(beyond(atOnce))} ms where all are asked at once; wanted: less than 5. All creditors are one process here.`,
    ],
    others,
  }),
);
if (isLong) {
  process.stdout.write(
    tableReport('Lookups, while beside them are looked up', {
      rows: [
        ['', 'p50 ms', 'p95 ms', 'p99 ms', 'p50 beside', 'p95 beside'],
        ...(Object.keys(company) as Beside[]).map(rowOf),
      ],
      notes: [
        `${CLIENTS} clients all the time; beside them ${BESIDE} lookups a second. A creditor has ${config.lookupDeadlineMs} ms to answer.`,
        `p95 beside lookups with the silent creditor: ${short(p95Beside('others, who owe the silent one', 'nobody'))} of that beside nobody,`,
        `${short(p95Beside('others, who owe the silent one', 'others, whose creditors answer'))} of that beside as many others; wanted: less than 1.2.`,
      ],
      others,
    }),
  );
}

client.close();
await platform.http.close();
await world.close();
