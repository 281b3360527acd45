import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectOptions } from 'fastify';
import { DomainError } from '../../src/errors/domain-error.ts';
import { missedBefore, readOn } from '../../src/feed/read-on.ts';
import { UnfitConnectionError } from '../../src/platform/db-primary.ts';
import { openSession } from '../../src/platform/db-session.ts';
import { sql } from '../../src/platform/db-statement.ts';
import { openDatabase } from '../../src/platform/db.ts';
import { newId } from '../../src/platform/ids.ts';
import { openBarePlatform, type BarePlatform } from '../support/bare-platform.ts';
import { SERVING, OWNER, TEMPLATE, prepareCluster, type TestDatabase } from '../support/database.ts';
import { nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import {
  openDoor,
  promote,
  setSynchronous,
  startServer,
  untilCaughtUp,
  type Door,
  type Server,
} from '../support/replicated.ts';
import {
  agreement,
  bearer,
  newConsent,
  newSingleUse,
  tokenFor,
  type ClientNumber,
  type Json,
} from '../support/world.ts';
import {
  followByPolls,
  followByStreams,
  insist,
  nodes,
  openStream,
  page,
  told,
  untilServed,
  useAll,
  watchLast,
  write,
  type Followed,
  type Told,
} from './failover-clients.ts';

/*
 * Two nodes reach the primary through one door, as by an address that moves. The first server has a synchronous replica, which takes
 * its place; that one has an asynchronous replica, which lags behind when it takes its place in turn.
 */

const TIMELINE = 2 ** 32;

const folder = mkdtempSync(join(tmpdir(), 'samtykke-failover-'));
const servers: Server[] = [];
let door: Door;
let database: TestDatabase;
let bare: BarePlatform;
/** The server that is the primary now. */
let primary: Server;

before(async () => {
  const first = await startServer(join(folder, 'first'));
  servers.push(first);
  primary = first;
  door = await openDoor(first.port);
  const url = (user: string, password: string, name: string): string =>
    `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${door.port}/${name}`;
  const { ownerPassword, servingPassword } = await prepareCluster({ superuserUrl: first.superuserUrl, url });
  database = {
    ownerUrl: url(OWNER, ownerPassword, TEMPLATE),
    servingUrl: url(SERVING, servingPassword, TEMPLATE),
    superuserUrl: first.superuserUrl,
    drop: () => Promise.resolve(),
  };
  servers.push(await first.addReplica('second', join(folder, 'second')));
  nodes.push(await startNode(nodeOver(database)));
  nodes.push(await startNode(nodeOver(database)));
  bare = await openBarePlatform(database);
  await setSynchronous(first, 'second', true);
});
after(async () => {
  told.writing = told.going = false;
  for (const node of nodes) await node.end('SIGKILL');
  await bare?.close();
  await door?.close();
  for (const server of servers) await server.halt();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const through = { call: (request: InjectOptions) => insist(request, 200) };
/** Asks the database that nodes use now, past them. */
const inside = async (text: string, values: readonly unknown[] = []): Promise<readonly Json[]> => {
  const db = openDatabase({ url: inDatabase(primary), poolSize: 1 });
  try {
    return await db.query(sql<Json>('inspect', text), values as string[]);
  } finally {
    await db.close();
  }
};
const inDatabase = (server: Server): string =>
  Object.assign(new URL(server.superuserUrl), { pathname: `/${TEMPLATE}` }).href;

const unavailable = (error: unknown): boolean => error instanceof DomainError && error.code === 'unavailable';

test('F2: while a synchronous replica is away nothing is acknowledged, what only reads goes on, and a limit of time leaves it open', async () => {
  const [token, debt] = [await tokenFor(through, 'agreement'), await tokenFor(through, 'debt')];
  const id = await newConsent(through, { token });
  const [, second] = servers as [Server, Server];
  await inside('create table scratch (n integer)');
  await second.kill();
  const outcome = { at: 'waiting' };
  const registering = insist(
    {
      method: 'PUT',
      url: '/v1/consent/agreement',
      headers: bearer(token),
      payload: agreement({ client_consent_id: 'alone' }),
    },
    200,
  ).then((answer) => {
    outcome.at = 'answered';
    return answer;
  });
  // Somebody with less patience.
  const hasty = openDatabase({ url: inDatabase(primary), poolSize: 1, statementMs: 100 });
  const changing = hasty.query(sql('hasty', 'insert into scratch values (1)'));
  await assert.rejects(changing, unavailable);
  await hasty.close();
  assert.equal(outcome.at, 'waiting');
  assert.deepEqual(await inside('select from scratch'), []);
  const url = `/v1/debt/${id}/status`;
  assert.equal((await nodes[0]?.call({ method: 'GET', url, headers: bearer(debt) }))?.status, 200);
  const [waiting] = await inside("select count(*) from pg_stat_activity where wait_event = 'SyncRep'");
  assert.ok(waiting.count >= 2, 'the operator sees who waits');

  await second.start();
  const { json } = await registering;
  assert.equal((await inside('select from consent where id = $1', [json.consent.id])).length, 1);
  // The hasty one was not told that it is done, and not that it is not: it is.
  assert.equal((await inside('select from scratch')).length, 1);
});

test('F2: the primary is killed and its synchronous replica takes its place: nothing acknowledged is lost, no number comes again', async (t) => {
  const consents: Told[] = [];
  const debt = await tokenFor(through, 'debt');
  const tokens = { agreement: await tokenFor(through, 'agreement'), debt };
  const events = await tokenFor(through, 'events');
  const single = await Promise.all(Array.from({ length: 60 }, () => newSingleUse(bare)));
  const disclosed = new Map<string, number>();
  const begunAt = (await page(events, 2)).endSequenceNr;
  const writers = Array.from({ length: 5 }, (_, n) => write(tokens, n, consents));
  const users = [0, 1, 2].map((n) =>
    useAll(
      debt,
      single.filter((_, place) => place % 3 === n),
      disclosed,
    ),
  );
  let highest = Infinity;
  const polling = followByPolls(events).then((seen) => {
    highest = seen.at(-1)?.sequenceNr ?? 0;
    return seen;
  });
  const streaming = followByStreams(events, (seen) => (seen.at(-1)?.sequenceNr ?? 0) >= highest);
  const watching = watchLast(events);
  const everybody = [...writers, ...users, polling, streaming, watching];
  for (const one of everybody) one.catch((error: unknown) => told.wrong.push(String(error)));

  await untilServed();
  await sleep(500);
  const [first, second] = servers as [Server, Server];
  const acknowledged = consents.length;
  await first.kill();
  await sleep(300); // somebody has to notice
  await promote(second);
  primary = second;
  door.leadTo(second.port);
  const ms = await untilServed();
  await sleep(800);
  told.writing = false;
  await Promise.all([...writers, ...users]);
  told.going = false;
  await Promise.all(everybody);
  assert.deepEqual(told.wrong, []);

  // Those who insisted were acknowledged in the end, so everything is there, once.
  const kept = await inside(
    `select c.id, c.archived_reason, (select count(*) from audit_log a where a.consent_id = c.id and kind = 'consent_registered') as registered
     from consent c where external_id like 'failover-%'`,
  );
  assert.deepEqual(
    new Map(kept.map((row) => [row.id, [row.archived_reason, row.registered]])),
    new Map(consents.map(({ id, revoked }) => [id, [revoked ? 'revoked_by_client' : null, 1]])),
  );
  const polled = await polling;
  const asRead = (seen: readonly Followed[]): readonly string[] => seen.map((event) => JSON.stringify(event));
  assert.deepEqual(asRead(polled), asRead(await followByPolls(events)), 'who followed was told what there is');
  assert.deepEqual(asRead(polled), asRead(await streaming));
  const numbers = polled.map(({ sequenceNr }) => sequenceNr);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
  );
  const before = numbers.filter((number) => number > begunAt && number < TIMELINE).length;
  assert.ok(before > 0 && (numbers.at(-1) ?? 0) > TIMELINE, 'numbers go on in the next timeline');
  const mine = new Set(consents.map(({ id }) => id));
  assert.deepEqual(
    polled
      .filter(({ consentId }) => mine.has(consentId))
      .map((event) => `${event.eventType} ${event.consentId}`)
      .toSorted(),
    consents
      .flatMap(({ id, revoked }) => [`SAMTYKKE_OPPRETTET ${id}`, ...(revoked ? [`SAMTYKKE_ARKIVERT ${id}`] : [])])
      .toSorted(),
  );
  // Used once, whatever became of the answer.
  const uses = await inside(
    `select consent_id, count(*) as times from audit_log where kind = 'debt_disclosed' and consent_id = any ($1) group by 1`,
    [single],
  );
  assert.equal(uses.length, single.length);
  for (const { consent_id, times } of uses) {
    assert.equal(times, 1);
    assert.ok((disclosed.get(consent_id) ?? 0) <= 1, `${consent_id} was answered more than once`);
  }
  assert.ok(disclosed.size > single.length / 2);
  t.diagnostic(
    `${consents.length} consents (${acknowledged} before), ${polled.length} events, ${disclosed.size} of ${single.length} single uses answered; ` +
      `served again ${ms} ms after the promotion, ${told.unavailable} answers 503, ${told.cut} cut`,
  );
});

test('F2: a replica that missed events which were served takes its place: no number comes again, and who knows what is lost is told so', async () => {
  told.going = true;
  const second = primary;
  const third = await second.addReplica('third', join(folder, 'third'));
  servers.push(third);
  const client: ClientNumber = 2;
  const token = await tokenFor(through, 'agreement', { client });
  const events = await tokenFor(through, 'events', { client });
  const register = async (name: string): Promise<string> => newConsent(through, { token, client_consent_id: name });
  await register('kept');
  const { endSequenceNr: reached } = await page(events, 2);
  await untilCaughtUp(second, 'third');

  // A node that is led to a replica does not answer from it: a revoked consent may be good there.
  const asReplica = { url: inDatabase(third), poolSize: 1, applicationName: 'astray', statementMs: 1_000 };
  const astray = openDatabase(asReplica);
  const isReplica = (error: unknown): boolean =>
    unavailable(error) &&
    (error as Error).cause instanceof UnfitConnectionError &&
    /replica/.test(String((error as Error).cause));
  await assert.rejects(astray.query(sql('status', 'select 1')), isReplica);
  await assert.rejects(openSession(asReplica), isReplica);
  await astray.close();

  await third.kill();
  const lost = [await register('lost-1'), await register('lost-2'), await register('lost-3')];
  const served: readonly Followed[] = (await page(events, reached + 1)).result;
  assert.deepEqual(
    served.map(({ consentId }) => consentId),
    lost,
  );
  const seen = served.at(-1)?.sequenceNr ?? 0;
  await second.kill();
  await third.start();
  await promote(third);
  primary = third;
  door.leadTo(third.port);

  assert.equal((await inside('select from consent where id = any ($1)', [lost])).length, 0);
  const last = await insist({ method: 'GET', url: '/feed/v1/consent/lastSequenceNr', headers: bearer(events) }, 200);
  assert.ok(last.json.lastSequenceNr >= seen);
  // Before anything new, and after it.
  const gapOf = async (of: string, from: number): Promise<Json> => {
    await insist({ method: 'GET', url: '/feed/v1/consent/lastSequenceNr', headers: bearer(of) }, 200);
    const stream = await openStream(nodes[0] as NodeProcess, of, from);
    const timer = setTimeout(() => stream.cut(), 700);
    const sent = await stream.next();
    clearTimeout(timer);
    stream.cut();
    return sent;
  };
  assert.equal((await gapOf(events, seen))?.name, 'gap');
  assert.equal(await gapOf(events, reached), undefined, 'who has seen nothing that is lost has missed nothing');
  const idle = { clientId: newId(), from: 2, limit: 10 };
  const nothing = await readOn(bare.platform, idle);
  assert.equal(nothing.last, 2 * TIMELINE);
  assert.equal(await missedBefore(bare.platform, idle, nothing), undefined, 'who never had an event has missed none');

  const id = await register('new');
  const { result } = await page(events, seen + 1);
  assert.deepEqual(
    result.map((event: Followed) => event.consentId),
    [id],
  );
  assert.ok(result[0].sequenceNr > seen && result[0].sequenceNr === 2 * TIMELINE + 1);
  assert.equal((await gapOf(events, seen))?.name, 'gap');
  assert.equal((await gapOf(events, reached))?.id, result[0].sequenceNr);
});
