import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from './clock.ts';
import { DataFolderInUseError } from './data-folder.ts';
import { commandOf, errorCode, looksLikePostgres, processExists, ps } from './processes.ts';

/** What a PostgreSQL that nobody owns is sent, and after how many milliseconds; without a postmaster it is of no use at all. */
const persuasion: Record<'postmaster' | 'orphan', readonly (readonly [number, NodeJS.Signals])[]> = {
  postmaster: [
    [2_000, 'SIGINT'],
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
  const begin = systemClock.stopwatch();
  const sent = new Set<string>();
  for (let round = 0; ; round += 1) {
    const pids = await postgresProcesses(cluster);
    const [first] = pids;
    if (first === undefined) {
      await removeStalePidFile(cluster, log);
      return round > 0;
    }
    if (round === 0) log(`waiting for a former PostgreSQL in ${cluster} to end (process ${pids.join(', ')})`);
    const waited = systemClock.stopwatch() - begin;
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

/** The living PostgreSQL processes that work in `cluster`. Off Linux only postmasters are found, by their command line. */
async function postgresProcesses(cluster: string): Promise<number[]> {
  if (process.platform !== 'linux') {
    const rows = (await ps(['-axo', 'pid=,command='])).split('\n').map((row) => row.trim());
    return rows
      .filter((row) => looksLikePostgres(row.replace(/^\d+ +/, '')) && row.includes(`-D ${cluster} `))
      .map((row) => Number.parseInt(row, 10));
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
  const [theirs, ours] = await Promise.all(
    [stat(`/proc/${pid}/cwd`), stat(folder)].map((it) => it.catch(() => undefined)),
  );
  return theirs === undefined || ours === undefined ? undefined : theirs.dev === ours.dev && theirs.ino === ours.ino;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile, or is not ours to signal: then the 30 s run out and name it.
  }
}

/** The process that PostgreSQL wrote into its folder, dead or alive; undefined when there is none. */
export async function postmasterPid(cluster: string): Promise<number | undefined> {
  const pid = Number.parseInt((await pidFileLines(cluster))[0] ?? '', 10);
  return pid > 0 ? pid : undefined;
}

/** The port of a server that says that it takes connections; as pg_ctl finds out. May be left by one that died since. */
export async function readyPort(cluster: string): Promise<number | undefined> {
  const lines = await pidFileLines(cluster);
  return lines[7]?.trim() === 'ready' ? Number(lines[3]) : undefined;
}

async function pidFileLines(cluster: string): Promise<string[]> {
  const text = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
  return (text ?? '').split('\n');
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
  if (looksLikePostgres(command) && (await worksIn(pid, cluster)) !== false)
    throw new DataFolderInUseError(cluster, pid);
  log(`removing a stale postmaster.pid in ${cluster}: process ${pid} is something else now`);
  await rm(path.join(cluster, 'postmaster.pid'), { force: true });
}
