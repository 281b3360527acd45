import type { SqlValue } from '../platform/db-statement.ts';
import { violatedConstraint, type Database } from '../platform/db.ts';
import type { NinIndex, Sealed } from '../platform/crypto.ts';
import type { Platform } from '../platform/platform.ts';
import { sharedCommits, type SharedCommits } from '../platform/shared-commits.ts';
import type { Purpose } from './consent.ts';
import { REGISTER, REGISTER_MANY } from './store.ts';

/** All that is written of one registration, as it would be written alone. */
export interface RegistrationRow {
  readonly id: string;
  readonly clientId: string;
  readonly purpose: Purpose;
  readonly days: number | null;
  readonly externalId: string | null;
  readonly now: Date;
  readonly expiresAt: Date;
  readonly realNow: Date;
  readonly eventId: string;
  /** The first one is written where the person is new. */
  readonly indexes: readonly [NinIndex, ...NinIndex[]];
  readonly newPersonId: string;
  readonly sealed: Sealed;
  readonly traceId: string;
  readonly actor: 'client' | 'person';
  readonly answers: { readonly requestId: string; readonly shownHash: Buffer } | undefined;
}

/** What became of one try, as of its commit. */
export interface RegistrationOutcome {
  readonly made: boolean;
  /** Whether the client may register consents for this purpose now. */
  readonly permitted: boolean;
  /** Null: not to be had at this moment, or not wanted. */
  readonly personId: string | null;
  /** Whether a request on the consent screen was answered with it. */
  readonly answered: boolean;
}

type Writer = SharedCommits<RegistrationRow, RegistrationOutcome>;
/** One for each pool, so that a node has one. */
const writers = new WeakMap<Database, Writer>();

/**
 * Tries once to write a registration: alone when it comes alone or answers a request on the consent screen, else with others of its
 * client that come at the same time. Resolves when it is committed. Errors: `unavailable`.
 */
export function writeRegistration(
  { db, tracing }: Pick<Platform, 'db' | 'tracing'>,
  row: RegistrationRow,
): Promise<RegistrationOutcome> {
  if (row.answers !== undefined) return writeOne(db, row);
  let writer = writers.get(db);
  if (writer === undefined) {
    writer = sharedCommits({ one: (row) => writeOne(db, row), together: (rows) => writeMany(db, rows) });
    writers.set(db, writer);
  }
  // What is written together is under way for none of them alone: of each is told how long it took.
  return writer.add(row.clientId, row, (wait) => tracing.part({ kind: 'sql', name: REGISTER_MANY.name }, wait));
}

async function writeOne(db: Database, row: RegistrationRow): Promise<RegistrationOutcome> {
  const [index] = row.indexes;
  const values: readonly SqlValue[] = [
    row.id,
    row.clientId,
    row.purpose,
    row.days,
    row.externalId,
    row.now,
    row.expiresAt,
    row.eventId,
    row.indexes.map(({ hash }) => hash),
    row.newPersonId,
    index.hash,
    index.keyId,
    row.sealed.cipher,
    row.sealed.keyId,
    row.traceId,
    row.actor,
    row.answers?.requestId ?? null,
    row.realNow,
    row.answers?.shownHash ?? null,
  ];
  try {
    const [outcome] = await db.query(REGISTER, values);
    if (outcome === undefined) throw new Error('a registration has no outcome');
    const { permitted, person_id: personId, answered, made } = outcome;
    return { made: made === 1, permitted, personId, answered: answered === 1 };
  } catch (error) {
    // The person was purged between being found and being referred to.
    if (violatedConstraint(error) === 'consent_person_id_fkey') return AGAIN;
    throw error;
  }
}

/** Says nothing but that another try may see more. */
const AGAIN: RegistrationOutcome = { made: false, permitted: true, personId: null, answered: false };

async function writeMany(db: Database, rows: readonly RegistrationRow[]): Promise<readonly RegistrationOutcome[]> {
  const column = <Value extends SqlValue>(of: (row: RegistrationRow) => Value): Value[] => rows.map(of);
  const hashes = rows.flatMap(({ indexes }, place) => indexes.map(({ hash }) => ({ place: place + 1, hash })));
  const outcomes = await db.query(REGISTER_MANY, [
    rows[0]?.clientId ?? null,
    column((row) => row.id),
    column((row) => row.purpose),
    column((row) => row.days),
    column((row) => row.externalId),
    column((row) => row.now),
    column((row) => row.expiresAt),
    column((row) => row.eventId),
    column((row) => row.newPersonId),
    column((row) => row.indexes[0].hash),
    column((row) => row.indexes[0].keyId),
    column((row) => row.sealed.cipher),
    column((row) => row.sealed.keyId),
    column((row) => row.traceId),
    column((row) => row.actor),
    hashes.map(({ place }) => place),
    hashes.map(({ hash }) => hash),
  ]);
  return outcomes.map(({ made, permitted, person_id: personId }) => ({ made, permitted, personId, answered: false }));
}
