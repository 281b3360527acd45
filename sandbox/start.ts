import { accessSync, constants, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { pushListenProblem } from '../src/delivery/listener.ts';
import { joinInstallation } from '../src/keys/join.ts';
import { movableClock, systemClock } from '../src/platform/clock.ts';
import { ConfigError, migratingUrl, toConfig, type Config, type Env } from '../src/platform/config.ts';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.ts';
import { newSecret } from '../src/platform/ids.ts';
import { ensureSandboxKeysFile, readKeysFile } from '../src/platform/keys.ts';
import { SERVING_ROLE, connectionProblem, migrate } from '../src/platform/migrate.ts';
import { announceDatabase } from '../src/platform/running-database.ts';
import { closePlatform, listenProblem, openPlatform, serve } from '../src/serve.ts';
import { sandboxCertificates } from './authority.ts';
import { followBusinessClock } from './business-clock.ts';
import { startCreditorServers } from './creditor-servers.ts';
import { pushedLoans } from './pushed-loans.ts';
import { sandboxRoutes } from './routes.ts';
import { seed } from './seed.ts';
import { loginFetch } from './testid/login-fetch.ts';
import { testIdRoutes } from './testid/routes.ts';

/** NGI's pre-production, whose addresses are taken as names of our APIs (X5). */
const NGI_PREPRODUCTION = 'https://api-preprod.norskgjeld.no';

const GENERATED_SEED = 20_261_123;

export interface Sandbox {
  /** With the ports that were chosen. */
  readonly config: Config;
  /** Where the data is, for people. */
  readonly database: string;
  close(): Promise<void>;
}

/**
 * Starts a whole sandbox: a PostgreSQL (its own, or the one of DATABASE_URL), the schema, the creditors, the persons, the app.
 * What fails leaves nothing running.
 */
export async function startSandbox(env: Env): Promise<Sandbox> {
  const config = toConfig({ ...env, SAMTYKKE_MODE: 'sandbox' });
  await checkPort(config.port, config.host).catch((error: unknown) => {
    throw listenProblem(config, error);
  });
  await checkPort(config.pushPort ?? 0, config.pushHost).catch((error: unknown) => {
    throw pushListenProblem(config, error);
  });
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    makeDataFolder(config);
    ensureSandboxKeysFile(config.keysFile);
    const keys = readKeysFile(config.keysFile);
    // At first start both take a while.
    const making = sandboxCertificates(join(config.dataDir, 'certificates'), systemClock.realNow());
    making.catch(() => undefined); // told below, where it is waited for
    const database = await openOwnOrEmbedded(config, closers);
    await migrate({ ownerUrl: database.ownerUrl, servingUrl: database.servingUrl, mode: 'sandbox' }).catch(
      (error: unknown) => {
        throw connectionProblem(error, config.databaseOwnerUrl === undefined ? 'DATABASE_URL' : 'DATABASE_OWNER_URL');
      },
    );
    await letServingRoleMoveTheClock(database.ownerUrl);

    const clock = movableClock();
    const platform = openPlatform({
      config,
      keys,
      clock,
      servingUrl: database.servingUrl,
      takeOnServingRole: database.ownerUrl === database.servingUrl,
    });
    closers.push(() => closePlatform(platform));
    // What is delivered below is stored with the keys that are in use.
    await joinInstallation(platform);
    const businessClock = await followBusinessClock(platform.db, clock);
    closers.push(() => businessClock.close());
    const generated = { count: config.sandboxPersons, seed: GENERATED_SEED };
    const pushed = pushedLoans(join(config.dataDir, 'pushed-loans.json'));
    const certificates = await making;
    const servers = await startCreditorServers({
      now: () => clock.now(),
      certificates,
      generated,
      pushed,
    });
    closers.push(() => servers.close());
    await seed(platform, servers.creditors, generated);
    let pushPort: number | undefined;
    const world = { servers, clock: businessClock, pushed, certificates, pushPort: () => pushPort };
    const samtykke = await serve(platform, {
      audienceAliases: [NGI_PREPRODUCTION],
      loginFetch: loginFetch(config),
      extend: (app, running) => {
        sandboxRoutes(app, platform, { ...world, ...running });
        testIdRoutes(app, platform);
      },
      extendPush: (app) => pushed.follow(app),
    });
    ({ pushPort } = samtykke);
    closers.push(() => samtykke.close());
    await samtykke.jobs.runDue();
    return { config: { ...config, pushPort: samtykke.pushPort }, database: database.name, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the folder for everything that a sandbox keeps, and makes sure that it can be written to. */
function makeDataFolder(config: Config): void {
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    accessSync(config.dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ConfigError([
      `DATA_DIR ${config.dataDir} cannot be used (${why}): name a folder that this user can write to`,
    ]);
  }
}

interface OpenedDatabase {
  readonly name: string;
  readonly ownerUrl: string;
  readonly servingUrl: string;
}

async function openOwnOrEmbedded(config: Config, closers: (() => Promise<void> | void)[]): Promise<OpenedDatabase> {
  if (config.databaseUrl !== undefined) {
    const { hostname, pathname } = new URL(config.databaseUrl);
    return {
      name: `PostgreSQL of DATABASE_URL (${hostname}${pathname})`,
      ownerUrl: migratingUrl(config) ?? config.databaseUrl,
      servingUrl: config.databaseUrl,
    };
  }
  const postgres = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    log: (line) => process.stderr.write(`samtykke: ${line}\n`),
  });
  closers.push(() => postgres.stop());
  const passwords = { owner: newSecret(), serving: newSecret() };
  await prepareLogins(postgres.superuserUrl, passwords);
  const servingUrl = postgres.url('samtykke_serving', passwords.serving, 'samtykke');
  closers.push(await announceDatabase(config.dataDir, servingUrl));
  return {
    name: `PostgreSQL of its own in ${config.dataDir}`,
    ownerUrl: postgres.url('samtykke_owner', passwords.owner, 'samtykke'),
    servingUrl,
  };
}

/** One login owns the schema, one serves; both get new passwords at every start. */
async function prepareLogins(superuserUrl: string, passwords: { owner: string; serving: string }): Promise<void> {
  await asAdministrator(superuserUrl, async (client) => {
    const names = async (query: string) =>
      new Set((await client.query(query)).rows.map((row: { name: string }) => row.name));
    const roles = await names('select rolname as name from pg_roles');
    if (!roles.has(SERVING_ROLE)) await client.query(`create role ${SERVING_ROLE} nologin`);
    if (!roles.has('samtykke_owner')) await client.query('create role samtykke_owner login');
    if (!roles.has('samtykke_serving'))
      await client.query(`create role samtykke_serving login in role ${SERVING_ROLE}`);
    await client.query(`alter role samtykke_owner password ${pg.escapeLiteral(passwords.owner)}`);
    await client.query(`alter role samtykke_serving password ${pg.escapeLiteral(passwords.serving)}`);
    const databases = await names('select datname as name from pg_database');
    if (!databases.has('samtykke')) await client.query('create database samtykke owner samtykke_owner');
  });
}

/** Only in a sandbox: elsewhere business time is real time, and the serving role cannot change that. */
async function letServingRoleMoveTheClock(ownerUrl: string): Promise<void> {
  await asAdministrator(ownerUrl, async (client) => {
    // Two nodes that grant at the same moment would fail on each other.
    await client.query("select pg_advisory_lock(hashtext('samtykke sandbox'))");
    await client.query(`grant update (clock_offset_seconds) on installation to ${SERVING_ROLE}`);
  });
}

async function asAdministrator(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // a lost connection also fails the statement under way
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Finds out early that a port is taken, before a database is started for nothing. */
async function checkPort(port: number, host: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  await new Promise((resolve) => server.close(resolve));
}
