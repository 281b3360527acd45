import pg from 'pg';
import { pino } from 'pino';
import { DomainError } from '../errors/domain-error.ts';
import { maskNins } from '../person/nin.ts';
import { systemClock } from './clock.ts';

/** Structured log, a JSON object a line. Fields and messages pass a net that masks whatever looks like a NIN (E1). */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Writes out what is buffered; call before the process ends. */
  flush(): void;
}

/** Takes the log to standard error, also where that cannot be opened as a file. */
export const STANDARD_ERROR = '/dev/stderr';

/** How long a line waits for others to be written with it, at most: writing them one by one costs more than making them. */
const GATHER_MS = 20;
const GATHER_LENGTH = 16_000;

/**
 * `file`: a path (made when missing), `-` for standard output, or STANDARD_ERROR. Lines are handed over some at a time, warnings and
 * errors at once with all that came before: a process that is killed without a word loses the last moment of its `info` lines.
 */
export function openLog(options: { file: string; level: string }): Log {
  let giveUpAt = Infinity;
  let isClosed = false;
  const destination = pino.destination({
    dest: options.file === '-' ? 1 : options.file === STANDARD_ERROR ? 2 : options.file,
    mkdir: true,
    sync: false,
    minLength: 0,
    // Asked when a pipe is full: nobody may be reading it any more.
    retryEAGAIN: () => systemClock.stopwatch() < giveUpAt,
  });
  destination.on('error', () => undefined); // a log that cannot be written is no reason to end, and there is nowhere to say so
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const handOver = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const lines = maskNins(gathered);
    gathered = '';
    if (lines !== '' && !isClosed) destination.write(lines);
  };
  const gather = (line: string): void => {
    gathered += line;
    if (gathered.length > GATHER_LENGTH) handOver();
    else timer ??= setTimeout(handOver, GATHER_MS);
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: timeOfLine,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
    },
    { write: gather },
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => {
      logger.warn(fields, message);
      handOver();
    },
    error: (fields, message) => {
      logger.error(fields, message);
      handOver();
    },
    flush: () => {
      handOver();
      giveUpAt = systemClock.stopwatch() + 2_000;
      try {
        destination.flushSync();
      } catch {
        // Never opened, closed already, or a pipe that nobody reads: what is left cannot be written, at the very end neither.
        destination.destroy();
        isClosed = true;
      }
    },
  };
}

let [lastInstant, lastTime] = [0, ''];

/** The member for the time of a line, written once for all lines of a millisecond. */
function timeOfLine(): string {
  const now = systemClock.realNow().getTime();
  if (now !== lastInstant) [lastInstant, lastTime] = [now, `,"time":"${new Date(now).toISOString()}"`];
  return lastTime;
}

/**
 * An error as it goes into the log. Of a database error only what names the place: its message and detail can hold values of
 * rows. Of the rest type, message and place; the cause likewise.
 */
function describeError(error: unknown): object {
  if (error instanceof pg.DatabaseError) {
    const { code, table, column, constraint, routine } = error;
    return { type: 'DatabaseError', code, table, column, constraint, routine, where: placeOf(error) };
  }
  if (error instanceof DomainError) {
    return {
      type: 'DomainError',
      code: error.code,
      ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    };
  }
  if (error instanceof Error) {
    const { name, message } = error;
    return {
      type: name,
      message,
      where: placeOf(error),
      ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    };
  }
  return { type: typeof error };
}

/** The place in our code where an error came from, `consent/use.ts:31`; no stack goes into a log (E1). */
function placeOf(error: Error): string | undefined {
  return /\/(?:src|sandbox)\/([\w/.-]+\.ts:\d+)/.exec(error.stack ?? '')?.[1];
}
