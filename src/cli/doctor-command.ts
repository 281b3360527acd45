import type { Command } from 'commander';
import { CommandProblem } from './command-problem.ts';
import type { Finding } from './finding.ts';
import { emphasised, plain, type Look } from './table.ts';
import type { Tools } from './tools.ts';
import { many } from './words.ts';

/** `samtykke doctor`: whether everything that an installation needs is as it should be. */
export function doctorCommand(program: Command, tools: Tools): void {
  program
    .command('doctor')
    .description('looks whether everything is as it should be, and says what to do where it is not')
    .option('--json', 'answer in JSON')
    .addHelpText('after', HELP)
    .action(({ json }: { json?: true }) => examine(tools, json));
}

const HELP = `
It looks at configuration, keys, database, migrations, clocks, certificates, the login provider, creditors (one request each, for an
address that they need not have), deliveries, webhooks, nodes and jobs, and changes nothing. It ends with 1 when anything failed.`;

async function examine({ output, env }: Tools, json: true | undefined): Promise<void> {
  const { examineInstallation } = await import('./doctor.ts');
  const findings: Finding[] = [];
  for await (const finding of examineInstallation(env)) {
    findings.push(finding);
    if (!json) output.data(lineOf(finding, output.look));
  }
  const failed = findings.filter(({ outcome }) => outcome === 'failed').length;
  if (json) output.json({ ok: failed === 0, findings });
  if (failed > 0) throw new CommandProblem([`${many(failed, 'thing')} failed`]);
}

const COLOURS = { ok: 'dim', warning: 'yellow', failed: 'red' } as const satisfies Record<Finding['outcome'], string>;
/** As wide as the widest. */
const [OUTCOME, CHECK] = [7, 13];

function lineOf({ check, outcome, what, todo }: Finding, look: Look): string {
  const begin = `${emphasised(COLOURS[outcome], outcome.padEnd(OUTCOME), look)}  ${check.padEnd(CHECK)}  ${plain(what)}\n`;
  return todo === undefined ? begin : `${begin}${' '.repeat(OUTCOME + CHECK + 4)}${plain(todo)}\n`;
}
