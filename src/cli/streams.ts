import type { ReadStream } from 'node:tty';
import { CommandProblem, EXIT } from './command-problem.ts';

/** What commands take by standard input is a number, or a set of keys. */
const MOST_BYTES = 1_000_000;

/** All that comes, as text. Throws a CommandProblem when it is a terminal: a command that waits without a word is taken for hanging. */
export async function readAll(stdin: ReadStream): Promise<string> {
  if (stdin.isTTY) {
    throw new CommandProblem(
      ['nothing comes by standard input: hand it over by a pipe or a file, as in < file'],
      EXIT.usage,
    );
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new CommandProblem(['what comes by standard input is too long'], EXIT.usage);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Says when somebody wants this process to end. The first signal is a wish; at a second one it ends as it would have without us. */
export function interruptedBy(whole: Pick<NodeJS.Process, 'once'>): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) whole.once(signal, () => controller.abort());
  return controller.signal;
}
