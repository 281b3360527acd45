import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes, randomInt } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { errorCode, giveTree, makeDataFolder, ourUid, takeDataFolder, waitForFormerPostgres, writePrivate } from './data-folder.ts';

/** A running PostgreSQL of our own. It ends with this process, however this process ends. */
export interface EmbeddedPostgres {
  /** On 127.0.0.1; the same from start to `stop()`, also when the server had to be restarted. */
  readonly port: number;
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number;
  /** `postgresql://postgres:…@127.0.0.1:port/postgres`. Holds the password: not for logs. */
  readonly superuserUrl: string;
  /** The address for a role and a database on this server; escapes what needs it. */
  url(user: string, password: string, database: string): string;
  /** Fast shutdown: ends the sessions, waits for the server's end and releases the folder. Never throws for a second call. */
  stop(): Promise<void>;
}

/** What `startEmbeddedPostgres` can be told. */
export interface EmbeddedPostgresOptions {
  /** DATA_DIR: cluster, log, password and owner file live in here. Made when missing. */
  readonly dataDir: string;
  /** Server settings such as `max_connections`. Those that keep data safe or the server private are refused. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told one line whenever something unusual happens (a wait, a restart). Never a password. */
  readonly log?: (line: string) => void;
  /** Called when the server had died and answers again. */
  readonly onRestart?: () => void;
  /** Chooses the port; a free one below the ephemeral range unless told. */
  readonly pickPort?: () => Promise<number>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Who runs PostgreSQL: a user (ours unless told), and what stands before the command. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
  readonly prefix: readonly string[];
}

interface Cluster {
  readonly dataDir: string;
  readonly folder: string;
  readonly logFile: string;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly password: string;
  readonly settings: readonly string[];
  readonly log: (line: string) => void;
}

/** A child under the supervisor; `ended` resolves when supervisor and child are gone. Closing its stdin shuts it down. */
interface Supervised {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  hasEnded(): boolean;
}

const startLimit = 60_000;

/**
 * Runs its arguments as a command until that ends or until its own stdin ends, which is when our process dies, even by SIGKILL.
 * Then: SIGINT (fast shutdown), again each second in case the first came before anybody listened; after 10 s SIGQUIT, after
 * 20 s SIGKILL. It ignores what a terminal or an operator sends to everybody, and is its own session, so that we decide.
 */
const supervisor = `
trap '' HUP INT QUIT TERM
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
(
  while read -r _ <&3; do :; done
  n=0
  while kill -0 $child 2>/dev/null; do
    case $n in 100) kill -QUIT $child ;; 200) kill -KILL $child ;; *0) kill -INT $child ;; esac
    n=$((n + 1))
    sleep 0.1
  done 2>/dev/null
) &
watcher=$!
wait $child
status=$?
kill -KILL $watcher
wait $watcher 2>/dev/null
exit $status`;

/**
 * Starts PostgreSQL on `dataDir`, making the cluster the first time, and keeps it running until `stop()`: when it dies it comes
 * back on the same port. Resolves when it answers to its password. Works as an ordinary user and as root. One process has a
 * folder at a time: DataFolderInUseError for the second. Throws one line, or one line and the end of the server's log,
 * when it cannot start within 60 s; nothing is left running then.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const settings = commandLineSettings(options.settings ?? {});
  const binaries = await findBinaries();
  const dataDir = path.resolve(options.dataDir);
  await makeDataFolder(dataDir);
  const release = await takeDataFolder(dataDir);
  const reachFile = path.join(dataDir, 'postgres.json');
  try {
    await rm(reachFile, { force: true });
    const account = await chooseAccount(dataDir, binaries);
    const place = { dataDir, folder: path.join(dataDir, 'postgres'), logFile: path.join(dataDir, 'postgres.log') };
    const password = await passwordOf(dataDir);
    const cluster: Cluster = { ...place, binaries, account, password, settings, log };
    await makeCluster(cluster);
    const stopping = new AbortController();
    const first = await launchOnFreePort(cluster, options.pickPort ?? freePort, stopping.signal);
    await writePrivate(reachFile, `${JSON.stringify({ port: first.port, password })}\n`);
    ...
  }
}
