import { SamtykkeError } from './errors.ts';
import { pauseMs, sleep, type Deadline } from './time.ts';

const LONGEST_PAUSE_MS = 5_000;

/**
 * Does `work`, and again up to `retries` times when it failed in a way that may pass, with a growing pause in between, or as long as the server
 * asked for. Does not begin a pause that the deadline would cut short: then the failure is told at once.
 */
export async function retrying<Value>(retries: number, deadline: Deadline, work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SamtykkeError)) throw error;
      error.attempts = attempt;
      const pause = pauseMs(attempt, LONGEST_PAUSE_MS, error.retryAfterSeconds);
      if (!error.retryable || error.code === 'timeout' || attempt > retries || pause >= deadline.remainingMs())
        throw error;
      await sleep(pause, deadline.signal);
      if (deadline.signal.aborted) throw deadline.failure();
    }
  }
}
