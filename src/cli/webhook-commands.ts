import type { Command } from 'commander';
import { findClient } from '../clients/client-registry.ts';
import { isUuid } from '../platform/ids.ts';
import { switchWebhook } from '../webhooks/change-subscription.ts';
import { findSubscription, listSubscriptions, type RegisteredSubscription } from '../webhooks/find.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import type { Connected } from './connect.ts';
import { webhookJson, webhookPage, webhookTable } from './show-webhooks.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';

interface JsonOption {
  readonly json?: true;
}

/** `samtykke webhook …`: where clients have their events sent to. They add and change them by the API. */
export function webhookCommands(program: Command, tools: Tools): void {
  const group = program
    .command('webhook')
    .description('where clients have their events sent to: how that goes, and stopping it')
    .addHelpText('after', EXAMPLES);

  group
    .command('list')
    .description('all webhooks, a line for each')
    .option('--client <id>', 'of this client only')
    .option('--json', 'answer in JSON')
    .action((options: JsonOption & { client?: string }) => list(tools, options));

  group
    .command('show <id>')
    .description('one webhook: how far it has been told, and why not further')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => show(tools, id, options));

  group
    .command('disable <id>')
    .description('sends it nothing more; its client is told so by the status, and cannot undo it')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => turn(tools, id, options, false));
  group
    .command('enable <id>')
    .description('sends again, from where it was, whoever disabled it')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => turn(tools, id, options, true));
}

const EXAMPLES = `
Examples:
  samtykke webhook list
  samtykke webhook list --json | jq '.[] | select(.failingSince)'
  samtykke webhook disable 0193a5e0-8a3c-7d2e-9f4b-1c6d8e0f2a4b`;

async function list({ output, connected }: Tools, { client, json }: JsonOption & { client?: string }): Promise<void> {
  const webhooks = await connected(async ({ platform: { db } }) => {
    if (client !== undefined && (await findClient(db, client)) === undefined) {
      throw new CommandProblem([`there is no client '${plain(client)}': see samtykke client list`]);
    }
    return listSubscriptions(db, client);
  });
  if (json) {
    output.json(webhooks.map(webhookJson));
    return;
  }
  output.data(webhookTable(webhooks, output.look));
  if (webhooks.length === 0) output.note('there are no webhooks: clients add them by POST /feed/v1/consent/webhooks');
}

async function show({ output, connected }: Tools, id: string, { json }: JsonOption): Promise<void> {
  const webhook = await connected((connection) => known(connection, checked(id)));
  if (json) output.json(webhookJson(webhook));
  else output.data(webhookPage(webhook, output.look));
}

async function turn({ output, connected }: Tools, id: string, { json }: JsonOption, on: boolean): Promise<void> {
  const { webhook, changed, clientIsOn } = await connected(async (connection) => {
    const { platform } = connection;
    const { changed, subscription } = await switchWebhook(platform, checked(id), on);
    const client = await findClient(platform.db, subscription.clientId);
    return { webhook: await known(connection, id), changed, clientIsOn: client?.enabled === true };
  });
  if (json) output.json({ outcome: changed ? 'changed' : 'unchanged', webhook: webhookJson(webhook) });
  else
    output.data(
      `${webhook.id} of ${plain(webhook.clientName)} is ${changed ? 'now' : 'already'} ${on ? 'on' : 'off'}\n`,
    );
  if (on && !clientIsOn) output.note('its client is switched off, so nothing is sent yet');
}

function checked(id: string): string {
  if (isUuid(id)) return id;
  throw new CommandProblem([`'${plain(id)}' is no id of a webhook: see samtykke webhook list`], EXIT.usage);
}

async function known({ platform: { db } }: Connected, id: string): Promise<RegisteredSubscription> {
  const webhook = await findSubscription(db, id);
  if (webhook === undefined) throw new CommandProblem([`there is no webhook ${id}: see samtykke webhook list`]);
  return webhook;
}
