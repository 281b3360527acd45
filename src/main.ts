import { clientsWithSecrets } from './clients/client-registry.ts';
import { sandboxSecrets } from './clients/sandbox-secrets.ts';
import { runUntilSignal, toldAbout } from './command-line.ts';
import { systemClock } from './platform/clock.ts';
import { ConfigError, readEnv, toConfig, type Env } from './platform/config.ts';
import { sha256 } from './platform/crypto.ts';
import { readKeysFile } from './platform/keys.ts';
import { connectionProblem, migrate } from './platform/migrate.ts';
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
  if (config?.databaseUrl === undefined || keys === undefined || problems.length > 0) throw new ConfigError(problems);

  const ownerUrl = config.databaseOwnerUrl ?? config.databaseUrl;
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
  const weak = await clientsWithSecrets(platform.db, sandboxSecrets.map(sha256));
  if (weak.length > 0) {
    await closePlatform(platform);
    throw new ConfigError(
      weak.map((id) => `client ${id} has a sandbox secret: give it a new one, or disable it and remove the secret`),
    );
  }
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
