import { sandboxClients } from '../../sandbox/clients.ts';
import { withClient, type TestDatabase } from '../../test/support/database.ts';
import { API } from '../../test/support/world.ts';

/**
 * Puts persons into the database whom nobody asks for, each with three consents and ten accesses, over the last year and a half, so
 * that tables are of a size at which indexes matter. Not by our verbs, which would take minutes.
 */
export async function addCrowd(database: TestDatabase, persons: number): Promise<void> {
  const clients = sandboxClients(API).map(({ client }) => client.id);
  await withClient(database.superuserUrl, async (client) => {
    await client.query(
      `insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
       select gen_random_uuid(), sha256(n::text::bytea), 'crowd', 'crowd', 'crowd', now() - interval '540 days'
       from generate_series(1, $1::integer) n`,
      [persons],
    );
    await client.query(
      `insert into consent (id, client_id, person_id, purpose, single_use, duration_days, created_at, expires_at,
         archived_at, archived_reason)
       select gen_random_uuid(), ($1::uuid[])[1 + n % cardinality($1::uuid[])], person.id, 'presentation', false, 180, given,
         given + interval '180 days', ended, case when ended is not null then 'expired' end
       from person, generate_series(1, 3) n,
         lateral (select now() - n * interval '150 days' - random() * interval '20 days' as given) g,
         lateral (select case when n > 1 then given + interval '180 days' end as ended) e
       where person.nin_index_key = 'crowd'`,
      [clients],
    );
    await client.query(
      `insert into audit_log (at, kind, actor, client_id, consent_id, person_id, purpose, creditors_asked, creditors_answered, trace_id)
       select given.created_at + n * interval '10 days', 'debt_disclosed', 'client', client_id, given.id, person_id, purpose, 3, 3,
         'crowd'
       from consent given join person on person.id = person_id and nin_index_key = 'crowd', generate_series(1, 4) n
       where n < 4 or random() < 0.34
       order by 1`,
    );
    await client.query('analyze');
  });
}
