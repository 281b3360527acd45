import { dirname, join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import pg from 'pg';
import { sandboxCertificates } from '../../sandbox/authority.ts';
import { startCreditorServers, type CreditorServers } from '../../sandbox/creditor-servers.ts';
import { sandboxClients } from '../../sandbox/clients.ts';
import { sandboxRoutes } from '../../sandbox/routes.ts';
import { pushedLoans, type PushedLoans } from '../../sandbox/pushed-loans.ts';
import { seed } from '../../sandbox/seed.ts';
import { followBusinessClock } from '../../sandbox/business-clock.ts';
import { testIdRoutes } from '../../sandbox/testid/routes.ts';
import { buildApp } from '../../src/app.ts';
import { apiPaths, apiScopes, type Api } from '../../src/clients/audience.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { serverOf } from '../../src/creditors/certificate.ts';
import { creditorClient, type CreditorClient } from '../../src/creditors/creditor-client.ts';
import { openWakeUps } from '../../src/feed/wake-ups.ts';
import { allJobs } from '../../src/jobs.ts';
import { Nin } from '../../src/person/nin.ts';
import { movableClock, type MovableClock } from '../../src/platform/clock.ts';
import { toConfig, type Env } from '../../src/platform/config.ts';
import { startJobs, type Jobs } from '../../src/platform/jobs.ts';
import { readKeysFile } from '../../src/platform/keys.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openPlatform } from '../../src/serve.ts';
import { createDatabase, poolerOf, type TestDatabase } from './database.ts';
import { evidenceLog, recordAnswer, recordToken } from './evidence.ts';
import { injectedFetch } from './injected-fetch.ts';

/** An answer or a row of whatever shape: tests look into them, and fail where they are not as expected. */
export type Json = any; // eslint-disable-line typescript/no-explicit-any -- see above

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body as JSON; an empty one is undefined. */
  readonly json: Json;
}

/** One node of a sandbox inside the test's process, over a real database and real creditors, without a port. */
export interface World {
  readonly platform: Platform;
  readonly app: FastifyInstance;
  readonly clock: MovableClock;
  readonly servers: CreditorServers;
  readonly pushed: PushedLoans;
  readonly creditors: CreditorClient;
  readonly database: TestDatabase;
  readonly jobs: Jobs;
  call(request: InjectOptions): Promise<Answer>;
  /** Looks into the database, or changes it, past all privileges. */
  inspect(text: string, values?: readonly unknown[]): Promise<Json[]>;
  close(): Promise<void>;
}

export const API = 'http://localhost:4000';

/** Starts a world; `database`: one that another world has too (then that one drops it), `env`: over the sandbox's defaults. */
export async function startWorld(options: { env?: Env; database?: TestDatabase } = {}): Promise<World> {
  const database = options.database ?? (await createDatabase());
  const keysFile = process.env['SAMTYKKE_TEST_KEYS'] ?? '';
  const config = toConfig({
    SAMTYKKE_MODE: 'sandbox',
    DATA_DIR: dirname(keysFile),
    KEYS_FILE: keysFile,
    LOG_FILE: evidenceLog(),
    LOOKUP_DEADLINE_MS: '400',
    ...poolerOf(database),
    ...options.env,
  });
  const clock = movableClock();
  const platform = openPlatform({
    config,
    keys: readKeysFile(keysFile),
    clock,
    servingUrl: database.servingUrl,
    takeOnServingRole: false,
  });
  // What a test moves comes on top of what the sandbox's own clock says, which is looked at twice a second.
  let [ofSandbox, ofTest] = [0, 0];
  const followed = {
    ...clock,
    setOffsetSeconds: (seconds: number) => {
      ofSandbox = seconds;
      clock.setOffsetSeconds(ofSandbox + ofTest);
    },
  };
  const moved = {
    ...clock,
    setOffsetSeconds: (seconds: number) => {
      ofTest = seconds - ofSandbox;
      clock.setOffsetSeconds(seconds);
    },
  };
  const businessClock = await followBusinessClock(platform.db, followed);
  const certificates = await sandboxCertificates(join(config.dataDir, 'certificates'), clock.realNow());
  const pushed = pushedLoans();
  const servers = await startCreditorServers({ now: () => clock.now(), certificates, slowMs: 150, pushed });
  await seed(platform, servers.creditors, { count: 0, seed: 1 });
  await shakeHands(platform, servers);
  const creditors = creditorClient(platform);
  const wakeUps = openWakeUps(platform);
  // Timers are left alone: tests say when what is due is done.
  const jobs = startJobs([], platform);
  const due: Jobs = {
    runDue: async () => {
      for (const job of allJobs(platform)) await job.run();
    },
    stop: () => jobs.stop(),
  };
  const superuser = new pg.Pool({
    connectionString: database.superuserUrl,
    max: 2,
    types: { getTypeParser: parserOf },
  });
  superuser.on('error', () => undefined); // the database is dropped, or stopped on purpose
  const app: FastifyInstance = await buildApp(platform, {
    creditors,
    wakeUps,
    audienceAliases: ['https://api-preprod.norskgjeld.no'],
    loginFetch: injectedFetch(() => app),
    extend: (subtree) => {
      const world = { servers, clock: businessClock, jobs: due, creditors, pushed, certificates };
      sandboxRoutes(subtree, platform, { ...world, pushPort: () => undefined });
      testIdRoutes(subtree, platform);
    },
  });
  await due.runDue();
  return {
    platform,
    app,
    clock: moved,
    servers,
    pushed,
    creditors,
    database,
    jobs: due,
    call: (request) => call(app, request),
    inspect: async (text, values = []) => (await superuser.query(text, [...values])).rows,
    close: async () => {
      await app.close();
      await wakeUps.close();
      await jobs.stop();
      businessClock.close();
      creditors.close();
      await servers.close();
      await platform.http.close();
      await platform.db.close();
      await superuser.end();
      platform.log.flush();
      if (options.database === undefined) await database.drop();
    },
  };
}

/**
 * Opens a connection to each creditor. Where many tests run at once the first handshakes of a process take as long as a lookup has time;
 * what is held against that is how creditors answer.
 */
async function shakeHands(platform: Platform, servers: CreditorServers): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  await Promise.all(
    servers.creditors.map((creditor) => {
      const { origin, identity } = serverOf(creditor);
      return platform.http.get({ origin, identity, path: '/', headers: {}, signal, maxBytes: 1_000 });
    }),
  );
}

/** Counts come as numbers. */
const parserOf = ((oid: number) =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid)) as typeof pg.types.getTypeParser;

async function call(app: FastifyInstance, request: InjectOptions): Promise<Answer> {
  const response = await app.inject(request);
  const url = typeof request.url === 'string' ? request.url : '';
  recordAnswer({
    method: request.method ?? 'GET',
    url,
    status: response.statusCode,
    headers: response.headers,
    body: response.body,
  });
  return { status: response.statusCode, headers: response.headers, text: response.body, json: jsonOf(response.body) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const clients = sandboxClients(API);
export type ClientNumber = 1 | 2 | 3;
/** Id and secret of the sandbox's first, second or third client. */
export const clientOf = (number: ClientNumber) => {
  const { client, secret } = clients[(number - 1) as 0 | 1 | 2];
  return { id: client.id, secret, basic: `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}` };
};

/** A token request as it is sent. */
export const tokenRequest = (form: Record<string, string>, authorization: string): InjectOptions => ({
  method: 'POST',
  url: '/oauth2/token',
  headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams(form).toString(),
});

/** A token of a client for an API, with all scopes of that API or the given ones. */
export async function tokenFor(
  world: Pick<World, 'call'>,
  api: Api,
  options: { client?: ClientNumber; scope?: string } = {},
): Promise<string> {
  const { basic } = clientOf(options.client ?? 1);
  const scope = options.scope ?? apiScopes[api].join(' ');
  const answer = await world.call(
    tokenRequest({ grant_type: 'client_credentials', audience: `${API}${apiPaths[api]}`, scope }, basic),
  );
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
  recordToken(answer.json.access_token);
  return answer.json.access_token;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A good agreement, with what differs. */
export const agreement = (changes: Record<string, unknown> = {}) => ({
  nin: '14842249091',
  scope_of_consent: 'debt.unsecured.processing',
  consent_duration_days: 28,
  client_consent_id: 'loan-application-1',
  ...changes,
});

/** Sends an agreement. */
export const putAgreement = (world: Pick<World, 'call'>, token: string, body: unknown): Promise<Answer> =>
  world.call({ method: 'PUT', url: '/v1/consent/agreement', headers: bearer(token), payload: body as object });

let agreements = 0;

/** Registers a consent that has not been there before, and answers its id. */
export async function newConsent(
  world: Pick<World, 'call'>,
  options: { token?: string; client?: ClientNumber } & Record<string, unknown> = {},
): Promise<string> {
  const { token, client, ...changes } = options;
  const bearerToken = token ?? (await tokenFor(world, 'agreement', client === undefined ? {} : { client }));
  const body = agreement({ client_consent_id: `consent-${process.pid}-${++agreements}`, ...changes });
  const answer = await putAgreement(world, bearerToken, body);
  if (answer.status !== 200) throw new Error(`no consent: ${answer.status} ${answer.text}`);
  return answer.json.consent.id;
}

/** Makes a single-use consent of the first client, as the consent screen will: the agreement interface cannot ask for one. */
export async function newSingleUse(world: Pick<World, 'platform'>, nin = '14842249091'): Promise<string> {
  const consent = await registerConsent(world.platform, {
    clientId: clientOf(1).id,
    nin: Nin.fromStored(nin),
    purpose: 'processing',
    duration: { kind: 'single_use' },
    externalId: null,
    actor: 'person',
    traceId: 'test',
  });
  return consent.id;
}

/** What the log says of a consent, in order. */
export const logOf = (world: Pick<World, 'inspect'>, consentId: string): Promise<Json[]> =>
  world.inspect(
    'select kind, creditors_asked, creditors_answered, reason, trace_id from audit_log where consent_id = $1 order by id',
    [consentId],
  );
