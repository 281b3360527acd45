import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { openOutput } from '../../src/cli/output.ts';
import { runCommand } from '../../src/cli/program.ts';
import type { Env } from '../../src/platform/config.ts';
import type { Ended } from './command.ts';
import type { Json } from './world.ts';

/** A stream that keeps what it is told, and is no terminal. */
function keeping(heard: (text: string) => void = () => undefined): WriteStream & { written: string } {
  const stream = Object.assign(new EventEmitter(), {
    written: '',
    write: (text: string) => {
      stream.written += text;
      heard(text);
      return true;
    },
  });
  return stream as unknown as WriteStream & { written: string };
}

export interface Surroundings {
  /** What comes by standard input. */
  readonly stdin?: string;
  /** Told what is written to standard output, as it is. */
  readonly heard?: (text: string) => void;
  /** When somebody presses Ctrl-C. */
  readonly interrupted?: AbortSignal;
}

/** Runs `samtykke …` in this process: as an operator does, but without the half second that a process takes to start. */
export async function samtykkeHere(env: Env, args: readonly string[], around: Surroundings = {}): Promise<Ended> {
  const [stdout, stderr] = [keeping(around.heard), keeping()];
  const code = await runCommand(args, {
    env,
    output: openOutput(stdout, stderr),
    stdin: () => Readable.from([Buffer.from(around.stdin ?? '')]),
    interrupted: () => around.interrupted ?? new AbortController().signal,
  });
  return { code, stdout: stdout.written, stderr: stderr.written };
}

/** The answer of a command that must go well, in JSON. */
export async function jsonOfCommand(env: Env, args: readonly string[], around: Surroundings = {}): Promise<Json> {
  const { code, stdout, stderr } = await samtykkeHere(env, [...args, '--json'], around);
  if (code !== 0) throw new Error(`samtykke ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}
