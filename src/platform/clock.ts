/** Where the time comes from. Business time may be moved forward in the sandbox (X4); real time never is. */
export interface Clock {
  /** Business time now: consents, expiry, age of the feed, the log. */
  now(): Date;
  /** Real time now: life of tokens, codes and sessions. */
  realNow(): Date;
  /** Milliseconds of a monotonic stopwatch, for durations and deadlines. */
  stopwatch(): number;
}

/** The clock of production: business time is real time. */
export const systemClock: Clock = {
  now: () => new Date(),
  realNow: () => new Date(),
  stopwatch: () => performance.now(),
};

/** A clock that runs ahead of real time by an offset that can grow (the sandbox's, X4). */
export interface MovableClock extends Clock {
  offsetSeconds(): number;
  /** Sets how far ahead of real time this clock is, in whole seconds. */
  setOffsetSeconds(seconds: number): void;
}

export function movableClock(offsetSeconds = 0): MovableClock {
  let offset = offsetSeconds;
  return {
    now: () => new Date(Date.now() + offset * 1000),
    realNow: () => new Date(),
    stopwatch: () => performance.now(),
    offsetSeconds: () => offset,
    setOffsetSeconds: (seconds) => {
      offset = seconds;
    },
  };
}
