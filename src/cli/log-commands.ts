import type { Command } from 'commander';
import { knownClient } from './client-commands.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import { keysOf, personIdsFrom } from './read-keys.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { instant, repeated, wholeNumber } from './words.ts';

interface VerifyOptions {
  readonly expect?: readonly string[];
  readonly since?: string;
  readonly file?: string;
  readonly jwks?: string;
  readonly json?: true;
}

interface ExportOptions {
  readonly from?: string;
  readonly to?: string;
  readonly client?: string;
  readonly person?: true;
  readonly csv?: true;
  readonly json?: true;
}

/** `samtykke log …`: the log as evidence (ADR 18). */
export function logCommands(program: Command, tools: Tools): void {
  const group = program
    .command('log')
    .description(
      'the log of accesses and changes as evidence: whether it is whole and as it was written, and handing it over',
    )
    .addHelpText('after', EXAMPLES);

  group
    .command('verify')
    .description('holds the whole log against its seals, and names what is missing, changed or added')
    .option('--expect <hash>', 'fail unless a seal has this hash, which somebody noted; repeat it for more', repeated)
    .option('--since <number>', 'from this seal on only; what is before it is taken as it is')
    .option('--file <file>', "an export instead of the database, which is not needed then; '-' for standard input")
    .option(
      '--jwks <file>',
      'with --file: the public keys of who exported it, as samtykke keys public seals prints them',
    )
    .option('--json', 'answer in JSON')
    .addHelpText('after', VERIFY_HELP)
    .action((options: VerifyOptions) => verify(tools, options));

  group
    .command('export')
    .description('hands over the log, or a part of it, with the seals that prove it')
    .option('--from <time>', 'rows from then on: a day (UTC), or a time with its zone')
    .option('--to <time>', 'rows before then')
    .option('--client <id>', 'of this client only')
    .option('--person', 'of one person only: the national identity number comes by standard input')
    .option('--csv', 'rows only, for spreadsheets')
    .option('--json', 'a line of JSON for each seal and each row; the default')
    .addHelpText('after', EXPORT_HELP)
    .action((options: ExportOptions) => exportRows(tools, options));
}

const EXAMPLES = `
Examples:
  samtykke log verify
  samtykke log export --from 2026-01-01 --to 2026-02-01 > january.ndjson
  samtykke log verify --file january.ndjson --jwks keys.json
  samtykke log export --person --csv < number.txt > rows.csv`;

const VERIFY_HELP = `
It ends with 0 when all is as it was sealed, and with 1 when anything is not. Note the last hash somewhere else: with --expect the next
check tells whether the log still goes on from there. Rows of the last minute are in no seal yet; they are told as waiting.`;

const EXPORT_HELP = `
Without --client or --person whole seals are exported, and so a few rows from before and after the time that was asked for; whoever
verifies the export sees that nothing of them is missing. With one of these each row can be proved, but not that there are no more.`;

async function verify(tools: Tools, options: VerifyOptions): Promise<void> {
  const { expect: expected = [], since, file, jwks } = options;
  for (const hash of expected) {
    if (!/^[0-9a-f]{64}$/.test(hash)) {
      throw new CommandProblem([`--expect is '${plain(hash)}': write the 64 characters of a hash`], EXIT.usage);
    }
  }
  if (file === undefined && jwks !== undefined) {
    throw new CommandProblem(['--jwks goes with --file: else the keys are those of KEYS_FILE'], EXIT.usage);
  }
  if (file !== undefined && since !== undefined) {
    throw new CommandProblem(['--since goes without --file: an export is verified whole'], EXIT.usage);
  }
  // Half of what they load is for nobody else.
  const { verifyDatabase, verifyFile } = await import('./verify-log.ts');
  if (file !== undefined) return verifyFile(tools, { file, jwks, expected, json: options.json });
  const from = since === undefined ? undefined : wholeNumber('--since', since, 1, Number.MAX_SAFE_INTEGER);
  return verifyDatabase(tools, { since: from, expected, json: options.json });
}

async function exportRows(tools: Tools, options: ExportOptions): Promise<void> {
  const from = options.from === undefined ? undefined : instant('--from', options.from);
  const to = options.to === undefined ? undefined : instant('--to', options.to);
  if (options.csv && options.json) throw new CommandProblem(['--csv and --json do not go together'], EXIT.usage);
  const { client: clientId } = options;
  const { writeExport } = await import('./export-log.ts');
  await tools.connected(async ({ platform }) => {
    const { db, config, clock } = platform;
    if (clientId !== undefined) await knownClient(db, clientId);
    const keys = keysOf(config);
    const persons = options.person ? await personIdsFrom(tools, platform) : undefined;
    await writeExport(
      tools.output,
      db,
      { from, to, clientId, persons },
      { keys, now: clock.now(), csv: options.csv === true },
    );
  });
}
