import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { creditorIds } from '../../../sandbox/creditor-list.ts';
import type { Draws } from '../../../sandbox/random.ts';
import { withClient } from '../../support/database.ts';
import { processesOf } from '../../support/node-process.ts';
import { flood } from './bad-input.ts';
import type { Door } from './client-door.ts';
import type { ClockMove, Fault } from './history.ts';
import type { Clients } from './clients.ts';
import type { Installation, Standing } from './installation.ts';

/** What faults are done with. */
export interface Wrecker {
  readonly installation: Installation;
  readonly clients: Clients;
  readonly draws: Draws;
  readonly door: Door;
  readonly write: (line: Fault | ClockMove) => void;
  /** Milliseconds that what is broken stays broken. */
  readonly stays: number;
  clockOffset: number;
}

type Do = (wrecker: Wrecker) => Promise<void>;

const any = <Item>(draws: Draws, items: readonly Item[]): Item => {
  const item = items[draws.whole(0, items.length - 1)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
};

const node = ({ installation, draws }: Wrecker): Standing => any(draws, installation.nodes);

const restart =
  (signal: 'SIGTERM' | 'SIGKILL'): Do =>
  async (wrecker) => {
    const standing = node(wrecker);
    const code = await standing.end(signal);
    if (signal === 'SIGTERM' && code !== 0) throw new Error(`a node that was told to stop ended with ${code}`);
    await standing.start();
  };

/** It is still there, and answers nothing: as a machine that hangs, or is being moved to another one. */
const freeze: Do = async (wrecker) => {
  const pid = node(wrecker).process?.pid;
  if (pid === undefined) return;
  process.kill(pid, 'SIGSTOP');
  await sleep(wrecker.stays);
  process.kill(pid, 'SIGCONT');
};

const superuser = (wrecker: Wrecker, work: (client: pg.Client) => Promise<unknown>): Promise<void> =>
  withClient(wrecker.installation.database.superuserUrl, work);

const cutAll = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name like 'samtykke%' and pid <> pg_backend_pid()`;

/** Now and then whoever is busy at that moment, so that it is hit between any two steps. */
const cutBusy: Do = (wrecker) =>
  superuser(wrecker, async (admin) => {
    for (let n = 0; n < 25; n += 1) {
      await admin.query(`${cutAll} and state <> 'idle' and pid in (
        select pid from pg_stat_activity where state <> 'idle' and application_name like 'samtykke%' order by random() limit 1)`);
      await sleep(wrecker.draws.whole(5, 60));
    }
  });

/** Ends the server; who keeps it running starts it again. */
const endDatabase =
  (signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Do =>
  async ({ installation: { postgres } }) => {
    const { pid } = postgres;
    process.kill(pid, signal);
    for (let waited = 0; postgres.pid === pid; waited += 20) {
      if (waited > 60_000) throw new Error('PostgreSQL did not come back');
      await sleep(20);
    }
  };

/** Takes every connection that is to be had, those of the nodes too, which are cut again and again; and lets go. */
const fillConnections: Do = async (wrecker) => {
  const taken: pg.Client[] = [];
  const until = performance.now() + wrecker.stays;
  const connectionString = wrecker.installation.database.servingUrl;
  const take = async (): Promise<void> => {
    while (performance.now() < until) {
      const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
      client.on('error', () => undefined);
      await client.connect().then(
        () => taken.push(client),
        () => sleep(5),
      );
    }
  };
  const taking = Promise.all(Array.from({ length: 8 }, take));
  await superuser(wrecker, async (admin) => {
    for (; performance.now() < until; await sleep(200)) await admin.query(cutAll);
  });
  await taking;
  await Promise.allSettled(taken.map((client) => client.end()));
};

/** One of its processes is killed, and PostgreSQL, which cannot know what that one has left behind, begins anew by itself. */
const killBackend: Do = (wrecker) =>
  superuser(wrecker, async (admin) => {
    const { rows } = await admin.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name like 'samtykke%' order by state = 'active' desc limit 1`,
    );
    if (rows[0] !== undefined) process.kill(rows[0].pid, 'SIGKILL');
  })
    .catch(() => undefined) // this connection ends with it
    .then(() => untilDone(() => superuser(wrecker, (admin) => admin.query('select 1'))));

/** All its processes stand still. What waits longer than a statement may take is given up by the nodes, and is done all the same. */
const freezeDatabase =
  (times: number): Do =>
  async ({ installation, stays }) => {
    const pids = await processesOf(installation.postgres.folder);
    const tell = (signal: 'SIGSTOP' | 'SIGCONT'): void => {
      for (const pid of pids) {
        try {
          process.kill(pid, signal);
        } catch {
          // One that has ended meanwhile.
        }
      }
    };
    tell('SIGSTOP');
    await sleep(stays * times);
    tell('SIGCONT');
  };

/** Somebody holds what a feed's numbers are given under, as a transaction that has come to a stand does. */
const holdFeeds: Do = (wrecker) =>
  superuser(wrecker, async (admin) => {
    await admin.query('begin');
    await admin.query('select 1 from feed_head for no key update');
    await sleep(wrecker.stays);
    await admin.query('rollback');
  });

const behave =
  (behaviour: 'slow' | 'failing' | 'silent' | 'nonsense'): Do =>
  async (wrecker) => {
    const creditors = Object.values(creditorIds).filter(() => wrecker.draws.whole(0, 2) > 0);
    await tell(wrecker, creditors, behaviour);
    await sleep(wrecker.stays);
    await tell(wrecker, creditors, 'normal');
  };

/** At all nodes, as each has creditors of its own, and it is those of the last one that started that are asked. */
async function tell({ installation }: Wrecker, creditors: readonly string[], behaviour: string): Promise<void> {
  const url = (id: string): string => `/sandbox/creditors/${id}`;
  await Promise.all(
    installation.nodes.flatMap(({ process }) =>
      creditors.map(async (id) => process?.call({ method: 'POST', url: url(id), payload: { behaviour } })),
    ),
  );
}

/** Past the end of single uses, or of a day; each node confirms it: it looks at the clock when it is asked to move it by nothing. */
const moveClock =
  (seconds: number): Do =>
  async (wrecker) => {
    const begin = wrecker.door.clock();
    const clockOffset = wrecker.clockOffset + seconds;
    // As often as it takes: to what it is to be, not by how much.
    await untilDone(() =>
      superuser(wrecker, (admin) => admin.query('update installation set clock_offset_seconds = $1', [clockOffset])),
    );
    for (const { process } of wrecker.installation.nodes) {
      await untilDone(async () => {
        const answer = await process?.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: 0 } });
        if (answer !== undefined && answer.status !== 200)
          throw new Error(`the clock: ${answer.status} ${answer.text}`);
      });
    }
    wrecker.clockOffset = clockOffset;
    wrecker.write({ clockOffset, begin, end: wrecker.door.clock() });
  };

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries >= 100) throw error;
      await sleep(100);
    }
  }
}

const both: Do = async (wrecker) => {
  const standing = node(wrecker);
  await Promise.all([standing.end('SIGKILL'), endDatabase('SIGKILL')(wrecker)]);
  await standing.start();
};

const allNodes: Do = async ({ installation }) => {
  await Promise.all(installation.nodes.map((standing) => standing.end('SIGKILL')));
  await Promise.all(installation.nodes.map((standing) => standing.start()));
};

/** Everything that is done, in words for people. */
export const faults: Readonly<Record<string, Do>> = {
  'a node is killed (kill -9)': restart('SIGKILL'),
  'a node is stopped (SIGTERM)': restart('SIGTERM'),
  'a node is frozen (SIGSTOP)': freeze,
  'all nodes are killed at once': allNodes,
  'all connections to the database are cut': (wrecker) => superuser(wrecker, (admin) => admin.query(cutAll)),
  'busy connections are cut, one after another': cutBusy,
  'PostgreSQL is stopped (fast)': endDatabase('SIGINT'),
  'PostgreSQL is stopped (immediate)': endDatabase('SIGQUIT'),
  'PostgreSQL is killed (kill -9)': endDatabase('SIGKILL'),
  'a process of PostgreSQL is killed (kill -9)': killBackend,
  'PostgreSQL is frozen (SIGSTOP)': freezeDatabase(1),
  'PostgreSQL is frozen, longer than a statement may take': freezeDatabase(5),
  'a node and PostgreSQL are killed at once': both,
  'all connections are taken by others': fillConnections,
  'a transaction holds all feeds': holdFeeds,
  'creditors are slow': behave('slow'),
  'creditors fail': behave('failing'),
  'creditors hang': behave('silent'),
  'creditors answer nonsense': behave('nonsense'),
  'the clock goes 11 minutes forward': moveClock(660),
  'the clock goes a day forward': moveClock(86_400),
  'a client is killed (kill -9)': (wrecker) => wrecker.clients.killOne(wrecker.draws),
  'a flood of bad input': (wrecker) => flood(wrecker.door, wrecker.installation.addresses, 300),
};

/** Does one, and keeps in the history when. */
export async function wreck(wrecker: Wrecker, fault: string): Promise<void> {
  const begin = wrecker.door.clock();
  await faults[fault]?.(wrecker);
  wrecker.write({ fault, begin, end: wrecker.door.clock() });
}

/** All kinds in a seeded order, one after another, and then all of them in another order. */
export function* schedule(draws: Draws): Generator<string> {
  for (;;) {
    const left = Object.keys(faults);
    while (left.length > 0) yield left.splice(draws.whole(0, left.length - 1), 1)[0] ?? '';
  }
}
