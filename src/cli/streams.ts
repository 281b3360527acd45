import type { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { CommandProblem, EXIT } from './command-problem.ts';

/** Standard input, unless it is a terminal: a command that waits there without a word is taken for hanging. */
export function pipedInput(stdin: ReadStream): Readable {
  if (!stdin.isTTY) return stdin;
  throw new CommandProblem(
    ['nothing comes by standard input: hand it over by a pipe or a file, as in < file'],
    EXIT.usage,
  );
}

/** Numbers and sets of keys are shorter. */
const MOST_BYTES = 1_000_000;

/** All that comes, as text. Throws a CommandProblem when it is too long. */
export async function readAll(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new CommandProblem(['what comes by standard input is too long'], EXIT.usage);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Says when somebody wants this process to end. The first signal is a wish; at a second one it ends as it would have without us. */
export function interruptedBy(whole: Pick<NodeJS.Process, 'once'>): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) whole.once(signal, () => controller.abort());
  return controller.signal;
}
