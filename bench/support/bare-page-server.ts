import pg from 'pg';
import { listenBare, type BareTold } from './bare-http.ts';
import { serve } from './served.ts';

const READ = {
  name: 'bare_read',
  text: `select client_id, seq, event_id, consent_id, type, occurred_at, purpose, external_id, reason from feed_event
   where client_id = $1 and seq >= $2 and recorded_at > $3 and recorded_on >= ($3 at time zone 'UTC')::date
   order by seq limit $4`,
};
const DAYS_MS = 7 * 86_400_000;

interface Row {
  readonly client_id: string;
  readonly seq: string;
  readonly event_id: string;
  readonly consent_id: string;
  readonly type: 'created' | 'archived';
  readonly occurred_at: Date;
  readonly purpose: string;
  readonly external_id: string;
  readonly reason: string;
}

/** The baseline of a page of events: the rows by the driver with its parsers, over one connection, and `JSON.stringify`. No token is checked. */
const open = async (told: BareTold & { clientId: string }): Promise<string> => {
  const client = new pg.Client({ connectionString: told.databaseUrl });
  await client.connect();
  return listenBare(told.headers, async ({ url = '' }) => {
    const query = new URLSearchParams(url.split('?', 2)[1]);
    const now = new Date();
    const since = new Date(now.getTime() - DAYS_MS);
    const { rows } = await client.query<Row>({
      ...READ,
      values: [told.clientId, query.get('fromSequenceNr'), since, query.get('limit')],
    });
    return JSON.stringify({
      startSequenceNr: Number(rows[0]?.seq),
      endSequenceNr: Number(rows.at(-1)?.seq),
      generatedAt: now.toISOString(),
      result: rows.map(eventOf),
    });
  });
};

function eventOf(row: Row): object {
  const { client_id: clientId, consent_id: consentId } = row;
  const created = row.type === 'created';
  return {
    sequenceNr: Number(row.seq),
    eventId: row.event_id,
    consentId,
    timestamp: row.occurred_at.toISOString(),
    eventType: created ? 'SAMTYKKE_OPPRETTET' : 'SAMTYKKE_ARKIVERT',
    samtykkeOpprettetEvent: created
      ? { clientId, consentId, scope: `debt.unsecured.${row.purpose}`, externalConsentId: row.external_id }
      : null,
    samtykkeArkivertEvent: created ? null : { clientId, consentId, reason: row.reason },
  };
}

export type OpenBarePage = typeof open;
serve(open);
