import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectOptions } from 'fastify';
import { withClient } from '../support/database.ts';
import { freePort, httpCaller, processesOf, startNode, type NodeProcess } from '../support/node-process.ts';
import { agreement, bearer, tokenFor, type Answer, type ClientNumber } from '../support/world.ts';
import { sized } from '../support/thorough.ts';

const WRITERS = 6;

let folder: string;
let port: number;
let node: NodeProcess;
/** As clients reach it: one address, whatever process is behind it at the moment. */
let door: ReturnType<typeof httpCaller>;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'samtykke-crash-'));
  port = await freePort();
  node = await startNode({ DATA_DIR: folder }, port);
  door = httpCaller(`http://localhost:${port}`);
});
after(async () => {
  seen.writing = false;
  await node.end('SIGKILL');
  await door.close();
  for (const pid of await processesOf(folder)) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Acknowledged {
  readonly id: string;
  readonly externalId: string;
  readonly client: ClientNumber;
  readonly expiresAt: string;
  revoked: boolean;
}

/** What the clients were told, and how they fared. */
const seen = {
  consents: [] as Acknowledged[],
  writing: true,
  /** Calls that got an answer, and what else became of calls. */
  acknowledged: 0,
  unavailable: 0,
  refusedOrCut: 0,
  wrong: [] as string[],
};

/** Sends a request until it is answered as it should be, as a client does; 503 says when to come again. */
async function insist(request: InjectOptions, wanted: number): Promise<Answer> {
  const begin = performance.now();
  while (seen.wrong.length === 0 && performance.now() - begin < 60_000) {
    const answer = await door.call(request).catch(() => undefined);
    if (answer?.status === wanted) {
      seen.acknowledged += 1;
      return answer;
    }
    if (answer === undefined) seen.refusedOrCut += 1;
    else if (answer.status === 503 && /^[1-9]\d*$/.test(String(answer.headers['retry-after']))) seen.unavailable += 1;
    else seen.wrong.push(`${request.method} ${answer.status} ${answer.text}`);
    // Sooner than Retry-After says: the more of them come in between, the more is tried out.
    await sleep(randomInt(20, 80));
  }
  throw new Error(`a client was not served as it should be: ${seen.wrong.join('; ')}`);
}

/** Everybody is answered with success, or with 503 and Retry-After. */
const assertNothingWrong = (): void => assert.deepEqual(seen.wrong, []);

interface Tokens {
  readonly agreement: string;
  readonly debt: string;
  readonly events: string;
}

async function write(client: ClientNumber, tokens: Tokens, writer: number): Promise<void> {
  for (let n = 0; seen.writing; n += 1) {
    const externalId = `crash-${writer}-${n}`;
    const registered = await insist(
      {
        method: 'PUT',
        url: '/v1/consent/agreement',
        headers: bearer(tokens.agreement),
        payload: agreement({ client_consent_id: externalId }),
      },
      200,
    );
    const { id, expires_at: expiresAt } = registered.json.consent;
    const consent: Acknowledged = { id, externalId, client, expiresAt, revoked: false };
    seen.consents.push(consent);
    if (randomInt(3) > 0) {
      await insist({ method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(tokens.debt) }, 204);
      consent.revoked = true;
    }
    await sleep(randomInt(0, 10));
  }
}

interface Followed {
  readonly sequenceNr: number;
  readonly eventType: string;
  readonly consentId: string;
}

/** Follows a client's feed from the start, until writing has ended and there is nothing more. */
async function follow(tokens: Tokens, limit: number): Promise<readonly Followed[]> {
  const events: Followed[] = [];
  for (let own = 1; ;) {
    const isLast = !seen.writing;
    const url = `/feed/v1/consent?fromSequenceNr=${own + 1}&limit=${limit}`;
    const { json } = await insist({ method: 'GET', url, headers: bearer(tokens.events) }, 200);
    events.push(...json.result);
    own = json.endSequenceNr;
    if (isLast && json.result.length === 0) return events;
    await sleep(json.result.length === limit ? 0 : randomInt(10, 40));
  }
}

const postmaster = async (): Promise<number> =>
  Number.parseInt(await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8'), 10);

/** Waits until clients are being served, and tells how long that took. */
async function untilServed(): Promise<number> {
  const begin = performance.now();
  const wanted = seen.acknowledged + 30;
  while (seen.acknowledged < wanted) {
    assertNothingWrong();
    assert.ok(performance.now() - begin < 60_000, 'clients are served again');
    await sleep(10);
  }
  return Math.round(performance.now() - begin);
}

const crashes = {
  /** The process is killed, and started again. */
  app: async () => {
    await node.end('SIGKILL');
    node = await startNode({ DATA_DIR: folder }, port);
  },
  /** The database is killed, and nobody does anything about it but the app. */
  database: async () => {
    process.kill(await postmaster(), 'SIGKILL');
  },
  /** Both at once, as when the machine dies. */
  both: async () => {
    const pid = await postmaster();
    const ended = node.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await ended;
    node = await startNode({ DATA_DIR: folder }, port);
  },
};

interface Kept {
  readonly id: string;
  readonly external_id: string;
  readonly expires_at: Date;
  readonly archived_reason: string | null;
  readonly created_events: number;
  readonly archived_events: number;
  readonly registered_rows: number;
  readonly archived_rows: number;
}

/** All consents that the database has, with how often each was told and logged. */
async function keptConsents(): Promise<readonly Kept[]> {
  const { port: databasePort, password } = JSON.parse(await readFile(join(folder, 'postgres.json'), 'utf8')) as {
    port: number;
    password: string;
  };
  let kept: readonly Kept[] = [];
  await withClient(`postgresql://postgres:${password}@127.0.0.1:${databasePort}/samtykke`, async (admin) => {
    const { rows } = await admin.query(
      `with event as (
         select consent_id, type from feed_event union all select consent_id, type from feed_pending
       ), told as (
         select consent_id, count(*) filter (where type = 'created')::int as created_events,
           count(*) filter (where type = 'archived')::int as archived_events
         from event group by consent_id
       ), logged as (
         select consent_id, count(*) filter (where kind = 'consent_registered')::int as registered_rows,
           count(*) filter (where kind = 'consent_archived')::int as archived_rows
         from audit_log group by consent_id
       )
       select c.id, c.external_id, c.expires_at, c.archived_reason, created_events, archived_events, registered_rows, archived_rows
       from consent c full join told on told.consent_id = c.id full join logged on logged.consent_id = coalesce(c.id, told.consent_id)`,
    );
    kept = rows as Kept[];
  });
  return kept;
}

test('F2: whatever is killed, and when, nothing that was acknowledged is lost, nothing is half done, and the feed tells it all once', async (t) => {
  const tokensOf = async (client: ClientNumber): Promise<Tokens> => ({
    agreement: await tokenFor(node, 'agreement', { client }),
    debt: await tokenFor(node, 'debt', { client }),
    events: await tokenFor(node, 'events', { client }),
  });
  const tokens = { 1: await tokensOf(1), 2: await tokensOf(2) };
  const clients = [1, 2] as const;
  const followers = clients.map((client) => follow(tokens[client], 7));
  const writers = Array.from({ length: WRITERS }, (_, n) => {
    const client = n % 2 === 0 ? 1 : 2;
    return write(client, tokens[client], n);
  });

  // Whoever fails makes the test fail below, in good order.
  for (const client of [...followers, ...writers]) client.catch(() => undefined);

  await untilServed();
  const crashing = ['database', 'app', 'both', 'database', 'app', 'both', 'database', 'both', 'app'] as const;
  for (const crash of crashing.slice(0, sized(4, 9))) {
    await sleep(randomInt(50, 600));
    const before = { ...seen };
    await crashes[crash]();
    const ms = await untilServed();
    t.diagnostic(
      `${crash} killed: served again after ${ms} ms (after its start); ${seen.unavailable - before.unavailable} answers 503, ` +
        `${seen.refusedOrCut - before.refusedOrCut} refused or cut`,
    );
    // The app is there all the time while its database is not, and says so (E3).
    if (crash === 'database') {
      assert.ok(seen.unavailable > before.unavailable, 'clients are told that the database is away');
    }
  }
  seen.writing = false;
  await Promise.all(writers);

  const lived = await Promise.all(followers);
  const kept = new Map((await keptConsents()).map((consent) => [consent.id, consent]));
  t.diagnostic(
    `${seen.consents.length} consents acknowledged, ${seen.consents.filter((it) => it.revoked).length} revoked`,
  );
  assert.ok(seen.consents.length > 75, `${seen.consents.length} consents were registered`);

  // Each was asked for until it was acknowledged, so what is kept is what was acknowledged, no more and no less.
  assert.deepEqual(new Set(kept.keys()), new Set(seen.consents.map((consent) => consent.id)));
  for (const { id, externalId, expiresAt, revoked } of seen.consents) {
    const ends = revoked ? 1 : 0;
    assert.deepEqual(kept.get(id), {
      id,
      external_id: externalId,
      expires_at: new Date(expiresAt),
      archived_reason: revoked ? 'revoked_by_client' : null,
      created_events: 1,
      archived_events: ends,
      registered_rows: 1,
      archived_rows: ends,
    });
  }

  for (const [n, client] of clients.entries()) {
    const events = lived[n] ?? [];
    const mine = seen.consents.filter((consent) => consent.client === client);
    // Who followed through all the crashes was told the same as who reads from the start now.
    assert.deepEqual(events, await follow(tokens[client], 1000));
    assert.deepEqual(
      events.map((event) => `${event.eventType} ${event.consentId}`).toSorted(),
      mine
        .flatMap(({ id, revoked }) => [`SAMTYKKE_OPPRETTET ${id}`, ...(revoked ? [`SAMTYKKE_ARKIVERT ${id}`] : [])])
        .toSorted(),
    );
    const born = new Set<string>();
    let before = 1;
    for (const { sequenceNr, eventType, consentId } of events) {
      assert.ok(sequenceNr > before, `${sequenceNr} follows ${before}`);
      before = sequenceNr;
      if (eventType === 'SAMTYKKE_OPPRETTET') born.add(consentId);
      else assert.ok(born.has(consentId), 'a consent is created before it is archived');
    }
  }
});

test('R5: after all that it stops when it is told to, and leaves no process behind', async () => {
  assert.ok((await processesOf(folder)).length > 0);
  assert.equal(await node.end('SIGTERM'), 0);
  assert.deepEqual(await processesOf(folder), []);
});
