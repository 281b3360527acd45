import { listenBare, openBareDatabase, type BareTold } from './bare-http.ts';
import { serve } from './served.ts';

/** Which select it does: of the events from a number on, as whoever has a table of events would; or of one row by its primary key. */
export type Select = 'events' | 'head';

const statements = {
  events: {
    name: 'bare_events',
    text: `select client_id, seq, event_id, consent_id, type, occurred_at, purpose, external_id, reason from feed_event
     where client_id = $1 and seq >= $2 order by seq limit 500`,
  },
  head: { name: 'bare_head', text: 'select last_seq from feed_head where client_id = $1 and last_seq >= $2' },
} as const;

/** The baseline of a poll when there is nothing new: one indexed select, and the answer that a node gives. No token is checked. */
const open = async (told: BareTold & { clientId: string; select: Select }): Promise<string> => {
  const database = await openBareDatabase(told.databaseUrl, told.connection);
  const statement = statements[told.select];
  return listenBare(told.headers, async ({ url = '' }) => {
    const from = Number(new URLSearchParams(url.split('?', 2)[1]).get('fromSequenceNr'));
    const rows = await database.query(statement, [told.clientId, from]);
    if (rows.length > 0) throw new Error('there is something new');
    const nothing = from - 1;
    const generatedAt = new Date().toISOString();
    return JSON.stringify({ startSequenceNr: nothing, endSequenceNr: nothing, generatedAt, result: [] });
  });
};

export type OpenBarePoll = typeof open;
serve(open);
