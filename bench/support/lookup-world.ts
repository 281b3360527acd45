import { Pool } from 'undici';
import { generatePersons } from '../../sandbox/people-generator.ts';
import { seed } from '../../sandbox/seed.ts';
import { registerConsent } from '../../src/consent/register.ts';
import type { Creditor } from '../../src/creditors/creditor.ts';
import type { Env } from '../../src/platform/config.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform, syntheticNin } from '../../test/support/bare-platform.ts';
import { createDatabase, withClient } from '../../test/support/database.ts';
import { freePort } from '../../test/support/node-process.ts';
import { API, clientOf } from '../../test/support/world.ts';
import type { OpenCreditors } from './creditors-server.ts';
import { bearerOf } from './node-world.ts';
import type { OpenSamtykke } from './samtykke-server.ts';
import { sandboxEnv } from './sandbox-env.ts';
import { startServer, type ServerProcess } from './server-process.ts';

const PEOPLE = { count: 4_000, seed: 4 } as const;

/** Somebody with a number of creditors, and a consent to look them up with. */
export interface Person {
  readonly nin: string;
  readonly creditors: readonly Creditor[];
  readonly consentId: string;
}

/** A node in a process of its own, its creditors in another, and persons who have so many of these. */
export interface LookupWorld {
  readonly platform: Platform;
  readonly samtykke: ServerProcess<string>;
  /** Of a login that may look at anything. */
  readonly databaseUrl: string;
  /** What a request for debt bears. */
  readonly headers: { readonly authorization: string };
  /** Whose creditors all answer. */
  readonly answered: readonly Person[];
  /** One of whose creditors is the silent one. */
  readonly waiting: readonly Person[];
  /** Looks somebody up (`GET /v1/debt/{id}`); answers how long it took, in milliseconds. `missing`: so many creditors must be. */
  readonly lookUp: (person: Person, missing: number) => Promise<number>;
  close(): Promise<void>;
}

/** `env`: for the node, over the sandbox's defaults. */
export async function openLookupWorld(of: { creditors: number; silentId: string; env?: Env }): Promise<LookupWorld> {
  const database = await createDatabase();
  const world = await openBarePlatform(database);
  const told = { generated: PEOPLE, silentId: of.silentId };
  const creditors = await startServer<OpenCreditors>('creditors-server.ts', told);
  await seed(world.platform, creditors.ready, PEOPLE);
  const samtykke = await startServer<OpenSamtykke>('samtykke-server.ts', {
    servingUrl: database.servingUrl,
    env: {
      ...sandboxEnv(),
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      PUSH_PORT: '0',
      PUBLIC_URL: API,
      ...of.env,
    },
  });
  const persons = await peopleWithConsents(world.platform, creditors.ready, of.creditors);
  // As it is when the server has come to count its rows.
  await withClient(database.superuserUrl, (client) => client.query('analyze'));
  const headers = await bearerOf(samtykke.ready, 'debt');
  const clients = new Pool(samtykke.ready, { pipelining: 1 });
  const owesSilent = (person: Person): boolean => person.creditors.some((creditor) => creditor.id === of.silentId);

  return {
    platform: world.platform,
    samtykke,
    databaseUrl: database.superuserUrl,
    headers,
    answered: persons.filter((person) => !owesSilent(person)),
    waiting: persons.filter(owesSilent),
    lookUp: async ({ consentId }, missing) => {
      const begin = performance.now();
      const { statusCode, body } = await clients.request({ path: `/v1/debt/${consentId}`, method: 'GET', headers });
      const text = await body.text();
      const took = performance.now() - begin;
      const answer = JSON.parse(text) as { numberOfcreditorsMissing?: number };
      if (statusCode !== 200 || answer.numberOfcreditorsMissing !== missing) {
        throw new Error(`a lookup was answered ${statusCode}, ${answer.numberOfcreditorsMissing} creditors missing`);
      }
      return took;
    },
    close: async () => {
      await clients.close();
      for (const server of [samtykke, creditors]) await server.end();
      await world.close();
      await database.drop();
    },
  };
}

async function peopleWithConsents(
  platform: Platform,
  creditors: readonly Creditor[],
  howMany: number,
): Promise<readonly Person[]> {
  const persons: Person[] = [];
  for (const { nin, holdings } of generatePersons(PEOPLE)) {
    if (holdings.length !== howMany) continue;
    const { id } = await registerConsent(platform, {
      clientId: clientOf(1).id,
      nin: syntheticNin(nin),
      purpose: 'processing',
      duration: { kind: 'days', days: 28 },
      externalId: null,
      actor: 'client',
      traceId: 'bench',
    });
    const ids = new Set(holdings.map((holding) => holding.creditorId));
    persons.push({ nin, creditors: creditors.filter((creditor) => ids.has(creditor.id)), consentId: id });
  }
  return persons;
}

/** One after the other, over and over, for so many milliseconds; what `ask` answers for each. */
export async function inTurn<Result>(
  persons: readonly Person[],
  milliseconds: number,
  ask: (person: Person) => Promise<Result>,
): Promise<Result[]> {
  const answers: Result[] = [];
  const end = performance.now() + milliseconds;
  for (let place = 0; performance.now() < end; place += 1) {
    const person = persons[place % persons.length];
    if (person !== undefined) answers.push(await ask(person));
  }
  return answers;
}
