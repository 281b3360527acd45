import pg from 'pg';
import { REGISTER } from '../../src/consent/store.ts';
import type { Asked } from './raw-connections.ts';
import { keptPerson, registerValues, syntheticNins } from './register-values.ts';
import { serve } from './served.ts';
import { percentile } from './statistics.ts';

const CONNECTIONS = 16;

/** What stands in for pgbench where that is not installed: bare connections, each of which runs the statement again and again. */
const clients: pg.Client[] = [];
const persons = syntheticNins().map(keptPerson);
let registered = 0;
let clientId = '';

const open = async (told: { databaseUrl: string; clientId: string }): Promise<void> => {
  clientId = told.clientId;
  for (let place = 0; place < CONNECTIONS; place += 1) {
    const client = new pg.Client({ connectionString: told.databaseUrl });
    await client.connect();
    clients.push(client);
  }
};

const writeFor = async (milliseconds: number): Promise<Asked> => {
  const times: number[] = [];
  const begin = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      for (let before = begin; before - begin < milliseconds;) {
        registered += 1;
        const person = persons[registered % persons.length];
        if (person === undefined) throw new Error('there is nobody');
        const { values } = registerValues(clientId, person, `bare-${registered}`);
        const { name, text } = REGISTER;
        const { rows } = await client.query<{ made: string }>({ name, text, values: [...values] });
        if (Number(rows[0]?.made) !== 1) throw new Error('nothing was registered');
        const now = performance.now();
        times.push(now - before);
        before = now;
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1_000;
  const [p50 = NaN, p95 = NaN, p99 = NaN] = [50, 95, 99].map((part) => percentile(times, part));
  return { operations: times.length, seconds, p50, p95, p99, asking: 0 };
};

export type OpenBareWriters = typeof open;
serve(open, writeFor);
