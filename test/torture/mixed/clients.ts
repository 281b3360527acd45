import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment } from '../../support/bare-environment.ts';
import type { Draws } from '../../../sandbox/random.ts';
import type { ClientOrder } from './client.ts';

/** The client processes of a run. */
export interface Clients {
  /** One of those that can be spared, which another one takes the place of. */
  killOne(draws: Draws): Promise<void>;
  /** Lets all finish what they have begun; those that are pushed to stay. Throws when one had ended by itself, or does not end. */
  finish(): Promise<void>;
  /** Those that are pushed to end too. */
  end(): Promise<void>;
  /** For when something else has failed. */
  kill(): void;
}

interface Running {
  readonly order: ClientOrder;
  readonly child: ChildProcess;
  /** When its work is done; of one that is pushed to, the process goes on. */
  readonly finished: Promise<void>;
}

const program = join(import.meta.dirname, 'client.ts');

/** Starts a process for each order. */
export function startClients(orders: readonly ClientOrder[]): Clients {
  const running = orders.map(start);
  let born = 0;
  return {
    killOne: async (draws) => {
      const spare = running.filter(({ order }) => !order.webhook);
      const victim = spare[draws.whole(0, spare.length - 1)];
      if (victim === undefined) return;
      const exit = once(victim.child, 'exit');
      victim.child.kill('SIGKILL');
      await exit;
      born += 1;
      const { order } = victim;
      const next = { ...order, who: `${order.who.replace(/-again\d+$/, '')}-again${born}`, seed: order.seed + 1000 };
      running[running.indexOf(victim)] = start(next);
    },
    finish: async () => {
      for (const { child } of running) child.stdin?.end();
      const late = sleep(120_000, undefined, { ref: false }).then(() => {
        throw new Error('a client did not finish');
      });
      await Promise.race([Promise.all(running.map(({ finished }) => finished)), late]);
    },
    end: async () => {
      for (const { child } of running) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        await exit;
      }
    },
    kill: () => {
      for (const { child } of running) child.kill('SIGKILL');
    },
  };
}

function start(order: ClientOrder): Running {
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...bareEnvironment(),
      SAMTYKKE_TEST_EVIDENCE: process.env['SAMTYKKE_TEST_EVIDENCE'],
      TORTURE_CLIENT: JSON.stringify(order),
    },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  child.stdin.on('error', () => undefined);
  const finished = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => resolve());
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      code === 0 || signal === 'SIGKILL'
        ? resolve()
        : reject(new Error(`client ${order.who} ended with ${code ?? signal}`)),
    );
  });
  finished.catch(() => undefined); // told by `finish`
  return { order, child, finished };
}
