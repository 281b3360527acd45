import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startJobs, type Job } from './jobs.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

const quiet = {
  log: { debug: () => undefined, error: () => undefined } as unknown as Log,
  metrics: { jobRun: () => undefined } as unknown as Metrics,
};

test('a job runs again and again, never twice at once, and goes on after a failure', async () => {
  let [runs, running, most] = [0, 0, 0];
  const job: Job = {
    name: 'job',
    everySeconds: 0.02,
    run: async () => {
      runs += 1;
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running -= 1;
      if (runs % 2 === 1) throw new Error('planted');
    },
  };
  const jobs = startJobs([job], quiet);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await jobs.stop();
  assert.equal(running, 0, 'stop waits for what runs');
  const atStop = runs;
  assert.ok(atStop >= 4, `${atStop} runs`);
  assert.equal(most, 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(runs, atStop);
});

test('what is due is done in order, and a failure is told', async () => {
  const done: string[] = [];
  const job = (name: string): Job => ({ name, everySeconds: 1_000, run: async () => void done.push(name) });
  const failing: Job = { name: 'failing', everySeconds: 1_000, run: () => Promise.reject(new Error('planted')) };
  const jobs = startJobs([job('a'), job('b'), failing, job('c')], quiet);
  await assert.rejects(jobs.runDue(), /planted/);
  await jobs.stop();
  assert.deepEqual(done, ['a', 'b']);
});
