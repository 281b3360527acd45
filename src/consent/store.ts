import { auditInsert } from '../audit/audit-log.ts';
import { personFrom } from '../audit/person-registry.ts';
import { TOKEN_COLUMNS, TOKEN_FROM, type TokenRow } from '../clients/access-token.ts';
import { pointRead, sql } from '../platform/db-statement.ts';
import type { ArchiveReason, Consent, Purpose } from './consent.ts';
import { eventInsert } from './event-log.ts';

/**
 * The SQL of consents. Each change is one statement, and so one transaction and one round trip: it locks the row, tests again
 * what the rule demands, changes it, and writes the log and the event. The rules (`consent.ts`) say why something is refused;
 * the conditions here only make sure that nothing which they refuse can happen in between.
 */

export interface ConsentRow {
  id: string;
  client_id: string;
  person_id: string;
  purpose: Purpose;
  single_use: boolean;
  duration_days: number | null;
  external_id: string | null;
  created_at: Date;
  expires_at: Date;
  archived_at: Date | null;
  archived_reason: ArchiveReason | null;
}

const COLUMNS =
  'id, client_id, person_id, purpose, single_use, duration_days, external_id, created_at, expires_at, archived_at, archived_reason';

export function consentOf(row: ConsentRow): Consent {
  return {
    id: row.id,
    clientId: row.client_id,
    personId: row.person_id,
    purpose: row.purpose,
    duration: row.duration_days === null ? { kind: 'single_use' } : { kind: 'days', days: row.duration_days },
    externalId: row.external_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    archived:
      row.archived_at === null || row.archived_reason === null
        ? null
        : { at: row.archived_at, reason: row.archived_reason },
  };
}

/** $1 consent */
export const FIND = pointRead<ConsentRow>('consent_find', `select ${COLUMNS} from consent where id = $1`, ['uuid']);

/** $1 client, $2 the client's own id */
export const FIND_BY_EXTERNAL_ID = sql<ConsentRow>(
  'consent_find_by_external_id',
  `select ${COLUMNS} from consent where client_id = $1 and external_id = $2`,
);

/** A person's number, sealed. */
export interface PersonRow {
  id: string;
  nin_cipher: Buffer;
  nin_cipher_key: string;
}

/** And the hash that they are found by. */
export interface FoundPersonRow extends PersonRow {
  nin_index: Buffer;
}

/** Columns of a consent are null where there is none; those of the person are there if they were asked for. */
export type CallerAndConsentRow = TokenRow & { [Column in keyof ConsentRow]: ConsentRow[Column] | null } & {
  [Column in keyof Omit<FoundPersonRow, 'id'>]?: FoundPersonRow[Column] | null;
};

/** $1 hash of the token, $2 real time, $3 consent: who asks, and the consent that is spoken of, in one round trip. */
export const FIND_WITH_CALLER = pointRead<CallerAndConsentRow>(
  'consent_find_with_caller',
  `select ${TOKEN_COLUMNS}, consent.* from ${TOKEN_FROM}
   left join (select ${COLUMNS} from consent where id = $3) as consent on true`,
  ['bytea', 'timestamptz', 'uuid'],
);

/** The same, and with it the number of the person whose consent it is, for who is going to look up their debt. */
export const FIND_WITH_CALLER_AND_PERSON = pointRead<CallerAndConsentRow>(
  'consent_find_with_caller_and_person',
  `select ${TOKEN_COLUMNS}, consent.*, p.nin_cipher, p.nin_cipher_key, p.nin_index from ${TOKEN_FROM}
   left join (select ${COLUMNS} from consent where id = $3) as consent on true
   left join person p on p.id = consent.person_id`,
  ['bytea', 'timestamptz', 'uuid'],
);

/** $1 person */
export const READ_PERSON = pointRead<PersonRow>(
  'person_read',
  'select id, nin_cipher, nin_cipher_key from person where id = $1',
  ['uuid'],
);

/**
 * Registers a consent: the person (if new), the consent, the log, the event; and, where the person decided here, that the request
 * on the consent screen has been answered with it ($17, else null), which it can be once, until a moment, by the person who
 * logged in for it, and to the text that was shown last: of any number of answers at once one makes a consent (`answered` 1). The row lock on client_purpose makes it wait for a switch being thrown,
 * and the other way round (C9). A client's own id that is taken makes no row (`made` 0), also when the other one is being
 * registered at this moment: then it waits for that one's end.
 * $1 consent, $2 client, $3 purpose, $4 days or null, $5 own id or null, $6 now, $7 expiry, $8 event, $9 all keyed hashes of the
 * NIN, $10 new person's id, $11 hash to write, $12 its key, $13 ciphertext, $14 its key, $15 trace id, $16 actor, $17 request,
 * $18 real time, $19 hash of the text that was answered or null
 */
export const REGISTER = sql<{ permitted: boolean; person_id: string | null; answered: number; made: number }>(
  'consent_register',
  `with permit as materialized (
     select 1 from client_purpose where client_id = $2 and purpose = $3 and open for share
   ), taken as (
     select 1 from consent where client_id = $2 and external_id = $5
   ), ${personFrom(
     { hashes: '$9', newId: '$10', hash: '$11', hashKey: '$12', cipher: '$13', cipherKey: '$14', now: '$6' },
     'exists (select from permit) and not exists (select from taken)',
   )}, answered as (
     update consent_request set outcome = 'approved', outcome_at = $6, consent_id = $1::uuid
     where id = $17::uuid and client_id = $2 and purpose = $3 and outcome is null and answer_by > $18::timestamptz
       and nin_index = any ($9) and shown_hash = $19::bytea and exists (select from permit) and exists (select from who)
     returning 1
   ), made as (
     insert into consent (id, client_id, person_id, purpose, single_use, duration_days, external_id, created_at, expires_at)
     select $1::uuid, $2::uuid, who.id, $3, $4::integer is null, $4::integer, $5, $6::timestamptz, $7::timestamptz from who
     where exists (select from permit) and ($17::uuid is null or exists (select from answered))
     on conflict (client_id, external_id) where external_id is not null do nothing returning *
   ), logged as (
     ${auditInsert("select $6, 'consent_registered', $16, client_id, id, person_id, purpose, null::integer, null::integer, null, $15 from made")}
   ), told as (
     ${eventInsert("select client_id, $8::uuid, id, 'created', created_at, purpose, external_id, null from made")}
   )
   select exists (select from permit) as permitted, (select id from who limit 1) as person_id,
     (select count(*) from answered) as answered, (select count(*) from made) as made`,
);

/**
 * Registers any number of consents of one client by one statement, each by the same conditions as `REGISTER`, in the same order:
 * permission, persons, consents, log and events. Persons and consents are made in an order that all such statements keep, so that none
 * locks another out. What one row is refused for refuses no other; of two with the same own id one is made. Answers a row for each, in
 * their order. Not for what was answered on the consent screen.
 * $1 client, then a list of each: $2 consents, $3 purposes, $4 days or null, $5 own ids or null, $6 now, $7 expiry, $8 events,
 * $9 new persons' ids, $10 hashes to write, $11 their keys, $12 ciphertexts, $13 their keys, $14 trace ids, $15 actors; and all
 * keyed hashes of the NINs: $16 of which row (from 1), $17 the hash
 */
export const REGISTER_MANY = sql<{ permitted: boolean; person_id: string | null; made: boolean }>(
  'consent_register_many',
  `with item as materialized (
     select * from unnest($2::uuid[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::uuid[],
       $9::uuid[], $10::bytea[], $11::text[], $12::bytea[], $13::text[], $14::text[], $15::text[]) with ordinality
       as item (id, purpose, days, external_id, now, expires_at, event_id, new_person_id, hash, hash_key, cipher, cipher_key, trace_id,
         actor, place)
   ), permit as materialized (
     select purpose from client_purpose where client_id = $1 and purpose = any ($3) and open order by purpose for share
   ), known as materialized (
     select distinct on (own.place) own.place, person.id
     from unnest($16::integer[], $17::bytea[]) as own (place, hash)
     cross join lateral (select id, created_at from person where nin_index = own.hash offset 0) as person
     order by own.place, person.created_at, person.id
   ), asked as materialized (
     select item.*, known.id as person_id,
       item.purpose in (select purpose from permit) as permitted,
       (select true from consent where client_id = $1 and external_id = item.external_id limit 1) as taken
     from item left join known on known.place = item.place
   ), met as (
     insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
     select distinct on (hash) new_person_id, hash, hash_key, cipher, cipher_key, now from asked
     where person_id is null and permitted and taken is null
     order by hash
     on conflict (nin_index) do nothing returning id, nin_index
   ), ready as materialized (
     select asked.*, coalesce(asked.person_id, met.id) as who from asked left join met on met.nin_index = asked.hash
   ), made as (
     insert into consent (id, client_id, person_id, purpose, single_use, duration_days, external_id, created_at, expires_at)
     select id, $1, who, purpose, days is null, days, external_id, now, expires_at from ready
     where permitted and who is not null
     order by external_id, place
     on conflict (client_id, external_id) where external_id is not null do nothing returning id
   ), done as materialized (
     select ready.*, made.id is not null as made from ready left join made on made.id = ready.id
   ), logged as (
     ${auditInsert("select now, 'consent_registered', actor, $1, id, who, purpose, null::integer, null::integer, null, trace_id from done where made order by place")}
   ), told as (
     ${eventInsert("select $1, event_id, id, 'created', now, purpose, external_id, null from done where made order by place")}
   )
   select permitted, who as person_id, made from done order by place`,
);

/**
 * Uses a consent for one disclosure (C4, C5): only if it is active at $3 once its row is locked. A single-use consent is used up
 * by it. Answers a row when it was granted.
 * $1 consent, $2 client, $3 now, $4 event, $5 creditors asked, $6 of them answered, $7 trace id
 */
export const USE = sql<{ id: string }>(
  'consent_use',
  `with held as materialized (
     select * from consent where id = $1 and client_id = $2 and archived_at is null and expires_at > $3 for no key update
   ), used_up as (
     update consent set archived_at = $3, archived_reason = 'used' from held where consent.id = held.id and held.single_use
     returning consent.*
   ), logged as (
     ${auditInsert("select $3, 'debt_disclosed', 'client', client_id, id, person_id, purpose, $5::integer, $6::integer, null, $7 from held")}
   ), told as (
     ${eventInsert("select client_id, $4::uuid, id, 'archived', $3, null, null, 'used' from used_up")}
   )
   select id from held`,
);

/**
 * Archives one consent, if it is active at $3 once its row is locked. Answers a row when it did.
 * $1 consent, $2 reason, $3 now, $4 event, $5 actor, $6 trace id
 */
export const REVOKE = sql<{ id: string }>(
  'consent_revoke',
  `with held as materialized (
     select id from consent where id = $1 and archived_at is null and expires_at > $3 for no key update
   ), archived as (
     update consent set archived_at = $3, archived_reason = $2 from held where consent.id = held.id returning consent.*
   ), logged as (
     ${auditInsert("select $3, 'consent_archived', $5, client_id, id, person_id, purpose, null::integer, null::integer, $2, $6 from archived")}
   ), told as (
     ${eventInsert("select client_id, $4::uuid, id, 'archived', $3, null, null, $2 from archived")}
   )
   select id from archived`,
);

/**
 * A portion of what is due to end, at most $2, each with its event and log row. It is found by its ids: joined to it, the consents
 * would be read from end to end where the planner does not know how few are due.
 */
const archivePortion = (due: string, at: string, reason: string, actor: string) => `with due as materialized (
     ${due}
   ), archived as (
     update consent set archived_at = ${at}, archived_reason = ${reason} where id = any (array(select id from due)) returning consent.*
   ), logged as (
     ${auditInsert(
       `select archived_at, 'consent_archived', ${actor}, client_id, id, person_id, purpose, null::integer, null::integer, ${reason}, null from archived`,
     )}
   ), told as (
     ${eventInsert(`select client_id, gen_random_uuid(), id, 'archived', archived_at, null, null, ${reason} from archived`)}
   )
   select id from archived`;

/** Writes down expiry (C6), leaving out rows that others hold. The time of the event is the instant of expiry. $1 now, $2 at most */
export const EXPIRE = sql<{ id: string }>(
  'consent_expire',
  archivePortion(
    'select id from consent where archived_at is null and expires_at <= $1 order by expires_at limit $2 for no key update skip locked',
    'consent.expires_at',
    "'expired'",
    "'clock'",
  ),
);

/**
 * Ends active consents whose permission is switched off (C9), waiting for those that are being used. In no order, and by
 * client and purpose alone: by their ids, or by when they expire, all of them would be walked through to find that none is. $1 now, $2 at
 * most
 */
export const ARCHIVE_CLOSED = sql<{ id: string }>(
  'consent_archive_closed',
  archivePortion(
    `select consent.id from client_purpose p join consent on consent.client_id = p.client_id and consent.purpose = p.purpose
     where not p.open and consent.archived_at is null and consent.expires_at + interval '0' > $1
     limit $2 for no key update of consent`,
    '$1::timestamptz',
    "'revoked_by_operator'",
    "'operator'",
  ),
);

/** What a switch would end now (C9). $1 now, $2 client or null for all, $3 purpose or null for all */
export const COUNT_ACTIVE = sql<{ count: number }>(
  'consent_count_active',
  `select count(*) from consent
   where archived_at is null and expires_at > $1 and client_id = coalesce($2, client_id) and purpose = coalesce($3, purpose)`,
);

/** $1 what was switched off, $2 client or null, $3 purpose or null, $4 now */
export const LOG_PERMISSION_CHANGE = sql<never>(
  'consent_log_permission_change',
  auditInsert("values ($4, 'permission_changed', 'operator', $2, null, null, $3, null, null, $1, null)"),
);

/** $1 consents that ended before, $2 log rows from before, $3 at most of each */
export const PURGE = sql<{ consents: number; log_rows: number; persons: number }>(
  'consent_purge',
  'select consents, log_rows, persons from purge_past_retention($1, $2, $3)',
);

/** A consent as its person reads it: beside it who was given it, and what the log says of its use. */
export interface GivenRow extends ConsentRow {
  client_name: string;
  organisation_number: string;
  uses: number;
  last_used_at: Date | null;
}

/** `which`: the consents that are meant, in order; only for these the log is asked. */
const given = (which: string, order: string): string =>
  `select c.*, client.name as client_name, client.organisation_number, used.uses, used.last_used_at
   from (${which}) c
   join client on client.id = c.client_id
   cross join lateral (
     select count(*) as uses, max(at) as last_used_at from audit_log where consent_id = c.id and kind = 'debt_disclosed'
   ) used
   order by ${order}`;

/** Consents that are active at $2, the newest first. $1 the person's ids, $2 now, $3 at most */
export const LIST_ACTIVE = sql<GivenRow>(
  'consent_list_active',
  given(
    `select ${COLUMNS} from consent where person_id = any ($1) and archived_at is null and expires_at > $2
     order by created_at desc, id desc limit $3`,
    'c.created_at desc, c.id desc',
  ),
);

/** When a consent ended, or will: what has expired has ended, whether or not that has been written down (C2). */
const ENDS = 'coalesce(archived_at, expires_at)';

/** Consents that have ended at $2, the last ended first. $1 the person's ids, $2 now, $3 ended then or before (null: from the last), $4 skip, $5 at most */
export const LIST_ENDED = sql<GivenRow>(
  'consent_list_ended',
  given(
    `select ${COLUMNS} from consent
     where person_id = any ($1) and (archived_at is not null or expires_at <= $2) and ($3::timestamptz is null or ${ENDS} <= $3)
     order by ${ENDS} desc, id desc offset $4 limit $5`,
    `coalesce(c.archived_at, c.expires_at) desc, c.id desc`,
  ),
);

/** $1 the person's ids, $2 now */
export const COUNT_GIVEN = sql<{ active: number; ended: number }>(
  'consent_count_given',
  `select count(*) filter (where archived_at is null and expires_at > $2) as active,
          count(*) filter (where archived_at is not null or expires_at <= $2) as ended
   from consent where person_id = any ($1)`,
);

/** $1 consent, $2 the person's ids: another person's consent is not there */
export const FIND_GIVEN = sql<GivenRow>(
  'consent_find_given',
  given(`select ${COLUMNS} from consent where id = $1 and person_id = any ($2)`, 'c.id'),
);

/** A consent as operators read it: whom it was given to, and how often it was used. Of the person nothing but an id. */
export interface OverviewRow extends ConsentRow {
  client_name: string;
  uses: number;
  last_used_at: Date | null;
}

const OVERVIEW = `c.*, client.name as client_name, used.uses, used.last_used_at`;
const OVERVIEW_JOINS = `join client on client.id = c.client_id
   cross join lateral (
     select count(*) as uses, max(at) as last_used_at from audit_log where consent_id = c.id and kind = 'debt_disclosed'
   ) used`;

/** Consents, the newest first (their ids begin with the time). $1 client or null, $2 the ids of one person or null, $3 state, $4 now, $5 at most */
export const LIST_ALL = sql<OverviewRow>(
  'consent_list_all',
  `select ${OVERVIEW} from (
     select ${COLUMNS} from consent
     where ($1::uuid is null or client_id = $1) and ($2::uuid[] is null or person_id = any ($2))
       and case $3 when 'all' then true when 'active' then archived_at is null and expires_at > $4
             when 'ended' then archived_at is not null or expires_at <= $4
             when 'expired' then archived_reason = 'expired' or (archived_at is null and expires_at <= $4)
             else archived_reason = $3 end
     order by id desc limit $5
   ) c ${OVERVIEW_JOINS} order by c.id desc`,
);

/** $1 consent */
export const FIND_ANY = sql<OverviewRow>(
  'consent_find_any',
  `select ${OVERVIEW} from (select ${COLUMNS} from consent where id = $1) c ${OVERVIEW_JOINS}`,
);
