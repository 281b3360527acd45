import pg from 'pg';
import { pino, stdSerializers } from 'pino';
import { DomainError } from '../errors/domain-error.ts';
import { maskNins } from '../person/nin.ts';

/** Structured log, a JSON object a line. Fields and messages pass a net that masks whatever looks like a NIN (E1). */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Writes out what is buffered; call before the process ends. */
  flush(): void;
}

/** `file`: a path (made when missing), or `-` for standard output. */
export function openLog(options: { file: string; level: string }): Log {
  const destination = pino.destination({
    dest: options.file === '-' ? 1 : options.file,
    mkdir: true,
    sync: false,
    minLength: 0,
  });
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      hooks: { streamWrite: (line) => maskNins(line) },
    },
    destination,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // The destination was never opened, or is closed: there is nothing left to write, and nowhere to say so.
      }
    },
  };
}

/**
 * An error as it goes into the log. Of a database error only what names the place: its message and detail can hold values of
 * rows. Of the rest type, message and stack; the cause likewise.
 */
function describeError(error: unknown): object {
  if (error instanceof pg.DatabaseError) {
    const { code, table, column, constraint, routine } = error;
    return { type: 'DatabaseError', code, table, column, constraint, routine, stack: framesOf(error) };
  }
  if (error instanceof DomainError) {
    return {
      type: 'DomainError',
      code: error.code,
      ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    };
  }
  if (error instanceof Error) {
    const { type, message, stack } = stdSerializers.err(error);
    return { type, message, stack, ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }) };
  }
  return { type: typeof error };
}

/** The stack without its first line, which repeats the message. */
const framesOf = (error: Error): string => (error.stack ?? '').split('\n').slice(1).join('\n');
