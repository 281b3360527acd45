import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { statOf } from './machine.ts';

/**
 * Answers a question that may be asked at any time: how much CPU the server of this connection has used since it started, all of its
 * processes together, in milliseconds. NaN where the system does not tell, which only Linux does.
 */
export async function postgresWork(client: pg.Client): Promise<(() => number) & { readonly postmaster?: string }> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = statOf(String(rows[0]?.pid))?.parent;
  const used = (): number => {
    const own = postmaster === undefined ? undefined : statOf(postmaster);
    if (own === undefined) return Number.NaN;
    const living = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(statOf)
      .filter((stat) => stat?.parent === postmaster);
    return own.cpu + own.cpuOfEnded + living.reduce((sum, stat) => sum + (stat?.cpu ?? 0), 0);
  };
  return Object.assign(used, postmaster === undefined ? {} : { postmaster });
}
