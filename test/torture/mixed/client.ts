import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { drawsFrom } from '../../../sandbox/random.ts';
import { callsOf, eventTold, type Organisation } from './client-calls.ts';
import { openDoor, jsonOf } from './client-door.ts';
import { personsAt } from './client-person.ts';
import { follow, give, readAgain, register, use, type Desk } from './client-work.ts';
import { clockFrom, openHistory } from './history.ts';

/** What a client process is told when it starts, in TORTURE_CLIENT. It knows no more of Samtykke than any client does. */
export interface ClientOrder {
  readonly who: string;
  readonly folder: string;
  readonly anchor: number;
  readonly seed: number;
  readonly nodes: readonly string[];
  readonly publicUrl: string;
  readonly organisation: Organisation;
  /** Its own ids of consents begin with these, in turns. */
  readonly prefixes: readonly string[];
  /** Longest pause between two calls of a worker, in milliseconds. */
  readonly pause: number;
  /** Whether persons give it consents; and whether it has a webhook. */
  readonly persons: boolean;
  readonly webhook: boolean;
  /** How many register, and how many use. */
  readonly workers: number;
}

/** Works until its standard input ends, finishes what it has begun, and ends. */
async function main(order: ClientOrder): Promise<void> {
  const { who, folder, publicUrl, organisation } = order;
  const over = new AbortController();
  process.stdin.on('end', () => over.abort()).resume();
  const clock = clockFrom(order.anchor);
  const write = openHistory(folder, who);
  const draws = drawsFrom(order.seed);
  const door = openDoor({ who, nodes: order.nodes, clock, draws, write, over: over.signal });
  const calls = callsOf(door, organisation, { publicUrl });
  const desk: Desk = {
    door,
    calls,
    organisation,
    persons: personsAt(door, { publicUrl }),
    pause: order.pause,
    pool: [],
  };
  const all = Array.from({ length: order.workers }, (_, n) => n);
  const receiver = order.webhook ? await receive(desk) : undefined;
  await Promise.all([
    ...all.map((n) => register(desk, order.prefixes, `${who}-${n}`)),
    ...all.map(() => use(desk)),
    ...(order.persons ? [give(desk), give(desk)] : []),
    follow(desk, 1000),
    follow(desk, 7),
    readAgain(desk, 6_000),
  ]);
  await receiver?.close();
  await door.close();
}

/** Has the feed pushed to a server of its own, which loses some messages after it has taken them and before it has said so. */
async function receive({ door, calls, organisation }: Desk): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = jsonOf(Buffer.concat(chunks).toString()) as { data?: { sequenceNr?: number } } | undefined;
      const isEvent = message?.data?.sequenceNr !== undefined;
      const told = isEvent ? { events: [eventTold(message.data)] } : {};
      void door
        .record({ op: 'pushed', organisation: organisation.id, asked: {} }, async () => ({ status: 200, told }))
        .then(() => (door.draws.whole(1, 60) === 1 ? response.destroy() : response.writeHead(204).end()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}/hooks`;
  for (const begun = door.clock(); !(await calls.subscribe(url));) {
    if (door.clock() - begun > 60_000) throw new Error('the webhook could not be registered');
    await sleep(100);
  }
  // It stays after work has ended, for as long as something comes: whoever ends this process decides how long.
  const gone = new Promise<void>((resolve) => process.once('SIGTERM', resolve));
  return {
    close: async () => {
      process.stdout.write('finished\n');
      await gone;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

await main(JSON.parse(process.env['TORTURE_CLIENT'] ?? '{}') as ClientOrder);
