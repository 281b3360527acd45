import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { findClient } from '../clients/client-registry.ts';
import { firstSequenceNr, lastSequenceNr, readEvents, type ConsentEvent } from '../consent/event-log.ts';
import { DomainError } from '../errors/domain-error.ts';
import { CommandProblem } from './command-problem.ts';
import type { Connected } from './connect.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { moment, wholeNumber } from './words.ts';

interface TailOptions {
  readonly from?: string;
  readonly follow: boolean;
  readonly json?: true;
}

/** `samtykke feed …`: what clients are told. */
export function feedCommands(program: Command, tools: Tools): void {
  program
    .command('feed')
    .description('what clients are told of their consents')
    .command('tail <client>')
    .description('events of a client as they come, until Ctrl-C; it takes none of them away from the client')
    .option('--from <number>', 'from this number on (default: only what comes from now on)')
    .option('--no-follow', 'end when all that there is has been shown')
    .option('--json', 'a line of JSON for each, as the client reads it')
    .addHelpText('after', EXAMPLES)
    .action((client: string, options: TailOptions) => tail(tools, client, options));
}

const EXAMPLES = `
Examples:
  samtykke feed tail a0000000-0000-4000-8000-000000000001
  samtykke feed tail a0000000-0000-4000-8000-000000000001 --from 2 --no-follow --json | jq .eventType`;

const DAY_MS = 86_400_000;
const PORTION = 500;
const LOOK_EVERY_MS = 1_000;
const WHILE_AWAY_MS = 3_000;

async function tail(tools: Tools, clientId: string, options: TailOptions): Promise<void> {
  const from = options.from === undefined ? undefined : wholeNumber('--from', options.from, 0, Number.MAX_SAFE_INTEGER);
  const stop = tools.interrupted();
  await tools.connected(async (connected) => {
    const client = await findClient(connected.platform.db, clientId);
    if (client === undefined)
      throw new CommandProblem([`there is no client '${plain(clientId)}': see samtykke client list`]);
    await follow(tools, connected, { clientId: client.id, from, stop, options });
  });
}

async function follow(
  { output }: Tools,
  { platform: { db, clock, config } }: Connected,
  how: { clientId: string; from: number | undefined; stop: AbortSignal; options: TailOptions },
): Promise<void> {
  const { clientId, stop, options } = how;
  const readableSince = (): Date => new Date(clock.now().getTime() - config.feedReadableDays * DAY_MS);
  let next = how.from ?? (await lastSequenceNr(db, clientId, clock.now())) + 1;
  if (how.from !== undefined) {
    const first = await firstSequenceNr(db, clientId, clock.now(), readableSince());
    if (first > Math.max(how.from, 2)) output.note(`numbers below ${first} cannot be read any more`);
  }
  // What describes it costs more to load than all the rest.
  const { feedEvent } = await import('../feed/feed-event.ts');
  let away = false;
  while (!stop.aborted) {
    const asked = { clientId, from: next, limit: PORTION, now: clock.now(), readableSince: readableSince() };
    const events = await readEvents(db, asked).catch((error: unknown) => {
      if (!options.follow || !(error instanceof DomainError) || error.code !== 'unavailable') throw error;
      return undefined;
    });
    if ((events === undefined) !== away) {
      away = !away;
      output.note(away ? 'the database is away: it is tried again until it is back' : 'the database is back');
    }
    for (const event of events ?? []) {
      if (stop.aborted || !(await output.flow(options.json ? `${JSON.stringify(feedEvent(event))}\n` : lineOf(event))))
        return;
      next = event.sequenceNr + 1;
    }
    if (events?.length === PORTION) continue;
    if (!options.follow) return;
    await sleep(away ? WHILE_AWAY_MS : LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

function lineOf(event: ConsentEvent): string {
  const { sequenceNr, occurredAt, type, consentId } = event;
  const what = event.type === 'created' ? [event.purpose, event.externalId ?? ''] : [event.reason];
  return `${[String(sequenceNr), moment(occurredAt), type.padEnd(8), consentId, ...what.map(plain)].join('  ').trimEnd()}\n`;
}
