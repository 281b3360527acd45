import { sha256 } from '../platform/crypto.ts';
import { pointRead, sql } from '../platform/db-statement.ts';
import type { Queryable, Transaction } from '../platform/db.ts';

/** Whoever bears a token that is good now. */
export interface Caller {
  readonly clientId: string;
  /** The audience that the token was issued for. */
  readonly audience: string;
  readonly scopes: readonly string[];
  /** The consent that a token from the code flow was issued for; null for one from client credentials. */
  readonly consentId: string | null;
  /** The SHA-256 thumbprint (RFC 7638) of the key that the token is bound to (DPoP); null: whoever holds it may use it. */
  readonly boundTo: string | null;
}

export interface TokenRow {
  token_client_id: string | null;
  token_audience: string | null;
  token_scope: string | null;
  token_grant_id: string | null;
  token_jkt: string | null;
}

/**
 * The token check as part of a larger statement, so that token and data are read in one round trip and with one view of the
 * database. It is a `from` item named `token` with at most one row: a token of either grant that has not expired, of a client
 * that is enabled. `$1` is the token's SHA-256 (`tokenHash`), `$2` the real time.
 */
export const TOKEN_FROM = `(
  select t.payload ->> 'clientId' as token_client_id, t.payload ->> 'aud' as token_audience,
         t.payload ->> 'scope' as token_scope, t.grant_id as token_grant_id, t.payload ->> 'jkt' as token_jkt
  from oauth_artefact t join client c on c.id = (t.payload ->> 'clientId')::uuid and c.enabled
  where t.model in ('ClientCredentials', 'AccessToken') and t.id_hash = $1 and t.expires_at > $2
) as token`;

export const TOKEN_COLUMNS = 'token_client_id, token_audience, token_scope, token_grant_id, token_jkt';

/** Tokens are stored and found by their SHA-256 only (A4). */
export const tokenHash = (token: string): Buffer => sha256(token);

/** The caller of a row that was read with `TOKEN_FROM`; undefined when there was no good token. */
export function callerFrom(row: TokenRow | undefined): Caller | undefined {
  if (row === undefined || row.token_client_id === null) return undefined;
  return {
    clientId: row.token_client_id,
    audience: row.token_audience ?? '',
    scopes: (row.token_scope ?? '').split(' ').filter((scope) => scope !== ''),
    consentId: row.token_grant_id,
    boundTo: row.token_jkt,
  };
}

const FIND = pointRead<TokenRow>('access_token_find', `select ${TOKEN_COLUMNS} from ${TOKEN_FROM}`, [
  'bytea',
  'timestamptz',
]);

/** Who bears this token now, or undefined: unknown, expired, revoked, or its client is disabled. One statement, no cache. */
export async function findCaller(db: Queryable, token: string, realNow: Date): Promise<Caller | undefined> {
  const [row] = await db.query(FIND, [tokenHash(token), realNow]);
  return callerFrom(row);
}

const END_ALL = sql<{ ended: boolean }>(
  'access_token_end_all',
  `delete from oauth_artefact where model in ('ClientCredentials', 'AccessToken') and payload ->> 'clientId' = $1 returning true as ended`,
);

/** Ends all tokens of a client, in the transaction in which they lose their reason. Looks through all tokens: for operators. Answers how many. */
export async function endTokens(tx: Transaction, clientId: string): Promise<number> {
  return (await tx.query(END_ALL, [clientId])).length;
}

/** It is there already while it could be used, and is taken over once that is past: nothing older passes for new any more. */
const SPEND_PROOF = sql<{ spent: boolean }>(
  'access_token_spend_proof',
  `insert into oauth_artefact (model, id_hash, payload, expires_at) values ('DPoPProof', $1, '{}', $2)
   on conflict (model, id_hash) do update set expires_at = excluded.expires_at where oauth_artefact.expires_at < $3
   returning true as spent`,
);

/**
 * Whether this proof of possession has not been used before, on any node; from then on it has. `hash`: what tells it from all others.
 * `until`: real time from which it would be refused for its age. Of any number at once one is the first.
 */
export async function spendProof(
  db: Queryable,
  proof: { readonly hash: Buffer; readonly until: Date },
  realNow: Date,
): Promise<boolean> {
  return (await db.query(SPEND_PROOF, [proof.hash, proof.until, realNow])).length > 0;
}
