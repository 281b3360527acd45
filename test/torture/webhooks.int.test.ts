import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { isSignedWith, startReceiver, type Receiver } from '../support/webhook-receiver.ts';
import { bearer, clientOf, tokenFor, type ClientNumber, type Json } from '../support/world.ts';
import { sized } from '../support/thorough.ts';

/** For each of two clients. */
const EVENTS = sized(2_000, 5_000);
const PORTION = 100;
const clients = [1, 2] as const;

let database: TestDatabase;
let superuser: pg.Pool;
let nodes: NodeProcess[];
const receivers: Receiver[] = [];
before(async () => {
  database = await createDatabase();
  superuser = new pg.Pool({ connectionString: database.superuserUrl, max: 3 });
  nodes = [await startNode(nodeOver(database)), await startNode(nodeOver(database))];
});
after(async () => {
  await Promise.all(nodes.map((node) => node.end('SIGKILL')));
  await Promise.all(receivers.map((receiver) => receiver.down()));
  await superuser.end();
  await database.drop();
});

/** Changes of consents, as verbs leave their events: each consent is given, and ended some changes later. */
async function happen(client: ClientNumber, count: number): Promise<void> {
  const open: string[] = [];
  const rows = Array.from({ length: count }, () => {
    const ends = open.length > 5 && randomInt(2) === 0;
    const consent = ends ? (open.splice(randomInt(open.length), 1)[0] ?? '') : randomUUID();
    if (!ends) open.push(consent);
    return { consent, type: ends ? 'archived' : 'created' };
  });
  await superuser.query(
    `insert into feed_pending (client_id, event_id, consent_id, type, occurred_at, purpose, reason)
     select $1, gen_random_uuid(), e.consent, e.type, clock_timestamp(), case e.type when 'created' then 'processing' end,
            case e.type when 'archived' then 'expired' end
     from unnest($2::uuid[], $3::text[]) with ordinality e (consent, type, at) order by e.at`,
    [clientOf(client).id, rows.map((row) => row.consent), rows.map((row) => row.type)],
  );
}

async function subscribe(client: ClientNumber, url: string): Promise<Json> {
  const [node] = nodes;
  if (node === undefined) throw new Error('no node runs');
  const headers = bearer(await tokenFor(node, 'events', { client }));
  const answer = await node.call({ method: 'POST', url: '/feed/v1/consent/webhooks', headers, payload: { url } });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

const restart = async (which: 0 | 1): Promise<void> => {
  const node = nodes[which];
  await node?.end('SIGKILL');
  nodes[which] = await startNode(nodeOver(database), node?.port);
};

/** All connections of the nodes to their database are cut. */
async function cutConnections(): Promise<number> {
  const cut = await superuser.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'samtykke_serving'",
  );
  return cut.rowCount ?? 0;
}

/** Takes messages, but loses some after it has taken them, before it has said so; and is away now and then. */
function unreliable(receiver: Receiver): { lost: number; downs: number } {
  const seen = { lost: 0, downs: 0 };
  receiver.answer = (_message, response) => {
    if (randomInt(EVENTS / 16) > 0) return void response.writeHead(204).end();
    seen.lost += 1;
    response.destroy();
  };
  return seen;
}

test('F2: nodes and receivers are killed and come back, and every receiver is told all events, each for the first time in order', async (t) => {
  const begun = performance.now();
  const followed = await Promise.all(
    clients.map(async (client) => {
      const receiver = await startReceiver();
      receivers.push(receiver);
      const seen = unreliable(receiver);
      return { client, receiver, seen, webhook: await subscribe(client, receiver.url) };
    }),
  );
  const writing = Promise.all(
    clients.map(async (client) => {
      for (let written = 0; written < EVENTS; written += PORTION) {
        await happen(client, PORTION);
        await sleep(randomInt(20, 120));
      }
    }),
  );
  const goDown = async ({ receiver, seen }: (typeof followed)[number], ms: number): Promise<void> => {
    seen.downs += 1;
    await receiver.down();
    await sleep(ms);
    await receiver.up();
  };
  const [first, second] = followed;
  assert.ok(first !== undefined && second !== undefined);
  await sleep(1_000);
  await restart(0);
  await Promise.all([goDown(first, 400), goDown(second, 1_200)]);
  let cut = await cutConnections();
  await goDown(first, 100);
  cut += await cutConnections();
  await Promise.all([restart(0), restart(1), goDown(second, 300)]);
  await writing;

  for (const { client, receiver, seen, webhook } of followed) {
    for (let looks = 0; looks < 1_200; looks++) {
      const told = new Set(receiver.received.map((message) => message.id));
      if (told.size >= EVENTS) break;
      await sleep(50);
    }
    const firsts = [...new Map(receiver.received.toReversed().map((message) => [message.id, message])).values()].sort(
      (a, b) => a.at - b.at,
    );
    const repeats = receiver.received.length - firsts.length;
    const events = await superuser.query(
      'select seq::int as seq, consent_id, type from feed_event where client_id = $1 order by seq',
      [clientOf(client).id],
    );
    assert.equal(events.rows.length, EVENTS);
    const told = firsts.map(({ data, type }) => `${data.sequenceNr} ${type} ${data.consentId}`);
    const wanted = events.rows.map(({ seq, consent_id, type }) => `${seq} consent.${type} ${consent_id}`);
    // Where they part, and not how: thousands of lines would tell nobody anything.
    assert.equal(
      told.findIndex((one, place) => one !== wanted[place]),
      -1,
    );
    assert.equal(told.length, EVENTS);
    assert.ok(receiver.received.every((message) => isSignedWith(webhook.secret, message)));
    t.diagnostic(
      `client ${client}: ${firsts.length} events told, ${repeats} repeats; ${seen.lost} were taken without a word, away ${seen.downs} times`,
    );
    // That there was something to go wrong, and that what comes twice is what was under way.
    assert.ok(repeats >= seen.lost && repeats < EVENTS / 10, `${repeats} repeats`);
    assert.ok(seen.lost > 0);
  }
  t.diagnostic(`${cut} connections were cut; ${Math.round((performance.now() - begun) / 1000)} s`);
  assert.ok(cut > 0);
});
