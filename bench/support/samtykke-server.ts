import { loginFetch } from '../../sandbox/testid/login-fetch.ts';
import { testIdRoutes } from '../../sandbox/testid/routes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { toConfig, type Env } from '../../src/platform/config.ts';
import { readKeysFile } from '../../src/platform/keys.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openPlatform, serve as serveSamtykke } from '../../src/serve.ts';
import { serve } from './served.ts';
import { tokensInMemory } from './tokens-in-memory.ts';

/**
 * A node as it runs, over a database that is there, with TestID to log in with and nothing else of the sandbox. `keepsTokensInMemory`: as a
 * baseline, it keeps clients and tokens for itself.
 */
const open = async (told: { env: Env; servingUrl: string; keepsTokensInMemory?: boolean }): Promise<string> => {
  const config = toConfig(told.env);
  const opened = openPlatform({
    config,
    keys: readKeysFile(config.keysFile),
    clock: systemClock,
    servingUrl: told.servingUrl,
    takeOnServingRole: false,
  });
  const platform =
    told.keepsTokensInMemory === true
      ? Object.assign(Object.create(opened) as Platform, { db: tokensInMemory(opened.db) })
      : opened;
  const { jobs } = await serveSamtykke(platform, {
    loginFetch: loginFetch(config),
    extend: (app) => testIdRoutes(app, platform),
  });
  await jobs.runDue();
  return `http://${config.host}:${config.port}`;
};

export type OpenSamtykke = typeof open;
serve(open);
