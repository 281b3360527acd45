import type { Command } from 'commander';
import { migratingUrl, toConfig, type Config } from '../platform/config.ts';
import { connectionProblem, migrate, migrationStatus, type MigrationStatus } from '../platform/migrate.ts';
import { CommandProblem } from './command-problem.ts';
import { databaseOf } from './connect.ts';
import { plain, table, type Look } from './table.ts';
import type { Tools } from './tools.ts';
import { many, moment } from './words.ts';

interface Options {
  readonly status?: true;
  readonly json?: true;
}

/** `samtykke migrate`: brings a database up to this version. */
export function migrateCommand(program: Command, tools: Tools): void {
  program
    .command('migrate')
    .description('brings the database up to this version, by DATABASE_OWNER_URL; a node that starts does the same')
    .option('--status', 'only list what is applied and what waits')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action((options: Options) => (options.status ? showStatus(tools, options) : apply(tools, options)));
}

const HELP = `
Nodes of the version before go on while it is done, and after. There is no way back but a backup: make one before.

Examples:
  samtykke migrate --status
  samtykke migrate`;

async function showStatus({ output, env }: Tools, { json }: Options): Promise<void> {
  const status = await statusOf(toConfig(env));
  if (json) output.json(status);
  else output.data(statusTable(status, output.look));
  if (status.waiting.length > 0 && !json)
    output.note(`${many(status.waiting.length, 'migration')} waiting: samtykke migrate applies them`);
}

async function apply({ output, env }: Tools, { json }: Options): Promise<void> {
  const config = toConfig(env);
  const { databaseUrl, mode } = config;
  if (databaseUrl === undefined) {
    throw new CommandProblem([
      'DATABASE_URL is not set, and a sandbox brings its own database up to date when it starts',
    ]);
  }
  const before = await statusOf(config);
  await output
    .during('migrating', () =>
      migrate({ ownerUrl: migratingUrl(config) ?? databaseUrl, servingUrl: databaseUrl, mode }),
    )
    .catch((error: unknown) => {
      throw connectionProblem(error, variableOf(config));
    });
  const after = await statusOf(config);
  const done = before.waiting.filter((name) => !after.waiting.includes(name));
  if (json) output.json({ outcome: done.length > 0 ? 'changed' : 'unchanged', migrated: done, ...after });
  else output.data(done.length === 0 ? 'nothing to apply\n' : done.map((name) => `applied ${name}\n`).join(''));
}

const variableOf = ({ databaseOwnerUrl }: Config): string =>
  databaseOwnerUrl === undefined ? 'DATABASE_URL' : 'DATABASE_OWNER_URL';

async function statusOf(config: Config): Promise<MigrationStatus> {
  const { from, login } = await databaseOf(config);
  const url = migratingUrl(config) ?? login.url;
  return migrationStatus(url).catch((error: unknown) => {
    throw connectionProblem(error, config.databaseOwnerUrl === undefined ? from : 'DATABASE_OWNER_URL');
  });
}

const STATES = {
  as_applied: '',
  changed: 'its file has been changed since',
  unknown: 'of a newer version',
} as const satisfies Record<MigrationStatus['applied'][number]['state'], string>;

const statusTable = ({ applied, waiting }: MigrationStatus, look: Look): string =>
  table(
    [{ title: 'migration' }, { title: 'applied (UTC)' }, { title: 'remark', fits: true }],
    [
      ...applied.map(({ name, appliedAt, state }) => [plain(name), moment(appliedAt), STATES[state]]),
      ...waiting.map((name) => [name, 'waiting', '']),
    ],
    look,
  );
