import { sql } from '../platform/db.ts';

/** What a command asks before anything else: whose database this is, how far business time is ahead, and for which version it is. */
export const INSTALLATION = sql<{ mode: string; offset_seconds: number; version: number | null }>(
  'cli_installation',
  `select mode, clock_offset_seconds as offset_seconds, (select max(version) from schema_migration) as version from installation`,
);
