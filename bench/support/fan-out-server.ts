import { Pool } from 'undici';
import type { Creditor } from '../../src/creditors/creditor.ts';
import { serverOf } from '../../src/creditors/certificate.ts';
import { toConfig } from '../../src/platform/config.ts';
import { readClientTls } from '../../src/platform/tls.ts';
import { listenBare } from './bare-http.ts';
import { sandboxEnv } from './sandbox-env.ts';
import { serve } from './served.ts';

/** What is asked about one person: whom, and what is answered in the end. */
export interface FannedOut {
  readonly path: string;
  readonly nin: string;
  readonly creditors: readonly Creditor[];
  readonly answer: string;
}

/**
 * The baseline of a lookup: it asks the same creditors the same, at once and under one deadline, by the same HTTP library over mutual TLS,
 * reads their answers, and then answers what it had ready. It reads no database, checks nothing, and logs nothing.
 */
const open = async (told: { persons: readonly FannedOut[]; headers: Readonly<Record<string, string>> }) => {
  const config = toConfig(sandboxEnv());
  const { ca, cert, key } = readClientTls(config, null);
  const trusted = ca === undefined ? {} : { ca };
  const pools = new Map<string, Pool>();
  const byPath = new Map(told.persons.map((person) => [person.path, person]));
  const ask = async (creditor: Creditor, nin: string, signal: AbortSignal): Promise<void> => {
    const { origin, basePath } = serverOf(creditor);
    const pool =
      pools.get(origin) ??
      new Pool(origin, { connections: config.creditorConnections, connect: { cert, key, ...trusted } });
    pools.set(origin, pool);
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: `${basePath}/debt-information/v1/loans/${creditor.id}/customer`,
      headers: { accept: 'application/json', customerid: nin, 'x-trace-id': 'bench' },
      signal,
    });
    const text = await body.text();
    if (statusCode !== 200 || text === '') throw new Error(`a creditor answered ${statusCode}`);
  };
  return listenBare(told.headers, async ({ url = '' }) => {
    const person = byPath.get(url);
    if (person === undefined) throw new Error('nobody is known here');
    const signal = AbortSignal.timeout(config.lookupDeadlineMs);
    await Promise.all(person.creditors.map((creditor) => ask(creditor, person.nin, signal)));
    return person.answer;
  });
};

export type OpenFanOut = typeof open;
serve(open);
