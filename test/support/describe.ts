import { buildApp } from '../../src/app.ts';
import { creditorClient } from '../../src/creditors/creditor-client.ts';
import { openWakeUps } from '../../src/feed/wake-ups.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { toConfig } from '../../src/platform/config.ts';
import { generateKeysFile, parseKeys } from '../../src/platform/keys.ts';
import { openPlatform } from '../../src/serve.ts';

/** The OpenAPI document that the server makes of itself. Needs no database: nothing is asked of it. */
export async function describeApi(): Promise<string> {
  const config = toConfig({ LOG_FILE: '-' });
  const keys = parseKeys(generateKeysFile({ sandbox: true }));
  const platform = openPlatform({
    config,
    keys,
    clock: systemClock,
    servingUrl: 'postgresql://nobody@localhost:1/none',
    takeOnServingRole: false,
  });
  const creditors = creditorClient(platform);
  const wakeUps = openWakeUps(platform);
  const app = await buildApp(platform, { creditors, wakeUps });
  try {
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
    await wakeUps.close();
    creditors.close();
    await platform.http.close();
    await platform.db.close();
  }
}
