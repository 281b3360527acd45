import { Argument, type Command } from 'commander';
import type { Permission } from '../clients/client-registry.ts';
import { readClientPermissions, readPermissions } from '../consent/permission-registry.ts';
import { purposes } from '../consent/consent.ts';
import { countCovered, switchPermission } from '../consent/switch-permission.ts';
import { knownClient } from './client-commands.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import { plain, table, type Look } from './table.ts';
import type { Tools } from './tools.ts';
import { count, many, onOff } from './words.ts';

interface Options {
  readonly client?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `samtykke purpose …`: what may be asked for (C9). */
export function purposeCommands(program: Command, tools: Tools): void {
  const group = program
    .command('purpose')
    .description('what may be asked for: purposes of all or of one client, and consent as such')
    .addHelpText('after', EXAMPLES);

  group
    .command('list')
    .description('what is on and off, and how many consents are active of it')
    .option('--client <id>', 'of this client only')
    .option('--json', 'answer in JSON')
    .action((options: Options) => list(tools, options));

  for (const [word, on] of [
    ['on', true],
    ['off', false],
  ] as const) {
    const command = group
      .command(word)
      .description(
        on
          ? 'lets it be asked for again; what has ended stays so'
          : 'stops new consents, and ends those there are, with an event each',
      )
      .addArgument(
        new Argument('<purpose>', "a purpose, or 'consent' for consents as such, whatever for").choices([
          ...purposes,
          'consent',
        ]),
      )
      .option('--client <id>', 'for this client only')
      .option('--json', 'answer in JSON')
      .action((purpose: string, options: Options) => turn(tools, purpose, options, on));
    if (!on) command.option('--dry-run', 'only tell how many consents that would end');
  }
}

const EXAMPLES = `
Examples:
  samtykke purpose off processing --client a0000000-0000-4000-8000-000000000001 --dry-run
  samtykke purpose off processing
  samtykke purpose on consent

A client that was not registered for a purpose is so by samtykke purpose on … --client. samtykke client disable ends all of its.`;

async function list({ output, connected }: Tools, { client, json }: Options): Promise<void> {
  const { all, clients } = await connected(async ({ platform: { db, clock } }) => {
    if (client !== undefined) await knownClient(db, client);
    const now = clock.now();
    return { all: await readPermissions(db, now), clients: await readClientPermissions(db, client, now) };
  });
  if (json) output.json({ all, clients });
  else output.data(`${allTable(all, output.look)}\n${clientsTable(clients, output.look)}`);
}

const allTable = (all: Awaited<ReturnType<typeof readPermissions>>, look: Look): string =>
  table(
    [{ title: 'for all' }, { title: 'is' }, { title: 'active consents', align: 'right' }],
    all.map(({ name, on, active }) => [name === 'consent' ? 'consent as such' : name, onOff(on), count(active)]),
    look,
  );

const clientsTable = (clients: Awaited<ReturnType<typeof readClientPermissions>>, look: Look): string =>
  table(
    [
      { title: 'client' },
      { title: 'name', fits: true },
      { title: 'purpose' },
      { title: 'may ask' },
      { title: 'active consents', align: 'right' },
    ],
    clients.map(({ clientId, clientName, purpose, registered, open, active }) => [
      clientId,
      clientName,
      purpose,
      open ? 'yes' : registered ? 'no: switched off' : 'no',
      count(active),
    ]),
    look,
  );

async function turn(
  { output, connected }: Tools,
  name: string,
  { client, dryRun, json }: Options,
  on: boolean,
): Promise<void> {
  const what = permissionOf(name, client);
  const { ended, closed } = await connected(async ({ platform }) => {
    const { db, clock } = platform;
    if (client !== undefined) await knownClient(db, client);
    const count = dryRun ? await countCovered(platform, what) : await switchPermission(platform, what, on);
    const after = on && client !== undefined ? await readClientPermissions(db, client, clock.now()) : [];
    return { ended: count, closed: after.some(({ purpose, open }) => purpose === name && !open) };
  });
  if (json) {
    const outcome = dryRun ? 'not_done' : 'done';
    output.json({ outcome, purpose: name, client: client ?? null, on, [dryRun ? 'wouldEnd' : 'ended']: ended });
  } else {
    const whose = client === undefined ? 'for all' : `for ${plain(client)}`;
    const whatIs = `${name === 'consent' ? 'consent as such' : name} ${whose}`;
    if (dryRun) output.data(`${whatIs} would be off: ${many(ended, 'consent')} would end\n`);
    else output.data(`${whatIs} is ${onOff(on)}${on ? '' : `: ${many(ended, 'consent')} ended`}\n`);
  }
  if (closed) output.note('it cannot ask for it yet: the purpose, the client or consent as such is switched off');
}

function permissionOf(name: string, clientId: string | undefined): Permission {
  if (name !== 'consent') {
    return clientId === undefined
      ? { kind: 'purpose', purpose: name }
      : { kind: 'client_purpose', clientId, purpose: name };
  }
  if (clientId === undefined) return { kind: 'consent' };
  throw new CommandProblem(
    ["'consent' is for all: what one client may ask for is switched by its purposes, or by samtykke client disable"],
    EXIT.usage,
  );
}
