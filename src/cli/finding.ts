import type { Platform } from '../platform/platform.ts';

/** One thing that was looked at. `todo`: what to do about it. */
export interface Finding {
  readonly check:
    | 'configuration'
    | 'keys'
    | 'database'
    | 'pooler'
    | 'migrations'
    | 'clock'
    | 'secrets'
    | 'certificates'
    | 'login'
    | 'creditors'
    | 'deliveries'
    | 'webhooks'
    | 'nodes'
    | 'jobs';
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly what: string;
  readonly todo?: string;
}

/** What is examined once the database is known to be ours. */
export type Examined = Pick<Platform, 'clock' | 'config' | 'db'>;
