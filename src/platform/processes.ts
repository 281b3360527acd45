import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** The `code` of a failed system or database call (`ENOENT`, `28P01`), to decide by; never decide by a message's text. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Whether there is such a process, of whichever user; one that has ended and waits to be reaped is still there. */
export function processExists(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** What tells a process from a later one with the same number; 'ended' for one that is only waiting to be reaped. */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return (await ps(['-o', 'lstart=', '-p', String(pid)])).trim() || undefined;
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (text === undefined) return undefined;
  // The command in brackets may hold spaces; after it come the state (field 3) and, 19 on, the start in ticks since boot.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
  return `${(await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim()}/${fields[19] ?? ''}`;
}

/** What `ps` prints; empty when it found nothing. */
export const ps = (args: string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile('ps', args, (_error, stdout) => resolve(stdout));
  });

/** The command line with NUL between the arguments (spaces off Linux); empty for a dead process; undefined: not to be seen. */
export const commandOf = async (pid: number): Promise<string | undefined> =>
  process.platform === 'linux'
    ? readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
    : (await ps(['-o', 'command=', '-p', String(pid)])).trim();

/** Whether a command line is that of a postmaster or of one of its children. */
export const looksLikePostgres = (command: string): boolean => /^([^\0]*\/)?postgres[\0: ]/.test(command);
