import pg from 'pg';
import { sandboxClients } from '../../sandbox/clients.ts';
import { sandboxCreditors } from '../../sandbox/creditor-list.ts';
import { syntheticNinAt } from '../../sandbox/synthetic-nin.ts';
import { saveCreditor } from '../../src/creditors/creditor-registry.ts';
import { consentText } from '../../src/consent-request/consent-text.ts';
import { signSeal } from '../../src/audit/evidence/signature.ts';
import { sha256Hex } from '../../src/audit/evidence/seal.ts';
import { sealKeys } from '../../src/platform/keys.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { syntheticNin } from '../../test/support/bare-platform.ts';
import { API } from '../../test/support/world.ts';

/** Days from the first consent to now: nothing is past its retention yet, and eight of nine consents have ended. */
const DAYS = 1_000;
const FEED_DAYS = 30;
const CONSENTS_EACH = 3;
/** Loans of each person, all at different creditors. */
export const LOANS_EACH = 3;
const OTHER_CLIENTS = 17;
/** One person in so many has a number that is known here, and can be looked up; but never more than so many. */
const KNOWN_OF = 11;
const MOST_KNOWN = 30_000;
const SEED = 6;

/** The number of the known person at this place. */
export const knownNin = (place: number): string => syntheticNinAt(place, SEED);

/** So many persons are known among those of so many consents. */
export const knownPersons = (consents: number): number =>
  Math.min(MOST_KNOWN, Math.floor(consents / CONSENTS_EACH / KNOWN_OF));

/**
 * Fills a migrated database with so many consents as they are after three years: a third as many persons, their log with its seals,
 * as many events as consents, as many loans, tokens of the last hour, and the proof of one consent in twenty. Not by our verbs, which
 * would take days: the rows have the shape that those write, foreign keys are true by how the rows are made, and all indexes and
 * checks are those of the schema. Takes some seconds for ten thousand, and about twenty minutes for ten million.
 */
export async function seedGrowth(superuserUrl: string, platform: Platform, consents: number): Promise<void> {
  await platform.db.transaction(async (tx) => {
    for (const creditor of sandboxCreditors)
      await saveCreditor(tx, { ...creditor, baseUrl: 'https://creditor.example' });
  });
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  const step = async (name: string, text: string, values: readonly unknown[] = []): Promise<void> => {
    const begin = performance.now();
    await client.query(text, [...values]);
    const seconds = (performance.now() - begin) / 1_000;
    if (seconds > 5) process.stderr.write(`  ${name}: ${seconds.toFixed(0)} s\n`);
  };
  try {
    await client.query(`set maintenance_work_mem = '512MB'; set work_mem = '384MB'; set synchronize_seqscans = off;
      set max_parallel_maintenance_workers = 0; set max_parallel_workers_per_gather = 0; set statement_timeout = 0`);
    await client.query('begin; set local session_replication_role = replica');
    await client.query(`truncate person, consent, consent_request, audit_log, audit_seal, feed_event, feed_pending, feed_head,
      oauth_artefact, session, delivered_customer, delivered_loan`);
    await helpers(client, platform, consents);
    const keys = await dropKeys(client, ['person', 'consent', 'audit_log', 'delivered_customer', 'delivered_loan']);
    const [personKeys, consentKeys, logKeys, customerKeys, loanKeys] = keys;
    const make = async (name: string, statements: readonly string[] = []): Promise<void> => {
      for (const statement of statements) await step(`key of ${name}`, statement);
    };
    await step('person', PERSONS);
    await make('person', personKeys);
    await step('consent', CONSENTS);
    await make('consent', consentKeys);
    await step('consent_request', REQUESTS, [shownText()]);
    await step('audit_log', LOG);
    await make('audit_log', logKeys);
    await step('audit_seal', SEALS);
    await lastSeal(client, platform);
    await step('feed_event', EVENTS);
    await step('feed_head', HEADS);
    await step('oauth_artefact', TOKENS);
    await step('session', SESSIONS);
    for (const [place, { id, providerId }] of sandboxCreditors.entries()) {
      const who = [id, providerId, place];
      await step('delivered_loan', LOANS, who);
      await step('delivered_customer', CUSTOMERS, who);
    }
    await make('delivered_loan', loanKeys);
    await make('delivered_customer', customerKeys);
    await client.query('update creditor_provider set delivered_at = now(), drawn_at = now()');
    await client.query(`drop schema growth cascade; commit`);
    await step('vacuum', 'vacuum (analyze)');
    await step('checkpoint', 'checkpoint');
  } finally {
    await client.end();
  }
}

/** What the statements below share: how many of each, who the clients are, and what the row with a number says. */
async function helpers(client: pg.Client, platform: Platform, consents: number): Promise<void> {
  const persons = Math.ceil(consents / CONSENTS_EACH);
  const { keyId: indexKey } = platform.vault.index(syntheticNin(knownNin(0)));
  const [cipherKey] = platform.vault.encryptionKeys();
  await client.query(`
    create schema growth;
    create table growth.size as select ${consents}::bigint as consents, ${persons}::bigint as persons, date_trunc('second', now()) as now,
      '${indexKey}'::text as index_key, '${cipherKey}'::text as cipher_key;
    -- Milliseconds since 1970, whole.
    create function growth.born(now timestamptz, n bigint, of bigint, days integer) returns bigint language sql stable as
      $$ select extract(epoch from now)::bigint * 1000 - 60000 - days * 86400000::bigint + n * (days * 86400000::bigint) / of $$;
    create function growth.at(ms bigint) returns timestamptz language sql stable as $$ select to_timestamp(ms / 1000.0) $$;
    create function growth.id(what bigint, n bigint, ms bigint) returns uuid language sql immutable as
      $$ select (lpad(to_hex(ms), 12, '0') || '7' || substr(lpad(to_hex(hashint8extended(n, what) & 9223372036854775807), 16, '0'), 1, 3) || 'a'
          || substr(lpad(to_hex(hashint8extended(n, what + 1)), 16, '0'), 2, 15))::uuid $$;
    create function growth.dice(n bigint, what bigint, sides bigint) returns bigint language sql immutable as
      $$ select (hashint8extended(n, what) & 9223372036854775807) % sides $$;`);
  // One client has three of ten, one two; the others few.
  await client.query(
    `insert into client (id, name, organisation_number, secret_hashes, created_at)
     select ('b0000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Client ' || n, '3141592' || lpad(n::text, 2, '0'), '{}',
       (select now from growth.size) - interval '1100 days' from generate_series(1, $1::integer) n on conflict do nothing`,
    [OTHER_CLIENTS],
  );
  await client.query(
    `insert into client_purpose (client_id, purpose) select id, purpose from client, unnest(array['presentation', 'processing']) purpose
     on conflict do nothing`,
  );
  await client.query(
    `create table growth.slot as
     with named as (
       select slot, case when slot < 30 then ($1::uuid[])[1] when slot < 50 then ($1::uuid[])[2] when slot < 60 then ($1::uuid[])[3]
         else ('b0000000-0000-4000-8000-' || lpad((1 + (slot - 60) % $2::integer)::text, 12, '0'))::uuid end as client_id
       from generate_series(0, 99) slot
     )
     select slot, client_id, row_number() over (partition by client_id order by slot) as place, count(*) over (partition by client_id) as slots
     from named`,
    [sandboxClients(API).map(({ client: { id } }) => id), OTHER_CLIENTS],
  );
  const known = knownPersons(consents);
  await client.query(`create table growth.known (p bigint primary key, nin_index bytea, nin_cipher bytea)`);
  for (let from = 0; from < known; from += 1_000) {
    const places = Array.from({ length: Math.min(1_000, known - from) }, (_, place) => from + place);
    const numbers = places.map((place) => BigInt(Math.floor(((place + 0.5) * persons) / known)));
    const { rows } = await client.query<{ id: string }>(
      `select growth.id(20, p, growth.born(s.now, p, s.persons, ${DAYS})) as id
       from growth.size s, unnest($1::bigint[]) with ordinality as known (p, place) order by place`,
      [numbers],
    );
    const nins = places.map((place) => syntheticNin(knownNin(place)));
    await client.query(`insert into growth.known select * from unnest($1::bigint[], $2::bytea[], $3::bytea[])`, [
      numbers,
      nins.map((nin) => platform.vault.index(nin).hash),
      nins.map((nin, place) => platform.vault.seal(nin, rows[place]?.id ?? '').cipher),
    ]);
  }
  await client.query('analyze growth.known, growth.slot, growth.size');
}

/** 40 bytes, as the ciphertext of a number. */
const FILLER = `substr(sha256(int8send(n + 7)) || sha256(int8send(n + 8)), 1, 40)`;

const PERSONS = `insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
  select growth.id(20, n, ms), coalesce(known.nin_index, sha256(int8send(n))), s.index_key, coalesce(known.nin_cipher, ${FILLER}),
    s.cipher_key, growth.at(ms)
  from (select n, growth.born(s.now, n, s.persons, ${DAYS}) as ms from growth.size s cross join generate_series(0, s.persons - 1) n offset 0) person
  cross join growth.size s left join growth.known on known.p = n`;

/**
 * Three of ten once, from the screen; 35 of a hundred agreed on for 28 days; the rest for a year, part of these from the screen. A
 * person is one of those who had been met by then.
 */
const CONSENTS = `insert into consent (id, client_id, person_id, purpose, single_use, duration_days, external_id, created_at, expires_at,
    archived_at, archived_reason)
  select growth.id(30, n, ms), client_id, growth.id(20, p, growth.born(now, p, persons, ${DAYS})),
    case when kind < 65 then 'processing' else 'presentation' end, days is null, days,
    case when days is not null and growth.dice(n, 5, 4) > 0 then 'application-' || n end, at, expires,
    case when ended <= now then ended end,
    case when ended > now then null when days is null and fate < 85 then 'used' when days is not null and fate < 10 then 'revoked_by_person'
      when days is not null and fate < 20 then 'revoked_by_client' else 'expired' end
  from (
    select *, case when days is null and fate < 85 then at + interval '90 seconds'
        when days is not null and fate < 20 then at + (expires - at) * (fate + 1) / 25 else expires end as ended
    from (
      select *, growth.at(ms) as at, growth.at(ms + coalesce(days * 86400000::bigint, 600000)) as expires, least(drawn, persons * n / consents) as p from (
        select *, case when kind < 30 then null when kind < 65 then 28 else 365 end as days from (
          select s.*, n, slot.client_id, growth.born(s.now, n, s.consents, ${DAYS}) as ms, growth.dice(n, 2, 100) as kind,
            growth.dice(n, 3, 100) as fate, growth.dice(n, 4, (n + 1) * s.persons / s.consents + 1) as drawn
          from growth.size s cross join generate_series(0, s.consents - 1) n join growth.slot on slot.slot = growth.dice(n, 1, 100) offset 0
        ) one offset 0
      ) two offset 0
    ) three offset 0
  ) four`;

/** $1 a text as it was shown. Answered requests are proof, and stay with their consent. */
const REQUESTS = `insert into consent_request (id, interaction_hash, client_id, purpose, asked_days, language, created_at, answer_by, nin_index,
    nin_index_key, login_level, text_version, shown_language, shown_at, shown, shown_hash, outcome, outcome_at, consent_id)
  select gen_random_uuid(), sha256(uuid_send(c.id)), c.client_id, c.purpose, c.duration_days, 'nb', c.created_at - interval '1 minute',
    c.created_at + interval '29 minutes', person.nin_index, person.nin_index_key, 'idporten-loa-high', '1', 'nb',
    c.created_at - interval '30 seconds', jsonb_set($1::jsonb, '{title}', to_jsonb('Consent ' || c.id)), sha256(uuid_send(c.id)), 'approved',
    c.created_at, c.id
  from consent c join person on person.id = c.person_id where c.external_id is null and hashtext(c.id::text) % 9 = 0`;

/** Three events in a consent's life, each where the log has it: by the time at which it happened. */
const LOG = `insert into audit_log (at, kind, actor, client_id, consent_id, person_id, purpose, creditors_asked, creditors_answered, reason, trace_id,
    done_by)
  select at, kind, actor, client_id, id, person_id, purpose, asked, asked, reason, trace, null from (
    select created_at as at, 'consent_registered' as kind, case when external_id is null then 'person' else 'client' end as actor, client_id, id,
      person_id, purpose, null::integer as asked, null::text as reason, gen_random_uuid()::text as trace from consent
    union all
    select archived_at, 'consent_archived', case archived_reason when 'expired' then 'clock' when 'revoked_by_person' then 'person' else 'client' end,
      client_id, id, person_id, purpose, null, archived_reason, case when archived_reason <> 'expired' then gen_random_uuid()::text end
      from consent where archived_reason <> 'used'
    union all
    select case when single_use then archived_at else created_at + interval '1 hour' end, 'debt_disclosed', 'client', client_id, id, person_id,
      purpose, ${LOANS_EACH}, null, gen_random_uuid()::text
      from consent where archived_reason = 'used' or (not single_use and hashtext(id::text) % 3 = 0 and created_at < (select now from growth.size) - interval '1 hour')
  ) entry order by at`;

/** As the sealer makes them, but that hashes are no hashes of rows, and nobody has signed: of the same length. */
const SEALS = `insert into audit_seal (number, at, jws, hash, row_count, first_id, last_id, first_at, last_at, up_to, kept_since, row_ids, list)
  select number, last_at, rpad('', 740, encode(sha256(int8send(number)), 'base64')), sha256(int8send(number)), row_count, first_id, last_id, first_at,
    last_at, last_id, last_at - interval '1096 days', row_ids, list
  from generate_series(1, (select ceil(max(id) / 1000.0)::bigint from audit_log)) number
  cross join lateral (
    select count(*) as row_count, min(id) as first_id, max(id) as last_id, min(at) as first_at, max(at) as last_at, array_agg(id) as row_ids,
      string_agg(id || ' ' || to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || encode(sha256(int8send(id)), 'hex') || E'\\n', '') as list
    from (select id, at from audit_log where id between number * 1000 - 999 and number * 1000 order by id) entry
  ) of_seal`;

/** As many events as consents, in the partitions of the last days; numbers begin with 2 for each client, as they always do. */
const EVENTS = `do $do$ begin
    for back in 0..${FEED_DAYS} loop
      perform feed_keep_partitions((business_now() at time zone 'UTC')::date - back, (business_now() at time zone 'UTC')::date - 60);
    end loop;
    insert into feed_event (client_id, seq, recorded_on, recorded_at, event_id, consent_id, type, occurred_at, purpose, external_id, reason, body)
    select *, feed_event_text(client_id, seq, event_id, consent_id, type, occurred_at, purpose, external_id, reason) from (
    select client_id, seq, (at at time zone 'UTC')::date as recorded_on, at, growth.id(40, n, ms) as event_id,
      growth.id(30, of, growth.born(now, of, consents, ${DAYS})) as consent_id, case when n % 2 = 0 then 'created' else 'archived' end as type, at - interval '1 second' as occurred_at,
      case when n % 2 = 0 then 'processing' end as purpose, case when n % 2 = 0 then 'application-' || n end as external_id,
      case when n % 2 = 1 then 'expired' end as reason
    from (
      select *, growth.at(ms) as at from (
        select s.*, n, slot.client_id, (n / 100) * slot.slots + slot.place + 1 as seq, growth.born(s.now, n, s.consents, ${FEED_DAYS}) as ms,
          s.consents - 1 - n / 2 as of
        from growth.size s cross join generate_series(0, s.consents - 1) n join growth.slot on slot.slot = n % 100 offset 0
      ) one offset 0
    ) two offset 0) event;
  end $do$`;

const HEADS = `insert into feed_head (client_id, last_seq, last_recorded_at) select client_id, max(seq), max(recorded_at) from feed_event group by 1`;

/** One for each hundred consents. */
const TOKENS = `insert into oauth_artefact (model, id_hash, payload, expires_at)
  select 'ClientCredentials', sha256(int8send(n)), jsonb_build_object('aud', '${API}/v1/debt', 'exp', 1, 'iat', 1, 'jti', md5(n::text) || md5('x' || n),
    'kind', 'ClientCredentials', 'scope', 'debt.unsecured.presentation debt.unsecured.processing', 'clientId', slot.client_id, 'extra', '{}'::jsonb),
    s.now + interval '3 hours' * n / (s.consents / 100.0)
  from growth.size s cross join generate_series(1, s.consents / 100) n join growth.slot on slot.slot = n % 100`;

const SESSIONS = `insert into session (id_hash, used_for, nin_cipher, nin_cipher_key, level, issuer, signed_in_at, last_seen_at)
  select sha256(int8send(n)), 'portal', ${FILLER}, s.cipher_key, 'idporten-loa-high', 'https://login.example', s.now, s.now
  from growth.size s cross join generate_series(1, s.consents / 1000) n`;

/** Person `n` is a customer of the creditors at `n`, `n + 1`, … of the list. They lie as collections put them: by creditor, then by hash. */
const HASHES = `(select coalesce(known.nin_index, sha256(int8send(n))) as hash, n from growth.size s cross join generate_series(0, s.persons - 1) n
    left join growth.known on known.p = n
    where ($3::bigint - n % ${sandboxCreditors.length} + ${sandboxCreditors.length}) % ${sandboxCreditors.length} < ${LOANS_EACH} order by 1) customer`;

/** $1 creditor, $2 provider, $3 its place */
const LOANS = `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, type, reported_at, dated_with_delivery, co_borrower,
    credit_limit, interest_bearing_balance, non_interest_bearing_balance, nominal_interest_rate, installment_charges, installment_charge_period)
  select hash, $1, $2, 'S' || lpad(n::text, 9, '0'), 'creditFacility', now(), true, 0, 5000000, 100 + n % 1000000, n % 777, 2050, 4500, 'MONTHLY'
  from ${HASHES}`;

const CUSTOMERS = `insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at) select hash, $1, $2, now() from ${HASHES}`;

/** The last seal is a real one, so that the sealer goes on from there. */
async function lastSeal(client: pg.Client, platform: Platform): Promise<void> {
  interface Last {
    number: string;
    row_count: number;
    list: string;
    up_to: string;
    first_at: Date;
    last_at: Date;
    kept_since: Date;
    previous: string | null;
  }
  const { rows } = await client.query<Last>(
    `select number, row_count, list, up_to, first_at, last_at, kept_since, encode(lag(hash) over (order by number), 'hex') as previous
     from audit_seal order by number desc limit 1`,
  );
  const [row] = rows;
  const [key] = sealKeys(platform.keys);
  if (row === undefined || key === undefined) throw new Error('the log has no seal');
  const jws = await signSeal(
    {
      number: Number(row.number),
      at: row.last_at.toISOString(),
      previous: row.previous,
      vouched: true,
      rows: row.row_count,
      list: sha256Hex(row.list),
      from: row.first_at.toISOString(),
      until: row.last_at.toISOString(),
      upTo: Number(row.up_to),
      keptSince: row.kept_since.toISOString(),
    },
    key,
  );
  const hash = Buffer.from(sha256Hex(jws), 'hex');
  await client.query('update audit_seal set jws = $2, hash = $3 where number = $1', [row.number, jws, hash]);
  await client.query('update audit_sealing set settled = $1', [row.up_to]);
}

/** The proof of what was shown, as the screen of the sandbox keeps it. */
function shownText(): string {
  const now = new Date();
  return JSON.stringify(
    consentText({
      language: 'nb',
      client: { name: 'Sparekompis AS', organisationNumber: '314159268' },
      purpose: 'presentation',
      askedDays: 365,
      now,
      answerBy: new Date(now.getTime() + 1_800_000),
    }),
  );
}

/** Drops the keys and indexes of these tables; answers for each the statements that make them again, as they were. */
async function dropKeys(client: pg.Client, tables: readonly string[]): Promise<readonly (readonly string[])[]> {
  const made: string[][] = [];
  for (const table of tables) {
    const { rows } = await client.query<{ drop: string; make: string; kind: string }>(
      `select contype::text as kind, format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
         format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as make
       from pg_constraint where (conrelid = $1::regclass and contype in ('p', 'u')) or (confrelid = $1::regclass and contype = 'f')
       union all
       select 'i', format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
       from pg_index where indrelid = $1::regclass and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
       order by 1`,
      [table],
    );
    for (const { drop } of rows) await client.query(drop);
    // A foreign key comes when the table that it stands in has its rows; those it is about are indexed by then.
    made.push(rows.toSorted((a, b) => Number(a.kind === 'f') - Number(b.kind === 'f')).map(({ make }) => make));
  }
  return made;
}
