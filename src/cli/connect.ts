import { hostname, userInfo } from 'node:os';
import { DomainError } from '../errors/domain-error.ts';
import { movableClock } from '../platform/clock.ts';
import { toConfig, type Config, type Env } from '../platform/config.ts';
import { openDatabase, sqlState, type Database, type DatabaseLogin, type DatabaseOptions } from '../platform/db.ts';
import { SERVING_ROLE, connectSentence, knownMigrations } from '../platform/migrate.ts';
import type { Platform } from '../platform/platform.ts';
import { runningDatabase } from '../platform/running-database.ts';
import { CommandProblem } from './command-problem.ts';
import { INSTALLATION } from './store.ts';

/** What most commands need of a platform: no keys, no certificates. */
export interface Connected {
  readonly platform: Pick<Platform, 'clock' | 'config' | 'db'>;
  readonly close: () => Promise<void>;
}

/**
 * Connects to the database of an installation, with its own configuration and in the serving role: a command can do no more than a
 * node. Without DATABASE_URL that is the database of the sandbox that runs in DATA_DIR.
 *
 * Throws ConfigError, or CommandProblem when there is no such database, it belongs to the other mode or it is not of this version.
 */
export async function connect(env: Env): Promise<Connected> {
  const config = toConfig(env);
  const { from, login } = await databaseOf(config);
  const db = openDatabase({
    ...login,
    poolSize: 2,
    statementMs: STATEMENT_MS,
    applicationName: `${COMMAND_BY}${operatorOf(env)}`,
  });
  try {
    const offsetSeconds = await checkInstallation(db, config, from);
    return { platform: { clock: movableClock(offsetSeconds), config, db }, close: () => db.close() };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** What the log takes for the beginning of a name (`done_by` of audit_log). A name of an application has 63 characters at most. */
const COMMAND_BY = 'samtykke command by ';
const NAME_CHARACTERS = 63 - COMMAND_BY.length;

/** What operators ask may read through a whole table. */
const STATEMENT_MS = 60_000;

/** Who is at the command line, as this machine knows them: whoever became another user by sudo under the former name. */
function operatorOf(env: Env): string {
  return `${env['SUDO_USER'] ?? userName()}@${hostname()}`.replaceAll(/[^\w.@-]/g, '-').slice(0, NAME_CHARACTERS);
}

/** In a container there may be no name for the user who runs it. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Where the database of this configuration is, and what told so. Throws a CommandProblem where there is none. */
export async function databaseOf(
  config: Config,
): Promise<{ from: string; login: DatabaseLogin & Pick<DatabaseOptions, 'directUrl'> }> {
  const { databaseUrl, databaseOwnerUrl, databaseDirectUrl, dataDir } = config;
  if (databaseUrl !== undefined) {
    const role = databaseOwnerUrl === undefined ? { role: SERVING_ROLE } : {};
    return { from: 'DATABASE_URL', login: { url: databaseUrl, directUrl: databaseDirectUrl, ...role } };
  }
  const url = await runningDatabase(dataDir).catch((error: unknown) => {
    throw new CommandProblem([(error as Error).message]);
  });
  if (url === undefined) {
    throw new CommandProblem([
      `there is no database: no sandbox runs in ${dataDir} (npm start, or another DATA_DIR), and DATABASE_URL is not set`,
    ]);
  }
  return { from: `the sandbox in ${dataDir}`, login: { url } };
}

/** Whether this is a database for this configuration and this code; answers how far its business time is ahead, in seconds. */
async function checkInstallation(db: Database, config: Config, from: string): Promise<number> {
  const [row] = await db.query(INSTALLATION).catch((error: unknown) => {
    throw problemOf(error, from);
  });
  const wanted = Math.max(...knownMigrations().map((migration) => migration.version));
  if (row === undefined || (row.version ?? 0) < wanted) throw notMigrated(from);
  if (row.mode !== config.mode) {
    throw new CommandProblem([
      `the database of ${from} belongs to a ${row.mode} installation: set SAMTYKKE_MODE=${row.mode}, with the rest of its configuration`,
    ]);
  }
  return row.offset_seconds;
}

const notMigrated = (from: string): CommandProblem =>
  new CommandProblem([
    `the database of ${from} is not of this version yet: start a node of this version, which migrates it, or run samtykke migrate`,
  ]);

/** Undefined table; no privilege for it, or for the role; no such role. */
function problemOf(error: unknown, from: string): unknown {
  if (sqlState(error) === '42P01') return notMigrated(from);
  if (sqlState(error) === '42501')
    return new CommandProblem([`the login of ${from} may not read the database: use the one that serves`]);
  if (!(error instanceof DomainError) || error.code !== 'unavailable') return error;
  const mend = from === 'DATABASE_URL' ? [] : ['it may have been stopped: npm start starts it'];
  return new CommandProblem([connectSentence(error.cause, from), ...mend]);
}
