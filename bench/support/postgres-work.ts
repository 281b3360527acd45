import { readdirSync, readFileSync } from 'node:fs';
import type pg from 'pg';

/** Milliseconds: the system counts in hundredths of a second. */
const TICK_MS = 10;

/**
 * Answers a question that may be asked at any time: how much CPU the server of this connection has used since it started, all of its
 * processes together, in milliseconds. NaN where the system does not tell, which only Linux does.
 */
export async function postgresWork(client: pg.Client): Promise<() => number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = statOf(String(rows[0]?.pid))?.parent;
  return () => {
    const own = postmaster === undefined ? undefined : statOf(postmaster);
    if (own === undefined) return Number.NaN;
    const living = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(statOf)
      .filter((stat) => stat?.parent === postmaster);
    return own.cpu + own.cpuOfEnded + living.reduce((sum, stat) => sum + (stat?.cpu ?? 0), 0);
  };
}

/** What the system says of a process: who started it, its CPU, and that of those it started which have ended. */
function statOf(pid: string): { parent: string; cpu: number; cpuOfEnded: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name, which may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) * TICK_MS;
    return { parent: fields[1] ?? '', cpu: ticks(11), cpuOfEnded: ticks(13) };
  } catch {
    return undefined; // it has ended, or this is no Linux
  }
}
