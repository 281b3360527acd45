import { statSync } from 'node:fs';
import { clientsWithSecrets } from '../clients/client-registry.ts';
import { sandboxSecrets } from '../clients/sandbox-secrets.ts';
import { DomainError } from '../errors/domain-error.ts';
import { neededKeys, readRegistered } from '../keys/key-registry.ts';
import { lackingIn, listIds, outdatedIn } from '../keys/rotation.ts';
import { movableClock, systemClock } from '../platform/clock.ts';
import { ConfigError, toConfig, type Config, type Env } from '../platform/config.ts';
import { sha256 } from '../platform/crypto.ts';
import { whatPoolerLacks } from '../platform/db-pooler.ts';
import { openDatabase, type Database } from '../platform/db.ts';
import { idsOf } from '../platform/keys-order.ts';
import type { Keys } from '../platform/keys.ts';
import { connectSentence, migrationStatus } from '../platform/migrate.ts';
import { CommandProblem } from './command-problem.ts';
import { databaseOf } from './connect.ts';
import { examineSurroundings } from './doctor-surroundings.ts';
import type { Examined, Finding } from './finding.ts';
import { keysOf } from './read-keys.ts';
import { INSTALLATION, SERVER } from './store.ts';
import { many } from './words.ts';

/**
 * Looks at an installation from the ground up, and tells what it finds as it finds it. What cannot be looked at because something
 * before it failed is left out. Changes nothing, and waits for nothing longer than some seconds. Throws nothing that is about the
 * installation.
 */
export async function* examineInstallation(env: Env): AsyncGenerator<Finding> {
  const config = yield* configured(env);
  if (config === undefined) return;
  const keys = yield* readKeys(config);
  const db = yield* connected(config);
  if (db === undefined) return;
  try {
    const platform = yield* ofThisVersion(config, db);
    if (platform === undefined) return;
    yield await comparedClocks(platform);
    if (keys !== undefined) yield await knownKeys(platform, keys);
    yield* behindPooler(config);
    yield* weakSecrets(platform);
    yield* examineSurroundings(platform, env);
  } finally {
    await db.close();
  }
}

async function* configured(env: Env): AsyncGenerator<Finding, Config | undefined> {
  try {
    const config = toConfig(env);
    const { mode, apiUrl } = config;
    yield { check: 'configuration', outcome: 'ok', what: `${mode}, at ${apiUrl}` };
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const what of error.problems) yield { check: 'configuration', outcome: 'failed', what };
    return undefined;
  }
}

async function* readKeys(config: Config): AsyncGenerator<Finding, Keys | undefined> {
  try {
    const keys = keysOf(config);
    const { keysFile } = config;
    // Those who may read the file may read everybody's number, if they get the database too.
    if ((statSync(keysFile).mode & 0o077) !== 0) {
      yield {
        check: 'keys',
        outcome: 'warning',
        what: `others than its owner may read or write KEYS_FILE ${keysFile}`,
        todo: `chmod 600 ${keysFile}`,
      };
    }
    return keys;
  } catch (error) {
    if (!(error instanceof CommandProblem)) throw error;
    yield { check: 'keys', outcome: 'failed', what: error.message, todo: 'name the file that the nodes have' };
    return undefined;
  }
}

async function* connected(config: Config): AsyncGenerator<Finding, Database | undefined> {
  let from = 'DATABASE_URL';
  let db: Database | undefined;
  try {
    const place = await databaseOf(config);
    from = place.from;
    db = openDatabase({ ...place.login, poolSize: 2, statementMs: 30_000, applicationName: 'samtykke doctor' });
    const [server] = await db.query(SERVER);
    if (server === undefined) throw new Error('the server said nothing of itself');
    const old = server.number < 150_000;
    yield {
      check: 'database',
      outcome: old ? 'failed' : server.superuser ? 'warning' : 'ok',
      what: `PostgreSQL ${server.version}, database ${server.database} of ${from}`,
      ...(old ? { todo: 'Samtykke needs PostgreSQL 15 or newer' } : {}),
      ...(server.superuser && !old
        ? { todo: 'its login is a superuser: give the nodes a login that may do less' }
        : {}),
    };
    if (!old) return db;
  } catch (error) {
    yield { check: 'database', outcome: 'failed', what: databaseProblem(error, from) };
  }
  await db?.close();
  return undefined;
}

function databaseProblem(error: unknown, from: string): string {
  if (error instanceof CommandProblem) return error.message;
  if (error instanceof DomainError) return connectSentence(error.cause, from);
  return `the database of ${from} refuses what nodes ask of it: check that its login is the one that serves`;
}

async function* behindPooler({ databaseUrl, databaseDirectUrl }: Config): AsyncGenerator<Finding> {
  if (databaseUrl === undefined || databaseDirectUrl === undefined) return;
  const lacks = await whatPoolerLacks(databaseUrl);
  for (const what of lacks) yield { check: 'pooler', outcome: 'failed', what };
  if (lacks.length === 0) yield { check: 'pooler', outcome: 'ok', what: 'transaction mode, with named statements' };
}

async function* ofThisVersion(config: Config, db: Database): AsyncGenerator<Finding, Examined | undefined> {
  const { applied, waiting } = await migrationStatus(db.login().url);
  const changed = applied.filter(({ state }) => state === 'changed').map(({ name }) => name);
  const unknown = applied.filter(({ state }) => state === 'unknown');
  if (waiting.length > 0) {
    yield {
      check: 'migrations',
      outcome: 'failed',
      what: `${many(waiting.length, 'migration')} waiting: ${waiting.join(', ')}`,
      todo: 'samtykke migrate, or start a node of this version',
    };
    return undefined;
  }
  if (changed.length > 0) {
    yield {
      check: 'migrations',
      outcome: 'failed',
      what: `changed since they were applied: ${changed.join(', ')}`,
      todo: 'install this version anew, from where it was published',
    };
  } else if (unknown.length > 0) {
    const what = `the database is of a newer version (${unknown.map(({ name }) => name).join(', ')})`;
    yield { check: 'migrations', outcome: 'warning', what, todo: 'bring this machine up to that version, too' };
  } else yield { check: 'migrations', outcome: 'ok', what: `all ${applied.length} applied` };
  const [installation] = await db.query(INSTALLATION);
  if (installation?.mode === config.mode) {
    return { db, config, clock: movableClock(installation.offset_seconds) };
  }
  const mode = installation?.mode ?? 'no';
  const what = `the database belongs to ${mode === 'no' ? 'no installation yet' : `a ${mode} installation`}`;
  yield { check: 'database', outcome: 'failed', what, todo: `set SAMTYKKE_MODE=${mode}, or name another database` };
  return undefined;
}

/** Codes are good for a minute, and clients' assertions and certificates are held against the clock of a node. */
const SKEW_SECONDS = { warning: 1, failed: 10 } as const;

async function comparedClocks({ db }: Examined): Promise<Finding> {
  const before = systemClock.realNow().getTime();
  const [server] = await db.query(SERVER);
  const after = systemClock.realNow().getTime();
  // The server's time is of some moment between these two.
  const there = server?.now.getTime() ?? after;
  const skew = there < before ? there - before : there > after ? there - after : 0;
  const apart = Math.abs(skew) / 1_000;
  const outcome = apart >= SKEW_SECONDS.failed ? 'failed' : apart >= SKEW_SECONDS.warning ? 'warning' : 'ok';
  const what =
    apart < 0.1
      ? 'this machine and the database agree'
      : `this machine is ${apart.toFixed(1)} s ${skew > 0 ? 'behind' : 'ahead of'} the database`;
  return {
    check: 'clock',
    outcome,
    what,
    ...(outcome === 'ok' ? {} : { todo: 'synchronise the clocks of both (NTP)' }),
  };
}

async function knownKeys({ config, db }: Examined, keys: Keys): Promise<Finding> {
  const known = idsOf(keys);
  const registered = await readRegistered(db);
  const missing = listIds(lackingIn(known, registered, await neededKeys(db)));
  const outdated = outdatedIn(known, registered);
  const file = `KEYS_FILE ${config.keysFile}`;
  if (missing !== '') {
    return {
      check: 'keys',
      outcome: 'failed',
      what: `${file} lacks ${missing}`,
      todo: 'put the newest copy of it here',
    };
  }
  if (outdated.length > 0) {
    const what = `${file} holds keys that have been retired: ${outdated.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`;
    return { check: 'keys', outcome: 'warning', what, todo: 'put the newest copy of it here' };
  }
  if (keys.seals.length === 0) {
    const what = `${file} has no keys for the seals of the log: those of tokens sign them`;
    return { check: 'keys', outcome: 'warning', what, todo: 'samtykke keys rotate seals' };
  }
  return {
    check: 'keys',
    outcome: 'ok',
    what: `${file} has all that are needed`,
  };
}

async function* weakSecrets({ config, db }: Examined): AsyncGenerator<Finding> {
  if (config.mode === 'sandbox') return;
  for (const id of await clientsWithSecrets(db, sandboxSecrets.map(sha256))) {
    const todo = `samtykke client rotate-secret ${id} --overlap 0`;
    yield { check: 'secrets', outcome: 'failed', what: `client ${id} has the secret of a sandbox`, todo };
  }
}
