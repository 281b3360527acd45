import { sql, type Queryable } from '../platform/db.ts';
import type { Creditor } from './creditor.ts';

const SAVE = sql<never>(
  'creditor_save',
  `insert into creditor (id, name, provider_id, base_url) values ($1, $2, $3, $4)
   on conflict (id) do update set name = excluded.name, provider_id = excluded.provider_id, base_url = excluded.base_url`,
);

/** Adds a creditor to the registry, or brings its name, provider and address up to date. */
export async function saveCreditor(db: Queryable, creditor: Creditor): Promise<void> {
  await db.query(SAVE, [creditor.id, creditor.name, creditor.providerId, creditor.baseUrl]);
}
