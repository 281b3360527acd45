import { FeedGapError, SamtykkeError } from './errors.ts';
import type { ConsentEvent } from './events.ts';
import { wholeNumber } from './options.ts';
import { pauseMs, sleep } from './time.ts';

/** Where a place in the feed is kept: the number of the last event that was handled. */
export interface PlaceStore {
  /** Undefined: none has been kept yet. */
  load(): Promise<number | undefined>;
  save(sequenceNr: number): Promise<void>;
}

export interface FollowOptions {
  /**
   * Where to begin when the store has no place, or there is no store: `oldest` (unless told) is everything that can be read, `newest` what
   * happens from now on, a number the first event wanted: the last one handled + 1.
   */
  readonly from?: 'oldest' | 'newest' | number | undefined;
  /** Keeps the place. Saved when you come back for the next event, so that an event which you did not finish comes again. */
  readonly store?: PlaceStore | undefined;
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** How many events to fetch at once: 500 unless told, 1000 at most. */
  readonly limit?: number | undefined;
  /** How long the server may hold a request until something happens: 30 unless told, 60 at most; 0: it is asked again and again. */
  readonly waitSeconds?: number | undefined;
  /** How often to ask a server that does not hold requests: each 5 seconds unless told. */
  readonly pollSeconds?: number | undefined;
  /** The longest pause after failures in a row: 30 seconds unless told. What a server asks for is kept to in any case, up to an hour. */
  readonly maxPauseSeconds?: number | undefined;
  /** `ignore`: go on from the oldest event although some may have aged out. For servers whose numbers have gaps of their own. */
  readonly onGap?: 'throw' | 'ignore' | undefined;
  /** Told of each failure that is waited out, for your log. */
  readonly onRetry?: ((failure: { error: SamtykkeError; failures: number; pauseMs: number }) => void) | undefined;
}

/** The feed as this file needs it: each call is one try. */
export interface FeedCalls {
  read(
    page: { from: number; limit: number; waitSeconds: number },
    signal: AbortSignal | undefined,
  ): Promise<readonly ConsentEvent[]>;
  firstSequenceNr(signal: AbortSignal | undefined): Promise<number>;
  lastSequenceNr(signal: AbortSignal | undefined): Promise<number>;
}

/** Events are readable for days. Whoever has asked within this time cannot have missed one. */
const SURE_FOR_MS = 3_600_000;
const LONGEST_ASKED_PAUSE_MS = 3_600_000;
/** An answer that makes no sense may be a proxy's while servers are replaced. One that stays is for a human. */
const MOST_BAD_ANSWERS = 5;

const ABORTED = Symbol('aborted');

/**
 * Each event from a place on, in order, none skipped and at least once (F2). A place is never beyond an event that the consumer has not come
 * back from. How a gap is noticed: the page is read first, then the oldest number; when that is not beyond the place, nothing between the
 * place and the page had aged out when the page was read.
 */
export async function* follow(feed: FeedCalls, options: FollowOptions): AsyncGenerator<ConsentEvent, void, undefined> {
  const { store, signal, from = 'oldest' } = options;
  const limit = wholeNumber(options.limit, 'limit', { unlessTold: 500, least: 1, most: 1_000 });
  const pollMs = 1000 * wholeNumber(options.pollSeconds, 'pollSeconds', { unlessTold: 5, least: 1, most: 3_600 });
  let waitSeconds = wholeNumber(options.waitSeconds, 'waitSeconds', { unlessTold: 30, least: 0, most: 60 });
  const patiently = retrier(options);

  const kept = await keptPlace(store);
  const begin = kept ?? (await patiently(() => firstPlace(feed, { from, keep: store !== undefined, signal })));
  if (begin === ABORTED) return;
  let place = begin;
  if (kept === undefined) await store?.save(place);
  // A place that was made just now leads on; one that comes from somewhere has to be looked at.
  const given = kept !== undefined || (typeof from === 'number' && from > 1);
  let soon = 0;
  let sureUntil = given ? 0 : Date.now() + SURE_FOR_MS;
  const over = (): boolean => signal?.aborted === true;
  const unsure = (): boolean => options.onGap !== 'ignore' && Date.now() >= sureUntil;

  while (!over()) {
    const asked = Date.now();
    // Bad news is not waited for.
    const page = { from: place + 1, limit, waitSeconds: unsure() ? 0 : waitSeconds };
    const events = await patiently(() => feed.read(page, signal)).catch((error: unknown) => {
      // A server that knows no such parameter, and says so.
      if (!(error instanceof SamtykkeError) || error.code !== 'invalid_request' || page.waitSeconds === 0) throw error;
      waitSeconds = 0;
      return undefined;
    });
    if (events === ABORTED) return;
    if (events === undefined) continue;
    // Asked once more: it may be days since the first try.
    if (unsure() && (await patiently(() => checkPlace(feed, place, events.length, signal))) === ABORTED) return;
    sureUntil = Date.now() + SURE_FOR_MS;

    for (const event of events) {
      yield event;
      place = event.sequenceNr;
      await store?.save(place);
      if (over()) return;
    }
    if (events.length > 0 || page.waitSeconds !== waitSeconds) continue;
    // A server that does not wait answers at once, and is asked again when it is time. One that waits does so too when it is about to
    // end: then another one waits.
    soon = Date.now() - asked < waitSeconds * 900 ? soon + 1 : 0;
    if (waitSeconds === 0 || soon > 1) await sleep(asked + pollMs - Date.now(), signal);
  }
}

type Patiently = <Value>(work: () => Promise<Value>) => Promise<Value | typeof ABORTED>;

async function keptPlace(store: PlaceStore | undefined): Promise<number | undefined> {
  const kept: unknown = await store?.load();
  if (kept === undefined || kept === null) return undefined;
  if (typeof kept === 'number' && Number.isSafeInteger(kept) && kept >= 0) return kept;
  throw new SamtykkeError(
    'configuration',
    'store.load() must answer with the number that was saved, or with undefined',
  );
}

/** The place before the first event wanted. With a store it is found out, since what is kept must lead on from today. */
async function firstPlace(
  feed: FeedCalls,
  start: { from: 'oldest' | 'newest' | number; keep: boolean; signal: AbortSignal | undefined },
): Promise<number> {
  const { from, keep, signal } = start;
  if (from === 'newest') return feed.lastSequenceNr(signal);
  if (typeof from === 'number' && from > 1) {
    return wholeNumber(from, 'from', { unlessTold: 0, least: 0, most: Number.MAX_SAFE_INTEGER }) - 1;
  }
  return keep ? Math.max(0, (await feed.firstSequenceNr(signal)) - 1) : 0;
}

async function checkPlace(
  feed: FeedCalls,
  place: number,
  read: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const firstSequenceNr = await feed.firstSequenceNr(signal);
  if (firstSequenceNr > place + 1) throw new FeedGapError(place, { firstSequenceNr });
  if (read > 0) return;
  const lastSequenceNr = await feed.lastSequenceNr(signal);
  if (lastSequenceNr < place) throw new FeedGapError(place, { lastSequenceNr });
}

/** Does something until it is done, or failed for good, or the signal aborts. */
function retrier(options: FollowOptions): Patiently {
  const { signal, onRetry } = options;
  const maxPauseMs =
    1000 * wholeNumber(options.maxPauseSeconds, 'maxPauseSeconds', { unlessTold: 30, least: 1, most: 3_600 });
  const over = (): boolean => signal?.aborted === true;
  return async (work) => {
    let badAnswers = 0;
    for (let failures = 1; ; failures += 1) {
      if (over()) return ABORTED;
      try {
        return await work();
      } catch (error) {
        if (over()) return ABORTED;
        if (!(error instanceof SamtykkeError)) throw error;
        if (error.code === 'bad_answer') badAnswers += 1;
        error.attempts = failures;
        const passing = error.retryable || (error.code === 'bad_answer' && badAnswers < MOST_BAD_ANSWERS);
        if (!passing) throw error;
        const pause = Math.min(pauseMs(failures, maxPauseMs, error.retryAfterSeconds), LONGEST_ASKED_PAUSE_MS);
        onRetry?.({ error, failures, pauseMs: Math.round(pause) });
        await sleep(pause, signal);
      }
    }
  };
}
