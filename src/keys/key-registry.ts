import { sql } from '../platform/db-statement.ts';
import type { Queryable } from '../platform/db.ts';
import type { KeyIds, KeyKind } from '../platform/keys-kinds.ts';
import { idsInUse, type Dependents, type RegisteredKey, type SeenNode } from './rotation.ts';

/** SQL of which keys there are, which is in use, who knows them, and what needs them. Never a secret. */

const LOCK = sql<never>('keys_lock', "select pg_advisory_xact_lock(hashtext('samtykke keys'))");

/** From now on nobody else decides about keys, until the transaction ends. */
export async function lockKeys(tx: Queryable): Promise<void> {
  await tx.query(LOCK);
}

const ALL = sql<RegisteredKey>(
  'keys_all',
  `select kind, id, known_since as "knownSince", ordered_at as "orderedAt", published_at as "publishedAt",
     in_use_since as "inUseSince", replaced_at as "replacedAt", retired_at as "retiredAt"
   from registered_key order by kind, known_since, id`,
);

/** All keys that were ever known, retired ones included. */
export const readRegistered = (db: Queryable): Promise<readonly RegisteredKey[]> => db.query(ALL);

/** Which keys are in use, of the kinds of which that is known: with these `inOrderOfUse` puts the keys of a file in order. */
export const readIdsInUse = async (db: Queryable): Promise<Partial<KeyIds>> => idsInUse(await readRegistered(db));

/** $1 kind, $2 ids, $3 now, $4 whether they are in use, $5 whether they have been replaced */
const REGISTER = sql<never>(
  'keys_register',
  `insert into registered_key (kind, id, known_since, in_use_since, published_at, replaced_at)
   select $1, id, $3, case when $4::boolean then $3::timestamptz end, case when $4::boolean then $3::timestamptz end,
     case when $5::boolean then $3::timestamptz end
   from unnest($2::text[]) as id on conflict do nothing`,
);

/** Makes keys known; those that are already stay as they are. */
export async function registerKeys(
  db: Queryable,
  kind: KeyKind,
  ids: readonly string[],
  as: { state: 'waiting' | 'in use' | 'replaced'; now: Date },
): Promise<void> {
  if (ids.length > 0) await db.query(REGISTER, [kind, ids, as.now, as.state === 'in use', as.state === 'replaced']);
}

/** $1 kind, $2 ids, $3 now */
const ORDER = sql<never>(
  'keys_order',
  'update registered_key set ordered_at = $3 where kind = $1 and id = any ($2) and ordered_at is null',
);

/** Says that these keys shall be used as soon as that harms nobody. */
export async function orderKeys(db: Queryable, kind: KeyKind, ids: readonly string[], now: Date): Promise<void> {
  await db.query(ORDER, [kind, ids, now]);
}

/** $1 kind, $2 ids, $3 since when, or null */
const PUBLISHED = sql<never>(
  'keys_published',
  'update registered_key set published_at = $3 where kind = $1 and id = any ($2) and in_use_since is null',
);

/** Notes since when every node knows these keys; null: not all of them do. */
export async function notePublished(
  db: Queryable,
  kind: KeyKind,
  ids: readonly string[],
  since: Date | null,
): Promise<void> {
  await db.query(PUBLISHED, [kind, ids, since]);
}

/** $1 kind, $2 ids, $3 now */
const USE = sql<never>(
  'keys_use',
  `update registered_key
   set in_use_since = case when id = any ($2) then $3::timestamptz else in_use_since end,
       replaced_at = case when id = any ($2) then null else $3::timestamptz end
   where kind = $1 and retired_at is null
     and case when id = any ($2) then in_use_since is null or replaced_at is not null
              else in_use_since is not null and replaced_at is null end`,
);

/** From now on these keys of a kind are in use, and no others. */
export async function useKeys(db: Queryable, kind: KeyKind, ids: readonly string[], now: Date): Promise<void> {
  await db.query(USE, [kind, ids, now]);
}

const RETIRE = sql<{ needed: number }>('keys_retire', 'select retire_key($1, $2, $3) as needed');

/**
 * Retires a key, unless rows need it; answers how many do. Waits for whoever writes with it at this moment. Errors: `unavailable` when
 * that takes too long.
 */
export async function retireInRegistry(db: Queryable, kind: KeyKind, id: string, now: Date): Promise<number> {
  return (await db.query(RETIRE, [kind, id, now]))[0]?.needed ?? 0;
}

const DEPENDENTS = sql<Dependents>(
  'keys_dependents',
  'select what, sum(rows)::bigint as rows from key_dependents($1, $2) group by what having sum(rows) > 0 order by what',
);

/** Rows that need a key, by what they are. */
export const dependentsOf = (db: Queryable, kind: KeyKind, id: string): Promise<readonly Dependents[]> =>
  db.query(DEPENDENTS, [kind, id]);

/** The different values of a column, found by jumping through its index: there are few, and millions of rows. */
const distinct = (column: string): string => `with recursive there as (
     (select ${column} as id from person order by ${column} limit 1)
     union all
     select (select ${column} from person where ${column} > there.id order by ${column} limit 1) from there where there.id is not null
   ) select id from there where id is not null`;

const NEEDED = sql<{ kind: KeyKind; id: string }>(
  'keys_needed',
  `select 'nin-encryption' as kind, id from (${distinct('nin_cipher_key')}) persons
   union select 'nin-index', id from (${distinct('nin_index_key')}) persons
   union select 'nin-encryption', secret_cipher_key from webhook_subscription
   union select 'nin-index', key from creditor_provider cross join lateral jsonb_object_keys(index_keys) as key where key <> ''`,
);

/** The keys that rows need which are there for longer than a session. */
export const neededKeys = (db: Queryable): Promise<readonly { kind: KeyKind; id: string }[]> => db.query(NEEDED);

const SEEN = sql<never>('keys_node_seen', 'select node_seen($1, $2, $3, $4, $5)');
const NODES = sql<SeenNode>(
  'keys_nodes',
  `select id, name, version, started_at as "startedAt", seen_at as "seenAt", silent_seconds as "silentSeconds", knows, uses
   from nodes_seen() order by name, started_at`,
);
const LEFT = sql<never>('keys_node_left', 'delete from node where id = $1');

/** Tells others that this node runs, and which keys it knows and uses. Who had its place before and is silent is forgotten. */
export async function sayHello(
  db: Queryable,
  node: Pick<SeenNode, 'id' | 'name' | 'version' | 'knows' | 'uses'>,
): Promise<void> {
  await db.query(SEEN, [node.id, node.name, node.version, JSON.stringify(node.knows), JSON.stringify(node.uses)]);
}

/** All nodes that have been heard of within a day. */
export const readNodes = (db: Queryable): Promise<readonly SeenNode[]> => db.query(NODES);

/** This node runs no more. */
export async function sayGoodbye(db: Queryable, id: string): Promise<void> {
  await db.query(LEFT, [id]);
}
