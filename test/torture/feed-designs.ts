import type pg from 'pg';
import { lastSequenceNr, readEvents, sealEvents } from '../../src/consent/event-log.ts';
import { REGISTER, REVOKE } from '../../src/consent/store.ts';
import { sql } from '../../src/platform/db-statement.ts';
import type { Database } from '../../src/platform/db.ts';
import { newId } from '../../src/platform/ids.ts';

/** A change of a consent that has an event. */
export interface Change {
  readonly eventId: string;
  readonly consentId: string;
  readonly clientId: string;
}

/** An event as a poller is told it. */
export interface Told {
  readonly sequenceNr: number;
  readonly eventId: string;
  readonly consentId: string;
  readonly type: 'created' | 'archived';
}

/** A way to give numbers to events: what the torture run is run against. */
export interface FeedDesign {
  /** Makes the tables, as their owner, and lets the serving role use them. */
  setUp(owner: pg.Client): Promise<void>;
  /** Writes a change in the transaction that is open on this connection. */
  created(connection: pg.Client, change: Change): Promise<void>;
  archived(connection: pg.Client, change: Change): Promise<void>;
  /** What is done now and then in the background, on every node. */
  background(db: Database): Promise<unknown>;
  read(db: Database, ask: { clientId: string; from: number; limit: number }): Promise<readonly Told[]>;
  last(db: Database, clientId: string): Promise<number>;
}

/** The first is hot, the others are cold. */
export const tortureClients = Array.from({ length: 6 }, (_, n) => `c0000000-0000-4000-8000-00000000000${n}`);

const person = Buffer.alloc(32, 7);

/** Samtykke's own statements and reading. */
const sealAfterCommit: FeedDesign = {
  setUp: async (owner) => {
    for (const id of tortureClients) {
      await owner.query(
        `insert into client (id, name, organisation_number, secret_hashes, created_at)
         values ($1, 'Torturert AS', '314159268', '{}', now())`,
        [id],
      );
      await owner.query("insert into client_purpose (client_id, purpose) values ($1, 'processing')", [id]);
    }
    await owner.query(
      `insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
       values ($1, $2, 'k', $2, 'k', now())`,
      [newId(), person],
    );
  },
  created: async (connection, { eventId, consentId, clientId }) => {
    const now = new Date();
    const expiry = new Date(now.getTime() + 86_400_000);
    const indexes = [[person], newId(), person, 'k', person, 'k'];
    const values = [
      consentId,
      clientId,
      'processing',
      1,
      consentId,
      now,
      expiry,
      eventId,
      ...indexes,
      'torture',
      'client',
      // No request on the consent screen is answered by it.
      null,
      now,
      null,
    ];
    const { rows } = await connection.query<{ made: string }>({ ...REGISTER, values });
    if (Number(rows[0]?.made) !== 1) throw new Error('no consent was made');
  },
  archived: async (connection, { eventId, consentId }) => {
    const values = [consentId, 'revoked_by_client', new Date(), eventId, 'client', 'torture'];
    const { rows } = await connection.query({ ...REVOKE, values });
    if (rows.length !== 1) throw new Error('no consent was revoked');
  },
  background: (db) => sealEvents(db, null, new Date()),
  read: (db, ask) => readEvents(db, { ...ask, now: new Date(), readableSince: new Date(Date.now() - 7 * 86_400_000) }),
  last: (db, clientId) => lastSequenceNr(db, clientId, new Date()),
};

interface PlantedRow {
  seq: number;
  event_id: string;
  consent_id: string;
  type: 'created' | 'archived';
}

/** A wrong design: `number` comes from a sequence; `readable` is what of its table may be read. */
function planted(table: string, how: { write: Write; readable: string }): FeedDesign {
  const read = sql<PlantedRow>(
    `${table}_read`,
    `select seq, event_id, consent_id, type from ${table}
     where client_id = $1 and seq >= $2 and ${how.readable} order by seq limit $3`,
  );
  const last = sql<{ seq: number }>(
    `${table}_last`,
    `select coalesce(max(seq), 1) as seq from ${table} where client_id = $1 and ${how.readable}`,
  );
  return {
    setUp: async (owner) => {
      await owner.query(`create sequence ${table}_number start 2`);
      await owner.query(`create table ${table} (
        client_id uuid not null, seq bigint not null default nextval('${table}_number'), event_id uuid not null,
        consent_id uuid not null, type text not null, xid xid8 not null default pg_current_xact_id(),
        primary key (client_id, seq))`);
      await owner.query(`grant select, insert on ${table} to samtykke_app`);
      await owner.query(`grant usage on sequence ${table}_number to samtykke_app`);
    },
    created: (connection, change) => how.write(connection, table, change, 'created'),
    archived: (connection, change) => how.write(connection, table, change, 'archived'),
    background: () => Promise.resolve(),
    read: async (db, { clientId, from, limit }) =>
      (await db.query(read, [clientId, from, limit])).map((row) => ({
        sequenceNr: row.seq,
        eventId: row.event_id,
        consentId: row.consent_id,
        type: row.type,
      })),
    last: async (db, clientId) => (await db.query(last, [clientId]))[0]?.seq ?? 1,
  };
}

type Write = (connection: pg.Client, table: string, change: Change, type: Told['type']) => Promise<void>;

/** The number is the column's default, as everybody writes it first. */
const numberAtInsert: Write = async (connection, table, { clientId, eventId, consentId }, type) => {
  await connection.query(`insert into ${table} (client_id, event_id, consent_id, type) values ($1, $2, $3, $4)`, [
    clientId,
    eventId,
    consentId,
    type,
  ]);
};

/** The number is asked for first and then written, in the same transaction, as object mappers do. */
const numberBeforeInsert: Write = async (connection, table, { clientId, eventId, consentId }, type) => {
  const { rows } = await connection.query<{ seq: string }>(`select nextval('${table}_number') as seq`);
  await connection.query(
    `insert into ${table} (client_id, seq, event_id, consent_id, type) values ($1, $2, $3, $4, $5)`,
    [clientId, rows[0]?.seq, eventId, consentId, type],
  );
};

export const designs = {
  'seal after commit': sealAfterCommit,
  /** The common mistake: numbers from a sequence at insert, read at once. */
  'sequence, read at once': planted('naive_event', { write: numberAtInsert, readable: 'true' }),
  /** The number is taken before the transaction has an xid: two orders. */
  'sequence, hidden from xmin on': planted('hidden_event', {
    write: numberBeforeInsert,
    readable: 'xid < pg_snapshot_xmin(pg_current_snapshot())',
  }),
} satisfies Record<string, FeedDesign>;
export type DesignName = keyof typeof designs;
