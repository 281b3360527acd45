import type pg from 'pg';
import { DomainError } from '../errors/domain-error.ts';
import { watched } from './db-silence.ts';

/** A connection that must not be used, whatever it would answer. */
export class UnfitConnectionError extends Error {
  override readonly name = 'UnfitConnectionError';
}

interface Said {
  readonly replica: boolean;
  readonly who: string;
  readonly owns: boolean;
}

const ASK = `select pg_is_in_recovery() as replica, current_user as who,
  coalesce((select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('audit_log')), false) as owns`;

/**
 * Looks at a new connection before anything else is asked over it: one round trip in a connection's life. It must lead to the primary:
 * what a replica answers may be old, and a revoked consent good there. And it must have taken on the serving role, if it was told one:
 * a pooler that drops settings, or hands out connections of somebody else, must not make a node the owner of the log. Behind a pooler,
 * which takes no role, the login itself must not own the tables.
 *
 * Errors: `unavailable`, with the reason as its cause; and that of the connection.
 */
export async function assertServes(
  client: pg.ClientBase,
  wanted: { role?: string | undefined; pooled?: boolean | undefined },
): Promise<void> {
  const [said] = (await watched(client, () => client.query<Said>(ASK))).rows;
  if (said === undefined) throw unfit('the server said nothing of itself');
  if (said.replica) throw unfit('it is a replica, which may be behind: name the primary');
  if (wanted.role === undefined) return;
  if (wanted.pooled === true ? said.owns : said.who !== wanted.role) {
    throw unfit(
      wanted.pooled === true
        ? `${said.who} owns the tables, and a pooler lets nobody take on the role ${wanted.role}: give DATABASE_URL the login that only serves`
        : `it runs as ${said.who} and not as ${wanted.role}: a pooler is in the way that drops settings; tell DATABASE_DIRECT_URL`,
    );
  }
}

/** The same as a pool wants it. */
export const verifying =
  (wanted: Parameters<typeof assertServes>[1]) =>
  (client: pg.PoolClient, done: (error?: Error) => void): void => {
    void (async () => {
      const failure = await assertServes(client, wanted).then(
        () => undefined,
        (error: Error) => error,
      );
      done(failure);
    })();
  };

const unfit = (why: string): DomainError =>
  new DomainError('unavailable', 'The service cannot reach its database right now. Try again in a few seconds.', {
    cause: new UnfitConnectionError(`a connection to the database cannot be used: ${why}`),
    retryAfterSeconds: 3,
  });
