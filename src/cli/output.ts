import { once } from 'node:events';
import type { WriteStream } from 'node:tty';
import { maskNins } from '../person/nin.ts';
import { systemClock } from '../platform/clock.ts';
import type { Look } from './table.ts';

/** Where a command's words go: data to standard output, everything else to standard error. */
export interface Output {
  /** How data are shown. */
  readonly look: Look;
  data(text: string): void;
  /** Data that come bit by bit: resolves when there is room for more, and with false when nobody reads any more. */
  flow(text: string): Promise<boolean>;
  /** One object or list, for programs. */
  json(value: unknown): void;
  /** A line for people that is no data. */
  note(line: string): void;
  /** A text for people about how a command was called. */
  complain(text: string): void;
  /** Shows that something takes its time, while `work` does; but only to somebody who is looking. */
  during<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
}

/** The streams of this process. What is written to standard error passes the net for personal numbers. */
export function openOutput(stdout: WriteStream, stderr: WriteStream): Output {
  // `samtykke … | head`: whoever reads us has enough, and that is no reason to fail.
  const gone = new AbortController();
  stdout.on('error', () => gone.abort());
  stderr.on('error', () => undefined);
  return {
    look: {
      width: stdout.isTTY ? stdout.columns : undefined,
      colours: stdout.isTTY ? stdout.hasColors() : false, // knows NO_COLOR
    },
    data: (text) => void stdout.write(text),
    flow: async (text) => {
      if (gone.signal.aborted) return false;
      // Whether it can take more, or nobody is there any more, whichever comes first.
      if (!stdout.write(text)) await once(stdout, 'drain', { signal: gone.signal }).catch(() => undefined);
      return !gone.signal.aborted;
    },
    json: (value) => void stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (line) => void stderr.write(maskNins(`samtykke: ${line}\n`)),
    // It tells what was written, and that may be anything.
    complain: (text) => void stderr.write(maskNins(text)),
    during: async (what, work) => {
      const stop = stderr.isTTY ? showProgress(stderr, what) : undefined;
      try {
        return await work();
      } finally {
        stop?.();
      }
    },
  };
}

const CLEAR_LINE = '\r\u001B[K';

function showProgress(stream: WriteStream, what: string): () => void {
  const begin = systemClock.stopwatch();
  const show = (): void => {
    const seconds = Math.round((systemClock.stopwatch() - begin) / 1_000);
    stream.write(`${CLEAR_LINE}${what} … ${seconds} s`.slice(0, CLEAR_LINE.length + Math.max(stream.columns - 1, 10)));
  };
  show();
  const timer = setInterval(show, 1_000);
  return () => {
    clearInterval(timer);
    stream.write(CLEAR_LINE);
  };
}
