import { setTimeout as sleep } from 'node:timers/promises';
import type { Env } from '../../../src/platform/config.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/platform/embedded-postgres.ts';
import { createDatabase, prepareCluster, type TestDatabase } from '../../support/database.ts';
import { freePort, nodeOver, startNode, type NodeProcess } from '../../support/node-process.ts';

/** Several nodes, each a process, over one PostgreSQL of their own, with nothing else in common. */
export interface Installation {
  readonly postgres: OwnPostgres;
  readonly database: TestDatabase;
  /** Fixed for the whole run: a node that is started again listens where it did before. */
  readonly addresses: readonly string[];
  readonly nodes: readonly Standing[];
  /** Settings of its nodes, and of commands for it. */
  readonly env: Env;
  stop(): Promise<void>;
}

/** A place for a node, in which one process follows another. */
export interface Standing {
  readonly address: string;
  /** Undefined: none runs here at the moment. */
  readonly process: NodeProcess | undefined;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** Starts one, and tries again for as long as the database is away. */
  start(): Promise<void>;
}

export interface OwnPostgres extends EmbeddedPostgres {
  /** Its processes work in here. */
  readonly folder: string;
}

/** Few, so that they can be used up. */
const MAX_CONNECTIONS = 70;

/** Starts the PostgreSQL. What the test's own PostgreSQL is asked for is asked of this one from now on, in this process. */
export async function startOwnPostgres(folder: string): Promise<OwnPostgres> {
  const settings = { max_connections: String(MAX_CONNECTIONS) };
  const postgres = await startEmbeddedPostgres({ dataDir: folder, settings });
  const logins = await prepareCluster(postgres);
  process.env['SAMTYKKE_TEST_CLUSTER'] = JSON.stringify({ superuserUrl: postgres.superuserUrl, ...logins });
  // Not a copy: its process changes.
  return Object.assign(Object.create(postgres) as EmbeddedPostgres, { folder });
}

/** Starts nodes over a new database of that PostgreSQL. */
export async function startInstallation(postgres: OwnPostgres, count: number, more: Env = {}): Promise<Installation> {
  const database = await createDatabase();
  const env: Env = {
    ...nodeOver(database),
    LOOKUP_DEADLINE_MS: '500',
    // The clock is moved further than events are usually readable.
    FEED_READABLE_DAYS: '365',
    FEED_RETENTION_DAYS: '3000',
    SHUTDOWN_SECONDS: '10',
    ...more,
  };
  const nodes = await Promise.all(Array.from({ length: count }, () => standing(env)));
  return {
    postgres,
    database,
    env,
    nodes,
    addresses: nodes.map((node) => node.address),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.end('SIGKILL')));
    },
  };
}

async function standing(env: Env): Promise<Standing> {
  const port = await freePort();
  let current: NodeProcess | undefined;
  const place: Standing = {
    address: `http://localhost:${port}`,
    get process() {
      return current;
    },
    end: async (signal) => {
      const ending = current;
      current = undefined;
      return (await ending?.end(signal)) ?? null;
    },
    start: async () => {
      for (let tries = 0; current === undefined; tries += 1) {
        try {
          current = await startNode(env, port);
        } catch (error) {
          if (tries >= 20) throw error;
          await sleep(200);
        }
      }
    },
  };
  await place.start();
  return place;
}
