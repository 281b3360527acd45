import type { Socket } from 'node:net';
import type pg from 'pg';
import { systemClock } from './clock.ts';

/**
 * Cuts connections over which nothing has come for too long after something was asked: a server that is frozen or cut off says nothing at all.
 * One timer for all of them. (The driver's own `query_timeout` makes one for each statement; what it refers to outlived the statement,
 * and moving it about was up to a third of the CPU of Node.)
 */
export interface SilenceWatch {
  /** Watches a connection from now on. */
  add(client: pg.ClientBase): void;
}

interface Watched {
  begun(client: pg.ClientBase): void;
  ended(client: pg.ClientBase): void;
}

const watches = new WeakMap<pg.ClientBase, Watched>();

export function watchSilence(longestMs: number): SilenceWatch {
  /** How many statements wait for an answer, and since when none has come; in the order of that. */
  const underWay = new Map<pg.ClientBase, { readonly since: number; readonly statements: number }>();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = undefined;
    const now = systemClock.stopwatch();
    for (const [client, { since }] of underWay) {
      const left = since + longestMs - now;
      if (left > 0) {
        timer = setTimeout(look, left);
        timer.unref();
        return;
      }
      underWay.delete(client);
      cut(client);
    }
  };
  const watch: Watched = {
    begun: (client) => {
      const { since = systemClock.stopwatch(), statements = 0 } = underWay.get(client) ?? {};
      underWay.set(client, { since, statements: statements + 1 });
      if (timer !== undefined) return;
      timer = setTimeout(look, longestMs);
      timer.unref();
    },
    ended: (client) => {
      const { statements = 0 } = underWay.get(client) ?? {};
      underWay.delete(client);
      if (statements > 1) underWay.set(client, { since: systemClock.stopwatch(), statements: statements - 1 });
    },
  };
  return { add: (client) => void watches.set(client, watch) };
}

/** What was asked over it then fails as it does when a connection is lost. */
function cut(client: pg.ClientBase): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

/** Something was asked over this connection; nothing happens if it is not watched. */
export const asked = (client: pg.ClientBase): void => watches.get(client)?.begun(client);
/** It was answered, or has failed. */
export const answered = (client: pg.ClientBase): void => watches.get(client)?.ended(client);

/** The same around something that is asked in the driver's own way. */
export async function watched<Result>(client: pg.ClientBase, ask: () => Promise<Result>): Promise<Result> {
  asked(client);
  try {
    return await ask();
  } finally {
    answered(client);
  }
}
