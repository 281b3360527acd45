import { isLong } from './length.ts';
import { openLoad, usedByOthers, type Load, type Round, type Target } from './load.ts';
import { median, percentile } from './statistics.ts';

/** One thing beside its baseline. */
export interface Pair {
  readonly name: string;
  readonly target: Target;
  readonly baseline: Target;
}

/** A row for a table, and the row of its baseline. Milliseconds. */
export interface Figures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly insideP95: number;
  readonly perSecond: number;
  readonly cpu: number;
}

export interface Comparison {
  readonly name: string;
  readonly clients: number;
  readonly bytes: number;
  readonly target: Figures;
  readonly baseline: Figures;
  /** How many times the baseline's: the median of what the rounds say, each of which had the same noise on both sides. */
  readonly ratio: { readonly p95: number; readonly perSecond: number; readonly cpu: number };
  /** What each round says. */
  readonly ratios: { readonly cpu: readonly number[] };
  /** What others used of the machine between the rounds. */
  readonly others: readonly number[];
}

const ROUNDS = isLong ? 6 : 5;
const ROUND_MS = isLong ? 1_500 : 1_000;
const WARM_UP_MS = isLong ? 4_000 : 2_000;
/** Code becomes fast by being run often, whoever asks for it. */
const WARM_UP_CLIENTS = 8;

/** Runs both sides in turns, A B, B A, …, after a warm-up of each, so that what others do to this machine hits both. */
export async function compare({ name, target, baseline }: Pair, clients: number): Promise<Comparison> {
  for (const side of [target, baseline]) await warmUp(side);
  const loads = [openLoad(target, clients), openLoad(baseline, clients)] as const;
  try {
    const rounds: (readonly [target: Round, baseline: Round])[] = [];
    const others: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      others.push(await usedByOthers());
      rounds.push(await bothSides(loads, round % 2 === 0));
    }
    const ratiosOf = (figure: (round: Round) => number): readonly number[] =>
      rounds.map(([target, baseline]) => figure(target) / figure(baseline));
    const ratioOf = (figure: (round: Round) => number): number => median(ratiosOf(figure));
    return {
      name,
      clients,
      bytes: target.bytes,
      target: figuresOf(rounds.map(([of]) => of)),
      baseline: figuresOf(rounds.map(([, of]) => of)),
      ratio: {
        p95: ratioOf(({ times }) => percentile(times, 95)),
        perSecond: ratioOf(({ perSecond }) => perSecond),
        cpu: ratioOf(({ cpu }) => cpu),
      },
      ratios: { cpu: ratiosOf(({ cpu }) => cpu) },
      others,
    };
  } finally {
    for (const load of loads) await load.close();
  }
}

async function warmUp(target: Target): Promise<void> {
  const load = openLoad(target, WARM_UP_CLIENTS);
  await load.run(WARM_UP_MS);
  await load.close();
}

async function bothSides([target, baseline]: readonly [Load, Load], inOrder: boolean): Promise<[Round, Round]> {
  if (inOrder) return [await target.run(ROUND_MS), await baseline.run(ROUND_MS)];
  const first = await baseline.run(ROUND_MS);
  return [await target.run(ROUND_MS), first];
}

/** Of all requests of all rounds; rate and CPU as the median round had them. */
function figuresOf(rounds: readonly Round[]): Figures {
  const times = rounds.flatMap((round) => round.times);
  return {
    p50: percentile(times, 50),
    p95: percentile(times, 95),
    p99: percentile(times, 99),
    insideP95: percentile(
      rounds.flatMap((round) => round.inside),
      95,
    ),
    perSecond: median(rounds.map((round) => round.perSecond)),
    cpu: median(rounds.map((round) => round.cpu)),
  };
}
