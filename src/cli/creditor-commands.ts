import type { Command } from 'commander';
import type { RegisteredCreditor } from '../creditors/creditor.ts';
import { isOrganisationNumber } from '../person/organisation-number.ts';
import { findCreditor, listCreditors } from '../creditors/creditor-registry.ts';
import { registerCreditor } from '../creditors/register-creditor.ts';
import type { RegistrationInput, RegistrationProblem } from '../creditors/registration.ts';
import { switchCreditor } from '../creditors/switch-creditor.ts';
import { lastCollections, lastRuns } from '../delivery/run-log.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import { resultOf } from './describe-run.ts';
import { changeTable, collectedTable, creditorJson, creditorPage, creditorTable, runJson } from './show-creditors.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { onOff, repeated } from './words.ts';

interface AddOptions extends Omit<RegistrationInput, 'number' | 'organisations'> {
  readonly deliverer?: readonly string[];
  readonly json?: true;
}

/** `samtykke creditor …`: who reports debt, and how it is reached. */
export function creditorCommands(program: Command, tools: Tools): void {
  const group = program
    .command('creditor')
    .description('who reports debt: the registry of creditors, and collecting from them')
    .addHelpText('after', EXAMPLES);

  group
    .command('add <number>')
    .description('adds a creditor, or changes what is said of one; what is not said stays as it is')
    .option('--name <name>', 'its name, as people read it')
    .option('--provider <id>', 'who delivers for it: 9908: or 0192: (both are the same) and an organisation number')
    .option('--base-url <url>', 'where it answers: https://…, before /debt-information/v1/loans')
    .option('--contact-email <address>', "where people have errors corrected; '' for none")
    .option('--contact-phone <number>', "the same by telephone; '' for none")
    .option(
      '--deliverer <number>',
      "organisation whose certificate is good for pushing; repeat it for more, '' for nobody (default: the provider)",
      repeated,
    )
    .option('--client-certificate <name>', 'which of CREDITOR_CERTS_DIR it knows us by; default: the usual one')
    .option('--json', 'answer in JSON')
    .addHelpText('after', ADD_HELP)
    .action((number: string, options: AddOptions) => add(tools, number, options));

  group
    .command('list')
    .description('all creditors, a line for each that delivers')
    .option('--json', 'answer in JSON')
    .action((options: JsonOption) => list(tools, options));

  group
    .command('show <number>')
    .description('one creditor: who delivers for it, how it is reached, its last deliveries')
    .option('--json', 'answer in JSON')
    .action((number: string, options: JsonOption) => show(tools, number, options));

  for (const [word, on] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    group
      .command(`${word} <number>`)
      .description(on ? 'switches it on again' : 'switches it off: not asked, not collected from, pushes refused')
      .option('--provider <id>', 'only what this one delivers for it')
      .option('--json', 'answer in JSON')
      .action((number: string, options: JsonOption & { provider?: string }) => turn(tools, number, options, on));
  }

  group
    .command('collect <number>')
    .description('collects all that it delivers now, due or not, and says what became of it')
    .option('--json', 'answer in JSON')
    .action((number: string, options: JsonOption) => collect(tools, number, options));
}

interface JsonOption {
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  samtykke creditor add 310472654 --name 'Bekkelauv Sparekreditt' --provider 9908:318465711 --base-url https://data.tunet.example
  samtykke creditor list
  samtykke creditor collect 310472654
  samtykke creditor disable 310472654 --provider 9908:318465711`;

const ADD_HELP = `
A new creditor needs a name, a provider and a base URL. While its portfolio moves to another provider it has two: add it again with
the new one, and disable the former when that has delivered its empty list.

Outside of the sandbox the base URL must be https, at addresses on the open internet.

It is called with the certificate of CREDITOR_CERT_FILE, unless it knows us by another one: that is then NAME.pem, with its key
NAME.key, in the folder CREDITOR_CERTS_DIR of every node.

Example:
  samtykke creditor add 310472654 --name 'Bekkelauv Sparekreditt' --provider 9908:318465711 \\
    --base-url https://data.tunet.example/gjeld --contact-email gjeld@bekkelauv.example --deliverer 318465711`;

async function add({ output, connected }: Tools, number: string, options: AddOptions): Promise<void> {
  const { deliverer, json, ...rest } = options;
  const result = await connected(({ platform }) =>
    registerCreditor(platform, { number, ...rest, organisations: deliverer }),
  );
  if (result.outcome === 'refused') {
    throw new CommandProblem(
      result.problems.map((problem) => problemLine(problem, number)),
      EXIT.usage,
    );
  }
  const { outcome, creditor, changes } = result;
  if (json) output.json({ outcome, changes, creditor: creditorJson(creditor) });
  else output.data(`${outcome} ${creditor.id} ${plain(creditor.name)}\n${changeTable(changes, output.look)}`);
  if (!creditor.enabled) output.note(`it is switched off: samtykke creditor enable ${creditor.id} switches it on`);
}

const OPTIONS = {
  name: '--name',
  provider: '--provider',
  baseUrl: '--base-url',
  contactEmail: '--contact-email',
  contactPhone: '--contact-phone',
  organisations: '--deliverer',
  clientCertificate: '--client-certificate',
} as const satisfies Record<Exclude<RegistrationProblem['field'], 'number'>, string>;

const problemLine = ({ field, what }: RegistrationProblem, number: string): string =>
  `${field === 'number' ? `'${plain(number)}'` : OPTIONS[field]} ${what}`;

async function list({ output, connected }: Tools, { json }: JsonOption): Promise<void> {
  const { creditors, last } = await connected(async ({ platform: { db } }) => ({
    creditors: await listCreditors(db),
    last: await lastCollections(db),
  }));
  if (json) {
    output.json(
      creditors.map((creditor) => {
        const told = creditorJson(creditor);
        const lastCollection = (provider: string) =>
          last.filter((run) => run.creditorId === creditor.id && run.providerId === provider).map(runJson)[0] ?? null;
        return {
          ...told,
          providers: told.providers.map((it) => ({ ...it, lastCollection: lastCollection(it.provider) })),
        };
      }),
    );
    return;
  }
  output.data(creditorTable(creditors, last, output.look));
  if (creditors.length === 0) output.note('there are no creditors yet: samtykke creditor add --help');
}

/** Of each kind, from each provider. */
const RUNS_SHOWN = 5;

async function show({ output, connected }: Tools, number: string, { json }: JsonOption): Promise<void> {
  const { creditor, runs } = await connected(async ({ platform: { db } }) => ({
    creditor: known(number, await findCreditor(db, checked(number))),
    runs: await lastRuns(db, number, RUNS_SHOWN),
  }));
  if (json) output.json({ ...creditorJson(creditor), deliveries: runs.map(runJson) });
  else output.data(creditorPage(creditor, runs, output.look));
}

async function turn(
  { output, connected }: Tools,
  number: string,
  { json, provider }: JsonOption & { provider?: string },
  on: boolean,
): Promise<void> {
  const { creditor, changed } = await connected(({ platform }) =>
    switchCreditor(platform, { id: checked(number), provider }, on),
  );
  if (json) {
    output.json({ outcome: changed ? 'changed' : 'unchanged', creditor: creditorJson(creditor) });
    return;
  }
  const what = provider === undefined ? '' : `, what ${plain(provider)} delivers`;
  output.data(`${creditor.id} ${plain(creditor.name)}${what} is ${changed ? 'now' : 'already'} ${onOff(on)}\n`);
  if (on && provider !== undefined && !creditor.enabled) output.note('the creditor itself is still switched off');
}

async function collect({ output, connected }: Tools, number: string, { json }: JsonOption): Promise<void> {
  // Half of all that a command loads is for this one.
  const { collectNow } = await import('./collect-now.ts');
  const { reports, busy } = await connected(async (connection) => {
    const creditor = known(number, await findCreditor(connection.platform.db, checked(number)));
    if (!creditor.enabled || !creditor.providers.some((provider) => provider.enabled)) {
      throw new CommandProblem([`nothing is collected from ${number}: it is switched off`]);
    }
    return output.during(`collecting from ${plain(creditor.name)}`, () => collectNow(connection, creditor));
  });
  const collected = reports.map((report) => {
    const { runId, providerId, seconds } = report;
    return { id: runId, providerId, seconds, ...resultOf(report) };
  });
  if (json) {
    const deliveries = collected.map(({ providerId, ...run }) => ({ provider: providerId, ...run }));
    output.json({ number, busy, deliveries });
  } else output.data(collectedTable(collected, output.look));
  const lines = [
    busy > 0
      ? `somebody else is collecting from ${busy} of its providers at this moment: see samtykke creditor show ${number}`
      : '',
    collected.some((run) => run.outcome !== 'applied') ? 'what was delivered before stays as it was' : '',
    collected.length + busy === 0 ? 'nothing was collected: it has been switched off meanwhile' : '',
  ].filter((line) => line !== '');
  if (lines.length > 0) throw new CommandProblem(lines);
}

function checked(number: string): string {
  if (isOrganisationNumber(number)) return number;
  throw new CommandProblem(
    [`'${plain(number)}' is no organisation number of a creditor: see samtykke creditor list`],
    EXIT.usage,
  );
}

function known(number: string, creditor: RegisteredCreditor | undefined): RegisteredCreditor {
  if (creditor === undefined) throw new CommandProblem([`there is no creditor ${number} in the registry`]);
  return creditor;
}
