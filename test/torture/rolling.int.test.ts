import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InjectOptions } from 'fastify';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { httpCaller, nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { agreement, bearer, tokenFor, type Answer } from '../support/world.ts';

/*
 * Two nodes behind a load balancer that tries nothing twice. What it sends is answered, whatever is restarted: one failed request
 * fails the test.
 */

const here = join(import.meta.dirname, '../..');
/** The version that is upgraded from: this one, or that of another checkout. */
const former = process.env['SAMTYKKE_FORMER_VERSION'] || here;

let database: TestDatabase;
let balancer: Balancer;
let door: ReturnType<typeof httpCaller>;
/** The next version: this one, and a migration more. */
const next = mkdtempSync(join(tmpdir(), 'samtykke-next-'));
before(async () => {
  // The first node makes the schema, of its own version.
  database = await createDatabase({ empty: true });
  balancer = await startBalancer();
  door = httpCaller(balancer.origin);
  for (const part of ['src', 'sandbox', 'db', 'docs', 'package.json']) {
    cpSync(join(here, part), join(next, part), { recursive: true });
  }
  symlinkSync(join(here, 'node_modules'), join(next, 'node_modules'));
  writeFileSync(join(next, 'db/migrations/9999-expand.sql'), EXPAND);
});
after(async () => {
  load.going = false;
  for (const node of nodes) await node.end('SIGKILL');
  await door.close();
  await balancer.close();
  await database.drop();
  rmSync(next, { recursive: true, force: true });
});

/** What an expanding migration does: columns with a default, a table that is written beside, an index; nothing that is taken away. */
const EXPAND = `
alter table consent add column origin text not null default 'unknown';
create table consent_note (consent_id uuid primary key references consent (id), noted_at timestamptz not null);
create function note_consent() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into consent_note values (new.id, new.created_at);
  return null;
end $$;
create trigger consent_noted after insert on consent for each row execute function note_consent();
create index audit_log_by_trace on audit_log (trace_id);
`;

const nodes: NodeProcess[] = [];
/** The balancer asks each tenth of a second: many times, also on a slow machine. */
const environment = () => ({ ...nodeOver(database), DRAIN_SECONDS: '2' });

async function start(root?: string, port?: number): Promise<NodeProcess> {
  const node = await startNode(environment(), port, root);
  nodes.push(node);
  balancer.add(node.port);
  await balancer.until(node.port, true);
  return node;
}

const load = { going: false, answered: 0, failed: [] as string[] };
const consents = new Map<string, boolean>();

async function send(request: InjectOptions, ...wanted: readonly number[]): Promise<Answer | undefined> {
  try {
    const answer = await door.call(request);
    if (wanted.includes(answer.status)) {
      load.answered += 1;
      return answer;
    }
    load.failed.push(`${request.method} ${String(request.url)} ${answer.status} ${answer.text}`);
  } catch (error) {
    load.failed.push(`${request.method} ${String(request.url)} ${String(error)}`);
  }
  return undefined;
}

const throughDoor = {
  call: async (request: InjectOptions): Promise<Answer> => {
    const answer = await send(request, 200);
    if (answer === undefined) throw new Error('no token');
    return answer;
  },
};

/** A client's day: a token, a consent, its state, a lookup, its end, the feed. */
async function work(client: number): Promise<void> {
  const [agreements, debt, events] = [
    await tokenFor(throughDoor, 'agreement'),
    await tokenFor(throughDoor, 'debt'),
    await tokenFor(throughDoor, 'events'),
  ];
  for (let n = 0; load.going; n++) {
    if (n % 10 === 0) await tokenFor(throughDoor, 'debt');
    const payload = agreement({ client_consent_id: `rolling-${client}-${n}-${randomInt(1_000_000)}` });
    const made = await send({ method: 'PUT', url: '/v1/consent/agreement', headers: bearer(agreements), payload }, 200);
    const id: string | undefined = made?.json.consent.id;
    if (id === undefined) continue;
    consents.set(id, false);
    const headers = bearer(debt);
    await send({ method: 'GET', url: `/v1/debt/${id}/status`, headers }, 200);
    if (n % 4 === 0) await send({ method: 'GET', url: `/v1/debt/${id}`, headers }, 200);
    if (n % 2 === 0) {
      await send({ method: 'DELETE', url: `/v1/debt/${id}`, headers }, 204);
      consents.set(id, true);
    }
    await send({ method: 'GET', url: '/feed/v1/consent?fromSequenceNr=2&limit=10', headers: bearer(events) }, 200);
    await sleep(randomInt(5, 25));
  }
}

/** Waits for events that never come, by long polls. */
async function waitForEvents(): Promise<void> {
  const headers = bearer(await tokenFor(throughDoor, 'events', { client: 2 }));
  while (load.going) {
    await send({ method: 'GET', url: '/feed/v1/consent?fromSequenceNr=9000000&limit=10&waitSeconds=5', headers }, 200);
  }
}

/** Keeps clients at work while something is done, and holds that none of them noticed. */
async function underLoad(doing: () => Promise<void>): Promise<void> {
  load.going = true;
  const clients = [...Array.from({ length: 6 }, (_, n) => work(n)), waitForEvents()];
  for (const client of clients) client.catch((error: unknown) => load.failed.push(String(error)));
  try {
    await sleep(300);
    await doing();
    await sleep(300);
  } finally {
    load.going = false;
    await Promise.allSettled(clients);
  }
  assert.deepEqual(load.failed.slice(0, 10), []);
}

/** Ends a node as an operator does, and says that it ended well. */
async function stop(node: NodeProcess): Promise<void> {
  const before = load.answered;
  assert.equal(await node.end('SIGTERM'), 0);
  balancer.remove(node.port);
  nodes.splice(nodes.indexOf(node), 1);
  assert.ok(load.answered > before, 'the others went on meanwhile');
}

async function assertAllKept(): Promise<void> {
  await withClient(database.ownerUrl, async (owner) => {
    const { rows } = await owner.query<{ id: string; ended: boolean }>(
      "select id, archived_at is not null as ended from consent where external_id like 'rolling-%'",
    );
    assert.deepEqual(new Map(rows.map(({ id, ended }) => [id, ended])), consents);
  });
}

test('R5: a node is restarted under load, and not one request fails', async (t) => {
  await start(former);
  await start(former);
  await underLoad(async () => {
    const [one] = nodes as [NodeProcess, ...NodeProcess[]];
    await stop(one);
    await start(former, one.port);
  });
  await assertAllKept();
  t.diagnostic(`${load.answered} requests answered, of ${[...balancer.sent.values()].join(' and ')} that were sent`);
});

test('R2: the next version migrates while this one serves, both serve side by side, and one goes back: not one request fails', async (t) => {
  const before = load.answered;
  const [one] = nodes as [NodeProcess, ...NodeProcess[]];
  await underLoad(async () => {
    const newer = await start(next);
    const reached = balancer.sent.get(one.port) ?? 0;
    await sleep(500);
    assert.ok((balancer.sent.get(one.port) ?? 0) > reached, 'a node of the version before goes on');
    await stop(one);
    // Something is wrong with it: back to the version before, which finds a schema that is newer than it knows.
    await start(former);
    await stop(newer);
  });
  await assertAllKept();
  await withClient(database.ownerUrl, async (owner) => {
    const { rows } = await owner.query('select count(*)::int as noted from consent_note');
    assert.ok(rows[0].noted > 0, 'what was written since, by either version, is where the new one looks for it');
  });
  t.diagnostic(`${load.answered - before} requests answered`);
});
