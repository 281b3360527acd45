/**
 * What others wait for while a hundred thousand consents expire in one minute, while as many are purged, and while a client that has as
 * many is switched off: p99 of status and registering meanwhile, beside p99 when nothing is due. `BENCH_SIZE`: how many consents there
 * are, 100 000 unless told. `BENCH_DUE`: how many are due, 10 000 unless told.
 */
import { purgePastRetention } from '../src/consent/purge.ts';
import { usedByOthers } from './support/load.ts';
import { startGrowthCluster } from './support/growth-cluster.ts';
import type { OpenCreditors } from './support/creditors-server.ts';
import { short, tableReport } from './support/report.ts';
import { startServer } from './support/server-process.ts';
import { percentile } from './support/statistics.ts';

const MANY = Number(process.env['BENCH_SIZE'] ?? 100_000);
const DUE = Number(process.env['BENCH_DUE'] ?? 10_000);
const ASKED = ['status', 'register', 'feed, caught up'];
const MOST_MS = 120_000;
const USUAL_MS = MANY > 100_000 ? 8_000 : 4_000;

const stop = await startGrowthCluster(process.env['BENCH_KEEP']);
// These read where the cluster is when they are loaded.
const { openSide } = await import('./support/growth-side.ts');
const creditors = await startServer<OpenCreditors>('creditors-server.ts', {});
const side = await openSide(MANY, creditors.ready, { sessions: 2 });
const operations = side.operations.filter(({ name }) => ASKED.includes(name));
const others: number[] = [];

/** Asks in turns until `isOver` says so, or the time is; answers each operation's times in milliseconds. */
async function ask(isOver: () => Promise<boolean>): Promise<readonly (readonly number[])[]> {
  const times: number[][] = operations.map(() => []);
  const begin = performance.now();
  let looked = begin;
  for (let turn = 0; performance.now() - begin < MOST_MS; turn += 1) {
    for (const [place, operation] of operations.entries()) {
      const before = performance.now();
      await operation.ask(turn);
      times[place]?.push(performance.now() - before);
    }
    if (performance.now() - looked < 500) continue;
    if (await isOver()) break;
    looked = performance.now();
  }
  return times;
}

const isThere = async (text: string): Promise<boolean> =>
  (await side.superuser.query(`select from ${text} limit 1`)).rowCount === 1;

const rows: string[][] = [];
async function measure(name: string, make: string, left: string, work?: () => Promise<unknown>): Promise<void> {
  others.push(await usedByOthers());
  const begun = performance.now();
  const usual = await ask(async () => performance.now() - begun > USUAL_MS);
  await side.superuser.query(make);
  const begin = performance.now();
  const working = work?.();
  const meanwhile = await ask(async () => !(await isThere(left)));
  await working;
  const seconds = (performance.now() - begin) / 1_000;
  for (const [place, { name: operation }] of operations.entries()) {
    const [before = [], during = []] = [usual[place], meanwhile[place]];
    const of = (times: readonly number[], part: number): string => short(percentile(times, part));
    rows.push([
      `${name}: ${operation}`,
      of(before, 50),
      of(before, 99),
      of(during, 50),
      of(during, 99),
      short(percentile(during, 99) / percentile(before, 99)),
      short(seconds),
    ]);
  }
}

const someActive = `(select id from consent where archived_at is null and expires_at > now() + interval '1 hour' limit ${DUE})`;
await measure(
  'expiring',
  // Created before it expires, whenever that was.
  `update consent set expires_at = greatest(created_at + interval '1 second', now() - interval '30 seconds') where id in ${someActive}`,
  `consent where archived_at is null and expires_at < now() - interval '20 seconds'`,
);
await measure(
  'switched off',
  `update client_purpose set open = false where client_id = 'b0000000-0000-4000-8000-000000000001'`,
  `consent where archived_at is null and expires_at > now() and client_id = 'b0000000-0000-4000-8000-000000000001'`,
);
await measure(
  'purged',
  `update consent set archived_at = archived_at - interval '1100 days'
   where id in (select id from consent where archived_at is not null order by archived_at limit ${DUE})`,
  `consent where archived_at < now() - interval '1096 days'`,
  () => purgePastRetention(side.platform),
);
process.stdout.write(
  tableReport(`While ${DUE} of ${MANY} consents are due at once`, {
    rows: [['', 'p50 ms, usual', 'p99 ms', 'p50 ms, meanwhile', 'p99 ms', 'p99, times', 'seconds until done'], ...rows],
    notes: ['One client that asks in turns. Wanted: p99 at most twice the usual one.'],
    others,
  }),
);
await side.close();
await creditors.end();
await stop();
