import { sql } from '../platform/db-statement.ts';
import type { Platform } from '../platform/platform.ts';
import { ABSOLUTE_MS, IDLE_MS } from './session.ts';

export const SAVE_ATTEMPT = sql<never>(
  'login_attempt_save',
  `insert into login_attempt (state_hash, browser_hash, used_for, return_to, language, expires_at)
   values ($1, $2, $3, $4, $5, $6)`,
);

export interface Attempt {
  readonly browser_hash: Buffer;
  readonly used_for: string;
  readonly return_to: string;
  readonly expires_at: Date;
}

/** Once: of two call-backs with one state, the second finds nothing. */
export const TAKE_ATTEMPT = sql<Attempt>(
  'login_attempt_take',
  'delete from login_attempt where state_hash = $1 returning browser_hash, used_for, return_to, expires_at',
);

/** $13: the session that was in this browser for the same use, which this one takes the place of; its cookie is worth nothing any more. */
export const SAVE_SESSION = sql<never>(
  'session_save',
  `with former as (delete from session where id_hash = $13 and used_for = $2)
   insert into session (id_hash, used_for, nin_cipher, nin_cipher_key, name, birth_date, level, issuer, issuer_session,
     id_token_cipher, id_token_key, signed_in_at, last_seen_at)
   values ($1, $2, $3, $4, $5, $6::date, $7, $8, $9, $10, $11, $12, $12)`,
);

export interface SessionRow {
  readonly nin_cipher: Buffer;
  readonly nin_cipher_key: string;
  readonly name: string | null;
  readonly birth_date: string | null;
  readonly level: string;
  readonly signed_in_at: Date;
  readonly last_seen_at: Date;
}

export const FIND_SESSION = sql<SessionRow>(
  'session_find',
  `select nin_cipher, nin_cipher_key, name, to_char(birth_date, 'YYYY-MM-DD') as birth_date, level, signed_in_at, last_seen_at
   from session where id_hash = $1 and used_for = $2`,
);

export const NOTE_SESSION = sql<never>(
  'session_note',
  'update session set last_seen_at = $2 where id_hash = $1 and last_seen_at < $2',
);

export const END_SESSION = sql<{ id_token_cipher: Buffer | null; id_token_key: string | null }>(
  'session_end',
  'delete from session where id_hash = $1 and used_for = $2 returning id_token_cipher, id_token_key',
);

export const END_BY_ISSUER = sql<{ ended: boolean }>(
  'session_end_by_issuer',
  'delete from session where issuer = $1 and issuer_session = $2 returning true as ended',
);

const SWEEP_SESSIONS = sql<never>(
  'session_sweep',
  'delete from session where last_seen_at <= $1 or signed_in_at <= $2',
);
const SWEEP_ATTEMPTS = sql<never>('login_attempt_sweep', 'delete from login_attempt where expires_at <= $1');

/** Removes sessions that have ended and logins that never came back. Any number of nodes may run it at once. */
export async function sweepSignIn(platform: Platform): Promise<void> {
  const now = platform.clock.realNow();
  const before = (ms: number) => new Date(now.getTime() - ms);
  await platform.db.query(SWEEP_SESSIONS, [before(IDLE_MS), before(ABSOLUTE_MS)]);
  await platform.db.query(SWEEP_ATTEMPTS, [now]);
}
