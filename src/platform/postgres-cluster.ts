import { access, constants, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { giveTree, ourUid, writePrivate } from './data-folder.ts';
import { waitForFormerPostgres } from './former-postgres.ts';
import { newId, newSecret } from './ids.ts';
import {
  type Account,
  type Binaries,
  chooseAccount,
  findBinaries,
  type Supervised,
  supervise,
} from './postgres-process.ts';
import { errorCode } from './processes.ts';

/** A database cluster on disk, and what is needed to run it. */
export interface Cluster {
  /** PostgreSQL's own folder, inside the data folder. */
  readonly folder: string;
  readonly logFile: string;
  /** The superuser's. */
  readonly password: string;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly log: (line: string) => void;
}

/** A supervised command, and a way to read what it wrote to the log last. */
export interface RunningCommand {
  readonly process: Supervised;
  readonly lastLines: () => Promise<string>;
}

/**
 * Opens the cluster in `dataDir`, or makes it: in a folder of another name that gets its real one when it is complete, so that
 * one that was left half-made is never taken for a cluster, and a complete one is never made anew. Only for the folder's owner.
 * Throws one line, followed by the end of the log when initdb failed.
 */
export async function openCluster(dataDir: string, log: (line: string) => void): Promise<Cluster> {
  await removeRests(dataDir);
  const binaries = await findBinaries();
  const folder = path.join(dataDir, 'postgres');
  const account = await chooseAccount(dataDir, folder, binaries);
  const complete = await exists(path.join(folder, 'PG_VERSION'));
  const passwordFile = path.join(dataDir, 'postgres.password');
  const password = await readOrMakePassword(passwordFile, complete);
  const cluster = { folder, logFile: path.join(dataDir, 'postgres.log'), password, binaries, account, log };
  if (complete) {
    await waitForFormerPostgres(folder, log);
    await giveToAccount(folder, account);
    return cluster;
  }
  const draft = path.join(dataDir, `postgres.new.${newId()}`);
  await mkdir(draft, { mode: 0o700 });
  await giveToAccount(draft, account);
  await giveToAccount(passwordFile, account);
  const command = [binaries.initdb, '-D', draft, `--pwfile=${passwordFile}`, ...initdbOptions];
  const { process: initdb, lastLines } = await runInCluster(cluster, command);
  if ((await initdb.ended) !== 0)
    throw new Error(`PostgreSQL's initdb failed; the end of ${cluster.logFile}:\n${await lastLines()}`);
  await rename(draft, folder).catch((cause: unknown) => {
    throw new Error(`${folder} is not a PostgreSQL cluster, and not empty: move it away`, { cause });
  });
  await flushFolder(dataDir);
  return cluster;
}

/** Without the system's locales, which differ; letters beyond ASCII still have upper and lower case. Checksums are the default. */
const initdbOptions = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
];

/** Runs a program of PostgreSQL's as the cluster's account, with its output at the end of the log. */
export async function runInCluster(cluster: Cluster, command: readonly string[]): Promise<RunningCommand> {
  const { logFile, account } = cluster;
  if ((await sizeOf(logFile)) > 16 * 1024 * 1024) await rename(logFile, `${logFile}.old`);
  if (!(await exists(logFile))) await writePrivate(logFile, '');
  const begin = await sizeOf(logFile);
  const log = await open(logFile, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    return { process: supervise(command, account, log.fd), lastLines: () => lastLinesOf(logFile, begin) };
  } finally {
    await log.close();
  }
}

async function lastLinesOf(logFile: string, begin: number): Promise<string> {
  const written = (await readFile(logFile)).subarray(begin).toString();
  return written.trim().split('\n').slice(-15).join('\n');
}

/** What a start that was killed left behind: half-made clusters and half-written files, never a cluster that was completed. */
async function removeRests(dataDir: string): Promise<void> {
  const rests = (await readdir(dataDir)).filter((entry) =>
    /^postgres\.(json|(new|json|password|log)\.[0-9a-f-]+)$/.test(entry),
  );
  for (const rest of rests) await rm(path.join(dataDir, rest), { recursive: true, force: true, maxRetries: 5 });
}

async function readOrMakePassword(file: string, complete: boolean): Promise<string> {
  if (!complete) await writePrivate(file, `${newSecret()}\n`);
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(
      `cannot read ${file} (${errorCode(cause) ?? 'unknown'}), without which the database beside it cannot be opened`,
      { cause },
    );
  });
  return text.trim();
}

async function giveToAccount(file: string, account: Account): Promise<void> {
  if (ourUid() === 0) await giveTree(file, account.uid ?? 0, account.gid ?? 0);
}

/** A rename is only safe from a power failure once the folder that holds the name is on the disk. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => undefined))?.size ?? 0;

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
