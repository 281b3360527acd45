import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Order, Report, Work } from './served.ts';

/** A program of this folder in a process of its own, whose work is counted apart from everybody else's. */
export interface ServerProcess<Ready> {
  /** What it said when it was open. */
  readonly ready: Ready;
  /** What it has done since this was last asked. */
  work(): Promise<Work>;
  end(): Promise<void>;
}

/** Starts a program that calls `serve`, tells it `told`, and waits until it is open. Throws when it ends before that. */
export async function startServer<Told, Ready>(program: string, told: Told): Promise<ServerProcess<Ready>> {
  const child = fork(join(import.meta.dirname, program), { serialization: 'advanced' });
  const ended = once(child, 'exit');
  const ask = async (order: Order<Told>): Promise<Report<Ready>> => {
    child.send(order);
    const answer = await Promise.race([once(child, 'message') as Promise<[Report<Ready>]>, ended]);
    const [report] = answer;
    if (typeof report !== 'object' || report === null) throw new Error(`${program} ended: ${String(report)}`);
    return report as Report<Ready>;
  };
  const opened = await ask({ kind: 'open', told });
  if (opened.kind !== 'ready') throw new Error(`${program} did not open`);
  return {
    ready: opened.ready,
    work: async () => {
      const report = await ask({ kind: 'work' });
      if (report.kind !== 'work') throw new Error(`${program} did not tell its work`);
      return report.work;
    },
    end: async () => {
      child.disconnect();
      await ended;
    },
  };
}
