import { systemClock } from './clock.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/**
 * Work that is due again and again. `run` must be safe on any number of nodes at once (by row locks and conditions, not by
 * hoping to be alone) and is short: a large backlog is done in portions.
 */
export interface Job {
  readonly name: string;
  readonly everySeconds: number;
  run(): Promise<void>;
}

export interface Jobs {
  /** Runs every job once, now, in the given order; throws what the first failing one throws. */
  runDue(): Promise<void>;
  /** Stops the timers and waits for what is running. */
  stop(): Promise<void>;
}

/** Starts the jobs, each on its own timer. A run that fails is logged and tried again at its next turn; runs never overlap. */
export function startJobs(jobs: readonly Job[], tools: { log: Log; metrics: Metrics }): Jobs {
  let stopped = false;
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();

  const runLogged = async (job: Job): Promise<void> => {
    const begun = systemClock.stopwatch();
    const tell = (outcome: 'ok' | 'failed'): void =>
      tools.metrics.jobRun({ job: job.name, outcome }, (systemClock.stopwatch() - begun) / 1000);
    try {
      await job.run();
      tell('ok');
      tools.log.debug({ job: job.name }, 'a job ran');
    } catch (error) {
      tell('failed');
      tools.log.error({ job: job.name, error }, 'a job failed; it is tried again at its next turn');
    }
  };
  const plan = (job: Job): void => {
    if (stopped) return;
    // A little early or late, so that many nodes do not all come at the same instant.
    const delay = job.everySeconds * 1000 * (0.9 + Math.random() * 0.2);
    timers.set(
      job.name,
      setTimeout(() => {
        const run = runLogged(job);
        running.add(run);
        void run.finally(() => {
          running.delete(run);
          plan(job);
        });
      }, delay),
    );
  };
  for (const job of jobs) plan(job);

  return {
    runDue: async () => {
      for (const job of jobs) await job.run();
    },
    stop: async () => {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
