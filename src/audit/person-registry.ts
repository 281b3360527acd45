import type { Nin } from '../person/nin.ts';
import type { NinVault } from '../platform/crypto.ts';
import { sql } from '../platform/db-statement.ts';
import type { Queryable } from '../platform/db.ts';

const FIND_PERSONS = sql<{ id: string }>(
  'person_find_all',
  `with found as (
     select id, created_at from person where nin_index = any ($1)
   )
   select id from (
     select id, created_at from found
     union all select same.id, same.created_at from found join person as same on same.same_as = found.id
   ) known order by created_at, id`,
);

/**
 * The ids under which this person is known to the log and to consents; none for somebody of whom nothing was ever registered.
 * While keys are rotated one person may have been met twice, under two keys. Both ids stay good: the later one is then the same as the
 * earlier one, and found by it.
 */
export async function personIdsOf(db: Queryable, vault: NinVault, nin: Nin): Promise<readonly string[]> {
  const rows = await db.query(FIND_PERSONS, [vault.indexes(nin).map((index) => index.hash)]);
  return rows.map((row) => row.id);
}

/** Which parameters of a statement hold what `personFrom` needs, as `$7`. */
export interface PersonParameters {
  /** All keyed hashes of the number. */
  readonly hashes: string;
  readonly newId: string;
  readonly hash: string;
  readonly hashKey: string;
  readonly cipher: string;
  readonly cipherKey: string;
  readonly now: string;
}

/**
 * The person of a number as a part of a larger statement: three items of its `with` list, the last of them `who`, with the id of
 * the person, who is made when there was none and `condition` holds. No row in `who`: somebody else is making that person at this
 * moment; the next try sees it.
 */
export const personFrom = (at: PersonParameters, condition = 'true'): string => `known as (
     select id from person where nin_index = any (${at.hashes}) order by created_at, id limit 1
   ), met as (
     insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
     select ${at.newId}::uuid, ${at.hash}::bytea, ${at.hashKey}, ${at.cipher}::bytea, ${at.cipherKey}, ${at.now}::timestamptz
     where not exists (select from known) and ${condition}
     on conflict (nin_index) do nothing returning id
   ), who as (
     select id from known union all select id from met
   )`;
