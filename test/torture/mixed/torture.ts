import { setTimeout as sleep } from 'node:timers/promises';
import { drawsFrom } from '../../../sandbox/random.ts';
import { API, clientOf } from '../../support/world.ts';
import type { ClientOrder } from './client.ts';
import type { Organisation } from './client-calls.ts';
import { openDoor } from './client-door.ts';
import { startClients } from './clients.ts';
import { wreck } from './faults.ts';
import { writeFinalState } from './final-state.ts';
import { ANCHOR, clockFrom, openHistory } from './history.ts';
import type { Installation } from './installation.ts';
import { takeFinalState } from './read-final-state.ts';

export interface Torture {
  readonly seed: number;
  /** For the history, and the state at the end. */
  readonly folder: string;
  /** What is done to it, one after another, until `seconds` have passed; undefined: it is left alone for that time. */
  readonly faults: Iterator<string> | undefined;
  readonly seconds: number;
  /** Without faults it is over earlier when this says so. */
  readonly enough?: () => boolean;
  /** Longest pause between faults, how long what is broken stays so, longest pause of a worker: in milliseconds. */
  readonly calm: number;
  readonly stays: number;
  readonly pause: number;
  readonly workers: number;
  /** How many processes of clients there are, at most three: of one organisation, of another, and of the first again. */
  readonly clients?: number;
  /** By what clients reach it, when not by its nodes. */
  readonly addresses?: readonly string[];
  readonly prefixes?: readonly string[];
  /** Told of each fault before it is done. */
  readonly say?: (line: string) => void;
}

const organisation = (number: 1 | 2): Organisation => {
  const { id, secret } = clientOf(number);
  return { id, secret, redirect: `http://localhost:${number === 1 ? 8765 : 8766}/callback` };
};

/** Lets clients work while it does what it is told, lets them finish, and records what is there then. Judges nothing. */
export async function torture(installation: Installation, how: Torture): Promise<void> {
  const anchor = ANCHOR();
  const clock = clockFrom(anchor);
  const write = openHistory(how.folder, 'driver');
  const draws = drawsFrom(how.seed);
  const over = new AbortController();
  const nodes = how.addresses ?? installation.addresses;
  const order = (who: string, number: 1 | 2, more: Pick<ClientOrder, 'persons' | 'webhook'>): ClientOrder => ({
    who,
    anchor,
    nodes,
    folder: how.folder,
    seed: how.seed * 100 + draws.whole(0, 99),
    publicUrl: API,
    organisation: organisation(number),
    prefixes: how.prefixes ?? ['application'],
    pause: how.pause,
    workers: how.workers,
    ...more,
  });
  const orders = [
    order('sparekompis-1', 1, { persons: true, webhook: true }),
    order('fjordbanken-1', 2, { persons: false, webhook: false }),
    order('sparekompis-2', 1, { persons: true, webhook: false }),
  ].slice(0, how.clients ?? 3);
  const door = openDoor({ who: 'driver', nodes, clock, draws, write, over: over.signal });
  const clients = startClients(orders);
  try {
    const wrecker = { installation, clients, draws, door, write, stays: how.stays, clockOffset: 0 };
    const begin = clock();
    const left = (): number => begin + how.seconds * 1000 - clock();
    await sleep(Math.min(how.calm, 2_000));
    while (left() > 0) {
      const next = how.faults?.next();
      if (next === undefined || next.done === true) break;
      how.say?.(`${((clock() - begin) / 1000).toFixed(0).padStart(5)} s  ${next.value}`);
      await wreck(wrecker, next.value);
      await sleep(draws.whole(how.calm >> 2, how.calm));
    }
    while (how.faults === undefined && left() > 0 && how.enough?.() !== true) await sleep(Math.min(left(), 500));
    await clients.finish();
    const asking = {
      folder: how.folder,
      clock,
      publicUrl: API,
      organisations: [organisation(1), organisation(2)],
      pushedTo: new Set(orders.filter((one) => one.webhook).map((one) => one.organisation.id)),
    };
    const { state, logExport } = await takeFinalState(installation, asking);
    await clients.end();
    writeFinalState(how.folder, state, logExport);
  } finally {
    over.abort();
    clients.kill();
    await door.close();
  }
}
