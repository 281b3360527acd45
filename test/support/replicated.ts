import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { makeDataFolder } from '../../src/platform/data-folder.ts';
import { waitForFormerPostgres } from '../../src/platform/former-postgres.ts';
import { openCluster, runInCluster, type Cluster } from '../../src/platform/postgres-cluster.ts';
import type { Supervised } from '../../src/platform/postgres-process.ts';
import { freePort } from './node-process.ts';

/** A row of whatever shape. */
type Row = any; // eslint-disable-line typescript/no-explicit-any -- see above

/** PostgreSQL as it comes: nobody starts it again when it dies. */
export interface Server {
  readonly port: number;
  readonly superuserUrl: string;
  /** Runs one statement as the superuser, each time over a connection of its own. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Kills the postmaster (SIGKILL), as when the machine dies, and waits for the end of all of it. */
  kill(): Promise<void>;
  /** Starts it again, as what it was when it ended. */
  start(): Promise<void>;
  /** Ends it in good order, if it runs. */
  halt(): Promise<void>;
  /** A base backup of it as a replica that follows it, started. `name` is a word. */
  addReplica(name: string, folder: string): Promise<Server>;
}

/** The settings of both: small, and safe. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '32MB',
  max_connections: '120',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  wal_level: 'replica',
  hot_standby: 'on',
  // A lost replica is noticed soon, and asked for again soon.
  wal_sender_timeout: '5s',
  wal_receiver_timeout: '5s',
  wal_retrieve_retry_interval: '200ms',
} as const;

function serverOf(cluster: Cluster, port: number): Server {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [cluster.binaries.postgres, '-D', cluster.folder, '-p', String(port), ...settings];
  const superuserUrl = `postgresql://postgres:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/postgres`;
  let running: Supervised | undefined;
  const query: Server['query'] = async (text, values = []) => {
    const client = new pg.Client({ connectionString: superuserUrl, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(text, [...values])).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const server: Server = {
    port,
    superuserUrl,
    query,
    start: async () => {
      // What is left of one that was killed is gone a moment later; with the file it would look as if it ran.
      await waitForFormerPostgres(cluster.folder, () => undefined);
      const { process: started, lastLines } = await runInCluster(cluster, command);
      running = started;
      await untilReady(query, started, lastLines);
    },
    kill: async () => {
      process.kill(Number.parseInt(await readFile(join(cluster.folder, 'postmaster.pid'), 'utf8'), 10), 'SIGKILL');
      await running?.ended;
    },
    halt: async () => running?.halt(),
    addReplica: async (name, folder) => {
      const replica = serverOf(await backUp(server, cluster, { name, folder }), await freePort());
      await replica.start();
      return replica;
    },
  };
  return server;
}

/** Makes a new cluster in a folder, and starts it. */
export async function startServer(folder: string): Promise<Server> {
  await makeDataFolder(folder);
  const server = serverOf(await openCluster(folder, () => undefined), await freePort());
  await server.start();
  return server;
}

async function untilReady(
  query: Server['query'],
  running: Supervised,
  lastLines: () => Promise<string>,
): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < 60_000 && !running.hasEnded()) {
    if (
      await query('select 1').then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(30);
  }
  await running.halt();
  throw new Error(`PostgreSQL did not start:\n${await lastLines()}`);
}

/** The address by which nodes know the primary, whichever server that is: as a virtual address, or a proxy that asks who is the primary. */
export interface Door {
  readonly port: number;
  /** Leads to another server. Whoever came through it is cut off, as when an address moves. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

export async function openDoor(first: number): Promise<Door> {
  let target = first;
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        sockets.delete(end);
        other.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => {
      target = port;
      cut();
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether an acknowledged commit of a primary waits for its replica; resolves when that is so. */
export async function setSynchronous(primary: Server, replica: string, on: boolean): Promise<void> {
  await primary.query(`alter system set synchronous_standby_names = '${on ? replica : ''}'`);
  await primary.query('select pg_reload_conf()');
  await until(async () => {
    const [row] = await primary.query('select sync_state from pg_stat_replication where application_name = $1', [
      replica,
    ]);
    return row?.sync_state === (on ? 'sync' : 'async');
  });
}

/** Waits until a replica has applied all that its primary has. */
export const untilCaughtUp = (primary: Server, replica: string): Promise<void> =>
  until(async () => {
    const [row] = await primary.query(
      'select pg_current_wal_flush_lsn() <= replay_lsn as so from pg_stat_replication where application_name = $1',
      [replica],
    );
    return row?.so === true;
  });

/** Makes a primary of a replica. */
export const promote = async (replica: Server): Promise<void> => {
  const [row] = await replica.query('select pg_promote(true, 60) as so');
  if (row?.so !== true) throw new Error('the replica was not promoted');
};

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 1_500) throw new Error('the replica does not follow');
    await sleep(20);
  }
}

/** The programs of the embedded PostgreSQL have no pg_basebackup: its functions and a copy of the folder, with a slot that keeps the WAL. */
async function backUp(primary: Server, cluster: Cluster, to: { name: string; folder: string }): Promise<Cluster> {
  await makeDataFolder(to.folder);
  await primary.query('select pg_create_physical_replication_slot($1, true)', [to.name]);
  const client = new pg.Client({ connectionString: primary.superuserUrl });
  client.on('error', () => undefined);
  await client.connect();
  const copy = join(to.folder, 'postgres');
  try {
    // Beginning and end belong to one session.
    await client.query("select pg_backup_start('replica', true)");
    await cp(cluster.folder, copy, {
      recursive: true,
      filter: (source) => !LEFT_OUT.test(source.slice(cluster.folder.length)),
    });
    const { rows } = await client.query('select labelfile from pg_backup_stop(true)');
    await writeFile(join(copy, 'backup_label'), rows[0].labelfile);
  } finally {
    await client.end();
  }
  await mkdir(join(copy, 'pg_wal/archive_status'), { mode: 0o700 });
  await writeFile(join(copy, 'standby.signal'), '');
  const upstream = `host=127.0.0.1 port=${primary.port} user=postgres password=${cluster.password} application_name=${to.name}`;
  await writeFile(
    join(copy, 'postgresql.auto.conf'),
    `primary_conninfo = '${upstream}'\nprimary_slot_name = '${to.name}'\n`,
  );
  await writeFile(join(to.folder, 'postgres.password'), `${cluster.password}\n`, { mode: 0o600 });
  return openCluster(to.folder, () => undefined);
}

/** What does not belong into a copy (as pg_basebackup leaves it out). */
const LEFT_OUT =
  /^\/(postmaster\.(pid|opts)|standby\.signal|(pg_wal|pg_replslot|pg_stat_tmp|pg_notify|pg_subtrans|pg_dynshmem|pg_serial|pg_snapshots)\/.+)$/;
