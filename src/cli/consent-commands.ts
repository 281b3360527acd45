import { Option, type Command } from 'commander';
import { historyOfConsent } from '../audit/history-log.ts';
import {
  overviewOfConsent,
  overviewOfConsents,
  overviewStates,
  type ConsentOverview,
  type OverviewState,
} from '../consent/overview.ts';
import { revokeConsent } from '../consent/revoke.ts';
import { readShown } from '../consent-request/read-shown.ts';
import { newTraceId } from '../platform/ids.ts';
import { knownClient } from './client-commands.ts';
import { CommandProblem } from './command-problem.ts';
import { personIdsFrom } from './read-keys.ts';
import { consentJson, consentPage, consentTable } from './show-consents.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { wholeNumber } from './words.ts';

interface JsonOption {
  readonly json?: true;
}

interface ListOptions extends JsonOption {
  readonly client?: string;
  readonly person?: true;
  readonly state: OverviewState;
  readonly limit: string;
}

/** `samtykke consent …`: what people have agreed to. */
export function consentCommands(program: Command, tools: Tools): void {
  const group = program
    .command('consent')
    .description('what people have agreed to: whom it was given to, what became of it; and ending it')
    .addHelpText('after', EXAMPLES);

  group
    .command('list')
    .description('consents, the newest first')
    .option('--client <id>', 'of this client only')
    .option('--person', 'of one person only: the national identity number comes by standard input')
    .addOption(
      new Option('--state <state>', 'those of which this is true now').choices(overviewStates).default('active'),
    )
    .option('--limit <number>', 'at most so many', '50')
    .option('--json', 'answer in JSON')
    .action((options: ListOptions) => list(tools, options));

  group
    .command('show <id>')
    .description('one consent, with what the log says of it')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => show(tools, id, options));

  group
    .command('revoke <id>')
    .description('ends it at once, for the operator; the client is told by the change feed')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => revoke(tools, id, options));
}

const EXAMPLES = `
Examples:
  samtykke consent list --client a0000000-0000-4000-8000-000000000001
  samtykke consent list --person --state all < number.txt
  samtykke consent revoke 019ab01e-2f3c-7d40-9c1a-5b7e2f0a4c11

No command prints a national identity number, and none takes one as an argument.`;

/** More are for the export of the log. */
const MOST_LISTED = 10_000;

async function list(tools: Tools, options: ListOptions): Promise<void> {
  const { output } = tools;
  const { client, state, json } = options;
  const limit = wholeNumber('--limit', options.limit, 1, MOST_LISTED);
  const found = await tools.connected(async ({ platform }) => {
    if (client !== undefined) await knownClient(platform.db, client);
    const persons = options.person ? await personIdsFrom(tools, platform) : undefined;
    return overviewOfConsents(platform, { clientId: client, persons, state, atMost: limit + 1 });
  });
  const shown = found.slice(0, limit);
  if (json) output.json(shown.map(consentJson));
  else output.data(consentTable(shown, output.look));
  if (found.length > limit) output.note(`there are more than these: --limit takes up to ${MOST_LISTED}`);
  else if (found.length === 0) output.note('there are none');
}

/** Of the log of one consent. */
const ENTRIES_SHOWN = 100;

async function show({ output, connected }: Tools, id: string, { json }: JsonOption): Promise<void> {
  const { overview, history, shown } = await connected(async ({ platform }) => ({
    overview: known(id, await overviewOfConsent(platform, id)),
    history: await historyOfConsent(platform.db, id, ENTRIES_SHOWN),
    shown: await readShown(platform.db, id),
  }));
  if (json) {
    const { text: _text, ...proof } = shown ?? { text: null };
    output.json({ ...consentJson(overview), shown: shown === undefined ? null : proof, log: history });
  } else output.data(consentPage(overview, history, shown, output.look));
}

async function revoke({ output, connected }: Tools, id: string, { json }: JsonOption): Promise<void> {
  const { before, after } = await connected(async ({ platform }) => {
    const overview = known(id, await overviewOfConsent(platform, id));
    const { consent } = overview;
    await revokeConsent(platform, { consent, clientId: consent.clientId, by: 'operator', traceId: newTraceId() });
    return { before: overview, after: known(id, await overviewOfConsent(platform, id)) };
  });
  const changed = before.state.active;
  if (json) output.json({ outcome: changed ? 'changed' : 'unchanged', consent: consentJson(after) });
  else output.data(`${after.consent.id} ${changed ? 'is revoked' : 'was revoked already'}\n`);
}

function known(id: string, consent: ConsentOverview | undefined): ConsentOverview {
  if (consent === undefined) throw new CommandProblem([`there is no consent '${plain(id)}'`]);
  return consent;
}
