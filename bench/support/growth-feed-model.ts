import { percentile } from './statistics.ts';

/** How events come, and how they get their numbers. */
export interface FeedLoad {
  /** Events committed a second, at random (Poisson). */
  readonly rate: number;
  /** So many more at once, a third into the time: what a mass expiry leaves. */
  readonly burst?: number;
  readonly seconds: number;
  /** The same number gives the same events. */
  readonly seed?: number;
}

/** What giving numbers takes, as measured of `feed_seal`: it is one transaction for all clients at a time, whoever runs it. */
export interface Sealing {
  /** A pass begins so long after the one before began, or at once when that one was full. */
  readonly everyMs: number;
  readonly portion: number;
  readonly fixedMs: number;
  readonly perEventMs: number;
}

export interface FeedFigures {
  /** From an event's commit to its number being readable, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Without a number when the time was over. */
  readonly left: number;
  readonly sealed: number;
  /** The part of the time in which a pass was running, from 0 to 1. */
  readonly busy: number;
}

/** Events a second that one sealing stream can give numbers to. */
export const capacityOf = ({ portion, fixedMs, perEventMs }: Sealing): number =>
  (portion * 1_000) / (fixedMs + perEventMs * portion);

/**
 * The feed as a queue: events in the order of their commits, and passes that each take what has been committed when they begin, at most
 * a portion. Readers who seal for themselves are left out: with them it is only faster.
 */
export function simulateFeed(load: FeedLoad, sealing: Sealing): FeedFigures {
  const arrivals = arrivalsOf(load);
  const end = load.seconds * 1_000;
  const waits: number[] = [];
  let [next, now, busy] = [0, 0, 0];
  while (now < end && next < arrivals.length) {
    let until = next;
    while (until < arrivals.length && until - next < sealing.portion && (arrivals[until] ?? Infinity) <= now)
      until += 1;
    const took = sealing.fixedMs + sealing.perEventMs * (until - next);
    const done = now + took;
    for (; next < until; next += 1) waits.push(done - (arrivals[next] ?? done));
    busy += took;
    const full = took >= sealing.fixedMs + sealing.perEventMs * sealing.portion;
    now = full ? done : Math.max(done, now + sealing.everyMs);
  }
  return {
    p50: percentile(waits, 50),
    p99: percentile(waits, 99),
    most: percentile(waits, 100),
    left: arrivals.length - next,
    sealed: waits.length,
    busy: Math.min(1, busy / end),
  };
}

/** The instants of the commits, in milliseconds, in order. */
function arrivalsOf({ rate, burst = 0, seconds, seed = 1 }: FeedLoad): readonly number[] {
  const draw = draws(seed);
  const end = seconds * 1_000;
  const arrivals: number[] = [];
  for (let at = 0; ;) {
    at += (-Math.log(1 - draw()) * 1_000) / rate;
    if (at >= end) break;
    arrivals.push(at);
  }
  for (let more = 0; more < burst; more += 1) arrivals.push(end / 3);
  return arrivals.toSorted((one, other) => one - other);
}

/** Numbers from 0 to 1, by a generator of 32 bits (mulberry32). */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
