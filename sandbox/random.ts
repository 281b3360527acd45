/** Pseudo-random draws that follow from a seed alone: the same seed draws the same world on every machine. Not for secrets. */
export interface Draws {
  /** Evenly from 0 (included) to 1 (not included). */
  uniform(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  /** From the normal distribution with mean 0 and standard deviation 1. */
  normal(): number;
  /** From the log-normal distribution with this arithmetic mean; `spread` is the standard deviation of the logarithm. */
  logNormal(mean: number, spread: number): number;
}

/** Mixes two 32-bit integers into one, so that neighbouring inputs give unrelated outputs (finaliser of MurmurHash3). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Draws from a 32-bit seed (mulberry32). */
export function drawsFrom(seed: number): Draws {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  // Box and Muller; 1 - uniform() is never 0, so the logarithm is finite.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    whole: (low, high) => low + Math.floor(uniform() * (high - low + 1)),
    normal,
    logNormal: (mean, spread) => mean * Math.exp(spread * normal() - (spread * spread) / 2),
  };
}
