import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { ServerProcess } from './server-process.ts';

/** What is asked for, of whom. */
export interface Target {
  readonly server: ServerProcess<string>;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The length of a right answer, in bytes; a page that differs by more than a fiftieth is another page. */
  readonly bytes: number;
}

/** What one round saw. Milliseconds. */
export interface Round {
  /** From the request being written to its answer being read to the end, at the client. */
  readonly times: readonly number[];
  /** The same requests inside the server. */
  readonly inside: readonly number[];
  readonly perSecond: number;
  /** Of the serving process, for each request. */
  readonly cpu: number;
}

/** A number of clients, each with a connection of its own that is kept, for as many rounds as wanted. */
export interface Load {
  /** A closed loop for that long: a client asks again as soon as it was answered. Throws for an answer that is not the page. */
  run(milliseconds: number): Promise<Round>;
  close(): Promise<void>;
}

export function openLoad({ server, path, headers, bytes }: Target, clients: number): Load {
  const pool = new Pool(server.ready, { connections: clients, pipelining: 1 });
  const ask = async (): Promise<void> => {
    const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
    const { byteLength } = await body.arrayBuffer();
    if (statusCode !== 200 || Math.abs(byteLength - bytes) > bytes / 50) {
      throw new Error(`${path} was answered ${statusCode} with ${byteLength} bytes, not 200 with ${bytes}`);
    }
  };
  return {
    run: async (milliseconds) => {
      await server.work(); // what was before is not of this round
      const times: number[] = [];
      const begin = performance.now();
      const client = async (): Promise<void> => {
        for (let before = performance.now(); before - begin < milliseconds;) {
          await ask();
          const now = performance.now();
          times.push(now - before);
          before = now;
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
      const seconds = (performance.now() - begin) / 1000;
      const work = await server.work();
      return { times, inside: work.times, perSecond: times.length / seconds, cpu: work.cpu / times.length };
    },
    close: () => pool.close(),
  };
}

/** The part of the machine that is used in a moment in which the run itself rests: what others take, from 0 to 1. */
export async function usedByOthers(): Promise<number> {
  const before = processorTimes();
  await sleep(200);
  const after = processorTimes();
  return (after.busy - before.busy) / Math.max(1, after.all - before.all);
}

function processorTimes(): { busy: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { all, busy: all - times.reduce((sum, { idle }) => sum + idle, 0) };
}
