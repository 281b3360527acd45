import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Samtykke, type PlaceStore } from '../../sdk/src/entry.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { revokeConsent } from '../../src/consent/revoke.ts';
import { Nin } from '../../src/person/nin.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { freePort, nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { clientOf, startWorld, type World } from '../support/world.ts';
import { startFaultyLine, type FaultyLine } from './faulty-line.ts';
import { placeIn } from './told-feed.ts';

/** The loop over the feed, under fire: over a line that cuts and refuses, to a node that is killed, by a consumer that fails. */

const CONSENTS = 1_500;
const EVENTS = 2 * CONSENTS;

let database: TestDatabase;
let world: World;
let line: FaultyLine;
let port: number;
let node: NodeProcess;

const startAnew = (): Promise<NodeProcess> =>
  startNode({ ...nodeOver(database), PUBLIC_URL: `http://localhost:${line.port}` }, port);

before(async () => {
  database = await createDatabase();
  line = await startFaultyLine();
  port = await freePort();
  line.leadTo(port);
  world = await startWorld({ database });
  node = await startAnew();
});
after(async () => {
  await node.end('SIGTERM');
  await world.close();
  await line.close();
  await database.drop();
});

const { id: clientId, secret } = clientOf(1);
const people = ['14842249091', '29868099311', '07857193886', '05886791269'].map((nin) => Nin.fromStored(nin));

/** Makes and ends consents, as quickly as the database takes them. */
async function write(): Promise<void> {
  const one = async (at: number): Promise<void> => {
    const nin = people[at % people.length];
    assert.ok(nin);
    const consent = await registerConsent(world.platform, {
      clientId,
      nin,
      purpose: 'processing',
      duration: { kind: 'days', days: 28 },
      externalId: `fire-${at}`,
      actor: 'client',
      traceId: 'test',
    });
    await revokeConsent(world.platform, { consent, clientId, by: 'client', traceId: 'test' });
  };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < CONSENTS) await one(next++);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

/** What goes wrong next, each time that so many more events have been handled. */
const HARM_EACH = 300;
const harms: readonly (() => void)[] = [
  // In the middle of the answer: a page is some tens of thousands of bytes.
  () => line.cut(1, 4_000),
  () => line.refuse(1, 1),
  () => line.cut(2, 9_000),
  () => kill(),
];

let kills = 0;
let restart: Promise<void> = Promise.resolve();
function kill(): void {
  if (kills === 2) return;
  kills += 1;
  restart = (async () => {
    await node.end('SIGKILL');
    node = await startAnew();
  })();
}

/** Follows until all events have come, or the time is over; begins again from the store whenever its own work fails. */
async function handleAll(samtykke: Samtykke, store: PlaceStore) {
  const handled: number[] = [];
  const waits: string[] = [];
  const signal = AbortSignal.timeout(180_000);
  let failures = 0;
  const onRetry = ({ error }: { error: { code: string } }): void => void waits.push(error.code);
  while (handled.length < EVENTS && !signal.aborted) {
    try {
      for await (const { sequenceNr } of samtykke.feed.follow({
        store,
        signal,
        limit: 50,
        maxPauseSeconds: 1,
        onRetry,
      })) {
        if (handled.length >= (failures + 1) * 211) {
          failures += 1;
          throw new Error('the consumer failed');
        }
        handled.push(sequenceNr);
        if (handled.length % HARM_EACH === 0) harms[(handled.length / HARM_EACH) % harms.length]?.();
        if (handled.length === EVENTS) break;
      }
    } catch (error) {
      if ((error as Error).message !== 'the consumer failed') throw error;
    }
  }
  return { handled, failures, waits };
}

test('F2: over a line that cuts and refuses, from a node that is killed, by a consumer that fails: nothing is missing or out of order', async (t) => {
  const samtykke = new Samtykke({ baseUrl: `http://localhost:${line.port}`, clientId, clientSecret: secret });
  const [{ handled, failures, waits }] = await Promise.all([handleAll(samtykke, placeIn()), write()]);
  await restart;
  const there = await world.inspect('select seq from feed_event where client_id = $1 order by seq', [clientId]);
  assert.equal(there.length, EVENTS);
  assert.deepEqual(
    handled,
    there.map(({ seq }) => seq),
  );
  t.diagnostic(
    `${EVENTS} events; ${failures} failures of the consumer, ${kills} kills, the line: ${JSON.stringify(line.failed)}`,
  );
  // Each kind of harm was met, or this has shown nothing.
  assert.ok(failures >= 10 && kills === 2);
  assert.ok(line.failed.cut > 0 && line.failed.refused > 0);
  assert.ok(waits.includes('network') && waits.includes('unavailable'));
});
