import type { Apis, CallOptions } from './api.ts';
import { eventsFrom, type ConsentEvent } from './events.ts';
import { follow, type FollowOptions } from './follow.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';
import { wholeNumber } from './options.ts';
import { fieldsOf, wholeNumberOf } from './wire.ts';

export interface ReadOptions extends CallOptions {
  /** The first number wanted: the last one that you have handled, + 1. */
  readonly from: number;
  /** At most so many events: 500 unless told, 1000 at most. */
  readonly limit?: number | undefined;
  /** How long the server may wait for an event when there is none, 60 at most. A server that cannot wait answers at once. */
  readonly waitSeconds?: number | undefined;
}

/** What happens to your consents, in an order in which nothing is ever added behind what has been read. */
export interface Feed {
  /**
   * Every event from a place on, for ever: `for await (const event of feed.follow({ store }))`. Outages are waited out and nothing is skipped.
   * Ends when the signal aborts; throws what does not pass by itself, `feed_gap` among it.
   */
  follow(options?: FollowOptions): AsyncGenerator<ConsentEvent, void, undefined>;
  /** One page. */
  read(options: ReadOptions): Promise<readonly ConsentEvent[]>;
  /** The oldest number that can be read; the newest + 1 when none can. */
  firstSequenceNr(options?: CallOptions): Promise<number>;
  /** The newest number; 1 when there was never an event. */
  lastSequenceNr(options?: CallOptions): Promise<number>;
  /** All your consents with their state as of one number, for whoever has no place, or one that is too old. */
  snapshot(options?: CallOptions): Promise<Snapshot>;
}

export function feedOf(apis: Apis): Feed {
  const numberAt = (
    name: 'firstSequenceNr' | 'lastSequenceNr',
    options: CallOptions,
    retries?: number,
  ): Promise<number> =>
    apis
      .ask({ api: 'events', method: 'GET', path: `/${name}` }, options, retries)
      .then((answer) => wholeNumberOf(fieldsOf(answer, 'its body'), name));

  const read = async (options: ReadOptions, retries?: number): Promise<readonly ConsentEvent[]> => {
    const from = wholeNumber(options.from, 'from', { unlessTold: 0, least: 0, most: Number.MAX_SAFE_INTEGER });
    const limit = wholeNumber(options.limit, 'limit', { unlessTold: 500, least: 1, most: 1_000 });
    const waitSeconds = wholeNumber(options.waitSeconds, 'waitSeconds', { unlessTold: 0, least: 0, most: 60 });
    const query = { fromSequenceNr: from, limit, ...(waitSeconds > 0 && { waitSeconds }) };
    const answer = await apis.ask(
      { api: 'events', method: 'GET', query, patienceMs: waitSeconds * 1000 },
      options,
      retries,
    );
    return eventsFrom(answer, from);
  };

  return {
    follow: (options = {}) =>
      follow(
        {
          read: (page, signal) => read({ ...page, signal }, 0),
          firstSequenceNr: (signal) => numberAt('firstSequenceNr', { signal }, 0),
          lastSequenceNr: (signal) => numberAt('lastSequenceNr', { signal }, 0),
        },
        options,
      ),
    read,
    firstSequenceNr: (options = {}) => numberAt('firstSequenceNr', options),
    lastSequenceNr: (options = {}) => numberAt('lastSequenceNr', options),
    snapshot: (options = {}) => openSnapshot(apis, options),
  };
}
