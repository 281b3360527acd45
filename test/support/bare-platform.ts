import { sandboxClients } from '../../sandbox/clients.ts';
import { saveClient } from '../../src/clients/client-registry.ts';
import { movableClock, type MovableClock } from '../../src/platform/clock.ts';
import { toConfig } from '../../src/platform/config.ts';
import { readKeysFile } from '../../src/platform/keys.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { Nin } from '../../src/person/nin.ts';
import { openPlatform } from '../../src/serve.ts';
import { poolerOf, type TestDatabase } from './database.ts';
import { evidenceLog } from './evidence.ts';
import { API } from './world.ts';

/** What the verbs need of a node, and nothing else: no app, no jobs, no creditors. */
export interface BarePlatform {
  readonly platform: Platform;
  readonly clock: MovableClock;
  close(): Promise<void>;
}

/** Opens one more platform over a database, with the sandbox's clients in it; any number of them may share one. */
export async function openBarePlatform(
  database: TestDatabase,
  options: { poolSize?: number } = {},
): Promise<BarePlatform> {
  const keysFile = process.env['SAMTYKKE_TEST_KEYS'] ?? '';
  const clock = movableClock();
  const platform = openPlatform({
    config: toConfig({
      SAMTYKKE_MODE: 'sandbox',
      KEYS_FILE: keysFile,
      LOG_FILE: evidenceLog(),
      ...poolerOf(database),
      DATABASE_POOL_SIZE: String(options.poolSize ?? 10),
    }),
    keys: readKeysFile(keysFile),
    clock,
    servingUrl: database.servingUrl,
    takeOnServingRole: false,
  });
  await platform.db.transaction(async (tx) => {
    for (const { client } of sandboxClients(API)) await saveClient(tx, client, clock.now());
  });
  return {
    platform,
    clock,
    close: async () => {
      await platform.http.close();
      await platform.db.close();
      platform.log.flush();
    },
  };
}

/** The same node at another instant, which stands still. */
export const standingAt = (platform: Platform, instant: Date): Platform => ({
  ...platform,
  clock: { ...platform.clock, now: () => instant },
});

/** A synthetic number as the verbs take it. */
export function syntheticNin(digits: string): Nin {
  const nin = Nin.parse(digits, 'synthetic');
  if (!(nin instanceof Nin)) throw new Error(`not a synthetic number: ${nin}`);
  return nin;
}
