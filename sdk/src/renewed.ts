import { SamtykkeError } from './errors.ts';
import type { Deadline } from './time.ts';

/** Something that was fetched: used until `goodUntil`, and fetched anew from `renewFrom` on (milliseconds since 1970). */
export interface Fetched<Value> {
  readonly value: Value;
  readonly renewFrom: number;
  readonly goodUntil: number;
}

const PAUSE_AFTER_FAILURE_MS = 5_000;

/**
 * One value for many callers, fetched once however many ask at the same moment, and renewed before it ends while the old one is still handed
 * out. So nobody waits for a renewal, and one that fails is noticed by nobody as long as the old one is good.
 */
export class Renewed<Value> {
  readonly #fetch: () => Promise<Fetched<Value>>;
  #current: Fetched<Value> | undefined;
  #flight: Promise<Value> | undefined;
  #pausedUntil = 0;

  constructor(fetch: () => Promise<Fetched<Value>>) {
    this.#fetch = fetch;
  }

  /** Rejects as the fetching does, or as the caller's own deadline does, which does not end the fetching for others. */
  async get(deadline: Deadline): Promise<Value> {
    const now = Date.now();
    const current = this.#current;
    if (current === undefined || now >= current.goodUntil) return deadline.race(this.#fetchOnce());
    if (now >= current.renewFrom && now >= this.#pausedUntil) void this.#fetchOnce();
    return current.value;
  }

  /** Forgets a value that turned out not to be good; another one that has taken its place stays. */
  drop(value: Value): void {
    if (this.#current?.value === value) this.#current = undefined;
  }

  #fetchOnce(): Promise<Value> {
    if (this.#flight !== undefined) return this.#flight;
    const flight = this.#fetch()
      .then((fetched) => {
        this.#current = fetched;
        return fetched.value;
      })
      .finally(() => {
        this.#flight = undefined;
      });
    // Whoever waits is told; when nobody does any more, it must not end the process.
    flight.catch((error: unknown) => {
      const asked = error instanceof SamtykkeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      this.#pausedUntil = Date.now() + Math.max(PAUSE_AFTER_FAILURE_MS, asked);
    });
    this.#flight = flight;
    return flight;
  }
}
