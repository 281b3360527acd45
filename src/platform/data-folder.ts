import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, link, lchown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody else uses the folder; the message is one line that names the folder, the process and what to do. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';

  constructor(folder: string, pid: number) {
    super(`the data folder ${folder} is in use by process ${pid}: stop that process, or choose another folder with DATA_DIR`);
  }
}

/** Whose process this is: root has to give files away, and PostgreSQL does not run as root. Undefined off POSIX. */
export const ourUid = (): number | undefined => process.geteuid?.();

/** The `code` of a failed system or database call (`ENOENT`, `28P01`), to decide by; never decide by a message's text. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/**
 * Makes the folder (0700) where it is missing. What root makes in somebody's checkout becomes theirs, so that they can run
 * without root later. Throws one line when it cannot be made or written to.
 */
export async function makeDataFolder(dataDir: string): Promise<void> {
  try {
    const made = await mkdir(dataDir, { recursive: true, mode: 0o700 });
    if (made !== undefined && ourUid() === 0) {
      const parent = await stat(path.dirname(made));
      await giveTree(made, parent.uid, parent.gid);
    }
    await writePrivate(path.join(dataDir, '.writable'), '');
    await rm(path.join(dataDir, '.writable'), { force: true });
  } catch (error) {
    throw new Error(`the data folder ${dataDir} cannot be written to (${errorCode(error) ?? 'unknown'}): choose another one with DATA_DIR`, {
      cause: error,
    });
  }
}

/** Gives a file or a folder with all that is in it to a user, if it is not theirs; symbolic links are not followed. */
export async function giveTree(top: string, uid: number, gid: number): Promise<void> {
  if ((await stat(top)).uid === uid) return;
  await lchown(top, uid, gid);
  if (!(await stat(top)).isDirectory()) return;
  for (const entry of await readdir(top, { recursive: true })) await lchown(path.join(top, entry), uid, gid);
}

/** Writes a file that only its owner reads (0600), whole or not at all; when root writes, it belongs to the folder's owner. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  await chmod(draft, 0o600);
  if (ourUid() === 0) {
    const folder = await stat(path.dirname(file));
    await lchown(draft, folder.uid, folder.gid);
  }
  await rename(draft, file);
}

interface Owner {
  readonly pid: number;
  /** When the process started, as the system tells it: a process number alone comes back after a reboot or in a container. */
  readonly started: string | null;
  readonly token: string;
}

/**
 * Takes `dataDir` for this process by its file `owner.json`; answers with the function that releases it.
 * Throws DataFolderInUseError when a living process has it. A dead owner's file is replaced, never deleted: of several who
 * find it dead at once, only the one who holds that owner's `.heir` file, and still sees that owner, may put its own there.
 */
export async function takeDataFolder(dataDir: string): Promise<() => Promise<void>> {
  const file = path.join(dataDir, 'owner.json');
  const started = (await processStart(process.pid)) ?? null;
  const mine: Owner = { pid: process.pid, started, token: randomBytes(8).toString('hex') };
  const draft = path.join(dataDir, `owner.${mine.token}`);
  await writePrivate(draft, JSON.stringify(mine));
  try {
    for (;;) {
      // A link appears with its whole content or not at all (EEXIST), so nobody ever reads half an owner.
      if (await linked(draft, file)) break;
      const owner = await readOwner(file);
      if (owner === undefined) continue;
      if (owner.token === mine.token) break;
      if (await isAlive(owner)) throw new DataFolderInUseError(dataDir, owner.pid);
      const seat = path.join(dataDir, `owner.${owner.token}.heir`);
      if (await linked(draft, seat)) {
        if ((await readOwner(file))?.token === owner.token) await rename(seat, file).catch(ignoreMissing);
        else await rm(seat, { force: true });
      } else {
        const heir = await readOwner(seat);
        if (heir !== undefined && !(await isAlive(heir))) await rm(seat, { force: true });
        await sleep(10);
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
  return async () => {
    if ((await readOwner(file))?.token === mine.token) await rm(file, { force: true });
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  if (text === undefined) return undefined;
  try {
    const { pid, started, token } = JSON.parse(text) as Partial<Owner>;
    if (Number.isInteger(pid) && pid !== undefined && token !== undefined && /^\w+$/.test(token)) return { pid, started: started ?? null, token };
  } catch {
    // Falls through: whole files are linked in, so a broken one was left by a power failure, and its writer is gone.
  }
  return { pid: 0, started: null, token: 'broken' };
}

async function isAlive(owner: Owner): Promise<boolean> {
  if (!processExists(owner.pid)) return false;
  const started = await processStart(owner.pid);
  return started === undefined || owner.started === null ? started !== 'ended' : started === owner.started;
}

function processExists(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** What tells a process from a later one with the same number; 'ended' for one that is only waiting to be reaped. */
async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return (await ps(['-o', 'lstart=', '-p', String(pid)])).trim() || undefined;
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (text === undefined) return undefined;
  // The command in brackets may hold spaces; after it come the state (field 3) and, 19 on, the start in ticks since boot.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  return `${(await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim()}/${fields[19] ?? ''}`;
}

const ps = (args: string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile('ps', args, (_error, stdout) => resolve(stdout));
  });

/** The command line with NUL between the arguments (spaces off Linux); empty for a dead process; undefined: not to be seen. */
const commandOf = async (pid: number): Promise<string | undefined> =>
  process.platform === 'linux'
    ? readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
    : (await ps(['-o', 'command=', '-p', String(pid)])).trim();

const looksLikePostgres = (command: string): boolean => /^([^\0]*\/)?postgres[\0: ]/.test(command);

/** The living PostgreSQL processes that work in `cluster`. Off Linux only postmasters are found, by their command line. */
async function postgresProcesses(cluster: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const rows = (await ps(['-axo', 'pid=,command='])).split('\n').map((row) => row.trim());
    return rows.filter((row) => looksLikePostgres(row.replace(/^\d+ +/, '')) && row.includes(`-D ${cluster} `)).map((row) => Number.parseInt(row, 10));
  }
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    const command = await commandOf(pid);
    if (command === undefined || !looksLikePostgres(command)) continue;
    // A postmaster names its folder; its children are told by where they work, also when the postmaster is gone.
    if (command.split('\0').includes(cluster) || (await worksIn(pid, cluster)) === true) found.push(pid);
  }
  return found;
}

async function worksIn(pid: number, folder: string): Promise<boolean | undefined> {
  const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(folder)].map((it) => it.catch(() => undefined)));
  return theirs === undefined || ours === undefined ? undefined : theirs.dev === ours.dev && theirs.ino === ours.ino;
}

/** What a PostgreSQL that nobody owns is sent, and after how many milliseconds; without a postmaster it is of no use at all. */
const persuasion: Record<'postmaster' | 'orphan', readonly (readonly [number, NodeJS.Signals])[]> = {
  postmaster: [
    [3_000, 'SIGINT'],
    [12_000, 'SIGQUIT'],
  ],
  orphan: [
    [300, 'SIGQUIT'],
    [5_000, 'SIGKILL'],
  ],
};

/**
 * Waits until no PostgreSQL works in `cluster`, then removes a postmaster.pid that is surely stale; tells whether there was one
 * to wait for. Only for the folder's owner: a former postmaster is mostly shutting down already, and one that nobody stops is
 * stopped (fast, then at once; committed rows stay). Throws DataFolderInUseError when it has not ended after 30 s.
 */
export async function waitForFormerPostgres(cluster: string, log: (line: string) => void): Promise<boolean> {
  const begin = performance.now();
  const sent = new Set<string>();
  for (let round = 0; ; round += 1) {
    const pids = await postgresProcesses(cluster);
    const [first] = pids;
    if (first === undefined) {
      await removeStalePidFile(cluster, log);
      return round > 0;
    }
    if (round === 0) log(`waiting for a former PostgreSQL in ${cluster} to end (process ${pids.join(', ')})`);
    const waited = performance.now() - begin;
    if (waited > 30_000) throw new DataFolderInUseError(cluster, first);
    const recorded = await postmasterPid(cluster);
    const kind = recorded !== undefined && pids.includes(recorded) ? 'postmaster' : 'orphan';
    for (const [after, signal] of persuasion[kind]) {
      for (const pid of kind === 'postmaster' ? pids.filter((it) => it === recorded) : pids) {
        if (waited < after || sent.has(`${pid} ${signal}`)) continue;
        sent.add(`${pid} ${signal}`);
        sendSignal(pid, signal);
      }
    }
    await sleep(50);
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile, or is not ours to signal: then the 30 s run out and name it.
  }
}

async function postmasterPid(cluster: string): Promise<number | undefined> {
  const text = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(ignoreMissing);
  const pid = Number.parseInt(text ?? '', 10);
  return pid > 0 ? pid : undefined;
}

/**
 * PostgreSQL sees itself that a recorded process is dead, and then looks whether orphans still use its memory; so that file
 * stays. But it takes every living process of its user for a postmaster, and ids come back: one that is no PostgreSQL, or
 * one of another folder, proves the file stale. What cannot be told apart is left to whoever reads the error.
 */
async function removeStalePidFile(cluster: string, log: (line: string) => void): Promise<void> {
  const pid = await postmasterPid(cluster);
  if (pid === undefined || !processExists(pid)) return;
  const command = await commandOf(pid);
  if (command === undefined) return;
  if (looksLikePostgres(command) && (await worksIn(pid, cluster)) !== false) throw new DataFolderInUseError(cluster, pid);
  log(`removing a stale postmaster.pid in ${cluster}: process ${pid} is something else now`);
  await rm(path.join(cluster, 'postmaster.pid'), { force: true });
}
