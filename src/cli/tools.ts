import type { Readable } from 'node:stream';
import type { Env } from '../platform/config.ts';
import type { Connected } from './connect.ts';
import type { Output } from './output.ts';

/** What a command works with. */
export interface Tools {
  readonly output: Output;
  /** The variables that it reads. */
  readonly env: Env;
  /** Whether somebody wants it to end, by Ctrl-C or SIGTERM. Only commands that go on and on ask. */
  readonly interrupted: () => AbortSignal;
  /** What comes by standard input. Throws a CommandProblem where that is a terminal: nothing is ever asked. */
  readonly stdin: () => Readable;
  /** Does something over a connection, which ends with it. */
  readonly connected: <Result>(work: (connected: Connected) => Promise<Result>) => Promise<Result>;
}
