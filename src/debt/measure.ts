import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';

/** Tells the metrics how a lookup ended, how long it took, and whether all creditors answered (`missing`: how many did not). */
export async function measured<Result>(
  { clock, metrics }: Pick<Platform, 'clock' | 'metrics'>,
  by: 'client' | 'person',
  lookup: Promise<Result>,
  missing: (result: Result) => number,
): Promise<Result> {
  const begun = clock.stopwatch();
  const seconds = (): number => (clock.stopwatch() - begun) / 1000;
  try {
    const result = await lookup;
    metrics.lookup({ by, outcome: missing(result) > 0 ? 'incomplete' : 'complete' }, seconds());
    return result;
  } catch (error) {
    const failed = !(error instanceof DomainError) || error.code === 'unavailable' || error.code === 'server_error';
    metrics.lookup({ by, outcome: failed ? 'failed' : 'refused' }, seconds());
    throw error;
  }
}
