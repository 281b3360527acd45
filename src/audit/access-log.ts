import { DomainError } from '../errors/domain-error.ts';
import type { Nin } from '../person/nin.ts';
import { sql } from '../platform/db-statement.ts';
import type { Queryable } from '../platform/db.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { auditInsert } from './audit-log.ts';
import { personFrom } from './person-registry.ts';
import { placeAfter, type Place } from './place.ts';

/** Who has looked at a person's debt (C7): the disclosures of the log, as the person reads them. */
export interface Access {
  readonly at: Date;
  /** The organisation that looked; null: the person. */
  readonly by: { readonly clientId: string; readonly name: string; readonly organisationNumber: string } | null;
  /** The consent that it was done with; null for the person, who needs none. */
  readonly consentId: string | null;
  readonly purpose: string | null;
  readonly creditorsAsked: number;
  readonly creditorsAnswered: number;
}

/** Which of the accesses are meant: by one client, or by the person; of one calendar year in Norway. */
export interface AccessFilter {
  readonly by?: { readonly clientId: string } | 'person' | undefined;
  readonly year?: number | undefined;
}

interface AccessRow {
  at: Date;
  client_id: string | null;
  client_name: string | null;
  organisation_number: string | null;
  consent_id: string | null;
  purpose: string | null;
  creditors_asked: number | null;
  creditors_answered: number | null;
}

const ACCESS = `a.at, a.client_id, client.name as client_name, client.organisation_number, a.consent_id, a.purpose,
          a.creditors_asked, a.creditors_answered`;

/** $1 the person's ids, $2 client or null, $3 whether the person's own only, $4 year or null */
const MEANT = `a.person_id = any ($1) and a.kind = 'debt_disclosed' and ($2::uuid is null or a.client_id = $2)
     and (not $3::boolean or a.actor = 'person')
     and ($4::integer is null or (a.at >= make_timestamptz($4, 1, 1, 0, 0, 0, 'Europe/Oslo')
                              and a.at < make_timestamptz($4 + 1, 1, 1, 0, 0, 0, 'Europe/Oslo')))`;

/** $5 at that time or before (null: from the newest), $6 skip, $7 at most */
const READ = sql<AccessRow>(
  'access_read',
  `select ${ACCESS} from audit_log a left join client on client.id = a.client_id
   where ${MEANT} and ($5::timestamptz is null or a.at <= $5)
   order by a.at desc, a.id desc offset $6 limit $7`,
);

const COUNT = sql<{ count: number }>('access_count', `select count(*) from audit_log a where ${MEANT}`);

/** $1 the person's ids */
const LOOKERS = sql<{ client_id: string | null; name: string | null }>(
  'access_lookers',
  `select distinct a.client_id, client.name from audit_log a left join client on client.id = a.client_id
   where a.person_id = any ($1) and a.kind = 'debt_disclosed' order by client.name nulls last, a.client_id`,
);

/** $1 the person's ids */
const YEARS = sql<{ year: number }>(
  'access_years',
  `select distinct extract(year from at at time zone 'Europe/Oslo')::integer as year from audit_log
   where person_id = any ($1) and kind = 'debt_disclosed' order by year desc`,
);

/** $1 consents, $2 at most of each */
const USES = sql<AccessRow>(
  'access_uses',
  `select ${ACCESS} from unnest($1::uuid[]) as wanted (consent_id)
   cross join lateral (
     select * from audit_log
     where audit_log.consent_id = wanted.consent_id and kind = 'debt_disclosed' order by at desc, id desc limit $2
   ) a
   left join client on client.id = a.client_id order by a.at desc, a.id desc`,
);

/**
 * $1 now, $2 all keyed hashes of the NIN, $3 new person's id, $4 hash to write, $5 its key, $6 ciphertext, $7 its key, $8 creditors
 * asked, $9 of them answered, $10 trace id
 */
const LOG_OWN = sql<{ id: string }>(
  'access_log_own',
  `with ${personFrom({ hashes: '$2', newId: '$3', hash: '$4', hashKey: '$5', cipher: '$6', cipherKey: '$7', now: '$1' })},
   logged as (
     ${auditInsert("select $1, 'debt_disclosed', 'person', null::uuid, null::uuid, id, null, $8::integer, $9::integer, null, $10 from who")}
   )
   select id from who`,
);

export interface AccessPage {
  readonly accesses: readonly Access[];
  /** Where to go on; undefined: these were the last. */
  readonly next: Place | undefined;
}

/** A portion of the accesses to a person's debt, the newest first. `persons`: see `personIdsOf`. */
export async function readAccesses(
  db: Queryable,
  ask: { persons: readonly string[]; filter: AccessFilter; from?: Place | undefined; atMost: number },
): Promise<AccessPage> {
  const { persons, filter, from, atMost } = ask;
  const rows = await db.query(READ, [...meant(persons, filter), from?.at ?? null, from?.skip ?? 0, atMost + 1]);
  const accesses = rows.slice(0, atMost).map(accessOf);
  const times = accesses.map((access) => access.at);
  return { accesses, next: rows.length > atMost ? placeAfter(times, from) : undefined };
}

/** How many accesses are meant in all. */
export async function countAccesses(db: Queryable, persons: readonly string[], filter: AccessFilter): Promise<number> {
  return (await db.query(COUNT, meant(persons, filter)))[0]?.count ?? 0;
}

/** What a person can filter by: everybody who has looked (null: the person), and the calendar years in Norway. */
export async function accessChoices(
  db: Queryable,
  persons: readonly string[],
): Promise<{
  readonly by: readonly ({ readonly clientId: string; readonly name: string } | null)[];
  readonly years: readonly number[];
}> {
  const [lookers, years] = await Promise.all([db.query(LOOKERS, [persons]), db.query(YEARS, [persons])]);
  return {
    by: lookers.map(({ client_id, name }) =>
      client_id === null ? null : { clientId: client_id, name: name ?? client_id },
    ),
    years: years.map(({ year }) => year),
  };
}

/** The latest uses of each of these consents, at most so many of each, the newest first. */
export async function usesOf(
  db: Queryable,
  consentIds: readonly string[],
  atMost: number,
): Promise<ReadonlyMap<string, readonly Access[]>> {
  const rows = await db.query(USES, [consentIds, atMost]);
  return Map.groupBy(rows.map(accessOf), (access) => access.consentId ?? '');
}

/**
 * Logs that a person has looked at the person's own debt; one who was never met before is met by it. When this resolves it is
 * committed, and the answer may leave; when it throws, nothing may be shown. Errors: `unavailable`.
 */
export async function logOwnAccess(
  platform: Platform,
  access: { nin: Nin; at: Date; creditorsAsked: number; creditorsAnswered: number; traceId: string },
): Promise<void> {
  const { vault } = platform;
  const indexes = vault.indexes(access.nin);
  const [index] = indexes;
  const newPersonId = newId();
  const sealed = vault.seal(access.nin, newPersonId);
  for (let tries = 1; tries <= 2; tries++) {
    const logged = await platform.db.query(LOG_OWN, [
      access.at,
      indexes.map((entry) => entry.hash),
      newPersonId,
      index.hash,
      index.keyId,
      sealed.cipher,
      sealed.keyId,
      access.creditorsAsked,
      access.creditorsAnswered,
      access.traceId,
    ]);
    if (logged.length > 0) return;
    // Somebody else was making this person at that moment: the next try finds them.
  }
  throw new DomainError('unavailable', 'The lookup could not be logged right now. Try again.', {
    retryAfterSeconds: 1,
  });
}

const meant = (persons: readonly string[], { by, year }: AccessFilter) => [
  persons,
  by === undefined || by === 'person' ? null : by.clientId,
  by === 'person',
  year ?? null,
];

function accessOf(row: AccessRow): Access {
  return {
    at: row.at,
    by:
      row.client_id === null
        ? null
        : {
            clientId: row.client_id,
            name: row.client_name ?? row.client_id,
            organisationNumber: row.organisation_number ?? '',
          },
    consentId: row.consent_id,
    purpose: row.purpose,
    creditorsAsked: row.creditors_asked ?? 0,
    creditorsAnswered: row.creditors_answered ?? 0,
  };
}
