import { clientsWithSecrets } from './clients/client-registry.ts';
import { sandboxSecrets } from './clients/sandbox-secrets.ts';
import { runUntilSignal, toldAbout } from './command-line.ts';
import { certificatesInUse, listCreditors } from './creditors/creditor-registry.ts';
import { DomainError } from './errors/domain-error.ts';
import { systemClock } from './platform/clock.ts';
import { ConfigError, migratingUrl, readEnv, toConfig, type Env } from './platform/config.ts';
import { sha256 } from './platform/crypto.ts';
import { whatPoolerLacks } from './platform/db-pooler.ts';
import { UnfitConnectionError } from './platform/db-primary.ts';
import { readKeysFile } from './platform/keys.ts';
import { connectionProblem, migrate } from './platform/migrate.ts';
import type { Platform } from './platform/platform.ts';
import { readClientTls, readServerTls, warnOfCertificates } from './platform/tls.ts';
import { closePlatform, openPlatform, serve, type Samtykke } from './serve.ts';

/** Starts production. What is wrong with configuration and keys is told all at once, before the database is touched (R4). */
export async function startProduction(env: Env): Promise<Samtykke> {
  const problems: string[] = [];
  const config = collect(problems, () => toConfig({ ...env, SAMTYKKE_MODE: 'production' }));
  const keysFile = env['KEYS_FILE'];
  const keys = keysFile === undefined || keysFile === '' ? undefined : collect(problems, () => readKeysFile(keysFile));
  if (keys?.sandbox === true)
    problems.push('KEYS_FILE holds keys that a sandbox made: production needs keys of its own');
  if (keys?.login.length === 0 && (env['LOGIN_CLIENT_SECRET'] ?? '') === '') {
    problems.push(
      "LOGIN_CLIENT_SECRET is missing, and KEYS_FILE has no 'login' keys: production needs one of them for the login provider",
    );
  }
  if (config?.creditorCertFile !== undefined) collect(problems, () => readClientTls(config, null));
  if (config?.pushPort !== undefined) collect(problems, () => readServerTls(config));
  if (config?.databaseUrl === undefined || keys === undefined || problems.length > 0) throw new ConfigError(problems);

  const ownerUrl = migratingUrl(config) ?? config.databaseUrl;
  await migrate({ ownerUrl, servingUrl: config.databaseUrl, mode: 'production' }).catch((error: unknown) => {
    throw connectionProblem(error, config.databaseOwnerUrl === undefined ? 'DATABASE_URL' : 'DATABASE_OWNER_URL');
  });
  const platform = openPlatform({
    config,
    keys,
    clock: systemClock,
    servingUrl: config.databaseUrl,
    takeOnServingRole: config.databaseOwnerUrl === undefined,
  });
  const unfit = await whatProductionLacks(platform).catch(async (error: unknown) => {
    await closePlatform(platform);
    throw unfitConnection(error);
  });
  if (unfit.length > 0) {
    await closePlatform(platform);
    throw new ConfigError(unfit);
  }
  warnOfCertificates(platform, await certificatesInUse(platform.db));
  const samtykke = await serve(platform).catch(async (error: unknown) => {
    await closePlatform(platform);
    throw error;
  });
  return {
    ...samtykke,
    close: async () => {
      await samtykke.close();
      await closePlatform(platform);
    },
  };
}

/** What is wrong with the configuration, as only the database can tell. */
async function whatProductionLacks({ db, config }: Platform): Promise<readonly string[]> {
  if (config.databaseUrl !== undefined && config.databaseDirectUrl !== undefined) {
    const lacks = await whatPoolerLacks(config.databaseUrl);
    if (lacks.length > 0) return lacks;
  }
  const weak = await clientsWithSecrets(db, sandboxSecrets.map(sha256));
  const problems = weak.map(
    (id) => `client ${id} has a sandbox secret: give it a new one, or disable it and remove the secret`,
  );
  const called = (await listCreditors(db)).filter(
    ({ enabled, providers }) =>
      enabled && providers.some((provider) => provider.enabled && provider.clientCertificate === null),
  );
  if (called.length > 0 && config.creditorCertFile === undefined) {
    problems.push(
      `CREDITOR_CERT_FILE and CREDITOR_KEY_FILE are missing: production needs them to call creditors (registered: ${called.length})`,
    );
  }
  return problems;
}

/** A database that must not be served from is told as what it is, and not as an outage. */
const unfitConnection = (error: unknown): unknown =>
  error instanceof DomainError && error.cause instanceof UnfitConnectionError
    ? new ConfigError([error.cause.message])
    : error;

function collect<Value>(problems: string[], read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    problems.push(...(error instanceof ConfigError ? error.problems : [(error as Error).message]));
    return undefined;
  }
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  if (!toldAbout(args)) await runUntilSignal(async () => startProduction(readEnv(args)));
}
