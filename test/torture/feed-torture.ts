import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { bareEnvironment } from '../support/bare-environment.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import { openDatabase, type Database } from '../../src/platform/db.ts';
import { withClient, type TestDatabase } from '../support/database.ts';
import { evidenceFile } from '../support/evidence.ts';
import { designs, tortureClients, type DesignName, type FeedDesign, type Told } from './feed-designs.ts';
import type { WriterOrder } from './feed-writer.ts';

export interface TortureOptions {
  readonly design: DesignName;
  readonly database: TestDatabase;
  /** The kills are spread over these. */
  readonly seconds: number;
  /** So many events are committed at least, however slow the machine is: it goes on for up to two minutes until they are. */
  readonly least: number;
  /** In each of the two processes. */
  readonly writers: number;
  /** Of each client. */
  readonly pollers: number;
  /** How often a process of writers is killed with SIGKILL and started again. */
  readonly kills: number;
}

export interface TortureReport {
  /** Events that were committed, and those of them whose writer was told so. */
  readonly committed: number;
  readonly acknowledged: number;
  readonly rolledBack: number;
  /** Acknowledged, and then not committed after all. */
  readonly forgotten: number;
  /** Events whose number is below that of an event which was inserted later: the races that there were. */
  readonly overtaken: number;
  readonly terminated: number;
  readonly killed: number;
  readonly polls: number;
  readonly failedPolls: number;
  readonly deliveries: number;
  /** Over all pollers: committed events that were not told, and everything else that must not happen. */
  readonly lost: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  readonly numberedBelowTwo: number;
  readonly toldButNotCommitted: number;
  readonly archivedBeforeCreated: number;
  readonly lastNumberDecreased: number;
}

/**
 * Tortures a design: two processes of writers that pause before they commit, roll back, are cut off and killed, while pollers
 * that follow the contract read each client's feed; then compares what was committed with what each poller was told.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const design = designs[options.design];
  const { database } = options;
  await withClient(database.ownerUrl, async (owner) => {
    await design.setUp(owner);
    await owner.query(`create table torture_written (
      place bigint generated always as identity, event_id uuid not null, client_id uuid not null, consent_id uuid not null,
      type text not null)`);
    await owner.query('grant insert on torture_written to samtykke_app');
  });

  const db = openDatabase({
    url: database.servingUrl,
    directUrl: database.directUrl,
    poolSize: 24,
    applicationName: 'torture poller',
  });
  const run = { writing: true, polls: 0, failedPolls: 0 };
  const pollers = tortureClients.flatMap((clientId) =>
    Array.from({ length: options.pollers }, (_, n) => follow(design, db, clientId, n % 2 === 1, run)),
  );
  const { files, killed, terminated } = await writeFor(options);
  run.writing = false;
  const followed = await Promise.all(pollers);
  // One more for each client, who reads it all when everything is over.
  for (const clientId of tortureClients) followed.push(await follow(design, db, clientId, false, run));
  await db.close();

  const written = await writtenIn(database);
  const told = (word: string) =>
    files
      .flatMap((file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []))
      .flatMap((line) => {
        const [said, eventId] = line.split(' ');
        return said === word && eventId !== undefined ? [eventId] : [];
      });
  const acknowledged = told('acknowledged');
  const committed = new Set(written.map((event) => event.event_id));
  return {
    committed: written.length,
    acknowledged: acknowledged.length,
    rolledBack: told('rolled-back').length,
    forgotten: acknowledged.filter((eventId) => !committed.has(eventId)).length,
    overtaken: sum(followed.slice(-tortureClients.length), ({ events }) => overtakenIn(events, written)),
    terminated,
    killed,
    polls: run.polls,
    failedPolls: run.failedPolls,
    deliveries: sum(followed, ({ events }) => events.length),
    ...compare(followed, written),
  };
}

interface Written {
  readonly place: number;
  readonly event_id: string;
  readonly client_id: string;
}

async function writtenIn(database: TestDatabase): Promise<readonly Written[]> {
  let written: readonly Written[] = [];
  await withClient(database.ownerUrl, async (owner) => {
    const { rows } = await owner.query('select place::int, event_id, client_id from torture_written order by place');
    written = rows as Written[];
  });
  return written;
}

interface Followed {
  readonly clientId: string;
  readonly events: readonly Told[];
  readonly lastNumberDecreased: number;
}

/**
 * A poller that follows the contract: asks from the last number it saw + 1, again and again, with one limit or another.
 * `asksForLast`: as the published client does, it asks for events only when the last number is above its own.
 */
async function follow(
  design: FeedDesign,
  db: Database,
  clientId: string,
  asksForLast: boolean,
  run: { readonly writing: boolean; polls: number; failedPolls: number },
): Promise<Followed> {
  const events: Told[] = [];
  let own = 1;
  let highest = 0;
  let lastNumberDecreased = 0;
  for (;;) {
    // When writing had ended before a poll was made, that poll tells the rest, or that there is none.
    const isLast = !run.writing;
    try {
      run.polls += 1;
      const last = asksForLast ? await design.last(db, clientId) : Infinity;
      if (last < highest) lastNumberDecreased += 1;
      if (asksForLast) highest = last;
      const limit = [1, 10, 100, 1000][randomInt(4)] ?? 1;
      const page = last > own ? await design.read(db, { clientId, from: own + 1, limit }) : [];
      events.push(...page);
      own = page.at(-1)?.sequenceNr ?? own;
      if (isLast && page.length === 0) return { clientId, events, lastNumberDecreased };
    } catch (error) {
      // Its connection was cut: a client is answered 503, and asks the same again.
      if (!(error instanceof DomainError) || error.code !== 'unavailable') throw error;
      run.failedPolls += 1;
    }
    await sleep(randomInt(0, 30));
  }
}

/** Lets two processes write for the time given, while some are killed and connections of everybody are cut. */
async function writeFor({ design, database, seconds, least, writers, kills }: TortureOptions) {
  const files: string[] = [];
  const start = (): ChildProcess => {
    const file = evidenceFile(`feed-${process.pid}-${randomInt(2 ** 40)}.txt`);
    files.push(file);
    const order: WriterOrder = { design, url: database.servingUrl, directUrl: database.directUrl, writers, file };
    return spawn(process.execPath, [fileURLToPath(new URL('feed-writer.ts', import.meta.url))], {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...bareEnvironment(), FEED_WRITER: JSON.stringify(order) },
    });
  };
  const processes = [start(), start()];
  const cutting = { on: true };
  const cut = cutConnections(database, cutting);
  let killed = 0;
  try {
    for (let round = 0; round <= kills; round += 1) {
      await sleep((seconds * 1000) / (kills + 1));
      if (round === kills) {
        await untilWritten(database, least);
        break;
      }
      const victim = processes.shift();
      if (victim === undefined || (await ended(victim, () => victim.kill('SIGKILL'))) !== null)
        throw new Error('a process of writers ended by itself');
      killed += 1;
      processes.push(start());
    }
    cutting.on = false;
    const terminated = await cut;
    for (const process of processes) {
      const code = await ended(process, () => process.stdin?.end());
      if (code !== 0) throw new Error(`a process of writers ended with ${code}`);
    }
    return { files, killed, terminated };
  } finally {
    cutting.on = false;
    for (const process of processes) process.kill('SIGKILL');
  }
}

async function untilWritten(database: TestDatabase, least: number): Promise<void> {
  for (let tries = 0; tries < 240 && (await writtenIn(database)).length < least; tries += 1) await sleep(500);
}

async function ended(process: ChildProcess, end: () => unknown): Promise<number | null> {
  if (process.exitCode !== null || process.signalCode !== null) return process.exitCode;
  const exit = once(process, 'exit');
  end();
  await exit;
  return process.exitCode;
}

/** Ends somebody's connection now and then: a writer within a transaction, one who is giving numbers, one who reads. */
async function cutConnections(database: TestDatabase, cutting: { readonly on: boolean }): Promise<number> {
  let cut = 0;
  await withClient(database.superuserUrl, async (admin) => {
    while (cutting.on) {
      await sleep(randomInt(20, 150));
      const { rowCount } = await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = $1 and (state <> 'idle' or $1 <> 'torture writer')
         order by state = 'active' desc, random() limit 1`,
        [`torture ${['writer', 'poller', 'background'][randomInt(3)] ?? ''}`],
      );
      cut += rowCount ?? 0;
    }
  });
  return cut;
}

function compare(followed: readonly Followed[], written: readonly Written[]) {
  const expected = Map.groupBy(written, (event) => event.client_id);
  const faults = {
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    numberedBelowTwo: 0,
    toldButNotCommitted: 0,
    archivedBeforeCreated: 0,
    lastNumberDecreased: 0,
  };
  for (const { clientId, events, lastNumberDecreased } of followed) {
    const wanted = new Set((expected.get(clientId) ?? []).map((event) => event.event_id));
    const seen = new Set<string>();
    const born = new Set<string>();
    let before = 0;
    for (const { eventId, sequenceNr, consentId, type } of events) {
      if (seen.has(eventId)) faults.repeated += 1;
      if (!wanted.has(eventId)) faults.toldButNotCommitted += 1;
      if (sequenceNr <= before) faults.outOfOrder += 1;
      if (sequenceNr < 2) faults.numberedBelowTwo += 1;
      if (type === 'created') born.add(consentId);
      else if (!born.has(consentId)) faults.archivedBeforeCreated += 1;
      seen.add(eventId);
      before = sequenceNr;
    }
    faults.lost += [...wanted].filter((eventId) => !seen.has(eventId)).length;
    faults.lastNumberDecreased += lastNumberDecreased;
  }
  return faults;
}

function overtakenIn(events: readonly Told[], written: readonly Written[]): number {
  const places = new Map(written.map((event) => [event.event_id, event.place]));
  let highest = 0;
  let overtaken = 0;
  for (const { eventId } of events) {
    const place = places.get(eventId) ?? 0;
    if (place < highest) overtaken += 1;
    highest = Math.max(highest, place);
  }
  return overtaken;
}

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
