import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Opening, Order, Profile, Report, Work } from './served.ts';

/** A program of this folder in a process of its own, whose work is counted apart from everybody else's. */
export interface ServerProcess<Ready> {
  /** What it said when it was open. */
  readonly ready: Ready;
  /** What it has done since this was last asked. */
  work(): Promise<Work>;
  /** Tells it to do something, and waits until it has. */
  act(told: unknown): Promise<unknown>;
  /** Begins to sample what it does, and answers nothing; or ends that, and answers what it did. */
  profile(): Promise<Profile | undefined>;
  end(): Promise<void>;
}

/**
 * Starts a program that calls `serve`, tells it `told`, and waits until it is open. `Open` is the type of what it opens with. Throws
 * when it ends before that; what it had to say is on the screen.
 */
export async function startServer<Open extends Opening>(
  program: string,
  told: Parameters<Open>[0],
): Promise<ServerProcess<Awaited<ReturnType<Open>>>> {
  const child = fork(join(import.meta.dirname, program), { serialization: 'advanced' });
  const ended = once(child, 'exit');
  const ask = async (order: Order): Promise<Report> => {
    child.send(order);
    const [report] = (await Promise.race([once(child, 'message'), ended.then(() => [])])) as readonly Report[];
    if (report === undefined) throw new Error(`${program} has ended`);
    return report;
  };
  const opened = await ask({ kind: 'open', told });
  if (opened.kind !== 'ready') throw new Error(`${program} did not open`);
  return {
    ready: opened.ready as Awaited<ReturnType<Open>>,
    work: async () => {
      const report = await ask({ kind: 'work' });
      if (report.kind !== 'work') throw new Error(`${program} did not tell its work`);
      return report.work;
    },
    act: async (told) => {
      const report = await ask({ kind: 'do', told });
      if (report.kind !== 'done') throw new Error(`${program} did not do what it was told`);
      return report.result;
    },
    profile: async () => {
      const report = await ask({ kind: 'profile' });
      if (report.kind !== 'profiled') throw new Error(`${program} did not tell its profile`);
      return report.profile;
    },
    end: async () => {
      child.disconnect();
      await ended;
    },
  };
}
