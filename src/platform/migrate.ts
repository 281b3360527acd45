import { readFileSync, readdirSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Mode } from './config.ts';
import { UnfitConnectionError } from './db-primary.ts';

/** A database that cannot be used as it is; the message is one line that says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** The database could not be connected to; the cause says why. */
class ConnectError extends Error {
  override readonly name = 'ConnectError';
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

const FOLDER = join(import.meta.dirname, '../../db/migrations');

/** The migrations of this version of the code, in order. */
export function knownMigrations(folder: string = FOLDER): readonly Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .sort()
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      return { version: Number(file.slice(0, 4)), name: file, text, checksum: hash('sha256', text, 'hex') };
    });
}

/** The role that serving connections have; made by `migrate`, granted what `0004-serving-role.sql` lists. */
export const SERVING_ROLE = 'samtykke_app';

const LOCK = 7_230_114_501;

/**
 * Brings the schema up to this version, as its owner. Each migration is one transaction; forward only. Any number of nodes may
 * call it at once: they take turns (session advisory lock), and all but the first find nothing to do. Where nothing is to be
 * done the serving login may call it too, so that the owner's login is needed only by the node that upgrades. A database that is newer
 * than the code is left as it is, so that an old node keeps running during a rolling upgrade.
 *
 * Throws MigrationError when the server is older than 15, an applied migration has since been changed, the serving role is
 * missing and cannot be made, or the database belongs to the other mode (R4).
 */
export async function migrate(options: {
  ownerUrl: string;
  servingUrl: string;
  mode: Mode;
  folder?: string;
}): Promise<void> {
  await withClient(options.ownerUrl, async (client) => {
    const version = Number((await client.query('show server_version_num')).rows[0].server_version_num);
    if (version < 150_000) {
      throw new MigrationError(`this is PostgreSQL ${Math.trunc(version / 10_000)}: Samtykke needs 15 or newer`);
    }
    await refuseOtherMode(client, options.mode); // before anything is changed
    const login = decodeURIComponent(new URL(options.servingUrl).username);
    if (!(await isUpToDate(client, version, login, options.folder))) {
      await client.query('select pg_advisory_lock($1)', [LOCK]);
      await ensureServingRole(client, version, login);
      await applyMissing(client, options.folder);
      await client.query('insert into installation (mode) values ($1) on conflict do nothing', [options.mode]);
      // After a dump, or pg_upgrade: the timelines that numbers of the feed are counted from begin again (ADR 23).
      if (await isFromElsewhere(client)) await client.query('select feed_begin_anew()');
    }
    await refuseOtherMode(client, options.mode);
  });
}

/** How far a database has come. */
export interface MigrationStatus {
  readonly applied: readonly {
    readonly name: string;
    readonly appliedAt: Date;
    /** `changed`: its file is another one now. `unknown`: this version has no such file, so a newer one has been here. */
    readonly state: 'as_applied' | 'changed' | 'unknown';
  }[];
  /** In the order in which they will be applied. */
  readonly waiting: readonly string[];
}

/** Tells which migrations are applied and which wait, and changes nothing. Throws as `migrate` when the database cannot be reached. */
export async function migrationStatus(url: string, folder?: string): Promise<MigrationStatus> {
  return withClient(url, async (client) => {
    const known = knownMigrations(folder);
    const applied = (await appliedMigrations(client)) ?? new Map<number, AppliedMigration>();
    return {
      applied: [...applied.values()].map(({ version, name, checksum, applied_at: appliedAt }) => {
        const file = known.find((migration) => migration.version === version);
        const state = file === undefined ? 'unknown' : file.checksum === checksum ? 'as_applied' : 'changed';
        return { name, appliedAt, state };
      }),
      waiting: known.filter(({ version }) => !applied.has(version)).map(({ name }) => name),
    };
  });
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'samtykke migrate',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined); // a lost connection also fails the statement under way, which is where it is told
  await client.connect().catch((cause: unknown) => {
    throw new ConnectError('the database cannot be connected to', { cause });
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A database that says already whose it is must be of our mode; one that says nothing yet is anybody's. */
async function refuseOtherMode(client: pg.Client, wanted: Mode): Promise<void> {
  const { rows } = await client.query(
    `select from pg_class where oid = to_regclass('installation') and has_table_privilege(oid, 'select')`,
  );
  if (rows.length === 0) return;
  const [installation] = (await client.query('select mode from installation')).rows as { mode: Mode }[];
  if (installation !== undefined && installation.mode !== wanted) {
    throw new MigrationError(
      `this database belongs to a ${installation.mode} installation: give ${wanted} a database of its own`,
    );
  }
}

interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
}

/** What has been applied, by version and in its order; undefined when nothing ever was, or this login may not see it. */
async function appliedMigrations(client: pg.Client): Promise<ReadonlyMap<number, AppliedMigration> | undefined> {
  const visible = await client.query(
    `select from pg_class where oid = to_regclass('schema_migration') and has_table_privilege(oid, 'select')`,
  );
  if (visible.rowCount === 0) return undefined;
  const { rows } = await client.query(
    'select version, name, checksum, applied_at from schema_migration order by version',
  );
  return new Map((rows as AppliedMigration[]).map((row) => [row.version, row]));
}

/** Whether there is nothing to do: then the owner's rights are not needed, and a node can start with the serving login alone. */
async function isUpToDate(
  client: pg.Client,
  version: number,
  login: string,
  folder: string | undefined,
): Promise<boolean> {
  const applied = await appliedMigrations(client);
  if (applied === undefined || (await lacksServingRole(client, version, login))) return false;
  // Another node may be in the midst of it: its tables are asked only when all of them are there.
  const complete = knownMigrations(folder).every(
    (migration) => applied.get(migration.version)?.checksum === migration.checksum,
  );
  return (
    complete && (await client.query('select from installation')).rowCount === 1 && !(await isFromElsewhere(client))
  );
}

/** Whether the rows have come to this server in another way than a backup or a replica does. */
async function isFromElsewhere(client: pg.Client): Promise<boolean> {
  const known = await client.query(
    `select from pg_class where oid = to_regclass('feed_cluster') and has_table_privilege(oid, 'select')`,
  );
  if (known.rowCount === 0) return false;
  const other = await client.query(
    'select from feed_cluster f, pg_control_system() here where f.system_identifier <> here.system_identifier',
  );
  return other.rowCount !== 0;
}

async function applyMissing(client: pg.Client, folder: string | undefined): Promise<void> {
  await client.query(`create table if not exists schema_migration (
    version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null)`);
  await client.query(`grant select on schema_migration to ${SERVING_ROLE}`);
  const applied = await appliedMigrations(client);
  for (const migration of knownMigrations(folder)) {
    const checksum = applied?.get(migration.version)?.checksum;
    if (checksum === undefined) await apply(client, migration);
    else if (checksum !== migration.checksum) {
      throw new MigrationError(
        `${migration.name} has been changed since it was applied to this database: put it back, and add a new migration`,
      );
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.text);
    await client.query(
      'insert into schema_migration (version, name, checksum, applied_at) values ($1, $2, $3, clock_timestamp())',
      [migration.version, migration.name, migration.checksum],
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // the error that matters is the first one
    throw new MigrationError(`${migration.name} failed, and nothing of it was applied: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * Whether this login cannot take on the serving role. From PostgreSQL 16 on, whoever makes a role administers it without being
 * allowed to become it. A login that the server does not know by this name (behind a pooler) is taken to be in order.
 */
async function lacksServingRole(client: pg.Client, version: number, login: string): Promise<boolean> {
  const { rows } = await client.query(
    `select pg_has_role(rolname, $1, $3) as able from pg_roles
     where rolname = $2 and exists (select from pg_roles where rolname = $1)`,
    [SERVING_ROLE, login, version >= 160_000 ? 'set' : 'member'],
  );
  return (rows as { able: boolean }[])[0]?.able === false;
}

async function ensureServingRole(client: pg.Client, version: number, login: string): Promise<void> {
  try {
    const exists = (await client.query('select from pg_roles where rolname = $1', [SERVING_ROLE])).rowCount === 1;
    if (!exists) {
      // Roles belong to the whole server: another database's migration may be making it at this moment.
      await client.query(`create role ${SERVING_ROLE} nologin`).catch((error: unknown) => {
        if (!['42710', '23505'].includes((error as pg.DatabaseError).code ?? '')) throw error;
      });
    }
    if (await lacksServingRole(client, version, login)) {
      await client.query(`grant ${SERVING_ROLE} to ${pg.escapeIdentifier(login)}`);
    }
  } catch (error) {
    if ((error as pg.DatabaseError).code !== '42501') throw error;
    throw new MigrationError(
      `the role ${SERVING_ROLE} is not there for the login that serves, and this login may not make it: as an administrator run ` +
        `'create role ${SERVING_ROLE} nologin; grant ${SERVING_ROLE} to "${login}"'`,
      { cause: error },
    );
  }
}

/**
 * Why `migrate` failed as a line that names the variable and what to do (R3); what has no such line is answered as it is. Never
 * the address's password.
 */
export function connectionProblem(error: unknown, variable: string): unknown {
  if (error instanceof ConnectError)
    return new MigrationError(connectSentence(error.cause, variable), { cause: error });
  if ((error as { code?: unknown } | undefined)?.code !== '42501') return error;
  return new MigrationError(
    `the login of ${variable} may not make tables there: let it own the database, or set DATABASE_OWNER_URL`,
  );
}

/** Why a connection failed, as a line that names where the address came from and what to do. Never the address itself. */
export function connectSentence(cause: unknown, variable: string): string {
  if (cause instanceof UnfitConnectionError) return cause.message;
  const { code } = (cause ?? {}) as { code?: string };
  if (code === undefined) {
    return `the database of ${variable} does not answer: check host and port, and that it is running`;
  }
  switch (code) {
    case '28P01':
    case '28000':
      return `the database of ${variable} refuses the login: check user and password`;
    case '3D000':
      return `the database that ${variable} names does not exist: create it, or name another`;
    case '08P01':
      return `the server of ${variable} refuses what is set when connecting: if it is a pooler in transaction mode, name the login past it in DATABASE_DIRECT_URL`;
    case '42501':
      return `the login of ${variable} may not connect to that database: let it own the database, or grant it CONNECT`;
    default:
      return `the database of ${variable} cannot be reached (${code}): check host and port, and that it is running`;
  }
}
