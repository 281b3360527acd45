import pg from 'pg';
import type { EmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { SERVING_ROLE, migrate } from '../../src/platform/migrate.ts';
import { newSecret } from '../../src/platform/ids.ts';

/** The addresses of one test's database: cloned from a migrated template, and dropped at the end. */
export interface TestDatabase {
  readonly servingUrl: string;
  /** Past the pooler, where the run has one (`test/torture/pgbouncer.ts`); then `servingUrl` leads through it. */
  readonly directUrl?: string | undefined;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  drop(): Promise<void>;
}

interface Cluster {
  readonly superuserUrl: string;
  readonly ownerPassword: string;
  readonly servingPassword: string;
  /** Of a pooler in transaction mode, if there is one. */
  readonly poolerPort?: number;
}

/** What `prepareCluster` makes. */
export const TEMPLATE = 'samtykke_template';
export const OWNER = 'samtykke_owner';
export const SERVING = 'samtykke_serving';

/** Makes the logins and the template that databases are cloned from; once for a whole run. */
export async function prepareCluster(
  postgres: Pick<EmbeddedPostgres, 'superuserUrl' | 'url'>,
): Promise<{ ownerPassword: string; servingPassword: string }> {
  const passwords = { ownerPassword: newSecret(), servingPassword: newSecret() };
  await withClient(postgres.superuserUrl, async (client) => {
    await client.query(`create role ${SERVING_ROLE} nologin`);
    await client.query(`create role ${OWNER} login password '${passwords.ownerPassword}'`);
    await client.query(`create role ${SERVING} login password '${passwords.servingPassword}' in role ${SERVING_ROLE}`);
    await client.query(`create database ${TEMPLATE} owner ${OWNER}`);
  });
  const ownerUrl = postgres.url(OWNER, passwords.ownerPassword, TEMPLATE);
  const servingUrl = postgres.url(SERVING, passwords.servingPassword, TEMPLATE);
  await migrate({ ownerUrl, servingUrl, mode: 'sandbox' });
  await withClient(ownerUrl, (client) =>
    client.query(`grant update (clock_offset_seconds) on installation to ${SERVING_ROLE}`),
  );
  return passwords;
}

let databases = 0;

/** A database of its own for one test file: migrated, empty but for what migrations put there. `empty`: not even migrated. */
export async function createDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const cluster = readCluster();
  const name = `test_${process.pid}_${++databases}`;
  const template = options.empty === true ? '' : `template ${TEMPLATE}`;
  await withClient(cluster.superuserUrl, (client) =>
    client.query(`create database ${name} ${template} owner ${OWNER}`),
  );
  const url = (user: string, password: string) =>
    Object.assign(new URL(cluster.superuserUrl), { username: user, password, pathname: `/${name}` }).href;
  return {
    ownerUrl: url(OWNER, cluster.ownerPassword),
    ...through(url(SERVING, cluster.servingPassword), cluster.poolerPort),
    superuserUrl: Object.assign(new URL(cluster.superuserUrl), { pathname: `/${name}` }).href,
    drop: () => withClient(cluster.superuserUrl, (client) => client.query(`drop database ${name} with (force)`)),
  };
}

const through = (direct: string, port: number | undefined): Pick<TestDatabase, 'servingUrl' | 'directUrl'> =>
  port === undefined
    ? { servingUrl: direct }
    : { servingUrl: Object.assign(new URL(direct), { port: String(port) }).href, directUrl: direct };

/** The variables of a node over a database for how it is reached, where a pooler is between. */
export const poolerOf = ({ servingUrl, directUrl }: TestDatabase): Record<string, string> =>
  directUrl === undefined ? {} : { DATABASE_URL: servingUrl, DATABASE_DIRECT_URL: directUrl };

function readCluster(): Cluster {
  const text = process.env['SAMTYKKE_TEST_CLUSTER'];
  if (text === undefined) throw new Error('run tests that need a database by: node test/run.ts <files>');
  return JSON.parse(text) as Cluster;
}

/** Runs `work` over a connection of its own. */
export async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // tests kill connections on purpose
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
