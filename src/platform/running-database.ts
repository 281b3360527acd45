import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { writePrivate } from './data-folder.ts';
import { errorCode } from './processes.ts';

/**
 * How other processes of the same user reach the embedded PostgreSQL that one of them runs: by the login that serves, whose password
 * is a new one at each start, in a file that only its owner reads.
 */
const fileIn = (dataDir: string): string => path.join(dataDir, 'serving.json');

/** Says so; answers with what takes it back. */
export async function announceDatabase(dataDir: string, servingUrl: string): Promise<() => Promise<void>> {
  const file = fileIn(dataDir);
  await writePrivate(file, `${JSON.stringify({ url: servingUrl })}\n`);
  return () => rm(file, { force: true });
}

/**
 * The address of the login that serves, in the data folder of a sandbox that runs; undefined when none does. One that was killed may
 * have left an address behind at which nobody answers. Throws one line when it may not be read.
 */
export async function runningDatabase(dataDir: string): Promise<string | undefined> {
  const file = fileIn(dataDir);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = errorCode(error) ?? 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Error(`${file} cannot be read (${code}): be the user who runs the sandbox`);
  });
  if (text === undefined) return undefined;
  try {
    const { url } = JSON.parse(text) as { url?: unknown };
    return typeof url === 'string' ? url : undefined;
  } catch {
    return undefined; // left half-written by a power failure
  }
}
