import pg from 'pg';
import { sqlState } from './db.ts';
import { newId } from './ids.ts';

const connected = async (url: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/**
 * What a pooler in transaction mode lacks that nodes need, a line for each; none: all is well. Two things a node cannot see when it
 * connects: whether a statement that was named over one connection of the server is found over another, and whether the login has the
 * limit of time that nodes cannot set there. Opens three connections for a moment. Errors: those of connecting.
 */
export async function whatPoolerLacks(url: string): Promise<readonly string[]> {
  const clients: pg.Client[] = [];
  try {
    for (let n = 0; n < 3; n++) clients.push(await connected(url));
    const [asker, ...others] = clients as [pg.Client, ...pg.Client[]];
    const lacks: string[] = [];
    if (!(await findsNamedStatements(asker, others))) {
      lacks.push(
        'the pooler of DATABASE_URL does not know named statements: PgBouncer needs to be 1.21 or newer, with max_prepared_statements above 0',
      );
    }
    const [timeout] = (await asker.query<{ off: boolean }>("select current_setting('statement_timeout') = '0' as off"))
      .rows;
    if (timeout?.off === true) {
      lacks.push(
        "no statement of the login of DATABASE_URL has a limit of time: as an administrator run 'alter role <login> set statement_timeout = 8000'",
      );
    }
    return lacks;
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** Names a statement, and asks for it again while others hold connections of the server, mostly that one among them. */
async function findsNamedStatements(asker: pg.Client, others: readonly pg.Client[]): Promise<boolean> {
  const statement = { name: `samtykke_probe_${newId()}`, text: 'select 1' };
  try {
    for (let round = 0; round < 3; round++) {
      await asker.query(statement);
      for (const other of others) await other.query('begin');
      await asker.query(statement);
      for (const other of others) await other.query('rollback');
    }
    return true;
  } catch (error) {
    // No such statement; one of that name is there already.
    if (['26000', '42P05'].includes(sqlState(error) ?? '')) return false;
    throw error;
  }
}
