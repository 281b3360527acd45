import { randomInt } from 'node:crypto';
import fc from 'fast-check';

/** Set by hand to go on longer: how many times as many runs. */
export const fuzzTimes = Number(process.env['FUZZ_RUNS'] ?? 1);
/**
 * Set by hand to repeat a run, to the seed that it printed, or to `random`. Unless told, a usual run has always the same cases, so that a
 * failure is the fault of what was changed, and a longer one makes up others.
 */
const SEED = process.env['FUZZ_SEED'] ?? (fuzzTimes === 1 ? '1' : 'random');

export const fuzzSeed: number = SEED === 'random' ? randomInt(2 ** 31) : Number(SEED);

if (!Number.isSafeInteger(fuzzSeed)) throw new Error('FUZZ_SEED is a whole number, as a run has printed it, or random');
if (!(fuzzTimes > 0)) throw new Error('FUZZ_RUNS is how many times as many runs there should be: a number above 0');

/**
 * Holds a property over made-up cases: so many, or as many as there is time for (both times FUZZ_RUNS). A failure tells the smallest case that
 * was found, and the seed.
 */
export async function holds<Case>(
  what: string,
  cases: fc.Arbitrary<Case>,
  property: (made: Case) => Promise<void>,
  { runs, seconds }: { runs: number; seconds: number },
): Promise<void> {
  const tried = { count: 0 };
  const began = performance.now();
  let last: Promise<void> = Promise.resolve();
  try {
    await fc.assert(
      fc.asyncProperty(cases, async (made) => {
        tried.count += 1;
        last = property(made);
        await last;
      }),
      {
        seed: fuzzSeed,
        numRuns: Math.ceil(runs * fuzzTimes),
        interruptAfterTimeLimit: seconds * 1000 * fuzzTimes,
        endOnFailure: process.env['FUZZ_SHRINK'] === '0',
      },
    );
    // When the time is over, the last one is still under way, and it counts too.
    await last;
  } finally {
    const took = (performance.now() - began) / 1000;
    console.log(`fuzz: ${what}: ${tried.count} cases in ${took.toFixed(1)} s, FUZZ_SEED=${fuzzSeed}`);
  }
}
