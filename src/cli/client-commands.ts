import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { findClient, listClients, type RegisteredClient } from '../clients/client-registry.ts';
import {
  changeClient,
  registerClient,
  rotateSecret,
  type ClientRefused,
  type ClientSaved,
} from '../clients/register-client.ts';
import type { ClientChange, ClientProblem } from '../clients/registration.ts';
import { countCovered, switchPermission } from '../consent/switch-permission.ts';
import type { Queryable } from '../platform/db.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import { clientJson, clientPage, clientTable, differenceTable } from './show-clients.ts';
import { readAll } from './streams.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { many, moment, onOff, repeated, seconds } from './words.ts';

interface JsonOption {
  readonly json?: true;
}

/** What `add` and `change` say alike; undefined: not said. */
interface SaidOptions extends JsonOption {
  readonly name?: string;
  readonly redirectUri?: readonly string[];
  readonly postLogoutUri?: readonly string[];
  readonly agreements?: boolean;
  readonly events?: boolean;
  readonly openid?: boolean;
  readonly authentication?: 'client_secret_basic' | 'private_key_jwt';
  readonly jwks?: string | false;
  readonly idTokenAlg?: 'RS256' | 'ES256';
  readonly pkce?: boolean;
  readonly par?: boolean;
  readonly dpop?: boolean;
  readonly signedRequests?: boolean;
}

interface AddOptions extends SaidOptions {
  readonly id?: string;
  readonly name: string;
  readonly organisation: string;
  readonly purpose: readonly string[];
}

/** `samtykke client …`: the organisations that ask for consents. */
export function clientCommands(program: Command, tools: Tools): void {
  const group = program
    .command('client')
    .description('organisations that ask for consents: what they may do, and how they prove who they are')
    .addHelpText('after', EXAMPLES);

  const add = group
    .command('add')
    .description('registers a client, and shows its secret, once')
    .requiredOption('--name <name>', 'its name, as people read it')
    .requiredOption('--organisation <number>', 'its organisation number')
    .requiredOption(
      '--purpose <purpose>',
      'what it may ask for: presentation or processing; repeat it for both',
      repeated,
    )
    .option('--id <uuid>', 'an id of your choice (default: a new one)');
  said(add).action((options: AddOptions) => addClient(tools, options));

  const change = group
    .command('change <id>')
    .description('changes what is said of a client; what is not said stays as it is')
    .option('--name <name>', 'its name, as people read it');
  said(change)
    .option('--no-jwks', 'it has no keys any more')
    .action((id: string, options: SaidOptions) => changeOne(tools, id, options));
  change.addHelpText('after', CHANGE_HELP);

  group
    .command('list')
    .description('all clients')
    .option('--json', 'answer in JSON')
    .action((options: JsonOption) => list(tools, options));

  group
    .command('show <id>')
    .description('one client: what it may do, how it proves who it is, what is demanded of it')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => show(tools, id, options));

  group
    .command('rotate-secret <id>')
    .description('gives it a new secret, and shows it, once')
    .option('--overlap <time>', 'how long the secret before is good beside it: 0 (its tokens end, too) to 30d', '24h')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption & { overlap: string }) => rotate(tools, id, options));

  group
    .command('disable <id>')
    .description('switches it off: its consents end, and it gets no tokens and no new ones')
    .option('--dry-run', 'only tell how many consents that would end')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption & { dryRun?: true }) => turn(tools, id, options, false));
  group
    .command('enable <id>')
    .description('switches it on again; what has ended stays so')
    .option('--json', 'answer in JSON')
    .action((id: string, options: JsonOption) => turn(tools, id, options, true));
}

/** The options of what can be said of a client. Those with `no` are for taking back. */
function said(command: Command): Command {
  return command
    .option(
      '--redirect-uri <url>',
      "where people may be sent back to, exactly; repeat it for more, '' for none",
      repeated,
    )
    .option('--post-logout-uri <url>', 'where people may be sent after logging out there; likewise', repeated)
    .option('--agreements', 'may register consents that people gave it itself')
    .option('--no-agreements', 'may not')
    .option('--events', 'may read the change feed')
    .option('--no-events', 'may not')
    .option('--openid', 'may ask for an ID token, which tells who gave the consent')
    .option('--no-openid', 'may not')
    .addOption(
      new Option(
        '--authentication <method>',
        'how it proves who it is (default: with a secret; with --jwks by its keys)',
      ).choices(['client_secret_basic', 'private_key_jwt']),
    )
    .option('--jwks <file>', "its public keys (a JWK Set), all of them; '-' for standard input")
    .option('--pkce', 'its requests to people must have PKCE')
    .option('--no-pkce', 'need not')
    .option('--par', 'they must be pushed first')
    .option('--no-par', 'need not')
    .option('--signed-requests', 'they must be signed with its keys')
    .option('--no-signed-requests', 'need not')
    .option('--dpop', 'its tokens must be bound to a key')
    .option('--no-dpop', 'need not')
    .addOption(
      new Option('--id-token-alg <alg>', 'how its ID tokens are signed (default: RS256)').choices(['RS256', 'ES256']),
    )
    .option('--json', 'answer in JSON');
}

const EXAMPLES = `
Examples:
  samtykke client add --name 'Fjordbanken ASA' --organisation 310472654 --purpose processing --agreements --events
  samtykke client add --name Sparekompis --organisation 310472654 --purpose presentation --jwks keys.json \\
    --redirect-uri https://sparekompis.example/callback --pkce
  samtykke client rotate-secret a0000000-0000-4000-8000-000000000001 --overlap 7d
  samtykke client disable a0000000-0000-4000-8000-000000000001 --dry-run

What it may ask for is changed by samtykke purpose on|off … --client, since that ends consents.`;

const CHANGE_HELP = `
What it can no longer do ends its tokens at once, its consents stay. One that goes over from keys to a secret is shown a new one.

Example:
  samtykke client change a0000000-0000-4000-8000-000000000001 --no-events --jwks - < keys.json`;

async function addClient(tools: Tools, options: AddOptions): Promise<void> {
  const { id, name, organisation, purpose } = options;
  const change = await changeOf(tools, options);
  const authentication = change.authentication ?? (change.jwks === undefined ? undefined : 'private_key_jwt');
  const input = { ...change, authentication, id, name, organisationNumber: organisation, purposes: purpose };
  tell(tools, await tools.connected(({ platform }) => registerClient(platform, input)), options);
}

async function changeOne(tools: Tools, id: string, options: SaidOptions): Promise<void> {
  const change = await changeOf(tools, options);
  tell(tools, await tools.connected(({ platform }) => changeClient(platform, id, change)), options);
}

/** What was said, as the verbs take it. */
async function changeOf(tools: Tools, options: SaidOptions): Promise<ClientChange> {
  const addresses = (list: readonly string[] | undefined) => list?.filter((address) => address !== '');
  return {
    name: options.name,
    redirectUris: addresses(options.redirectUri),
    postLogoutRedirectUris: addresses(options.postLogoutUri),
    mayRegisterAgreements: options.agreements,
    mayReadEvents: options.events,
    mayUseOpenid: options.openid,
    authentication: options.authentication,
    jwks: await keysOf(tools, options.jwks),
    profile: {
      pkce: options.pkce,
      par: options.par,
      dpop: options.dpop,
      signedRequests: options.signedRequests,
    },
    idTokenAlgorithm: options.idTokenAlg,
  };
}

/** The keys of a file, or of standard input; null: it shall have none; undefined: nothing was said of them. */
async function keysOf(tools: Tools, file: string | false | undefined): Promise<unknown> {
  if (file === undefined) return undefined;
  if (file === false) return null;
  const text = file === '-' ? await readAll(tools.stdin()) : textOf(file);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message would repeat what it read, and that may be a private key.
    throw new CommandProblem(['--jwks holds no JSON: it takes a JWK Set, as {"keys": [ … ]}'], EXIT.usage);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandProblem([`--jwks ${plain(file)} cannot be read (${code ?? 'unknown error'})`]);
  }
}

const OPTIONS = {
  id: 'the id (--id)',
  name: 'the name (--name)',
  organisationNumber: 'the organisation number (--organisation)',
  purposes: 'the purposes (--purpose)',
  redirectUris: 'the redirect addresses (--redirect-uri)',
  postLogoutRedirectUris: 'the addresses after logging out (--post-logout-uri)',
  mayRegisterAgreements: '--agreements',
  mayReadEvents: '--events',
  mayUseOpenid: '--openid',
  authentication: '--authentication',
  jwks: 'the keys (--jwks)',
  profile: 'what is demanded of it',
  idTokenAlgorithm: '--id-token-alg',
} as const satisfies Record<ClientProblem['field'], string>;

function tell({ output }: Tools, result: ClientRefused | ClientSaved, { json }: JsonOption): void {
  if (result.outcome === 'refused') {
    throw new CommandProblem(
      result.problems.map(({ field, what }) => `${OPTIONS[field]} ${what}`),
      EXIT.usage,
    );
  }
  const { outcome, client, differences, secret, tokensEnded } = result;
  if (json) {
    const told = secret === undefined ? {} : { secret };
    output.json({ outcome, client: clientJson(client), ...told, changes: differences, tokensEnded });
  } else {
    const secretLine = secret === undefined ? '' : `secret  ${secret}\n`;
    // Of a new one everything is new: `show` has it.
    const changes = outcome === 'added' ? '' : differenceTable(differences, output.look);
    output.data(`${outcome} ${client.id} ${plain(client.name)}\n${secretLine}${changes}`);
    if (tokensEnded > 0) output.note(`${many(tokensEnded, 'token')} of it ended`);
  }
  if (secret !== undefined) output.note(SHOWN_ONCE);
}

const SHOWN_ONCE = 'the secret is shown this once: only its hash is kept';

async function list({ output, connected }: Tools, { json }: JsonOption): Promise<void> {
  const clients = await connected(({ platform }) => listClients(platform.db));
  if (json) {
    output.json(clients.map(clientJson));
    return;
  }
  output.data(clientTable(clients, output.look));
  if (clients.length === 0) output.note('there are no clients yet: samtykke client add --help');
}

async function show({ output, connected }: Tools, id: string, { json }: JsonOption): Promise<void> {
  const client = await connected(({ platform }) => knownClient(platform.db, id));
  if (json) output.json(clientJson(client));
  else output.data(clientPage(client, output.look));
}

async function rotate(
  { output, connected }: Tools,
  id: string,
  { json, overlap }: JsonOption & { overlap: string },
): Promise<void> {
  const overlapSeconds = seconds('--overlap', overlap);
  const { client, secret, oldUntil, tokensEnded } = await connected(({ platform }) =>
    rotateSecret(platform, id, { overlapSeconds }),
  );
  if (json)
    output.json({ outcome: 'changed', client: clientJson(client), secret, formerGoodUntil: oldUntil, tokensEnded });
  else {
    const former = oldUntil === null ? 'ended' : `good until ${moment(oldUntil)} (UTC)`;
    output.data(`changed ${client.id} ${plain(client.name)}\nsecret  ${secret}\nbefore  ${former}\n`);
    if (tokensEnded > 0) output.note(`${many(tokensEnded, 'token')} of it ended`);
  }
  output.note(SHOWN_ONCE);
}

async function turn(
  { output, connected }: Tools,
  id: string,
  { json, dryRun }: JsonOption & { dryRun?: true },
  on: boolean,
): Promise<void> {
  const { client, was, ended } = await connected(async ({ platform }) => {
    const before = await knownClient(platform.db, id);
    const what = { kind: 'client', clientId: before.id } as const;
    const count = dryRun ? await countCovered(platform, what) : await switchPermission(platform, what, on);
    return { client: await knownClient(platform.db, id), was: before.enabled, ended: count };
  });
  if (json) {
    const outcome = dryRun ? 'not_done' : was === on ? 'unchanged' : 'changed';
    output.json({ outcome, client: clientJson(client), [dryRun ? 'wouldEnd' : 'ended']: ended });
    return;
  }
  const name = `${client.id} ${plain(client.name)}`;
  if (dryRun) output.data(`${name} would be off: ${many(ended, 'consent')} would end\n`);
  else
    output.data(
      `${name} is ${was === on ? 'already' : 'now'} ${onOff(on)}${on ? '' : `: ${many(ended, 'consent')} ended`}\n`,
    );
}

/** The client of this id. Throws a CommandProblem where there is none. */
export async function knownClient(db: Queryable, id: string): Promise<RegisteredClient> {
  const client = await findClient(db, id);
  if (client === undefined) throw new CommandProblem([`there is no client '${plain(id)}': see samtykke client list`]);
  return client;
}
