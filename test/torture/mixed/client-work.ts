import { setTimeout as sleep } from 'node:timers/promises';
import { testPersons } from '../../../sandbox/people.ts';
import type { Agreement, Calls, Organisation } from './client-calls.ts';
import type { Door } from './client-door.ts';
import type { Persons } from './client-person.ts';
import { isDone, isUnknown, type Call } from './history.ts';

/** What the workers of one client process share. */
export interface Desk {
  readonly door: Door;
  readonly calls: Calls;
  readonly organisation: Organisation;
  readonly persons: Persons;
  /** Longest pause between two calls of a worker, in milliseconds. */
  readonly pause: number;
  /** Consents that it knows of, from its own registrations, and from its feed: other processes of the organisation made those. */
  readonly pool: Known[];
}

interface Known {
  readonly consent: string;
  /** Undefined: another process knows whose it is. */
  readonly nin?: string;
}

/** So many are asked about; new ones take the places of old ones. */
const POOL = 40;

const nins = testPersons.map((person) => person.nin);
const scopes = ['debt.unsecured.presentation', 'debt.unsecured.processing'];

const pick = <Item>({ draws }: Door, items: readonly Item[]): Item | undefined =>
  items[draws.whole(0, items.length - 1)];

/** One in so many times. */
const sometimes = ({ draws }: Door, one: number): boolean => draws.whole(1, one) === 1;

const rest = ({ door, pause }: Desk): Promise<void> => sleep(door.draws.whole(0, pause));

function know({ door, pool }: Desk, known: Known): void {
  if (pool.some((other) => other.consent === known.consent)) return;
  if (pool.length < POOL) pool.push(known);
  else pool[door.draws.whole(0, POOL - 1)] = known;
}

/** Registers consents, each until it is acknowledged; at times twice at once, and at times with other data as well. */
export async function register(desk: Desk, prefixes: readonly string[], worker: string): Promise<void> {
  const { door, calls } = desk;
  for (let n = 0; !door.over.aborted; n += 1) {
    const asked: Agreement = {
      nin: pick(door, nins) ?? '',
      scope: pick(door, scopes) ?? '',
      days: door.draws.whole(1, 3),
      externalId: `${prefixes[n % prefixes.length]}-${worker}-${n}`,
    };
    const attempts = [door.insist(() => calls.register(asked))];
    if (sometimes(door, 6)) attempts.push(door.insist(() => calls.register(asked)));
    const done = (await Promise.all(attempts)).find(isDone);
    if (done?.told.consent !== undefined) {
      know(desk, { consent: done.told.consent, nin: asked.nin });
      if (sometimes(door, 15)) await door.insist(() => calls.register(asked));
      if (sometimes(door, 25)) await door.insist(() => calls.registerOther({ ...asked, days: asked.days + 5 }));
    }
    await rest(desk);
  }
}

/** Asks about consents, looks up with them, revokes them, and goes on asking when they have ended. */
export async function use(desk: Desk): Promise<void> {
  const { door, calls, pool } = desk;
  const { draws } = door;
  while (!door.over.aborted) {
    const known = pick(door, pool);
    if (known === undefined) {
      await sleep(50);
      continue;
    }
    const { consent } = known;
    const node = door.anyNode();
    const other = door.anyNode(node);
    // Some go away before the answer comes: what they asked for may have been done.
    const impatient = sometimes(door, 40) ? { patience: draws.whole(1, 40) } : {};
    switch (draws.whole(0, 9)) {
      case 0:
      case 1:
      case 2:
        await calls.status(consent);
        break;
      case 3:
      case 4:
        await calls.lookUp(consent, impatient);
        break;
      case 5:
        await Promise.all([calls.status(consent, node), calls.lookUp(consent, { node: other })]);
        break;
      case 6:
        // The revocation comes while lookups are under way; who asks after it has been acknowledged gets nothing.
        await Promise.all([
          calls.lookUp(consent, { node }),
          sleep(draws.whole(0, 60)).then(() => door.insist((node) => calls.revoke(consent, { node }), other)),
        ]);
        await Promise.all([
          calls.lookUp(consent, { node }),
          calls.status(consent, other),
          calls.lookUp(consent, { node: other }),
        ]);
        break;
      case 7:
        await revoked(desk, consent, impatient);
        break;
      default:
        await withdrawn(desk, known);
    }
    await rest(desk);
  }
}

async function revoked({ door, calls }: Desk, consent: string, how: { patience?: number }): Promise<void> {
  const first = await calls.revoke(consent, how);
  // Some insist, others leave it at that, and nobody knows.
  if (isUnknown(first) && sometimes(door, 2)) await door.insist(() => calls.revoke(consent));
  await calls.status(consent);
  if (sometimes(door, 4)) await calls.revoke(consent);
}

async function withdrawn({ door, calls, persons, organisation }: Desk, { consent, nin }: Known): Promise<void> {
  if (nin === undefined || sometimes(door, 2)) {
    await calls.lookUp(consent);
    return;
  }
  const call = await persons.withdraw({ nin, consent, organisation: organisation.id });
  if (call !== undefined) await Promise.all([calls.lookUp(consent), calls.status(consent)]);
}

/** Persons give consents, mostly for one use; several ask at once for that use. */
export async function give(desk: Desk): Promise<void> {
  const { door, calls, persons, organisation } = desk;
  while (!door.over.aborted) {
    const nin = pick(door, nins) ?? '';
    const period = sometimes(door, 4);
    const given = await persons.give(organisation, calls, period ? { nin, days: 1 } : { nin });
    const consent = given?.told.consent;
    if (consent !== undefined && given !== undefined && isDone(given)) {
      if (period) know(desk, { consent, nin });
      else await useOnce(desk, consent);
    }
    await rest(desk);
  }
}

async function useOnce({ door, calls }: Desk, consent: string): Promise<void> {
  await calls.status(consent);
  const asking: Promise<Call>[] = [];
  for (let n = door.draws.whole(1, 4); n > 0; n -= 1) asking.push(calls.lookUp(consent));
  if (sometimes(door, 5)) asking.push(calls.revoke(consent));
  const asked = await Promise.all(asking);
  // Nobody was answered: a lookup that failed on Samtykke's side has used nothing up.
  if (!asked.some((call) => isDone(call) || call.told.refused !== undefined))
    await door.insist(() => calls.lookUp(consent));
  await calls.status(consent);
  await calls.lookUp(consent);
}

/** Follows the feed from the last number + 1, at times waiting for more; whatever it learns of is asked about, too. */
export async function follow(desk: Desk, limit: number): Promise<void> {
  const { door, calls } = desk;
  for (let own = 1; !door.over.aborted;) {
    const call = await calls.poll(own + 1, limit, sometimes(door, 3) ? door.draws.whole(1, 3) : 0);
    const events = call.told.events ?? [];
    own = call.told.end ?? own;
    for (const event of events) if (sometimes(door, 6)) know(desk, { consent: event.consent });
    await (events.length === limit ? undefined : rest(desk));
  }
}

/** Reads the feed from the start, again and again, and asks for its last number. */
export async function readAgain(desk: Desk, everyMs: number): Promise<void> {
  const { door, calls } = desk;
  while (!door.over.aborted) {
    for (let own = 1, more = true; more && !door.over.aborted;) {
      const call = await calls.poll(own + 1, 1000, 0);
      own = call.told.end ?? own;
      more = !isDone(call) || call.told.events?.length === 1000;
      if (!isDone(call)) await sleep(50);
    }
    for (const begin = door.clock(); door.clock() - begin < everyMs && !door.over.aborted;) {
      await calls.lastNumber();
      await sleep(door.draws.whole(50, 400));
    }
  }
}
