import { sql } from '../platform/db-statement.ts';

/** The SQL of writing anew what is under keys that have been replaced. Private. */

export interface PersonRow {
  id: string;
  nin_cipher: Buffer;
  nin_cipher_key: string;
}

/** Persons that are under one of these keys, and that nobody else is at. $1 encryption keys, $2 keys of the hash, $3 at most, $4 but these */
export const PERSONS_UNDER = sql<PersonRow>(
  'keys_persons_under',
  'select id, nin_cipher, nin_cipher_key from persons_under($1, $2, $3, $4)',
);

/** $1 persons, $2 ciphertexts, $3 their key, $4 hashes, $5 their key */
export const REWRITE_PERSONS = sql<{ changed: number }>(
  'keys_rewrite_persons',
  'select rewrite_persons($1, $2, $3, $4, $5) as changed',
);

export interface SealedSessionRow {
  id_hash: Buffer;
  nin_cipher: Buffer;
  nin_cipher_key: string;
  id_token_cipher: Buffer | null;
  id_token_key: string | null;
}

/** $1 encryption keys, $2 at most */
export const SESSIONS_UNDER = sql<SealedSessionRow>(
  'keys_sessions_under',
  `select id_hash, nin_cipher, nin_cipher_key, id_token_cipher, id_token_key from session
   where nin_cipher_key = any ($1) or id_token_key = any ($1) limit $2 for no key update skip locked`,
);

/** $1 sessions, $2 ciphertexts of the number, $3 ciphertexts of the ID token or null, $4 their key */
export const REWRITE_SESSIONS = sql<never>(
  'keys_rewrite_sessions',
  `update session s set nin_cipher = sealed.nin, nin_cipher_key = $4, id_token_cipher = sealed.token,
     id_token_key = case when sealed.token is null then null else $4 end
   from unnest($1::bytea[], $2::bytea[], $3::bytea[]) as sealed (id_hash, nin, token) where s.id_hash = sealed.id_hash`,
);

/** A session that cannot be opened by anybody. $1 session */
export const END_SEALED_SESSION = sql<never>('keys_end_session', 'delete from session where id_hash = $1');
