import { Command, CommanderError } from 'commander';
import { DomainError } from '../errors/domain-error.ts';
import { maskNins } from '../person/nin.ts';
import { ConfigError } from '../platform/config.ts';
import { KeysFileProblem } from '../platform/keys.ts';
import { MigrationError } from '../platform/migrate.ts';
import { version } from '../platform/version.ts';
import { clientCommands } from './client-commands.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import { connect } from './connect.ts';
import { consentCommands } from './consent-commands.ts';
import { creditorCommands } from './creditor-commands.ts';
import { keyCommands } from './key-commands.ts';
import { doctorCommand } from './doctor-command.ts';
import { feedCommands } from './feed-commands.ts';
import { logCommands } from './log-commands.ts';
import { migrateCommand } from './migrate-command.ts';
import { purposeCommands } from './purpose-commands.ts';
import type { Tools } from './tools.ts';
import { webhookCommands } from './webhook-commands.ts';

/** What a command is given of the process that it runs in. */
export type Surroundings = Omit<Tools, 'connected'>;

/**
 * `samtykke …`: what operators do. It speaks to the database of an installation with the installation's own configuration. Data go to
 * standard output and everything else to standard error; it asks nothing, and answers with the code to end with: 0 (done), 1 (failed)
 * or 64 (wrongly called).
 */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { output } = surroundings;
  try {
    refuseNins(args);
    await programOf(surroundings).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    for (const line of linesOf(error)) output.note(line);
    return error instanceof CommandProblem ? error.exitCode : EXIT.failed;
  }
}

function programOf(surroundings: Surroundings): Command {
  const { env, output } = surroundings;
  const program = new Command('samtykke')
    .description('Consents to share debt information: what operators do.')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this, or how a command is used')
    .helpCommand('help [command]', 'the same')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.data(text),
      writeErr: (text) => output.complain(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'samtykke: ')),
    })
    .addHelpText('after', HELP);
  const tools: Tools = {
    ...surroundings,
    connected: async (work) => {
      const connected = await connect(env);
      try {
        return await work(connected);
      } finally {
        await connected.close();
      }
    },
  };
  clientCommands(program, tools);
  consentCommands(program, tools);
  purposeCommands(program, tools);
  creditorCommands(program, tools);
  keyCommands(program, tools);
  feedCommands(program, tools);
  webhookCommands(program, tools);
  logCommands(program, tools);
  migrateCommand(program, tools);
  doctorCommand(program, tools);
  return program;
}

const HELP = `
It reads the variables that a node reads (npm start -- --help names them), above all DATABASE_URL and SAMTYKKE_MODE; without
DATABASE_URL it speaks to the sandbox that runs in DATA_DIR.

Exit codes: 0 done, 1 failed, 64 wrongly called.`;

/** Arguments can be read by everybody on the machine, and stay in the history of the shell. */
function refuseNins(args: readonly string[]): void {
  const looksLikeOne = (arg: string): boolean => {
    const text = arg.replaceAll(/(?<!\d)(\d{6})[ .-]?(\d{5})(?!\d)/g, '$1$2');
    return maskNins(text) !== text;
  };
  if (args.some(looksLikeOne)) {
    throw new CommandProblem(['an argument looks like a national identity number: no command takes one'], EXIT.usage);
  }
}

/** What is told of an error: not its stack, and not what a driver put into its message, which may be anything. */
function linesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  if (error instanceof CommandProblem) return error.lines;
  if (error instanceof DomainError) return [error.detail];
  if (error instanceof MigrationError || error instanceof KeysFileProblem) return [error.message];
  const { name, code } = error as { name?: unknown; code?: unknown };
  return [`it failed, and that is a fault of ours: ${String(name)}${typeof code === 'string' ? ` ${code}` : ''}`];
}
