import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { advanceRotations } from '../keys/advance.ts';
import { listKeys } from '../keys/list-keys.ts';
import { removeRetired, retireKeys } from '../keys/retire.ts';
import { beginRotation, type RotatingPlatform } from '../keys/rotate.ts';
import type { Step } from '../keys/rotation.ts';
import { modeOf, toConfig } from '../platform/config.ts';
import { keysFileText, makeKeysFile } from '../platform/keys-file.ts';
import { keyKinds, type KeyKind } from '../platform/keys-kinds.ts';
import { idsOf } from '../platform/keys-order.ts';
import { generateKeysFile, parseKeys, publicPart, type Keys } from '../platform/keys.ts';
import { CommandProblem, EXIT } from './command-problem.ts';
import type { Connected } from './connect.ts';
import { hindranceLines, keysJson, keysNotes, keysTable, stepJson, stepLine } from './show-keys.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { many, seconds } from './words.ts';

interface JsonOption {
  readonly json?: true;
}
interface ChangeOptions extends JsonOption {
  readonly dryRun?: true;
  readonly atOnce?: true;
  readonly out?: string;
}
interface RotateOptions extends ChangeOptions {
  readonly wait: string;
  readonly registered?: true;
  readonly anew?: true;
}
interface RetireOptions extends ChangeOptions {
  readonly lost?: true;
}

const KIND = () => new Argument('<kind>', 'which kind of keys').choices(keyKinds);

/** `samtykke keys …`: what everything else rests on, and how it is changed while everything runs (ADR 16). */
export function keyCommands(program: Command, tools: Tools): void {
  const group = program
    .command('keys')
    .description('the keys: which there are, new ones in their place, and old ones gone')
    .addHelpText('after', EXAMPLES);

  group
    .command('new [file]')
    .description(
      'makes a keys file for production, where there is none, and prints the public key for the login provider',
    )
    .option('--json', 'answer in JSON')
    .action((file: string | undefined, options: JsonOption) => makeNew(tools, file, options));

  group
    .command('public')
    .description('prints what others may know of the keys of a kind, as a JWK Set: login, for the login provider')
    .addArgument(new Argument('[kind]', 'which kind of keys').choices(['login', 'signing', 'seals']).default('login'))
    .action((kind: 'login' | 'signing' | 'seals') => showPublic(tools, kind));

  group
    .command('list')
    .description('all keys: in use, waiting or replaced, since when, which nodes know them, and what needs them')
    .option('--json', 'answer in JSON')
    .action((options: JsonOption) => list(tools, options));

  group
    .command('rotate')
    .description('puts a new key in the place of the one in use, as soon as every node knows it')
    .addArgument(KIND())
    .option('--wait <time>', 'how long to wait for nodes, as 90s', '60s')
    .option('--at-once', 'of signing: do not give others time to hear of the new key')
    .option('--registered', 'of login: the new key is registered at the login provider')
    .option('--anew', 'make another one although the last rotation has not ended')
    .option('--out <file>', 'write the new file there, for whoever puts it in place')
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'answer in JSON')
    .addHelpText('after', ROTATE_HELP)
    .action((kind: KeyKind, options: RotateOptions) => rotate(tools, kind, options));

  group
    .command('rewrite')
    .description('writes anew what is under replaced keys, now; nodes do so too, little by little')
    .option('--json', 'answer in JSON')
    .action((options: JsonOption) => rewrite(tools, options));

  group
    .command('retire')
    .description('ends a rotation: takes replaced keys away for good, if nothing needs them any more')
    .addArgument(KIND())
    .argument('[id]', 'this one only; also one that waits, which is then given up')
    .option('--at-once', 'give up what was signed with it and is still on its way')
    .option('--lost', 'also one that no file has any more, and that no row needs')
    .option('--out <file>', 'write the new file there, for whoever puts it in place')
    .option('--dry-run', 'only tell what would be done')
    .option('--json', 'answer in JSON')
    .addHelpText('after', RETIRE_HELP)
    .action((kind: KeyKind, id: string | undefined, options: RetireOptions) => retire(tools, kind, id, options));
}

const EXAMPLES = `
Kinds:
  nin-encryption  personal numbers, ID tokens of sessions and secrets of webhooks are encrypted with it
  nin-index       persons and deliveries are found by a hash under it
  signing         signs ID tokens, for others to check
  cookies         signs the cookies of requests for consent
  login           proves us to the login provider
  seals           signs the seals of the log

Examples:
  samtykke keys new /etc/samtykke/keys.json
  samtykke keys rotate nin-encryption && samtykke keys rewrite && samtykke keys retire nin-encryption
  samtykke keys list`;

const ROTATE_HELP = `
The new key comes into KEYS_FILE of this machine. Where nodes run on other machines, give them the file: nodes look at theirs every
other second. When all of them know the key it comes into use, whether or not this command still waits; run again, it says how it
stands. Exit code 0: it is in use, or only time has to pass. 1: some node lacks it.`;

const RETIRE_HELP = `
What has been retired is gone: nothing is ever written with it again, and its secret is taken out of KEYS_FILE of this machine. Give
the file to the other machines then. A backup of the database from before can be read with the file of its time only.`;

/** The file of a command that needs nothing else of what production must be told. */
function fileOf({ env }: Tools, file: string | undefined): string {
  const named = file ?? env['KEYS_FILE'];
  if (named !== undefined && named !== '') return resolve(named);
  if (modeOf(env) === 'sandbox') return toConfig(env).keysFile;
  throw new CommandProblem(['name the file: as an argument, or in KEYS_FILE'], EXIT.usage);
}

function makeNew(tools: Tools, named: string | undefined, { json }: JsonOption): void {
  const { output } = tools;
  const file = fileOf(tools, named);
  const text = generateKeysFile({ sandbox: false });
  makeKeysFile(file, text);
  const keys = parseKeys(text);
  const jwks = { keys: keys.login.map(publicPart) };
  if (json) output.json({ file, keys: idsOf(keys), login: jwks });
  else output.json(jwks);
  output.note(`${file} is made, for its owner only: back it up, apart from the database`);
  if (!json)
    output.note('above is the public key to register at the login provider (samtykke keys public prints it again)');
}

function showPublic(tools: Tools, kind: 'login' | 'signing' | 'seals'): void {
  const keys: Keys = parseKeys(keysFileText(fileOf(tools, undefined)));
  tools.output.json({ keys: keys[kind].map(publicPart) });
  if (keys[kind].length === 0)
    tools.output.note(`there are no ${kind} keys in the file: samtykke keys rotate ${kind} makes one`);
}

const rotating = ({ platform }: Connected, out?: string): RotatingPlatform => ({
  ...platform,
  file: platform.config.keysFile,
  out: out === undefined ? undefined : resolve(out),
});

async function list({ output, connected }: Tools, { json }: JsonOption): Promise<void> {
  const { state, file } = await connected(async ({ platform }) => {
    const file = platform.config.keysFile;
    const known = idsOf(parseKeys(keysFileText(file)));
    return { file, state: await output.during('counting', () => listKeys(platform, known)) };
  });
  if (json) output.json(keysJson(state));
  else output.data(keysTable(state.keys, state.nodes.length, output.look));
  for (const line of keysNotes(state, file)) output.note(line);
}

async function rotate(tools: Tools, kind: KeyKind, options: RotateOptions): Promise<void> {
  const { output, connected } = tools;
  const waitMs = seconds('--wait', options.wait) * 1_000;
  if (options.registered && kind !== 'login')
    throw new CommandProblem(['--registered is of login keys only'], EXIT.usage);
  if (options.atOnce && kind !== 'signing') throw new CommandProblem(['--at-once is of signing keys only'], EXIT.usage);
  const dryRun = options.dryRun === true;
  const ordered = kind !== 'login' || options.registered === true;
  const { begun, step, file } = await connected(async (connection) => {
    const platform = rotating(connection, options.out);
    const { file } = platform;
    const begun = await beginRotation(platform, { kind, ordered, anew: options.anew === true, dryRun });
    if (begun.outcome === 'refused') throw new CommandProblem([begun.problem]);
    if (begun.outcome === 'unfinished' || dryRun) return { begun, file, step: undefined };
    if (begun.outcome === 'made')
      output.note(`a new key is in ${platform.out ?? file}: ${kind} ${begun.ids.join(', ')}`);
    const wait = () => waitForUse(tools, connection, { kind, atOnce: options.atOnce === true, waitMs });
    return { begun, file, step: await output.during('waiting for all nodes to know it', wait) };
  });

  if (begun.outcome === 'unfinished') {
    const { inUse, replaced } = begun;
    if (options.json) output.json({ kind, outcome: 'unfinished', inUse, replaced });
    else output.data(`${kind} ${inUse.join(', ')} is in use\n`);
    output.note(
      `the last rotation has not ended: ${kind} ${replaced.join(', ')} is there still. samtykke keys retire ${kind} ends it`,
    );
    return;
  }
  if (dryRun) {
    if (options.json) output.json({ kind, outcome: `would be ${begun.outcome}`, keys: begun.ids });
    else if (begun.outcome === 'made') output.data(`a new ${kind} key would be made in ${options.out ?? file}\n`);
    else output.data(`${kind} ${begun.ids.join(', ')}, which waits, would be used\n`);
    return;
  }
  const state = step === undefined ? 'in use' : 'waiting';
  if (options.json)
    output.json({ kind, outcome: state, keys: begun.ids, ...(step === undefined ? {} : stepJson(step)) });
  else output.data(`${kind} ${begun.ids.join(', ')} is ${state}\n`);
  if (step === undefined) {
    output.note(`what is left under the former key: samtykke keys list; when nothing is: samtykke keys retire ${kind}`);
    return;
  }
  const line = stepLine(kind, step);
  if (step.kind === 'wait_for_nodes' || step.kind === 'use') throw new CommandProblem([line]);
  output.note(line);
  if (kind === 'login')
    output.note('samtykke keys public prints what to register there; leave the former one registered');
}

/** Takes the rotation on until the key is in use, or it takes something else than nodes that will soon know it. */
async function waitForUse(
  { interrupted }: Tools,
  { platform }: Connected,
  { kind, atOnce, waitMs }: { kind: KeyKind; atOnce: boolean; waitMs: number },
): Promise<Step | undefined> {
  const until = platform.clock.stopwatch() + waitMs;
  const stop = interrupted();
  for (;;) {
    const step = (await advanceRotations(platform, atOnce ? kind : undefined)).get(kind);
    if (step === undefined || step.kind === 'wait_for_order' || step.kind === 'wait_until') return step;
    if (stop.aborted || platform.clock.stopwatch() >= until) return step;
    await sleep(500, undefined, { signal: stop }).catch(() => undefined);
  }
}

async function rewrite({ output, connected }: Tools, { json }: JsonOption): Promise<void> {
  // It is the only one that needs what a node needs for reading numbers.
  const { rewriteNow } = await import('./rewrite-now.ts');
  const { persons, sessions, webhooks, unreadable, done } = await connected((connection) =>
    output.during('writing anew', () => rewriteNow(connection)),
  );
  if (json) output.json({ persons, sessions, webhooks, unreadable, done });
  else {
    const parts = [many(persons, 'person'), many(sessions, 'session'), many(webhooks, 'webhook')];
    output.data(`written anew: ${parts.join(', ')}\n`);
  }
  if (unreadable > 0) {
    throw new CommandProblem([
      `the numbers of ${many(unreadable, 'person')} cannot be read with any key that is known: what is wrong with them is in the log`,
    ]);
  }
  if (!done) throw new CommandProblem(['some of it could not be done now: try again']);
}

/** A request that has read something under a key opens it a moment later. */
const UNDER_WAY_MS = 3_000;

async function retire(tools: Tools, kind: KeyKind, id: string | undefined, options: RetireOptions): Promise<void> {
  const { output, connected } = tools;
  const dryRun = options.dryRun === true;
  const { retired, removed, file } = await connected(async (connection) => {
    const platform = rotating(connection, options.out);
    const order = { kind, id, atOnce: options.atOnce === true, lost: options.lost === true, dryRun };
    const retired = await retireKeys(platform, order);
    if (dryRun) return { retired, removed: [], file: platform.file };
    const gone = retired.some(({ hindrances }) => hindrances.length === 0);
    if (gone && kind.startsWith('nin-')) {
      await output.during('letting what is under way finish', () => sleep(UNDER_WAY_MS));
    }
    return { retired, removed: await removeRetired(platform, kind), file: platform.out ?? platform.file };
  });
  if (id !== undefined && retired.length === 0) {
    throw new CommandProblem([`there is no ${kind} key '${plain(id)}': see samtykke keys list`], EXIT.usage);
  }
  const done = retired.filter(({ hindrances }) => hindrances.length === 0).map((key) => key.id);
  if (options.json) {
    output.json({
      kind,
      outcome: dryRun ? 'would be' : 'done',
      retired: done,
      removedFromFile: removed,
      refused: retired.filter(({ hindrances }) => hindrances.length > 0),
    });
  } else {
    for (const one of done) output.data(`${kind} ${plain(one)} ${dryRun ? 'could be' : 'is'} retired\n`);
    if (retired.length === 0 && removed.length === 0) output.data(`there is no ${kind} key to retire\n`);
  }
  if (removed.length > 0) {
    output.note(`taken out of ${file}: ${kind} ${removed.join(', ')}. Give this file to all machines that have a copy`);
    if (kind.startsWith('nin-')) {
      output.note('a backup of the database from before now is readable with the keys file of its time only');
    }
  }
  const refused = retired.flatMap((key) => hindranceLines(kind, key.id, key.hindrances));
  if (refused.length > 0) throw new CommandProblem(refused);
}
