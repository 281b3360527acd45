import { Socket } from 'node:net';
import pg from 'pg';
import { systemClock } from './clock.ts';
import { queryNamed } from './db-query.ts';
import { watchSilence } from './db-silence.ts';

/**
 * Connections for point reads, which send one statement behind the other without waiting for the answers (pipelining). What many
 * requests ask within one turn of the event loop (db-gather.ts) is one packet to the database, and its answers are one packet back: the
 * packets are most of what such a read costs ([ADR 22](../../docs/adr/0022-pipelined-reads-and-shared-commits.md)).
 *
 * The server answers in order, so a slow statement keeps those behind it waiting. Therefore only statements that find single rows by
 * a key come here; a lane that has not answered for a moment gets nothing new; and one that does not answer for longer is cut. Nobody
 * waits for a lane to be opened. In all these cases the reader is told, and asks over a connection of its own.
 */
export interface Lanes {
  /**
   * Sends the statement at once; undefined: no lane is free for it now. Rejects with the server's error, or with whatever became of
   * the connection. The statement begins on the server after this was called.
   */
  read(statement: PointRead, values: unknown[]): Promise<unknown[]> | undefined;
  /** How many are open, and of these how many have nothing to do. */
  state(): { open: number; idle: number };
  /** Lets what is under way be answered. */
  close(): Promise<void>;
}

export interface PointRead {
  readonly name: string;
  readonly text: string;
}

const LANES = 2;
/** Reads under way on a lane from which on the next one is taken too. */
const BUSY = 64;
/** A lane with reads under way that has answered none for so long is passed by. */
const STALLED_MS = 100;
/** So long nobody tries to open a lane again that could not be opened. */
const REST_MS = 1_000;

/** For a database that is reached in another way: every reader is told to use a connection of its own. */
export const noLanes: Lanes = {
  read: () => undefined,
  state: () => ({ open: 0, idle: 0 }),
  close: async () => undefined,
};

/** Looks at a connection before it is used; rejects when it must not be. */
type Look = (client: pg.ClientBase) => Promise<void>;

/**
 * Opens lanes when they are first needed, and again when they were lost. `settings`: as for a client of the pool. `silenceMs`: for so long one
 * may answer nothing while it is asked something, before it is cut.
 */
export function openLanes(
  settings: pg.ClientConfig,
  silenceMs: number,
  onConnectionError: (error: Error) => void,
  look: Look,
): Lanes {
  const silence = watchSilence(silenceMs);
  const lanes = Array.from({ length: LANES }, () =>
    openLane({ ...settings, silenceMs }, onConnectionError, async (client) => {
      silence.add(client);
      await look(client);
    }),
  );
  return {
    read: (statement, values) => {
      const now = systemClock.stopwatch();
      const free = lanes.find((lane) => lane.isFree(now, BUSY)) ?? lanes.find((lane) => lane.isFree(now, Infinity));
      return free?.read(statement, values, now);
    },
    state: () => {
      const open = lanes.map((lane) => lane.underWay()).filter((underWay) => underWay !== undefined);
      return { open: open.length, idle: open.filter((underWay) => underWay === 0).length };
    },
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

interface Lane {
  /** Whether it is open, answers, and has less than so many reads under way. Begins to open it when it is not. */
  isFree(now: number, lessThan: number): boolean;
  /** Undefined: it is not open. */
  underWay(): number | undefined;
  /** Of a lane that is free. */
  read(statement: PointRead, values: unknown[], now: number): Promise<unknown[]>;
  close(): Promise<void>;
}

interface Connection {
  readonly client: pg.Client;
  readonly socket: Socket;
  underWay: number;
  /** When it last answered, or began to have something to answer. */
  answeredAt: number;
  isHeldBack: boolean;
}

function openLane(
  { silenceMs, ...settings }: pg.ClientConfig & { silenceMs: number },
  onConnectionError: (error: Error) => void,
  look: Look,
): Lane {
  let connection: Connection | undefined;
  let opening: Promise<void> | undefined;
  let restsUntil = 0;
  let isClosed = false;

  const open = async (): Promise<void> => {
    const socket = new Socket();
    const client = new pg.Client({ ...settings, stream: () => socket, pipeline: true });
    const lose = (): void => {
      if (connection?.client === client) connection = undefined;
    };
    client.on('error', (error) => {
      lose();
      onConnectionError(error);
    });
    client.on('end', lose);
    const giveUp = setTimeout(() => socket.destroy(), (settings.connectionTimeoutMillis ?? 0) + silenceMs);
    try {
      await client.connect();
      await look(client);
    } catch {
      // Whoever reads asks over the pool meanwhile, and is told there what is wrong.
      client.end().catch(() => undefined);
      restsUntil = systemClock.stopwatch() + REST_MS;
      return;
    } finally {
      clearTimeout(giveUp);
    }
    connection = { client, socket, underWay: 0, answeredAt: 0, isHeldBack: false };
  };
  /** Holds back what is sent until whoever sends it is done: what is sent in a row is one packet (db-gather.ts). */
  const holdBack = (on: Connection): void => {
    if (on.isHeldBack) return;
    on.isHeldBack = true;
    on.socket.cork();
    process.nextTick(() => {
      on.isHeldBack = false;
      on.socket.uncork();
    });
  };

  return {
    isFree: (now, lessThan) => {
      if (connection !== undefined) {
        const { underWay, answeredAt } = connection;
        return underWay === 0 || (underWay < lessThan && now - answeredAt < STALLED_MS);
      }
      if (!isClosed && opening === undefined && now >= restsUntil) {
        opening = open().finally(() => {
          opening = undefined;
        });
      }
      return false;
    },
    underWay: () => connection?.underWay,
    read: (statement, values, now) =>
      new Promise((resolve, reject) => {
        const on = connection;
        if (on === undefined) {
          reject(new Error('this lane is not open'));
          return;
        }
        if (on.underWay === 0) on.answeredAt = now;
        on.underWay += 1;
        holdBack(on);
        const answered = (): void => {
          on.underWay -= 1;
          on.answeredAt = systemClock.stopwatch();
        };
        queryNamed(on.client, statement, values).then(
          (rows) => {
            answered();
            resolve(rows);
          },
          (error: Error) => {
            answered();
            reject(error);
          },
        );
      }),
    close: async () => {
      isClosed = true;
      await opening;
      await connection?.client.end();
    },
  };
}
