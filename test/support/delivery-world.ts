import { setTimeout as sleep } from 'node:timers/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { syntheticNinAt } from '../../sandbox/synthetic-nin.ts';
import type { Loan } from '../../src/creditors/loan.ts';
import { saveCreditor } from '../../src/creditors/creditor-registry.ts';
import { holdingsOf } from '../../src/creditors/delivered-loans.ts';
import { collectCreditor, collectDue } from '../../src/delivery/collect-due.ts';
import type { DeliveryReport, Outcome } from '../../src/delivery/delivery-run.ts';
import type { MovableClock } from '../../src/platform/clock.ts';
import type { Config } from '../../src/platform/config.ts';
import { openSession } from '../../src/platform/db-session.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform, syntheticNin } from './bare-platform.ts';
import { card, customerText, facility, objectText, pageText, repayment } from './broken-deliveries.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import type { Json } from './world.ts';

/** An institution that delivers for itself, and another that delivers for it too. */
export const INSTITUTION = '314901398';
export const OWN = `9908:${INSTITUTION}`;
export const OTHER = '9908:319290834';

/** Somebody invented; different for each place. */
export const person = (place: number): string => syntheticNinAt(place, 4);

/** What a creditor's server does with the question for a page. */
export type Conduct = (page: number, response: ServerResponse, request: IncomingMessage) => void;

/** One who delivers: an HTTP server that does as it is told. */
export interface DeliveringServer {
  readonly url: string;
  /** The pages that have been asked for since the last `conduct`. */
  readonly asked: number[];
  conduct(conduct: Conduct): void;
  close(): Promise<void>;
}

export async function startDeliveringServer(): Promise<DeliveringServer> {
  let conduct: Conduct = pages([]);
  let asked: number[] = [];
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 0);
    asked.push(page);
    conduct(page, response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    conduct: (next) => {
      conduct = next;
      asked = [];
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const sendJson = (response: ServerResponse, body: string | Buffer): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
};

/** Answers these pages, each a list of customers as text; behind the last one there are empty ones. */
export const pages =
  (list: readonly (readonly string[])[], provider = OWN): Conduct =>
  (page, response) =>
    sendJson(response, pageText(provider, list[page] ?? []));

export const DAY_BEFORE = '2026-11-22T03:00:00.000Z';

/** A customer with a facility, a loan and a card, whose amounts and dates follow from `mark`. */
export function customerWith(nin: string, mark: number, timestamp = DAY_BEFORE): string {
  const text = (value: unknown): string => JSON.stringify(value);
  const own = (account: string, amount: string) => ({
    accountID: text(`${account}-${nin.slice(0, 6)}`),
    timestamp: text(timestamp),
    [amount]: text(mark),
  });
  return customerText(nin, INSTITUTION, [
    objectText(facility, own('f', 'interestBearingBalance')),
    objectText(repayment, own('r', 'balance')),
    objectText(card, own('c', 'nonInterestBearingBalance')),
  ]);
}

/** Several of these, the first at `from`. */
export const customers = (count: number, mark: number, from = 0, timestamp = DAY_BEFORE): string[] =>
  Array.from({ length: count }, (_, place) => customerWith(person(from + place), mark, timestamp));

/** A platform with one institution in its registry, and who delivers for it. */
export interface DeliveryWorld {
  readonly database: TestDatabase;
  readonly platform: Platform;
  readonly clock: MovableClock;
  readonly server: DeliveringServer;
  /** Collects now, in this process; answers what became of the first of its providers. `config`: over the sandbox's. */
  collect(config?: Partial<Config>): Promise<Outcome>;
  /** Collects what is due; answers all that was reported. */
  collectDue(config?: Partial<Config>): Promise<readonly DeliveryReport[]>;
  /** What is shown of somebody when no creditor answers: account and mark (or amounts), in order. */
  shown(nin: string): Promise<readonly string[]>;
  /** The runs that were written down, the last first. */
  runs(): Promise<Json[]>;
  inspect(text: string, values?: readonly unknown[]): Promise<Json[]>;
  close(): Promise<void>;
}

/** What of a loan the tests change. */
export const markOf = (loan: Loan): number => {
  switch (loan.type) {
    case 'creditFacility':
      return loan.interestBearingBalance;
    case 'repaymentLoan':
      return loan.balance;
    case 'chargeCard':
      return loan.nonInterestBearingBalance;
  }
};

export async function startDeliveryWorld(): Promise<DeliveryWorld> {
  const database = await createDatabase();
  const bare = await openBarePlatform(database, { poolSize: 4 });
  const { platform, clock } = bare;
  const server = await startDeliveringServer();
  await register(platform, OWN, server.url);
  const superuser = new pg.Pool({
    connectionString: database.superuserUrl,
    max: 2,
    types: { getTypeParser: parserOf },
  });
  superuser.on('error', () => undefined); // the database is dropped in the end
  const inspect: DeliveryWorld['inspect'] = async (text, values = []) =>
    (await superuser.query(text, [...values])).rows;

  const inSession = async <Result>(
    config: Partial<Config> | undefined,
    work: (
      platform: Platform,
      session: Awaited<ReturnType<typeof openSession>>,
      report: (report: DeliveryReport) => void,
    ) => Promise<Result>,
  ): Promise<readonly DeliveryReport[]> => {
    const reports: DeliveryReport[] = [];
    const session = await openSession({ ...platform.db.login(), applicationName: 'test', statementMs: 60_000 });
    try {
      const configured = { ...platform, config: { ...platform.config, ...config } };
      await work(configured, session, (report) => reports.push(report));
    } finally {
      await session.close();
    }
    return reports;
  };

  return {
    database,
    platform,
    clock,
    server,
    collect: async (config) => {
      const [report] = await inSession(config, (platform, session, report) =>
        collectCreditor(platform, session, INSTITUTION, { node: 'test', report }),
      );
      if (report === undefined) throw new Error('nothing was collected');
      return report.outcome;
    },
    collectDue: (config) =>
      inSession(config, (platform, session, report) => collectDue(platform, session, { node: 'test', report })),
    shown: async (nin) => {
      const stale = platform.config.deliveredStaleHours * 3_600_000;
      const freshSince = new Date(platform.clock.now().getTime() - stale);
      const holdings = await holdingsOf(platform.db, platform.vault, syntheticNin(nin), freshSince);
      return holdings.flatMap(({ delivered }) =>
        delivered()
          .map((loan) => `${loan.accountId.slice(0, 1)} ${markOf(loan)}`)
          .toSorted(),
      );
    },
    runs: () => inspect('select * from delivery_run order by started_at desc, id desc'),
    inspect,
    close: async () => {
      await server.close();
      await bare.close();
      await superuser.end();
      await database.drop();
    },
  };
}

/** Puts somebody who delivers into the registry. */
export const register = (platform: Platform, providerId: string, baseUrl: string, id = INSTITUTION): Promise<void> =>
  platform.db.transaction((tx) =>
    saveCreditor(tx, { id, name: `Kreditor ${id}`, providerId, baseUrl, contact: { email: null, phone: null } }),
  );

/** Counts come as numbers. */
const parserOf = ((oid: number) =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid)) as typeof pg.types.getTypeParser;

/** Waits until somebody waits for somebody else's lock in this world's database. */
export async function untilWaiting(world: DeliveryWorld): Promise<void> {
  const waiting = () =>
    world.inspect(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and state = 'active'",
    );
  for (let tries = 0; (await waiting()).length === 0; tries += 1) {
    if (tries === 1_000) throw new Error('nobody waits');
    await sleep(10);
  }
}
