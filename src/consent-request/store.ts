import { sql } from '../platform/db-statement.ts';
import type { Purpose } from '../consent/consent.ts';
import type { Language } from '../html/language.ts';
import type { ConsentRequest, Failure, Outcome } from './consent-request.ts';

/** The SQL of requests on the consent screen. That one is answered with a consent is written by the statement that makes the consent. */

export interface RequestRow {
  id: string;
  client_id: string;
  purpose: Purpose;
  asked_days: number | null;
  language: Language;
  answer_by: Date;
  login_level: string | null;
  logged_in_at: Date | null;
  outcome: Outcome | null;
  failure: Failure | null;
  consent_id: string | null;
}

const COLUMNS =
  'id, client_id, purpose, asked_days, language, answer_by, login_level, logged_in_at, outcome, failure, consent_id';

export const requestOf = (row: RequestRow): ConsentRequest => ({
  id: row.id,
  clientId: row.client_id,
  purpose: row.purpose,
  askedDays: row.asked_days,
  language: row.language,
  answerBy: row.answer_by,
  level: row.login_level,
  loggedInAt: row.logged_in_at,
  outcome: row.outcome,
  failure: row.failure,
  consentId: row.consent_id,
});

/** Of any number at once one makes the row. $1 new id, $2 hash of the interaction's id, $3 client, $4 purpose, $5 days or null, $6 language, $7 now, $8 answer by */
export const OPEN = sql<never>(
  'consent_request_open',
  `insert into consent_request (id, interaction_hash, client_id, purpose, asked_days, language, created_at, answer_by)
   values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (interaction_hash) do nothing`,
);

/** $1 hash of the interaction's id */
export const FIND = sql<RequestRow>(
  'consent_request_find',
  `select ${COLUMNS} from consent_request where interaction_hash = $1`,
);

/** $1 request, $2 language */
export const SPEAK = sql<never>('consent_request_speak', 'update consent_request set language = $2 where id = $1');

/**
 * Ties a request to the person who logged in for it; no row when another person did so before, or it has been answered.
 * $1 request, $2 all keyed hashes of the number, $3 hash to write, $4 its key, $5 level of login, $6 when that was (real time)
 */
export const BIND = sql<{ id: string }>(
  'consent_request_bind',
  `update consent_request set nin_index = $3, nin_index_key = $4, login_level = $5, logged_in_at = $6
   where id = $1 and outcome is null and (nin_index is null or nin_index = any ($2)) returning id`,
);

/** $1 request, $2 version, $3 language, $4 now, $5 text (JSON), $6 its hash */
export const SHOW = sql<never>(
  'consent_request_show',
  `update consent_request set text_version = $2, shown_language = $3, shown_at = $4, shown = $5, shown_hash = $6
   where id = $1 and outcome is null`,
);

/** Ends a request without a consent; no row when it has been answered before. $1 request, $2 outcome, $3 now, $4 why it failed or null */
export const END = sql<{ id: string }>(
  'consent_request_end',
  `update consent_request set outcome = $2, outcome_at = $3, failure = $4, shown = null, shown_hash = null
   where id = $1 and outcome is null returning id`,
);

/** What was shown to the person who gave this consent. $1 consent */
export const READ_SHOWN = sql<{
  shown: unknown;
  text_version: string;
  shown_language: string;
  shown_at: Date;
  login_level: string;
}>(
  'consent_request_read_shown',
  `select shown, text_version, shown_language, shown_at, login_level from consent_request where consent_id = $1`,
);
