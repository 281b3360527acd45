import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.ts';
import { creditorClient, type CreditorClient } from './creditors/creditor-client.ts';
import { openCollector } from './delivery/collector.ts';
import { openWakeUps } from './feed/wake-ups.ts';
import { allJobs } from './jobs.ts';
import { joinInstallation, leaveInstallation } from './keys/join.ts';
import { openPushListener, type PushListener } from './delivery/listener.ts';
import { peerOrganisation } from './delivery/require-certificate.ts';
import { deliveryRoutes } from './delivery/routes.ts';
import type { Clock } from './platform/clock.ts';
import { ConfigError, type Config } from './platform/config.ts';
import { openDatabase, type Database } from './platform/db.ts';
import { configuredHttpClient } from './platform/http-client.ts';
import { startJobs, type Jobs } from './platform/jobs.ts';
import { currentVault, openKeyring } from './platform/keys-ring.ts';
import type { Keys } from './platform/keys.ts';
import { openLog } from './platform/log.ts';
import { openMetrics } from './platform/metrics.ts';
import { SERVING_ROLE } from './platform/migrate.ts';
import type { Platform } from './platform/platform.ts';
import { openTracing } from './platform/tracing.ts';
import { version } from './platform/version.ts';
import { openWebhooks } from './webhooks/deliverer.ts';

export interface Parts {
  readonly config: Config;
  readonly keys: Keys;
  readonly clock: Clock;
  /** The login that serves. */
  readonly servingUrl: string;
  /** Whether that login owns the schema too, and so has to take on the serving role. */
  readonly takeOnServingRole: boolean;
}

/** Everything with a side effect, opened; `closePlatform` closes it. */
export function openPlatform(parts: Parts): Platform {
  const { config, clock } = parts;
  const log = openLog({ file: config.logFile, level: config.logLevel });
  const metrics = openMetrics();
  const tracing = openTracing(config, log);
  const db: Database = openDatabase({
    url: parts.servingUrl,
    directUrl: config.databaseDirectUrl,
    poolSize: config.databasePoolSize,
    ...(parts.takeOnServingRole ? { role: SERVING_ROLE } : {}),
    onConnectionError: (error) => log.warn({ error }, 'a database connection was lost'),
    onWaited: (seconds) => metrics.databaseWaited(seconds),
    tracing,
  });
  metrics.watchPool(() => db.pool());
  const keyring = openKeyring(parts.keys, config.keysFile, config.port);
  return {
    config,
    clock,
    db,
    http: configuredHttpClient(config, tracing),
    get keys() {
      return keyring.current();
    },
    keyring,
    log,
    metrics,
    tracing,
    vault: currentVault(keyring),
  };
}

/** Closes what `openPlatform` opened; waits for nothing longer than some seconds. */
export async function closePlatform(platform: Platform): Promise<void> {
  await platform.http.close();
  await within(5, platform.db.close());
  await platform.tracing.close();
  platform.log.info({}, 'stopped');
  platform.log.flush();
}

export interface Samtykke {
  readonly app: FastifyInstance;
  readonly creditors: CreditorClient;
  readonly jobs: Jobs;
  /** Where creditors deliver; undefined: nowhere. */
  readonly pushPort: number | undefined;
  /**
   * Says that it is about to stop, for DRAIN_SECONDS; stops accepting, finishes what is in flight and the running jobs, for at most SHUTDOWN_SECONDS each (R5). The platform stays
   * open.
   */
  close(): Promise<void>;
}

export interface World {
  readonly audienceAliases?: readonly string[];
  readonly loginFetch?: typeof fetch;
  readonly extend?: (app: FastifyInstance, running: { jobs: Jobs; creditors: CreditorClient }) => void;
  /** The same for the port where creditors deliver. */
  readonly extendPush?: (app: FastifyInstance) => void;
}

/**
 * Builds the app over an open platform, starts the jobs and listens. Throws ConfigError when the port is taken, or the keys file lacks
 * keys that are needed.
 */
export async function serve(platform: Platform, world: World = {}): Promise<Samtykke> {
  const { config, log } = platform;
  await joinInstallation(platform);
  const creditors = creditorClient(platform);
  const collector = openCollector(platform);
  const wakeUps = openWakeUps(platform);
  const webhooks = openWebhooks(platform, { wakeUps });
  let draining = false;
  const jobs = startJobs(allJobs(platform, collector, webhooks), platform);
  const { extend } = world;
  const stopRest = async (): Promise<void> => {
    await webhooks.close({ seconds: config.shutdownSeconds });
    await wakeUps.close();
    await collector.close();
    await within(config.shutdownSeconds, jobs.stop());
    creditors.close();
    // Who is not heard of is forgotten too, but only after a while.
    await leaveInstallation(platform).catch((error: unknown) => log.warn({ error }, 'could not say goodbye'));
  };
  try {
    const app = await buildApp(platform, {
      creditors,
      wakeUps,
      audienceAliases: world.audienceAliases ?? [],
      draining: () => draining,
      ...(world.loginFetch === undefined ? {} : { loginFetch: world.loginFetch }),
      ...(extend === undefined ? {} : { extend: (subtree) => extend(subtree, { jobs, creditors }) }),
    });
    await app.listen({ port: config.port, host: config.host });
    log.info({ port: config.port, mode: config.mode, version: version() }, 'listening');
    const push = await openPush(platform, world).catch(async (error: unknown) => {
      await app.close();
      throw error;
    });
    const close = async (): Promise<void> => {
      // Whoever sends requests here is to notice first, so that none meets a closed door.
      draining = true;
      await sleep(config.drainSeconds * 1000);
      const stragglers = setTimeout(() => app.server.closeAllConnections(), config.shutdownSeconds * 1000);
      // Connections that are kept alive become idle one by one, as what they carried is answered.
      const idle = setInterval(() => app.server.closeIdleConnections(), 50);
      await Promise.all([app.close(), push?.close()]);
      clearTimeout(stragglers);
      clearInterval(idle);
      await stopRest();
    };
    return { app, creditors, jobs, pushPort: push?.port, close };
  } catch (error) {
    await stopRest();
    throw listenProblem(config, error);
  }
}

/** Listens for what creditors push, where a port is told for that. */
const openPush = async (platform: Platform, { extendPush }: World): Promise<PushListener | undefined> =>
  platform.config.pushPort === undefined
    ? undefined
    : openPushListener(platform, (app) => {
        extendPush?.(app);
        deliveryRoutes(app, platform, peerOrganisation);
      });

/** Waits for `work`, but not longer than that; what is not done by then is given up. */
async function within(seconds: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, sleep(seconds * 1000, undefined, { signal: limit.signal })]);
  limit.abort();
}

/** What is wrong when a port cannot be listened on, and how to mend it (R3). */
export function listenProblem(config: Config, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ConfigError([
        `port ${config.port} is taken: stop what listens there, or choose another with PORT or --port (0 takes a free one)`,
      ]);
    case 'EACCES':
      return new ConfigError([
        `port ${config.port} may not be listened on by this user: choose one above 1023 with PORT or --port`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigError([`HOST is '${config.host}', which is not an address of this machine`]);
    default:
      return error;
  }
}
