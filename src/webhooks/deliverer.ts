import { setTimeout as sleep } from 'node:timers/promises';
import { lastSequenceNr } from '../consent/event-log.ts';
import type { WakeUps } from '../feed/wake-ups.ts';
import { DomainError } from '../errors/domain-error.ts';
import { leaseEnd, openProgress, type Holding } from './progress.ts';
import { CLAIM, WATCHED, type ClaimedRow } from './store.ts';
import { takeTurn, type TurnPlatform } from './turn.ts';

/** Sends what webhooks have not been sent yet, as long as this node runs. */
export interface WebhookDeliverer {
  /** Sends what is due now. Resolves when that is done, or after some seconds: it goes on by itself. */
  deliverDue(): Promise<void>;
  /** Takes up nothing more, and waits for the messages that are under way, at most so long. */
  close(options: { seconds: number }): Promise<void>;
}

export interface DelivererOptions {
  /** Tell when there are events. Without them, and besides, what is due is looked for each second. */
  readonly wakeUps?: WakeUps;
  /** False: only `deliverDue` sends anything. */
  readonly byItself?: boolean;
}

const LOOK_MS = 1_000;
/** Between two looks, however many events there are; and until the next one, when the database is away. */
const LEAST_MS = 50;
const AWAY_MS = 2_000;
/** How often it is asked which clients have webhooks. */
const WATCH_MS = 5_000;
const LONGEST_WAIT_MS = 2_000;

/**
 * Any number of nodes may deliver at once: each takes subscriptions that nobody has, sends for a while, and lets them go. On one node
 * at most WEBHOOKS_AT_ONCE are being sent for, those that failed the last time in at most half of these places: so however many
 * endpoints hang, the others go on.
 */
export function openWebhooks(platform: TurnPlatform, options: DelivererOptions = {}): WebhookDeliverer {
  const { db, clock, config, log } = platform;
  const { wakeUps, byItself = true } = options;
  const progress = openProgress(platform);
  const closing = new AbortController();
  const turns = new Map<
    string,
    { readonly failing: boolean; readonly holding: Holding; readonly done: Promise<void> }
  >();
  const most = { all: config.webhooksAtOnce, failing: Math.ceil(config.webhooksAtOnce / 2) };
  /** Ends the wait for the next look. */
  let hurry = new AbortController();

  const begin = (row: ClaimedRow, since: number): void => {
    const holding = progress.hold(row, since);
    const done = takeTurn(platform, holding, row, closing.signal)
      .then((end) => {
        if (end === 'more') hurry.abort();
      })
      .catch(async (error: unknown) => {
        const away = error instanceof DomainError && error.code === 'unavailable';
        // Another one has it, or it has been changed, and then there may be more: that is nothing to tell.
        if (holding.lost.aborted) hurry.abort();
        else log.warn({ webhookId: row.id, error }, 'sending for a webhook broke off; it is taken up again');
        // Whatever else is wrong is so the next moment, too: that one is left alone until its lease is over.
        await holding.settle({ letGo: away || closing.signal.aborted }).catch(() => undefined);
      })
      .finally(() => {
        turns.delete(row.id);
      });
    turns.set(row.id, { failing: row.failing_since !== null, holding, done });
  };

  const claim = async (failing: boolean, limit: number): Promise<number> => {
    if (limit <= 0 || closing.signal.aborted) return 0;
    const since = clock.stopwatch();
    const realNow = clock.realNow();
    const rows = await db.query(CLAIM, [realNow, leaseEnd(realNow), clock.now(), failing, limit, [...turns.keys()]]);
    for (const row of rows) begin(row, since);
    return rows.length;
  };

  const now: { looking: Promise<number> | undefined } = { looking: undefined };
  /** Takes up what is due, as far as there are places. One look at a time; answers how many it took up. */
  const look = async (): Promise<number> => {
    while (now.looking !== undefined) await now.looking.catch(() => undefined);
    now.looking = lookOnce().finally(() => {
      now.looking = undefined;
    });
    return now.looking;
  };
  const lookOnce = async (): Promise<number> => {
    const fresh = await claim(false, most.all - turns.size);
    const failing = [...turns.values()].filter((turn) => turn.failing).length;
    return fresh + (await claim(true, Math.min(most.failing - failing, most.all - turns.size)));
  };

  const pause = async (ms: number): Promise<void> => {
    const ends = AbortSignal.any([closing.signal, hurry.signal]);
    await sleep(ms, undefined, { signal: ends }).catch(() => undefined);
  };

  const goOn = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      hurry = new AbortController();
      const away = await look().then(
        () => false,
        (error: unknown) => {
          log.warn({ error }, 'webhooks could not be looked through');
          return true;
        },
      );
      await sleep(away ? AWAY_MS : LEAST_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      await pause(LOOK_MS);
    }
  };

  /** Looks as soon as a client has something new, whose webhooks have been sent all there was. */
  const watch = async (wakeUps: WakeUps, clientId: string, stop: AbortSignal): Promise<void> => {
    for (let after: number | undefined; !stop.aborted;) {
      // This gives numbers to what waits for one: only then is there something to send.
      const last = await lastSequenceNr(db, clientId, clock.now()).catch(() => undefined);
      if (last !== undefined && after !== undefined && last > after) hurry.abort();
      await sleep(last === undefined ? AWAY_MS : LEAST_MS, undefined, { signal: stop }).catch(() => undefined);
      after = last ?? after;
      if (last !== undefined) await wakeUps.wait(clientId, { after: last, signal: stop });
    }
  };
  const watchAll = async (wakeUps: WakeUps): Promise<void> => {
    const watches = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
    while (!closing.signal.aborted) {
      const rows = await db.query(WATCHED).catch(() => undefined);
      const wanted = new Set(rows?.map((row) => row.client_id) ?? watches.keys());
      for (const clientId of wanted) {
        if (watches.has(clientId)) continue;
        const stop = new AbortController();
        watches.set(clientId, { stop, done: watch(wakeUps, clientId, stop.signal) });
      }
      for (const [clientId, { stop }] of watches) {
        if (wanted.has(clientId)) continue;
        stop.abort();
        watches.delete(clientId);
      }
      await sleep(WATCH_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    for (const { stop } of watches.values()) stop.abort();
    await Promise.all([...watches.values()].map(({ done }) => done));
  };

  const running: readonly Promise<void>[] =
    byItself && most.all > 0 ? [goOn(), ...(wakeUps === undefined ? [] : [watchAll(wakeUps)])] : [];

  const allDone = async (): Promise<void> => {
    await Promise.all([...turns.values()].map(({ done }) => done));
  };

  return {
    deliverDue: async () => {
      const begun = clock.stopwatch();
      while (clock.stopwatch() - begun < LONGEST_WAIT_MS) {
        if ((await look()) === 0 && turns.size === 0) return;
        const enough = new AbortController();
        const left = LONGEST_WAIT_MS - (clock.stopwatch() - begun);
        const limit = sleep(Math.max(0, left), undefined, { signal: enough.signal }).catch(() => undefined);
        await Promise.race([allDone(), limit]).finally(() => enough.abort());
      }
    },
    close: async ({ seconds }) => {
      closing.abort();
      await Promise.all(running);
      await now.looking?.catch(() => undefined);
      const late = setTimeout(() => {
        for (const { holding } of turns.values()) holding.abort(new Error('this node is closing'));
      }, seconds * 1000);
      await allDone();
      clearTimeout(late);
      await progress.close();
    },
  };
}
