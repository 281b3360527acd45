import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Scalar, which draws the API reference: a script of five megabytes that only developers' browsers ever ask for. */

const packageFile = join(
  dirname(createRequire(import.meta.url).resolve('@scalar/fastify-api-reference')),
  '../package.json',
);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

/** Its address changes with its version, so that browsers may keep it for good. */
export const scalarAddress = `/docs/scalar/${version}/scalar.js`;

/**
 * Answers with the script, zipped. It is made when it is first asked for, by a process that ends then; whoever asks meanwhile waits for
 * the same one. So a node at which nobody reads the reference never loads it, and others keep 1.4 MB. A failure is not kept: the next
 * visit tries again.
 */
export function scalarScript(): () => Promise<Buffer> {
  let making: Promise<Buffer> | undefined;
  return () => {
    making ??= inProcess();
    making.catch(() => (making = undefined));
    return making;
  };
}

const PROGRAM = join(import.meta.dirname, 'scalar-process.ts');

async function inProcess(): Promise<Buffer> {
  const options = { encoding: 'buffer', env: {}, timeout: 120_000, maxBuffer: 50_000_000 } as const;
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], options);
  if (stdout.length === 0) throw new Error("the process for Scalar's script printed nothing");
  return stdout;
}
