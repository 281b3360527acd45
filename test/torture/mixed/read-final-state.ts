import { setTimeout as sleep } from 'node:timers/promises';
import { samtykke } from '../../support/command.ts';
import { withClient } from '../../support/database.ts';
import { callsOf, type Organisation, type Surface } from './client-calls.ts';
import { openDoor } from './client-door.ts';
import { drawsFrom } from '../../../sandbox/random.ts';
import type { FinalFeed, FinalState, FinalStatus } from './final-state.ts';
import { isDone, readHistory, type Call, type Clock, type ToldEvent } from './history.ts';
import type { Installation } from './installation.ts';

/** Who is asked about, and how. */
interface Asking extends Surface {
  readonly folder: string;
  readonly clock: Clock;
  readonly organisations: readonly Organisation[];
  readonly pushedTo: ReadonlySet<string>;
}

/** Reads what everybody can read when all is over: lets the nodes do what is due, and asks them and the operator's commands. */
export async function takeFinalState(
  installation: Installation,
  asking: Asking,
): Promise<{ state: FinalState; logExport: string }> {
  const over = new AbortController();
  const { clock } = asking;
  const door = openDoor({
    who: 'end',
    nodes: installation.addresses,
    clock,
    draws: drawsFrom(1),
    write: () => undefined,
    over: over.signal,
  });
  const businessNow = await doWhatIsDue(installation);
  const feeds: FinalFeed[] = [];
  for (const organisation of asking.organisations) {
    const calls = callsOf(door, organisation, asking);
    const events = await wholeFeed((from) => door.insist(() => calls.poll(from, 1000, 0)));
    const { last = 0 } = (await door.insist(() => calls.lastNumber())).told;
    feeds.push({ organisation: organisation.id, events, last, pushed: asking.pushedTo.has(organisation.id) });
  }
  const statuses = await finalStatuses(asking, feeds, (organisation) => {
    const calls = callsOf(door, organisation, asking);
    return (consent) => door.insist(() => calls.status(consent));
  });
  await untilPushed(installation);
  await door.close();
  const { logExport, evidence } = await logOf(installation);
  return { state: { businessNow, feeds, statuses, evidence }, logExport };
}

/** Each time some of what had expired; it tells how late it was then. */
async function doWhatIsDue({ nodes }: Installation): Promise<number> {
  let now = '';
  for (let n = 0; n < 3; n += 1) {
    for (const { process } of nodes) {
      const answer = await process?.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: 0 } });
      if (answer?.status !== 200) throw new Error(`what is due could not be done: ${answer?.status} ${answer?.text}`);
      now = String(answer.json.now);
    }
  }
  return Date.parse(now);
}

async function wholeFeed(poll: (from: number) => Promise<Call>): Promise<readonly ToldEvent[]> {
  const events: ToldEvent[] = [];
  for (let own = 1; ;) {
    const { status, told } = await poll(own + 1);
    if (status !== 200) throw new Error(`the feed cannot be read: ${status} ${told.error}`);
    if (told.events === undefined || told.events.length === 0) return events;
    events.push(...told.events);
    own = told.end ?? own;
  }
}

/** Of every consent that anybody was told of. */
async function finalStatuses(
  { folder, organisations }: Asking,
  feeds: readonly FinalFeed[],
  asker: (organisation: Organisation) => (consent: string) => Promise<Call>,
): Promise<readonly FinalStatus[]> {
  const { calls } = readHistory(folder);
  const statuses: FinalStatus[] = [];
  for (const organisation of organisations) {
    const told = calls
      .filter((call) => call.organisation === organisation.id && isDone(call))
      .map((call) => call.told.consent ?? '');
    const read =
      feeds.find((feed) => feed.organisation === organisation.id)?.events.map((event) => event.consent) ?? [];
    const left = [...new Set([...told, ...read])].filter((id) => id !== '');
    const ask = asker(organisation);
    const one = async (): Promise<void> => {
      for (let consent = left.pop(); consent !== undefined; consent = left.pop()) {
        const { told } = await ask(consent);
        statuses.push({ consent, active: told.active === true, expiresAt: told.expiresAt ?? null });
      }
    };
    await Promise.all(Array.from({ length: 12 }, one));
  }
  return statuses;
}

/** Whoever is pushed to has a minute to be told the rest. */
async function untilPushed({ database }: Installation): Promise<void> {
  await withClient(database.superuserUrl, async (admin) => {
    for (let tries = 0; tries < 300; tries += 1) {
      const { rowCount } = await admin.query(
        'select from webhook_subscription s join feed_head h using (client_id) where s.place < h.last_seq',
      );
      if (rowCount === 0) break;
      await sleep(200);
    }
  });
}

async function logOf({ env }: Installation): Promise<{ logExport: string; evidence: readonly string[] }> {
  const [exported, verified] = await Promise.all([
    samtykke(env, 'log', 'export'),
    samtykke(env, 'log', 'verify', '--json'),
  ]);
  if (exported.code !== 0) throw new Error(`samtykke log export ended with ${exported.code}: ${exported.stderr}`);
  const evidence =
    verified.code === 0
      ? []
      : [
          `samtykke log verify ended with ${verified.code}: ${verified.stdout.slice(0, 2_000)}${verified.stderr.slice(0, 500)}`,
        ];
  return { logExport: exported.stdout, evidence };
}
