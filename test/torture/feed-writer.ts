import { randomInt } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openDatabase } from '../../src/platform/db.ts';
import { newId } from '../../src/platform/ids.ts';
import { designs, tortureClients, type Change, type DesignName } from './feed-designs.ts';

/**
 * A process of writers, and of what a design does in the background. It is told what to do in FEED_WRITER, goes on until its
 * stdin ends, and writes down (in a file, before it does anything else) which events were acknowledged and which rolled back.
 */
export interface WriterOrder {
  readonly design: DesignName;
  readonly url: string;
  readonly directUrl?: string | undefined;
  readonly writers: number;
  readonly file: string;
}

const order = JSON.parse(process.env['FEED_WRITER'] ?? '{}') as WriterOrder;
const design = designs[order.design];
const stop = new AbortController();
process.stdin.resume().once('end', () => stop.abort());

/** Consents of this process that have been created and not archived; any of its writers takes one of them. */
const active: Omit<Change, 'eventId'>[] = [];

const newChange = (): Change => ({
  eventId: newId(),
  consentId: newId(),
  // Half of all goes to the hot client.
  clientId: tortureClients[Math.max(0, randomInt(1 - tortureClients.length, tortureClients.length))] ?? '',
});

type Step = Change & { readonly type: 'created' | 'archived' };

/** What the next transaction does: mostly one thing, at times both things to one consent. */
function nextSteps(): readonly Step[] {
  const known = randomInt(2) === 0 ? active.splice(randomInt(active.length + 1), 1)[0] : undefined;
  if (known !== undefined) return [{ ...known, eventId: newId(), type: 'archived' }];
  const created = newChange();
  return randomInt(10) === 0
    ? [
        { ...created, type: 'created' },
        { ...created, eventId: newId(), type: 'archived' },
      ]
    : [{ ...created, type: 'created' }];
}

async function transaction(connection: pg.Client, steps: readonly Step[]): Promise<'committed' | 'rolled back'> {
  await connection.query('begin');
  for (const step of steps) {
    await design[step.type](connection, step);
    await connection.query(
      'insert into torture_written (event_id, client_id, consent_id, type) values ($1, $2, $3, $4)',
      [step.eventId, step.clientId, step.consentId, step.type],
    );
    await sleep(randomInt(0, 81) / steps.length);
  }
  const { command } = await connection.query(randomInt(8) === 0 ? 'rollback' : 'commit');
  return command === 'COMMIT' ? 'committed' : 'rolled back';
}

async function write(): Promise<void> {
  let connection: pg.Client | undefined;
  while (!stop.signal.aborted) {
    try {
      connection ??= await connected();
      const steps = nextSteps();
      const outcome = await transaction(connection, steps);
      const word = outcome === 'committed' ? 'acknowledged' : 'rolled-back';
      appendFileSync(order.file, steps.map(({ eventId }) => `${word} ${eventId}\n`).join(''));
      const [first] = steps;
      if (first === undefined || steps.length > 1) continue;
      if ((first.type === 'created') === (outcome === 'committed')) active.push(first);
    } catch (error) {
      // A connection that was cut is what this is about; anything else is a fault of the test.
      if (error instanceof pg.DatabaseError && !['57P01', '08P01'].includes(error.code ?? '')) throw error;
      await connection?.end().catch(() => undefined);
      connection = undefined;
    }
  }
  await connection?.end();
}

async function connected(): Promise<pg.Client> {
  const connection = new pg.Client({ connectionString: order.url, application_name: 'torture writer' });
  connection.on('error', () => undefined);
  await connection.connect();
  return connection;
}

async function workInBackground(): Promise<void> {
  const db = openDatabase({
    url: order.url,
    directUrl: order.directUrl,
    poolSize: 2,
    applicationName: 'torture background',
  });
  while (!stop.signal.aborted) {
    await design.background(db).catch(() => undefined); // cut, like the writers; the next round does it
    await sleep(randomInt(10, 200));
  }
  await db.close();
}

await Promise.all([...Array.from({ length: order.writers }, write), workInBackground()]);
