import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startJobs, type Job } from './jobs.ts';
import type { Log } from './log.ts';
import { openMetrics } from './metrics.ts';
import { version } from './version.ts';

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (nan|[+-]?inf|[-+\d.e]+)$/i;

/** The families of a text in Prometheus' format, each with its type and its samples; throws where it is not in that format. */
function parse(text: string): ReadonlyMap<string, { type: string; samples: readonly string[] }> {
  const families = new Map<string, { type: string; samples: string[] }>();
  let family: { name: string; samples: string[] } | undefined;
  assert.ok(text.endsWith('\n'));
  for (const line of text.split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (name !== '') {
      assert.ok(!families.has(name), `${name} twice`);
      family = { name, samples: [] };
      families.set(name, { type, samples: family.samples });
    } else if (line !== '' && !/^# HELP \S+ \S/.test(line)) {
      const [, sample = ''] = SAMPLE.exec(line) ?? [];
      assert.ok(family !== undefined && sample.replace(/_(bucket|sum|count)$/, '') === family.name, line);
      family.samples.push(line);
    }
  }
  return families;
}

test('R6: what is scraped is in the format of Prometheus, whatever has been told', async () => {
  const metrics = openMetrics();
  metrics.watchPool(() => ({ open: 3, idle: 2, waiting: 1 }));
  metrics.request({ method: 'GET', route: '/v1/debt/:id', status: 200 }, 0.01);
  metrics.request({ method: 'GET', route: 'a"\\\nb', status: 200 }, 0.01);
  metrics.consentChanged('expired', 'time', 0);
  metrics.feedPending(-1);
  const families = parse(await metrics.text());
  assert.deepEqual(families.get('samtykke_database_connections')?.samples, [
    'samtykke_database_connections{state="busy"} 1',
    'samtykke_database_connections{state="idle"} 2',
  ]);
  assert.deepEqual(families.get('samtykke_database_waiting')?.samples, ['samtykke_database_waiting 1']);
  assert.deepEqual(families.get('samtykke_consent_changes_total')?.samples, [], 'none is no change');
  assert.deepEqual(families.get('samtykke_feed_pending_seconds')?.samples, ['samtykke_feed_pending_seconds 0']);
  assert.deepEqual(families.get('samtykke_build_info')?.samples, [`samtykke_build_info{version="${version()}"} 1`]);
});

test('R6: docs/operations.md lists the metrics that are served, with their types, and no others', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const listed = [...text.matchAll(/^\| `(samtykke_\w+)` +\| (\w+) /gm)].map(([, name, type]) => `${name} ${type}`);
  const served = [...parse(await openMetrics().text())].map(([name, { type }]) => `${name} ${type}`);
  const ours = served.filter((name) => name.startsWith('samtykke_'));
  assert.deepEqual(listed.toSorted(), ours.toSorted());
  assert.deepEqual(
    served.filter((name) => !/^(samtykke|process|nodejs)_/.test(name)),
    [],
  );
  // And nothing that it speaks of elsewhere is gone.
  const names = new Set(ours.map((line) => line.split(' ')[0]));
  const spoken = [...text.matchAll(/\b(samtykke_\w+?)(?:_bucket|_sum|_count)?\b(?![\w.])/g)].map(([, name]) => name);
  const databaseNames = new Set(['samtykke_owner', 'samtykke_server', 'samtykke_server2', 'samtykke_app']);
  assert.deepEqual(
    spoken.filter((name) => !names.has(name ?? '') && !databaseNames.has(name ?? '')),
    [],
  );
});

test('R6: of jobs it is known how often they ran and failed, how long they took, and when they last went well', async () => {
  const metrics = openMetrics();
  const log = { debug: () => undefined, error: () => undefined } as unknown as Log;
  const job = (name: string, run: Job['run']): Job => ({ name, everySeconds: 0.01, run });
  const jobs = startJobs([job('good', async () => undefined), job('bad', () => Promise.reject(new Error('planted')))], {
    log,
    metrics,
  });
  const told = async (): Promise<string> => metrics.text();
  for (
    let looks = 0;
    looks < 500 && !/job="good".*[^]*job="bad"|job="bad".*[^]*job="good"/.test(await told());
    looks++
  ) {
    await sleep(10);
  }
  await jobs.stop();
  const text = await told();
  assert.match(text, /^samtykke_job_runs_total\{job="good",outcome="ok"\} \d+$/m);
  assert.match(text, /^samtykke_job_runs_total\{job="bad",outcome="failed"\} \d+$/m);
  assert.match(text, /^samtykke_job_seconds_count\{job="bad"\} \d+$/m);
  assert.match(text, /^samtykke_job_success_timestamp_seconds\{job="good"\} 1\d{9}/m);
  assert.doesNotMatch(text, /^samtykke_job_success_timestamp_seconds\{job="bad"/m);
});
