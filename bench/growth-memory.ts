/**
 * The memory of a node under mixed load, as long as `BENCH_MINUTES` says (60 for the long form; a quarter of a minute unless told), at
 * `BENCH_RATE` requests a second.
 */
import type { OpenCreditors } from './support/creditors-server.ts';
import { startGrowthCluster } from './support/growth-cluster.ts';
import { leftBehind, watchMemory, type Sample } from './support/growth-memory.ts';
import { short, tableReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';

const minutes = Number(process.env['BENCH_MINUTES'] ?? 0.25);
const rate = Number(process.env['BENCH_RATE'] ?? 40);
const SAMPLES = 20;

const stop = await startGrowthCluster(process.env['BENCH_KEEP']);
// These read where the cluster is when they are loaded.
const { openSide } = await import('./support/growth-side.ts');
const creditors = await startServer<OpenCreditors>('creditors-server.ts', {});
const side = await openSide(10_000, creditors.ready, { program: 'growth-memory-server.ts' });

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
const line = ({ seconds, requests, resident, heap, external, cpu }: Sample, before: number): readonly string[] => [
  (seconds / 60).toFixed(1),
  String(requests),
  mb(resident),
  mb(heap),
  mb(external),
  `${Math.round(cpu / 10 / Math.max(1, seconds - before))} %`,
];
let before = 0;
const samples = await watchMemory(side, {
  samples: SAMPLES,
  requestsEach: Math.ceil((minutes * 60 * rate) / SAMPLES),
  rate,
  onSample: (sample) => {
    process.stderr.write(`${line(sample, before).join('  ')}\n`);
    before = sample.seconds;
  },
});
const warm = samples.slice(4);
process.stdout.write(
  tableReport('Memory under mixed load', {
    rows: [
      ['minutes', 'requests', 'resident MB', 'heap MB', 'buffers MB', 'CPU of a core'],
      ...samples.map((sample, place) => line(sample, samples[place - 1]?.seconds ?? 0)),
    ],
    notes: [
      `Everything that a node is asked, in turns, at most ${rate} requests a second. Heap and buffers after garbage was collected.`,
      `After the first fifth each request left ${short(leftBehind(warm))} bytes behind; ${samples.at(-1)?.failed ?? 0} were not answered as they should.`,
    ],
    others: [0],
  }),
);
await side.close();
await creditors.end();
await stop();
