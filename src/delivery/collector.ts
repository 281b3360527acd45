import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Platform } from '../platform/platform.ts';
import type { CollectNews, CollectOrder } from './collect-process.ts';
import { lastDue, type DeliveryReport } from './delivery-run.ts';
import { nodeName } from './node-name.ts';
import { tellOutcome } from './tell-outcome.ts';
import { END_OF_NODE, ANYTHING_DUE } from './run-log.ts';

/** Collects what creditors deliver (getalldata), in a process of its own. */
export interface Collector {
  /**
   * Collects what is due now, if anything is and no process of ours is at it already. Resolves when that is done, or after some
   * seconds: it goes on by itself. Any number of nodes may do this at once. Fails when the last process ended with an error.
   */
  collectDue(): Promise<void>;
  /** Collects one institution now, due or not. Answers what became of each of its providers. */
  collectCreditor(creditorId: string): Promise<{ reports: readonly DeliveryReport[]; busy: number }>;
  /** Ends what is under way: nothing is changed by it any more, and it is taken up again by whoever comes next. */
  close(): Promise<void>;
}

/** Heap of the process: pages are read in pieces, whatever their size. */
const HEAP_MB = 128;
/** Of the two halves for what is new: most of what is read is garbage a moment later, and large halves are just more memory. */
const SEMI_SPACE_MB = 8;

/** What of a platform it takes to have somebody else collect. */
export type CollectorPlatform = Pick<Platform, 'clock' | 'config' | 'db' | 'log' | 'metrics'>;

const PROGRAM = join(import.meta.dirname, 'collect-process.ts');

export function openCollector(platform: CollectorPlatform, options: { waitSeconds?: number } = {}): Collector {
  const { waitSeconds = 10 } = options;
  const running = new Set<ChildProcess>();
  let collecting: Promise<void> | undefined;
  let closed = false;

  const runProcess = async (creditorId?: string): Promise<{ reports: readonly DeliveryReport[]; busy: number }> => {
    const reports: DeliveryReport[] = [];
    let busy = 0;
    const child = fork(PROGRAM, {
      execArgv: [`--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${SEMI_SPACE_MB}`],
      // Its log may be standard output.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.add(child);
    const node = nodeName(child.pid);
    child.on('message', (news: CollectNews) => {
      if (news.about === 'busy') busy = news.busy;
      else {
        reports.push(news.report);
        tellOutcome(platform, 'collect', news.report);
      }
    });
    const { clock, config, db } = platform;
    const order: CollectOrder = {
      config,
      database: db.login(),
      clockOffsetSeconds: Math.round((clock.now().getTime() - clock.realNow().getTime()) / 1_000),
      node,
      creditorId,
    };
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
      child.send(order, (error) => error !== null && reject(error));
    });
    running.delete(child);
    if (code === 0) return { reports, busy };
    if (!closed) await db.query(END_OF_NODE, [node, clock.now()]);
    throw new Error(`the collecting process ended with ${code ?? child.signalCode ?? 'an error'}`);
  };

  const collectAll = async (): Promise<void> => {
    const now = platform.clock.now();
    const [row] = await platform.db.query(ANYTHING_DUE, [now, lastDue(now)]);
    if (row?.due === true && !closed) await runProcess();
  };

  return {
    collectDue: async () => {
      if (closed || platform.config.collectAtOnce === 0) return;
      collecting ??= collectAll().finally(() => {
        collecting = undefined;
      });
      collecting.catch(() => undefined); // told to whoever is still waiting
      const limit = new AbortController();
      const enough = sleep(waitSeconds * 1_000, undefined, { signal: limit.signal }).catch(() => undefined);
      await Promise.race([collecting, enough]).finally(() => limit.abort());
    },
    collectCreditor: (creditorId) => runProcess(creditorId),
    close: async () => {
      closed = true;
      for (const child of running) child.kill('SIGKILL');
      await collecting?.catch(() => undefined);
    },
  };
}
