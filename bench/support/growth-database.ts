import pg from 'pg';
import { openBarePlatform } from '../../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { seedGrowth } from './growth-seed.ts';

/** A database of this cluster with so many consents: the one of an earlier run, or a new one, which takes its time. */
export async function growthDatabase(consents: number): Promise<TestDatabase> {
  const drafted = await createDatabase();
  const name = `growth_${consents}`;
  const at = (url: string): string => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const database: TestDatabase = {
    servingUrl: at(drafted.servingUrl),
    ownerUrl: at(drafted.ownerUrl),
    superuserUrl: at(drafted.superuserUrl),
    drop: async () => undefined, // it goes with the cluster
  };
  const cluster = Object.assign(new URL(drafted.superuserUrl), { pathname: '/postgres' }).href;
  if (await isThere(cluster, name)) {
    await drafted.drop();
    return database;
  }
  const begin = performance.now();
  const world = await openBarePlatform(drafted, { poolSize: 2 });
  await seedGrowth(drafted.superuserUrl, world.platform, consents);
  await world.close();
  await withClient(cluster, (client) =>
    client.query(`alter database ${new URL(drafted.superuserUrl).pathname.slice(1)} rename to ${name}`),
  );
  process.stderr.write(`${consents} consents are there, after ${((performance.now() - begin) / 1_000).toFixed(0)} s\n`);
  return database;
}

async function isThere(cluster: string, name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
  await client.end();
  return rowCount === 1;
}
