import { SamtykkeError } from './errors.ts';

/** The time that a call has: until its caller gives up, or the time is over. Has to be ended, or its timer goes on. */
export interface Deadline {
  /** Aborts when the time is over or the caller gave up. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Gives the full time again: something has come. */
  restart(): void;
  /** Stops the time, until it is given again: it is the caller who is at work. */
  pause(): void;
  /** Why it is over: `timeout` or `aborted`. */
  failure(): SamtykkeError;
  /** What `work` comes to, unless this is over before. The work itself goes on: others may be waiting for it. */
  race<Value>(work: Promise<Value>): Promise<Value>;
  end(): void;
}

/**
 * Written out, and not `AbortSignal.any` with `AbortSignal.timeout`: these leave a trace on a signal that lives for months, at each call, and
 * their timers run on after the call.
 */
export function startDeadline(outer: AbortSignal | undefined, ms: number): Deadline {
  const controller = new AbortController();
  const over = (): void => {
    clearTimeout(timer);
    controller.abort();
  };
  let endsAt = Date.now() + ms;
  let timer = setTimeout(over, ms);
  outer?.addEventListener('abort', over, { once: true });
  if (outer?.aborted === true) over();
  const failure = (): SamtykkeError =>
    outer?.aborted === true
      ? new SamtykkeError('aborted', 'the call was given up', { cause: outer.reason })
      : new SamtykkeError('timeout', `no answer within ${ms / 1000} seconds`);
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, endsAt - Date.now()),
    restart: () => {
      clearTimeout(timer);
      if (controller.signal.aborted) return;
      endsAt = Date.now() + ms;
      timer = setTimeout(over, ms);
    },
    pause: () => clearTimeout(timer),
    failure,
    race: (work) =>
      new Promise((resolve, reject) => {
        const give = (): void => reject(failure());
        if (controller.signal.aborted) give();
        controller.signal.addEventListener('abort', give, { once: true });
        const leave = (): void => controller.signal.removeEventListener('abort', give);
        work.then(resolve, reject).finally(leave);
      }),
    end: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', over);
    },
  };
}

/** Waits; ends early, without an error, when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true || ms <= 0) {
      resolve();
      return;
    }
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

const FIRST_PAUSE_MS = 250;

/**
 * How long to wait after the nth failure in a row: doubled each time up to the maximum, the half of it by chance, so that clients that failed
 * together do not come back together. What the server asked for is the least, whatever the maximum.
 */
export function pauseMs(failures: number, maxMs: number, retryAfterSeconds?: number): number {
  const most = Math.min(maxMs, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20));
  const asked = (retryAfterSeconds ?? 0) * 1000;
  return Math.max(most / 2, asked) + (Math.random() * most) / 2;
}

/** `Retry-After` (RFC 9110, section 10.2.3), in seconds: a number, or a date. */
export function retryAfterOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}
