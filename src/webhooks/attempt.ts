/**
 * What became of a message. `refused`: another status than 2xx; `gone`: 410; the rest: no answer in time, no connection, a certificate
 * that is not good, an address that may not be connected to, a connection that ended.
 */
export type Outcome =
  'delivered' | 'refused' | 'gone' | 'timed_out' | 'not_reached' | 'wrong_server' | 'not_allowed' | 'cut';

export interface Attempt {
  /** Business time. */
  readonly at: Date;
  readonly outcome: Outcome;
  /** Of HTTP; null: there was no answer. */
  readonly status: number | null;
  /** For how long the receiver asks to be left alone, in seconds. */
  readonly retryAfterSeconds?: number;
}

/** Only 2xx is a yes (Standard Webhooks, "Delivery success and failure"): a redirect is not followed, and 410 says never again. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status <= 299) return 'delivered';
  return status === 410 ? 'gone' : 'refused';
}

/** The first wait, and the longest one, in seconds. */
const FIRST_WAIT = 2;
const LONGEST_WAIT = 15 * 60;
/** As long as a receiver that names a time may be left alone. */
const LONGEST_ASKED = 60 * 60;

const DAY_MS = 86_400_000;
/** An endpoint that has taken nothing for so long is given up; */
const GIVE_UP_MS = 3 * DAY_MS;
/** but not before it was tried so often: for as long as we ourselves were away nobody can blame it. */
const LEAST_ATTEMPTS = 10;

/**
 * Seconds to wait after so many failed attempts in a row: twice as long each time, up to a quarter of an hour, by a quarter less or
 * more as `spread` (0 to 1) says; or as long as the receiver asked for, if that is more, up to an hour.
 */
export function backOffSeconds(attempts: number, spread: number, retryAfterSeconds = 0): number {
  const wait = Math.min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT);
  return Math.max(wait * (0.75 + spread / 2), Math.min(retryAfterSeconds, LONGEST_ASKED));
}

/** The attempts at one message that have failed, one after the other. */
export interface Failing {
  /** When the first of them was made. */
  readonly since: Date;
  readonly attempts: number;
  readonly nextAttemptAt: Date;
}

/**
 * What is to be done after an attempt that failed: try again at some time, or give the endpoint up. Nothing is ever skipped for it.
 * `before`: the failed attempts at this message so far; `spread`: chance, 0 to 1.
 */
export function afterFailure(
  before: Pick<Failing, 'since' | 'attempts'> | null,
  attempt: Attempt,
  spread: number,
): { readonly failing: Failing } | { readonly giveUp: 'failing' | 'gone' } {
  if (attempt.outcome === 'gone') return { giveUp: 'gone' };
  const attempts = (before?.attempts ?? 0) + 1;
  const since = before?.since ?? attempt.at;
  const last = since.getTime() + GIVE_UP_MS;
  const now = attempt.at.getTime();
  if (now >= last && attempts >= LEAST_ATTEMPTS) return { giveUp: 'failing' };
  const next = now + backOffSeconds(attempts, spread, attempt.retryAfterSeconds) * 1000;
  return { failing: { since, attempts, nextAttemptAt: new Date(now < last ? Math.min(next, last) : next) } };
}

/** The header `Retry-After` (RFC 9110 section 10.2.3), a number or a date, as whole seconds from `realNow`; undefined: nothing of use. */
export function retryAfterSeconds(header: string | undefined, realNow: Date): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - realNow.getTime()) / 1000));
}
