import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Pool } from 'undici';
import { seed } from '../../sandbox/seed.ts';
import { apiPaths, apiScopes, type Api } from '../../src/clients/audience.ts';
import { overviewOfConsents } from '../../src/consent/overview.ts';
import type { Creditor } from '../../src/creditors/creditor.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform, syntheticNin } from '../../test/support/bare-platform.ts';
import { freePort } from '../../test/support/node-process.ts';
import { API, clientOf } from '../../test/support/world.ts';
import { growthDatabase } from './growth-database.ts';
import { knownNin, knownPersons, LOANS_EACH } from './growth-seed.ts';
import { signIn, visitorAt } from './portal-person.ts';
import type { OpenMemoryNode } from './growth-memory-server.ts';
import type { OpenSamtykke } from './samtykke-server.ts';
import { sandboxEnv } from './sandbox-env.ts';
import { startServer } from './server-process.ts';

/** One thing that is asked for; each time of another consent or person. Throws for an answer that is not the right one. */
export interface Operation {
  readonly name: string;
  /** How often in a round. */
  readonly times: number;
  readonly ask: (turn: number) => Promise<void>;
}

/** A node over a database with so many consents, and what it is asked. */
export interface Side {
  /** Where it listens. */
  readonly origin: string;
  readonly operations: readonly Operation[];
  /** CPU of its Node since this was last asked, in milliseconds. */
  nodeWork(): Promise<number>;
  /** What its verbs need, for doing what is due here and now. */
  readonly platform: Platform;
  /** A connection past all privileges. */
  readonly superuser: pg.Client;
  close(): Promise<void>;
}

const SAMPLE = 20_000;
const PAGE = 500;
const FIRST = clientOf(1);

/**
 * Starts a node over the database of this size, which is made when there is none. `creditors`: those that answer. `program`: another one
 * than the usual node.
 */
export async function openSide(
  consents: number,
  creditors: readonly Creditor[],
  { program = 'samtykke-server.ts', leaking = false, sessions = 40 } = {},
): Promise<Side> {
  const database = await growthDatabase(consents);
  const world = await openBarePlatform(database, { poolSize: 2 });
  const { platform } = world;
  await seed(platform, creditors, { count: 0, seed: 1 });
  const superuser = new pg.Client({ connectionString: database.superuserUrl });
  superuser.on('error', () => undefined);
  await superuser.connect();
  const samtykke = await startServer<OpenSamtykke | OpenMemoryNode>(program, {
    leaking,
    servingUrl: database.servingUrl,
    env: {
      ...sandboxEnv(),
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      PUSH_PORT: '0',
      PUBLIC_URL: API,
      COLLECT_AT_ONCE: '0',
      RATE_LIMIT_PER_MINUTE: '0',
    },
  });
  const http = new Pool(samtykke.ready, { connections: 1, pipelining: 1 });

  const ask = async (how: Ask): Promise<string> => {
    const { statusCode, body } = await http.request({ method: 'GET', body: null, ...how });
    const text = await body.text();
    if (statusCode !== (how.status ?? 200))
      throw new Error(`${how.path} was answered ${statusCode}: ${text.slice(0, 200)}`);
    return text;
  };
  const tokenFor = async (api: Api): Promise<string> => {
    const form = {
      grant_type: 'client_credentials',
      audience: `${API}${apiPaths[api]}`,
      scope: apiScopes[api].join(' '),
    };
    const headers = { authorization: FIRST.basic, 'content-type': 'application/x-www-form-urlencoded' };
    const text = await ask({
      method: 'POST',
      path: '/oauth2/token',
      headers,
      body: new URLSearchParams(form).toString(),
    });
    return `Bearer ${(JSON.parse(text) as { access_token: string }).access_token}`;
  };
  const debt = { authorization: await tokenFor('debt') };
  const events = { authorization: await tokenFor('events') };
  const agreements = { authorization: await tokenFor('agreement'), 'content-type': 'application/json' };

  const known = Array.from({ length: knownPersons(consents) }, (_, place) => knownNin(place));
  const column = async <Value>(text: string, values: readonly unknown[]): Promise<readonly Value[]> =>
    (await superuser.query<{ it: Value }>(text, [...values])).rows.map(({ it }) => it);
  const part = Math.min(100, (300 * SAMPLE) / consents);
  const ids = await column<string>(
    `select id as it from consent tablesample bernoulli (${part}) where client_id = $1 order by random() limit ${SAMPLE}`,
    [FIRST.id],
  );
  const usable = await column<string>(
    `select c.id as it from consent c join person p on p.id = c.person_id
     where p.nin_index = any ($1) and c.client_id = $2 and c.archived_at is null and not c.single_use
       and c.expires_at > now() + interval '6 hours' order by random()`,
    [known.map((nin) => platform.vault.index(syntheticNin(nin)).hash), FIRST.id],
  );
  const [readable] = await column<number>(
    `select min(seq)::float8 as it from feed_event where client_id = $1 and recorded_at > now() - interval '6 days' and recorded_on > now() - interval '7 days'`,
    [FIRST.id],
  );
  const lastNr = async (): Promise<number> =>
    (JSON.parse(await ask({ path: '/feed/v1/consent/lastSequenceNr', headers: events })) as { lastSequenceNr: number })
      .lastSequenceNr;
  const first = readable ?? 2;
  const last = await lastNr();
  let end = last;

  const persons: { headers: Headers; consent: string }[] = [];
  const others = known
    .filter((_, place) => place % Math.max(1, Math.floor(known.length / sessions)) === 0)
    .slice(0, sessions);
  for (const nin of others) {
    const headers = {
      cookie: await signIn(visitorAt(samtykke.ready), nin),
      accept: 'text/html',
      'accept-language': 'nb',
    };
    const page = await ask({ path: '/consents', headers });
    const consent = /href="\/consents\/([0-9a-f-]{36})"/.exec(page)?.[1];
    if (consent !== undefined) persons.push({ headers, consent });
  }
  if (ids.length === 0 || usable.length === 0 || persons.length === 0) throw new Error('there is nobody to ask about');

  const made: string[] = [];
  const at = <Item>(list: readonly Item[], turn: number): Item => list[turn % list.length] as Item;
  const run = randomUUID();
  return {
    origin: samtykke.ready,
    platform,
    superuser,
    nodeWork: async () => (await samtykke.work()).cpu,
    operations: [
      {
        name: 'status',
        times: 200,
        ask: async (turn) => void (await ask({ path: `/v1/debt/${at(ids, turn)}/status`, headers: debt })),
      },
      {
        name: 'lookup, three creditors',
        times: 60,
        ask: async (turn) => {
          const text = await ask({ path: `/v1/debt/${at(usable, turn)}`, headers: debt });
          const answer = JSON.parse(text) as { numberOfCreditorsAnswered?: number };
          if (answer.numberOfCreditorsAnswered !== LOANS_EACH)
            throw new Error(`a lookup was answered ${text.slice(0, 300)}`);
        },
      },
      {
        name: 'feed, caught up',
        times: 200,
        ask: async (turn) => {
          if (turn === 0) end = await lastNr();
          const text = await ask({ path: `/feed/v1/consent?fromSequenceNr=${end + 1}&limit=${PAGE}`, headers: events });
          end = (JSON.parse(text) as { endSequenceNr: number }).endSequenceNr;
        },
      },
      {
        name: `feed, page of ${PAGE}`,
        times: 25,
        ask: async () => {
          const from = first + Math.floor(Math.random() * Math.max(1, last - PAGE - first));
          const text = await ask({ path: `/feed/v1/consent?fromSequenceNr=${from}&limit=${PAGE}`, headers: events });
          const { endSequenceNr } = JSON.parse(text) as { endSequenceNr: number };
          if (endSequenceNr !== from + PAGE - 1) throw new Error(`a page from ${from} on ended at ${endSequenceNr}`);
        },
      },
      {
        name: `feed, the newest ${PAGE}`,
        times: 25,
        ask: async () => {
          await ask({ path: `/feed/v1/consent?fromSequenceNr=${end - PAGE + 1}&limit=${PAGE}`, headers: events });
        },
      },
      { name: 'token', times: 60, ask: async () => void (await tokenFor('debt')) },
      {
        name: 'register',
        times: 120,
        ask: async (turn) => {
          const body = {
            nin: at(known, turn * 7),
            scope_of_consent: 'debt.unsecured.processing',
            consent_duration_days: 28,
            client_consent_id: `${run}-${made.length}-${turn}`,
          };
          const text = await ask({
            method: 'PUT',
            path: '/v1/consent/agreement',
            headers: agreements,
            body: JSON.stringify(body),
          });
          made.push((JSON.parse(text) as { consent: { id: string } }).consent.id);
        },
      },
      {
        name: 'revoke',
        times: 120,
        ask: async () =>
          void (await ask({ method: 'DELETE', path: `/v1/debt/${made.shift() ?? ''}`, headers: debt, status: 204 })),
      },
      {
        name: 'page: my consents',
        times: sessions,
        ask: async (turn) => void (await ask({ path: '/consents', headers: at(persons, turn).headers })),
      },
      {
        name: 'page: one consent',
        times: sessions,
        ask: async (turn) =>
          void (await ask({ path: `/consents/${at(persons, turn).consent}`, headers: at(persons, turn).headers })),
      },
      {
        name: 'page: who has looked',
        times: sessions,
        ask: async (turn) => void (await ask({ path: '/accesses', headers: at(persons, turn).headers })),
      },
      {
        name: 'page: my debt',
        times: sessions,
        ask: async (turn) => void (await ask({ path: '/', headers: at(persons, turn).headers })),
      },
      {
        name: 'list of a client, operator',
        times: 12,
        ask: async (turn) => {
          const list = await overviewOfConsents(platform, {
            clientId: FIRST.id,
            state: turn % 2 === 0 ? 'all' : 'active',
            atMost: 50,
          });
          if (list.length !== 50) throw new Error(`a list of ${list.length}`);
        },
      },
    ],
    close: async () => {
      await http.close();
      await samtykke.end();
      await superuser.end();
      await world.close();
      await database.drop();
    },
  };
}

interface Ask {
  readonly path: string;
  readonly headers: Headers;
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly body?: string;
  /** The status of a right answer; 200 unless told. */
  readonly status?: number;
}

type Headers = Readonly<Record<string, string>>;
