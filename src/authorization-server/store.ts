import { sql } from '../platform/db-statement.ts';
import type { Database } from '../platform/db.ts';
import type { Platform } from '../platform/platform.ts';
import { sharedCommits, type SharedCommits } from '../platform/shared-commits.ts';

/** A token that belongs to no grant, as it is kept: its id is its SHA-256, and so no two have one. */
export interface TokenToSave {
  readonly model: string;
  readonly idHash: Buffer;
  /** JSON. */
  readonly payload: string;
  readonly expiresAt: Date | null;
}

const SAVE = sql<{ saved: boolean }>(
  'oauth_save_token',
  'insert into oauth_artefact (model, id_hash, payload, expires_at) values ($1, $2, $3, $4) returning true as saved',
);

const SAVE_MANY = sql<{ saved: boolean }>(
  'oauth_save_tokens',
  `insert into oauth_artefact (model, id_hash, payload, expires_at)
   select * from unnest($1::text[], $2::bytea[], $3::jsonb[], $4::timestamptz[]) returning true as saved`,
);

/** One for each pool, so that a node has one. */
const writers = new WeakMap<Database, SharedCommits<TokenToSave, boolean>>();

/**
 * Saves a token; resolves when it is committed. Tokens that are issued at the same moment, to whomever, share a statement and a commit
 * (ADR 22): they take no lock that another one waits for. Errors: `unavailable`, after which it may be there or not.
 */
export async function saveToken({ db, tracing }: Pick<Platform, 'db' | 'tracing'>, token: TokenToSave): Promise<void> {
  let writer = writers.get(db);
  if (writer === undefined) {
    writer = sharedCommits({
      one: async ({ model, idHash, payload, expiresAt }) =>
        (await db.query(SAVE, [model, idHash, payload, expiresAt])).length === 1,
      together: async (tokens) =>
        (
          await db.query(SAVE_MANY, [
            tokens.map(({ model }) => model),
            tokens.map(({ idHash }) => idHash),
            tokens.map(({ payload }) => payload),
            tokens.map(({ expiresAt: at }) => at),
          ])
        ).map(({ saved }) => saved),
    });
    writers.set(db, writer);
  }
  await writer.add('tokens', token, (wait) => tracing.part({ kind: 'sql', name: SAVE_MANY.name }, wait));
}
