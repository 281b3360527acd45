import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { Agent } from 'undici';
import type { Env } from '../../src/platform/config.ts';
import { poolerOf, type TestDatabase } from './database.ts';
import { evidenceLog, recordAnswer } from './evidence.ts';
import { API, type Answer } from './world.ts';
import { bareEnvironment } from './bare-environment.ts';

/** A real Samtykke: `sandbox/main.ts` in a process of its own, spoken to over HTTP. */
export interface NodeProcess {
  readonly port: number;
  readonly pid: number;
  /** What it printed until it served. */
  readonly welcome: string;
  /** As of a World, over HTTP. Rejects when the connection is refused or cut. */
  call(request: InjectOptions): Promise<Answer>;
  /** Sends the signal and waits until the process has ended; answers with its exit code (null: it was killed). Safe to repeat. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

const HERE = join(import.meta.dirname, '../..');

/** Settings of a node over a test's database; all nodes are known to the world by one address, and so share tokens. */
export const nodeOver = (database: TestDatabase): Env => ({
  DATABASE_URL: database.servingUrl,
  DATABASE_OWNER_URL: database.ownerUrl,
  KEYS_FILE: process.env['SAMTYKKE_TEST_KEYS'],
  ...poolerOf(database),
  // All nodes of a run have the same certificates, and so can ask each other's creditors.
  DATA_DIR: dirname(process.env['SAMTYKKE_TEST_KEYS'] ?? ''),
});

/** Starts a node, and resolves when it serves. `port`: a free one unless told; `root`: where its code is. Throws what it said when it cannot start. */
export async function startNode(env: Env, port?: number, root: string = HERE): Promise<NodeProcess> {
  const chosen = port ?? (await freePort());
  const child = spawn(process.execPath, [join(root, 'sandbox/main.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...bareEnvironment(),
      PORT: String(chosen),
      PUSH_PORT: '0',
      PUBLIC_URL: API,
      LOG_FILE: evidenceLog(),
      ...env,
    },
  });
  // Whatever becomes of the test, no node outlives it.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const welcome = await untilServing(child);
  const call = httpCaller(`http://localhost:${chosen}`);
  return {
    port: chosen,
    pid: child.pid ?? 0,
    welcome,
    call: call.call,
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      await call.close();
      return child.exitCode;
    },
  };
}

function untilServing(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('Stop with Ctrl-C.')) resolve(output);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the node ended with ${code} before it served: ${output}`)));
  });
}

/** Calls by HTTP, with every answer kept as evidence. */
export function httpCaller(origin: string): { call: NodeProcess['call']; close(): Promise<void> } {
  const agent = new Agent({ connections: 256, headersTimeout: 30_000, bodyTimeout: 30_000 });
  return {
    call: async (request) => {
      const { method = 'GET', url: path, payload } = request;
      if (typeof path !== 'string') throw new Error('a request needs an address');
      const isForm = typeof payload === 'string';
      const { statusCode, headers, body } = await agent.request({
        origin,
        path,
        method,
        headers: {
          ...(payload === undefined || isForm ? {} : { 'content-type': 'application/json' }),
          ...(request.headers as Record<string, string> | undefined),
        },
        body: payload === undefined ? null : isForm ? payload : JSON.stringify(payload),
      });
      const text = await body.text();
      recordAnswer({ method, url: path, status: statusCode, headers, body: text });
      return { status: statusCode, headers, text, json: jsonOf(text) };
    },
    close: () => agent.destroy(),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A port that nothing listens on, from below the range that outgoing connections take theirs from: it stays free during a restart. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 15_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, 'localhost', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

/** The processes that name a folder in their command line or work in it. */
export async function processesOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (pid !== process.pid && (command.includes(folder) || cwd.startsWith(folder))) found.push(pid);
  }
  return found;
}
