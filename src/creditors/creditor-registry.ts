import { sql, type Queryable } from '../platform/db.ts';
import type { Creditor } from './creditor.ts';

const SAVE = sql<never>(
  'creditor_save',
  `insert into creditor (id, name, provider_id, base_url, contact_email, contact_phone) values ($1, $2, $3, $4, $5, $6)
   on conflict (id) do update set name = excluded.name, provider_id = excluded.provider_id, base_url = excluded.base_url,
     contact_email = excluded.contact_email, contact_phone = excluded.contact_phone`,
);

/** Adds a creditor to the registry, or brings its name, provider, address and contact up to date. */
export async function saveCreditor(db: Queryable, creditor: Creditor): Promise<void> {
  const { id, name, providerId, baseUrl, contact } = creditor;
  await db.query(SAVE, [id, name, providerId, baseUrl, contact.email, contact.phone]);
}
