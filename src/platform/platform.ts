import type { NinVault } from './crypto.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Database } from './db.ts';
import type { HttpClient } from './http-client.ts';
import type { Keyring } from './keys-ring.ts';
import type { Keys } from './keys.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Tracing } from './tracing.ts';

/** Everything with a side effect that the rest of the house is handed. */
export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  readonly db: Database;
  readonly http: HttpClient;
  /** The keys as of now, those in use first. They change while this runs: read them when they are needed. */
  readonly keys: Keys;
  /** What changes them. */
  readonly keyring: Keyring;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** Works with the keys as of now, whenever they change. */
  readonly vault: NinVault;
}
