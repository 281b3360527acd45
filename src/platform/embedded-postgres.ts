import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { systemClock } from './clock.ts';
import { DataFolderInUseError, makeDataFolder, takeDataFolder, writePrivate } from './data-folder.ts';
import { postmasterPid, readyPort, waitForFormerPostgres } from './former-postgres.ts';
import { type Cluster, openCluster, runInCluster } from './postgres-cluster.ts';
import type { Supervised } from './postgres-process.ts';
import { errorCode } from './processes.ts';

/** A running PostgreSQL of our own. It ends with this process, however this process ends. */
export interface EmbeddedPostgres {
  /** On 127.0.0.1; the same until `stop()`, also when the server had to be restarted. */
  readonly port: number;
  /** The postmaster's process id; another one after a restart. */
  readonly pid: number;
  /** `postgresql://postgres:…@127.0.0.1:port/postgres`. Holds the password: not for logs. */
  readonly superuserUrl: string;
  /** The address for a role and a database on this server; escapes what needs it. */
  url(user: string, password: string, database: string): string;
  /** Fast shutdown: ends the sessions, waits for the server's end, releases the folder. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

/** What `startEmbeddedPostgres` can be told. */
export interface EmbeddedPostgresOptions {
  /** DATA_DIR: cluster, log, password and owner file live in here. Made when missing. */
  readonly dataDir: string;
  /** Server settings such as `max_connections`. Those that keep rows safe or the server private are refused. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told one line when something unusual happens (a wait, a restart). Never a password. */
  readonly log?: (line: string) => void;
  /** Called when the server had died and answers again. */
  readonly onRestart?: () => void;
  /** Chooses a port, up to five times; a free one below the ephemeral range unless told. */
  readonly pickPort?: () => Promise<number>;
}

type Server = Supervised & { readonly pid: number; readonly port: number };

const readyWithin = 60_000;

/**
 * Starts PostgreSQL on `dataDir`, making the cluster the first time, and keeps it running until `stop()`: when it dies it is
 * started again on the same port, after 0.2 s, 0.4 s … 5 s for as long as it takes. Resolves when it answers to its password.
 * Works as an ordinary user and as root. A folder has one process at a time: DataFolderInUseError for the second. Throws one
 * line, followed by the end of the server's log if it came that far, when it cannot start; nothing is left running then.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const settings = commandLineSettings(options.settings ?? {});
  const log = options.log ?? (() => undefined);
  const dataDir = path.resolve(options.dataDir);
  await makeDataFolder(dataDir);
  const release = await takeDataFolder(dataDir);
  const addressFile = path.join(dataDir, 'postgres.json');
  const stopping = new AbortController();
  try {
    const cluster = await openCluster(dataDir, log);
    let server = await launchOnFreePort(cluster, settings, options.pickPort ?? freePort, stopping.signal);
    const { port } = server;
    await writePrivate(addressFile, `${JSON.stringify({ port, password: cluster.password })}\n`).catch(
      async (error: unknown) => {
        await server.halt();
        throw error;
      },
    );
    const url: EmbeddedPostgres['url'] = (user, password, database) =>
      `postgresql://${[user, password].map(encodeURIComponent).join(':')}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    const keepRunning = async (): Promise<void> => {
      for (let failures = 0; !stopping.signal.aborted;) {
        const begin = systemClock.stopwatch();
        await server.ended;
        if (stopping.signal.aborted) return;
        failures = systemClock.stopwatch() - begin > 10_000 ? 0 : failures + 1;
        log(`PostgreSQL (process ${server.pid}) ended unexpectedly: starting it again`);
        const next = await launchAgain(cluster, settings, port, failures - 1, stopping.signal);
        if (next === undefined) return;
        server = next;
        options.onRestart?.();
      }
      await server.halt();
    };
    const kept = keepRunning();
    let stopped: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      stopping.abort();
      await server.halt();
      await kept;
      await waitForFormerPostgres(cluster.folder, log);
      await rm(addressFile, { force: true });
      await release();
    };
    return {
      port,
      get pid() {
        return server.pid;
      },
      superuserUrl: url('postgres', cluster.password, 'postgres'),
      url,
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** What the caller may not change: a commit that was acknowledged is on the disk, and nobody but this machine gets in. */
const fixed = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
} as const;

const refused = new Set([...Object.keys(fixed), 'port', 'data_directory', 'config_file', 'hba_file', 'ident_file']);

function commandLineSettings(wanted: Readonly<Record<string, string>>): string[] {
  for (const name of Object.keys(wanted)) {
    if (!/^[a-z][a-z0-9_.]*$/.test(name))
      throw new Error(`"${name}" is not a PostgreSQL setting: write it in small letters with _`);
    if (refused.has(name)) throw new Error(`the setting ${name} of the embedded PostgreSQL cannot be changed`);
  }
  // Terse, and without statements: error details quote the values of rows, which may be a person's number.
  const quiet = {
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  return Object.entries({ ...quiet, ...wanted, ...fixed }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** A free port from below the range that outgoing connections take theirs from, so that none sits on it during a restart. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Starts the server, on another port when the chosen one was taken meanwhile. */
async function launchOnFreePort(
  cluster: Cluster,
  settings: readonly string[],
  pickPort: () => Promise<number>,
  signal: AbortSignal,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await pickPort();
    try {
      return await launch(cluster, settings, port, signal);
    } catch (error) {
      if (attempt === 5 || error instanceof DataFolderInUseError) throw error;
      // Not by what PostgreSQL says, but by what is so: the port is taken, or a former server was in the way after all.
      const taken = !(await isFree(port));
      if (!taken && !(await waitForFormerPostgres(cluster.folder, cluster.log))) throw error;
      if (taken) cluster.log(`port ${port} was taken meanwhile: trying another one`);
    }
  }
}

/** Starts a server that died, for as long as it takes; undefined when we are stopping. */
async function launchAgain(
  cluster: Cluster,
  settings: readonly string[],
  port: number,
  failures: number,
  signal: AbortSignal,
): Promise<Server | undefined> {
  for (let n = failures; !signal.aborted; n += 1) {
    try {
      if (n > 0) await sleep(Math.min(100 * 2 ** n, 5_000), undefined, { signal });
      return await launch(cluster, settings, port, signal);
    } catch (error) {
      if (!signal.aborted) cluster.log(`PostgreSQL could not be started again, trying once more: ${String(error)}`);
    }
  }
  return undefined;
}

async function launch(
  cluster: Cluster,
  settings: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Server> {
  await waitForFormerPostgres(cluster.folder, cluster.log);
  signal.throwIfAborted();
  const command = [cluster.binaries.postgres, '-D', cluster.folder, '-p', String(port), ...settings];
  const { process: server, lastLines } = await runInCluster(cluster, command);
  const failure = await untilReady(server, cluster, port, signal);
  const pid = await postmasterPid(cluster.folder);
  if (failure === undefined && pid !== undefined) return { ...server, pid, port };
  await server.halt();
  throw new Error(
    `PostgreSQL did not start: ${failure ?? 'it ended at once'}; the end of ${cluster.logFile}:\n${await lastLines()}`,
  );
}

/** Waits until the server answers to its password: what it writes in its log depends on its settings. Else says why not. */
async function untilReady(
  server: Supervised,
  cluster: Cluster,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const begin = systemClock.stopwatch();
  for (let rejections = 0; systemClock.stopwatch() - begin < readyWithin; await sleep(30)) {
    if (signal.aborted) return 'it is being stopped';
    if (server.hasEnded()) return 'it ended while starting';
    // Whoever answers before that is somebody else, on a port that was taken from us, and has no business with our password.
    if ((await readyPort(cluster.folder)) !== port) continue;
    const code = await connectionFailure(cluster.password, port);
    if (code === undefined) return undefined;
    if (code === '28P01' && (rejections += 1) === 5) return 'its password is not the one in postgres.password';
  }
  return `it did not answer within ${readyWithin / 1000} s`;
}

async function connectionFailure(password: string, port: number): Promise<string | undefined> {
  const login = { user: 'postgres', password, database: 'postgres', host: '127.0.0.1', port, ssl: false };
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return undefined;
  } catch (error) {
    return errorCode(error) ?? 'unknown';
  } finally {
    await client.end().catch(() => undefined);
  }
}
