import { sql } from '../platform/db-statement.ts';

/** What a command asks before anything else: whose database this is, how far business time is ahead, and for which version it is. */
export const INSTALLATION = sql<{ mode: string; offset_seconds: number; version: number | null }>(
  'cli_installation',
  `select mode, clock_offset_seconds as offset_seconds, (select max(version) from schema_migration) as version from installation`,
);

/** What the server itself says; the time for comparing clocks. */
export const SERVER = sql<{ version: string; number: number; now: Date; superuser: boolean; database: string }>(
  'cli_server',
  `select current_setting('server_version') as version, current_setting('server_version_num')::integer as number,
          clock_timestamp() as now, (select rolsuper from pg_roles where rolname = session_user) as superuser,
          current_database() as database`,
);

/**
 * What jobs have left undone. $1 consents that should have been told as expired by then, $2 log rows that should have gone by then;
 * both: business time. `sealed`: the last seal of the log; null: none yet.
 */
export const LEFT_UNDONE = sql<{ unexpired: number; unpurged: boolean; sealed: Date | null; unsealed: boolean }>(
  'cli_left_undone',
  `select (select count(*) from consent where archived_at is null and expires_at < $1) as unexpired,
          exists (select from audit_log where at < $2) as unpurged,
          (select at from audit_seal order by number desc limit 1) as sealed,
          exists (select from audit_log) as unsealed`,
);
