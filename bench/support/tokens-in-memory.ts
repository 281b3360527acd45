import type { SqlValue, Statement } from '../../src/platform/db-statement.ts';
import type { Database } from '../../src/platform/db.ts';

/**
 * The same database, but what a token by client credentials takes of it is in memory: the client is read once, and tokens are kept in a map. All
 * else about a node stays as it is, so that beside it shows what keeping clients and tokens in PostgreSQL costs.
 */
export function tokensInMemory(db: Database): Database {
  const clients = new Map<string, Promise<unknown[]>>();
  const tokens = new Map<string, readonly SqlValue[]>();
  const save = (idHashes: readonly SqlValue[], values: readonly SqlValue[]): Promise<unknown[]> => {
    for (const hash of idHashes) tokens.set((hash as Buffer).toString('base64'), values);
    return Promise.resolve(idHashes.map(() => ({ saved: true })));
  };
  const query = (statement: Statement<unknown>, values: readonly SqlValue[] = []): Promise<unknown[]> => {
    if (statement.name === 'client_find') {
      const id = String(values[0]);
      const found = clients.get(id) ?? db.query(statement, values);
      clients.set(id, found);
      return found;
    }
    if (statement.name === 'oauth_save_token') return save([values[1] as Buffer], values);
    if (statement.name === 'oauth_save_tokens') return save(values[1] as readonly Buffer[], values);
    return db.query(statement, values);
  };
  return { ...db, query: query as Database['query'] };
}
