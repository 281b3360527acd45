import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { withClient } from '../../support/database.ts';
import type { Installation } from './installation.ts';

/**
 * Faults that no installation may have, planted into one that runs, so that it can be seen that they are found. Each hits only the consents
 * whose client's own ids begin with its name, and single uses, which have no such id.
 */
export interface Plant {
  readonly name: string;
  readonly what: string;
  /** What must be found of the consents that it hits. */
  readonly finds: RegExp;
  /** Installed before the run: functions and triggers of this database alone. */
  readonly sql?: string;
  /** Done again and again while it runs. */
  readonly again?: string;
}

const hits = (name: string, consent: string): string =>
  `exists (select from consent planted where planted.id = ${consent} and planted.external_id like '${name}-%')`;

const trigger = (name: string, on: string, body: string): string => {
  const id = name.replaceAll('-', '_');
  return `create function planted_${id}() returns trigger language plpgsql security definer as $$ begin ${body} end $$;
    create trigger planted_${id} ${on} for each row execute function planted_${id}();`;
};

const archivedEvent = (name: string): string => `new.type = 'archived' and ${hits(name, 'new.consent_id')}`;

export const plants: readonly Plant[] = [
  {
    name: 'lost-event',
    what: 'the event of an end is not written',
    finds: /does not tell of an end that was acknowledged/,
    sql: trigger(
      'lost-event',
      'before insert on feed_pending',
      `if ${archivedEvent('lost-event')} then return null; end if; return new;`,
    ),
  },
  {
    name: 'doubled-event',
    what: 'the event of an end is written twice',
    finds: /2 events say that it ended/,
    sql: trigger(
      'doubled-event',
      'after insert on feed_pending',
      `if pg_trigger_depth() = 1 and ${archivedEvent('doubled-event')} then
         insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, reason)
         values (new.client_id, gen_random_uuid(), new.consent_id, new.type, new.occurred_at, new.reason);
       end if; return null;`,
    ),
  },
  {
    name: 'renumbered',
    what: 'a number that was told is given to another event',
    finds: /was told, and is another event/,
    again: `update feed_event set event_id = gen_random_uuid(), body = null
      where ${hits('renumbered', 'feed_event.consent_id')} and recorded_at between now() - interval '2 seconds' and now() - interval '1 second'`,
  },
  {
    name: 'unlogged',
    what: 'a disclosure is not logged',
    finds: /debt was disclosed, and the log has 0 rows of it/,
    sql: trigger(
      'unlogged',
      'before insert on audit_log',
      `if new.kind = 'debt_disclosed' and ${hits('unlogged', 'new.consent_id')} then return null; end if; return new;`,
    ),
  },
  {
    name: 'invented',
    what: 'a disclosure is logged that never was',
    finds: /says that debt was disclosed, and nobody asked/,
    sql: trigger(
      'invented',
      'after insert on audit_log',
      `if new.kind = 'consent_archived' and ${hits('invented', 'new.consent_id')} then
         insert into audit_log (at, kind, actor, client_id, consent_id, person_id, purpose, creditors_asked, creditors_answered, trace_id)
         values (new.at, 'debt_disclosed', 'client', new.client_id, new.consent_id, new.person_id, new.purpose, 1, 1, 'invented');
       end if; return null;`,
    ),
  },
  {
    name: 'unrevoked',
    what: 'a revocation is undone',
    finds: /debt after an acknowledged revocation|active again, after somebody had been told/,
    again: `update consent set archived_at = null, archived_reason = null
      where external_id like 'unrevoked-%' and archived_reason like 'revoked%'`,
  },
  {
    name: 'single-use',
    what: 'a single use can be used again',
    finds: /a single use was answered with debt twice/,
    again: `update consent set archived_at = null, archived_reason = null where single_use and archived_reason = 'used'`,
  },
  {
    name: 'lost-consent',
    what: 'a consent that was acknowledged is lost',
    finds: /a consent is gone|is not known/,
    again: `delete from consent where external_id like 'lost-consent-%' and created_at < business_now() - interval '1 second'`,
  },
  { name: 'cached', what: 'a status is answered from a cache', finds: /active again, after somebody had been told/ },
];

/** Plants all of them; `stop` when the run is over. */
export async function plantAll({ database }: Installation): Promise<{ stop(): Promise<void> }> {
  const over = new AbortController();
  await withClient(database.superuserUrl, async (admin) => {
    for (const { sql } of plants) if (sql !== undefined) await admin.query(sql);
  });
  const again = plants.flatMap((plant) => (plant.again === undefined ? [] : [plant.again]));
  const working = withClient(database.superuserUrl, async (admin) => {
    while (!over.signal.aborted) {
      for (const statement of again) await admin.query(statement);
      await sleep(20);
    }
  });
  return {
    stop: async () => {
      over.abort();
      await working;
    },
  };
}

/** A proxy in front of a node that answers the status of some consents from memory. */
export async function startCache(node: string): Promise<{ address: string; close(): Promise<void> }> {
  const cached = new Map<string, string | undefined>();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [, consent = ''] = /^\/v1\/debt\/([^/]+)\/status$/.exec(incoming.url ?? '') ?? [];
      const known = cached.get(consent);
      if (known !== undefined) {
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end(known);
        return;
      }
      const { host: _host, connection: _connection, ...headers } = incoming.headers;
      const body = Buffer.concat(chunks);
      const sent = {
        method: (incoming.method ?? 'GET') as 'GET',
        headers: headers as Record<string, string>,
        body: body.length > 0 ? body : null,
      };
      request(`${node}${incoming.url}`, sent).then(
        async (answer) => {
          const text = await answer.body.text();
          if (cached.has(consent) && answer.statusCode === 200) cached.set(consent, text);
          const [, made] = /"client_consent_id":"cached-.*"id":"([^"]+)"/.exec(text) ?? [];
          if (made !== undefined) cached.set(made, undefined);
          const { 'transfer-encoding': _chunked, ...given } = answer.headers;
          outgoing.writeHead(answer.statusCode, given as Record<string, string>).end(text);
        },
        () => outgoing.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
