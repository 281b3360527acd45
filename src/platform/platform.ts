import type { NinVault } from './crypto.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Database } from './db.ts';
import type { HttpClient } from './http-client.ts';
import type { Keys } from './keys.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Everything with a side effect that the rest of the house is handed. */
export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  readonly db: Database;
  readonly http: HttpClient;
  readonly keys: Keys;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly vault: NinVault;
}
