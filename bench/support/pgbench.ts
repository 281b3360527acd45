import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withClient, type TestDatabase } from '../../test/support/database.ts';
import { REGISTER } from '../../src/consent/store.ts';
import { statOf } from './machine.ts';
import { DAYS, PERSONS, PURPOSE } from './register-values.ts';
import { runFolder } from './sandbox-env.ts';
import type { Side } from './versus.ts';

export const PGBENCH_CLIENTS = 16;
const run = promisify(execFile);

/** What pgbench says of itself, as `pgbench (PostgreSQL) 17.1`; undefined: it is not installed. */
export const pgbenchVersion = (): Promise<string | undefined> =>
  run('pgbench', ['--version']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );

/**
 * What stands for each parameter of `REGISTER` in a script. The null ones are null only when the statement runs, so that no plan is
 * made without them; the ids begin with the time, as ours do.
 */
const parameters = [
  'uuidv7()',
  ':client::uuid',
  ':purpose::text',
  ':days::integer',
  "('bench-' || :number::bigint)::text",
  'now()',
  "(now() + interval '28 days')",
  'uuidv7()',
  'array[sha256(:person::text::bytea)]',
  'uuidv7()',
  'sha256(:person::text::bytea)',
  ':key::text',
  ':cipher::bytea',
  ':key::text',
  ':key::text',
  ':actor::text',
  "nullif(:none::text, 'none')::uuid",
  'now()',
  "nullif(:none::text, 'none')::bytea",
] as const;

/**
 * Puts the persons of the script in place. Two that meet a person for the first time at once find that one of them makes nothing, and
 * we would try again; pgbench would count it.
 */
export async function makePgbenchPersons(database: TestDatabase): Promise<void> {
  await withClient(database.superuserUrl, (client) =>
    client.query(
      `insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
       select uuidv7(), sha256(n::text::bytea), 'bench', sha256('bench') || '12345678', 'bench', now() from generate_series(1, $1::integer) n`,
      [PERSONS],
    ),
  );
}

/** pgbench with the statement that registers a consent, prepared, as a side of a comparison. */
export function pgbenchSide(databaseUrl: string, clientId: string): Side {
  const statement = REGISTER.text.replaceAll(/\$(\d+)/g, (_all, place: string) => parameters[Number(place) - 1] ?? '');
  const script = join(runFolder, 'register.pgbench');
  writeFileSync(
    script,
    `\\set person random(1, ${PERSONS})\n\\set number random(1, 9000000000000000000)\n${statement.replaceAll(/\s+/g, ' ')};\n`,
  );
  const variables = {
    client: clientId,
    purpose: PURPOSE,
    days: String(DAYS),
    key: 'bench',
    cipher: `\\x${'5a'.repeat(40)}`,
    actor: 'client',
    none: 'none',
  };
  // A password does not belong into a command line.
  const address = new URL(databaseUrl);
  const env = { ...process.env, PGPASSWORD: decodeURIComponent(address.password) };
  address.password = '';
  const defined = Object.entries(variables).map(([name, value]) => `--define=${name}=${value}`);
  let counted = 0;
  return {
    run: async (milliseconds) => {
      const seconds = Math.max(1, Math.round(milliseconds / 1_000));
      const how = ['--no-vacuum', '--protocol=prepared', `--client=${PGBENCH_CLIENTS}`, `--time=${seconds}`];
      const { stdout } = await run('pgbench', [...how, ...defined, `--file=${script}`, address.href], { env });
      const told = (what: RegExp): number => Number(what.exec(stdout)?.[1] ?? NaN);
      if (told(/failed transactions: (\d+)/) > 0) throw new Error(`pgbench failed: ${stdout}`);
      const operations = told(/transactions actually processed: (\d+)/);
      const average = told(/latency average = ([\d.]+) ms/);
      // It leaves out the time that connecting took.
      return { operations, seconds: operations / told(/tps = ([\d.]+)/), p50: average, p95: NaN, p99: NaN, asking: 0 };
    },
    cpu: async () => {
      const before = counted;
      counted = statOf(String(process.pid))?.cpuOfEnded ?? NaN;
      return counted - before;
    },
    close: async () => undefined,
  };
}
