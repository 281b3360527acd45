import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { eventInsert, lastSequenceNr, readEvents } from '../../src/consent/event-log.ts';
import { openBarePlatform, type BarePlatform } from '../support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { openEventStream, type EventStream } from '../support/event-stream.ts';
import { nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { bearer, clientOf, tokenFor, type Json } from '../support/world.ts';
import { sized } from '../support/thorough.ts';

const EVENTS = sized(3_000, 10_000);
const WRITERS = 6;
const clients = [1, 2] as const;
type Followed = (typeof clients)[number];

let database: TestDatabase;
/** Reads the log itself: what is killed are the nodes that tell of it. */
let bystander: BarePlatform;
/** Of these the first is killed and restarted again and again. */
let nodes: [NodeProcess, NodeProcess];
let tokens: Record<Followed, string>;
before(async () => {
  database = await createDatabase();
  bystander = await openBarePlatform(database);
  nodes = [await startNode(nodeOver(database)), await startNode(nodeOver(database))];
  tokens = { 1: await tokenFor(nodes[0], 'events'), 2: await tokenFor(nodes[1], 'events', { client: 2 }) };
});
after(async () => {
  run.over = true;
  for (const node of nodes) await node.end('SIGKILL');
  await bystander.close();
  await database.drop();
});

const run = { events: 0, chaos: true, writing: true, over: false, cut: 0, refused: 0, ends: new Map<string, number>() };
const isToBeWritten = (): boolean => run.events < EVENTS || run.chaos;
/** The last numbers, when nothing is written any more. */
const final = new Map<Followed, number>();
/** Lets go those who wait for more than there will be. */
const written = new AbortController();
const hasAll = (client: Followed, own: number): boolean =>
  run.over || (!run.writing && own >= (final.get(client) ?? Infinity));

/** Leaves events as changes of consents do, some at a time; pauses before it commits, so that others overtake it, or rolls back. */
async function write(): Promise<void> {
  await withClient(database.servingUrl, async (writer) => {
    while (isToBeWritten()) {
      const count = randomInt(1, 20);
      await writer.query('begin');
      await writer.query(LEAVE, [clientOf(randomInt(4) === 0 ? 2 : 1).id, count]);
      await sleep(randomInt(0, 60));
      const isKept = randomInt(10) > 0;
      await writer.query(isKept ? 'commit' : 'rollback');
      if (isKept) run.events += count;
    }
  });
}
const LEAVE = eventInsert(
  `select $1::uuid, gen_random_uuid(), gen_random_uuid(), 'created', now(), 'processing', null, null from generate_series(1, $2::int)`,
);

const originOf = (node: NodeProcess): string => `http://localhost:${node.port}`;
const anyNode = (): NodeProcess => nodes[randomInt(2)] ?? nodes[1];

/** Asks from the last number + 1, and waits; is cut off while it waits, or while it is answered, now and then. */
async function pollAll(client: Followed, limit: number): Promise<readonly Json[]> {
  const seen: Json[] = [];
  for (let own = 1; !hasAll(client, own);) {
    // A new connection for each: what waits on one that is cut is not to be another's.
    const agent = new Agent({ connections: 1 });
    try {
      const { statusCode, body } = await agent.request({
        origin: originOf(anyNode()),
        path: `/feed/v1/consent?fromSequenceNr=${own + 1}&limit=${limit}&waitSeconds=${run.writing ? 30 : 1}`,
        method: 'GET',
        headers: bearer(tokens[client]),
        signal: AbortSignal.any([
          AbortSignal.timeout(randomInt(4) === 0 ? randomInt(1, 400) : 60_000),
          ...(run.writing ? [written.signal] : []),
        ]),
      });
      const text = await body.text();
      assert.ok(statusCode === 200 || statusCode === 503, text);
      if (statusCode === 503) {
        run.refused += 1;
        continue;
      }
      const page: Json = JSON.parse(text);
      seen.push(...page.result);
      own = page.endSequenceNr;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      run.cut += 1;
      await sleep(randomInt(5, 50));
    } finally {
      void agent.destroy().catch(() => undefined);
    }
  }
  return seen;
}

/** Follows streams, each from the last number that was seen on; is cut off now and then, and reads slowly at times. */
async function streamAll(client: Followed): Promise<readonly Json[]> {
  const seen: Json[] = [];
  for (let own = 1; !hasAll(client, own);) {
    const headers = { ...bearer(tokens[client]), 'last-event-id': String(own) };
    const path = '/feed/v1/consent/stream';
    const stream = await openEventStream(originOf(anyNode()), path, headers, { evidence: false }).catch(
      () => undefined,
    );
    if (stream === undefined || stream.status !== 200) {
      run.refused += 1;
      await sleep(randomInt(5, 50));
      continue;
    }
    own = await readStream(stream, seen, own, client);
  }
  return seen;
}

async function readStream(stream: EventStream, seen: Json[], begin: number, client: Followed): Promise<number> {
  let own = begin;
  const life = setTimeout(() => stream.cut(), randomInt(3) > 0 ? randomInt(20, 800) : randomInt(800, 8_000));
  // The rest may have come already, and nothing comes after it.
  const look = setInterval(() => {
    if (hasAll(client, own)) stream.cut();
  }, 50);
  for (;;) {
    const event = await stream.next();
    if (event === undefined || event.name === 'end') {
      const why = String(event?.data.reason ?? 'cut');
      run.ends.set(why, (run.ends.get(why) ?? 0) + 1);
      if (event === undefined) break;
      continue;
    }
    assert.notEqual(event.name, 'gap');
    assert.equal(event.id, event.data.sequenceNr);
    seen.push(event.data);
    own = event.data.sequenceNr;
    if (randomInt(200) === 0) await sleep(randomInt(1, 60));
  }
  clearTimeout(life);
  clearInterval(look);
  return own;
}

async function chaos(): Promise<void> {
  const restart = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    const [{ port }] = nodes;
    const code = await nodes[0].end(signal);
    assert.equal(code, signal === 'SIGTERM' ? 0 : null, 'who is told to stop finishes in good order');
    nodes[0] = await startNode(nodeOver(database), port);
  };
  for (const act of ['SIGKILL', 'database', 'SIGTERM', 'database'] as const) {
    await sleep(randomInt(200, 900));
    if (act === 'database') await cutDatabaseConnections();
    else await restart(act);
  }
  run.chaos = false;
}

/** Every connection of the nodes to the database, also those that listen. */
const cutDatabaseConnections = (): Promise<void> =>
  withClient(database.superuserUrl, (admin) =>
    admin.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'samtykke%' and pid <> pg_backend_pid()`,
    ),
  );

test('F2: subscribers that wait or stream, and are cut off, killed with their node and moved to another, miss nothing and see everything in order', async (t) => {
  const begin = performance.now();
  const quiet = waitInVain();
  quiet.told.catch(() => undefined); // it fails below
  const followers = clients.flatMap((client) => [
    ...[40, 1_000].map((limit) => ({ client, kind: `poll of ${limit}`, told: pollAll(client, limit) })),
    ...[1, 2].map((n) => ({ client, kind: `stream ${n}`, told: streamAll(client) })),
  ]);
  for (const { told } of followers) told.catch(() => undefined); // it fails below
  const killing = chaos();
  killing.catch(() => (run.chaos = false));
  await Promise.all([...Array.from({ length: WRITERS }, write), killing]);
  const now = new Date();
  for (const client of clients)
    final.set(client, await lastSequenceNr(bystander.platform.db, clientOf(client).id, now));
  run.writing = false;
  written.abort();
  const end = performance.now();

  for (const { client, kind, told } of followers) {
    const seen = await told;
    const all = await allEvents(client);
    assert.deepEqual(
      seen.map((event) => `${event.sequenceNr} ${event.eventId}`),
      all.map((event) => `${event.sequenceNr} ${event.eventId}`),
      `client ${client}, ${kind}`,
    );
  }
  t.diagnostic(
    `${run.events} events in ${Math.round(end - begin)} ms, all told ${Math.round(performance.now() - end)} ms later; ` +
      `${run.cut} polls cut, ${run.refused} refused, streams ended: ${JSON.stringify(Object.fromEntries(run.ends))}`,
  );
  assert.ok(run.events >= EVENTS);
  assert.ok(run.cut > sized(10, 20), `${run.cut} polls were cut`);
  assert.ok((run.ends.get('cut') ?? 0) > sized(3, 10), 'streams were cut');

  // A stream on which nothing happens says that it is alive all the same, and at last that its node closes.
  for (let tries = 0; quiet.heartbeats() === 0; tries += 1) {
    assert.ok(tries < 1_200, 'a heartbeat comes');
    await sleep(50);
  }
  assert.equal(await nodes[1].end('SIGTERM'), 0);
  assert.equal(await quiet.told, 'closing');
});

/** A stream of the second node on which no event ever comes; it is opened again when the database was away. Tells why it ended at last. */
function waitInVain(): { told: Promise<string>; heartbeats: () => number } {
  let heard = 0;
  let stream: EventStream | undefined;
  const heartbeats = (): number => heard + (stream?.text().split('\n\n:').length ?? 1) - 1;
  const wait = async (): Promise<string> => {
    for (;;) {
      const path = `/feed/v1/consent/stream?fromSequenceNr=${2 ** 50}`;
      stream = await openEventStream(originOf(nodes[1]), path, bearer(tokens[2]));
      const reason = String((await stream.next())?.data.reason);
      if (reason !== 'unavailable') return reason;
      heard = heartbeats();
    }
  };
  return { told: wait(), heartbeats };
}

async function allEvents(client: Followed): Promise<readonly { sequenceNr: number; eventId: string }[]> {
  const now = new Date();
  const readableSince = new Date(now.getTime() - 86_400_000);
  const { id: clientId } = clientOf(client);
  return readEvents(bystander.platform.db, { clientId, from: 2, limit: 1_000_000, now, readableSince });
}
