import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCollector } from '../../src/delivery/collector.ts';
import { Nin } from '../../src/person/nin.ts';
import { holdingsOf } from '../../src/creditors/delivered-loans.ts';
import { openBarePlatform } from '../support/bare-platform.ts';
import { pageText } from '../support/broken-deliveries.ts';
import {
  customers,
  INSTITUTION,
  markOf,
  OWN,
  pages,
  person,
  register,
  sendJson,
  startDeliveringServer,
  startDeliveryWorld,
  type DeliveryWorld,
} from '../support/delivery-world.ts';
import { sized } from '../support/thorough.ts';

/** Customers of the one delivery and of the other: most are in both, with other figures. */
const MANY = 6_000;
const SHIFT = 1_000;
const PAGE = 1_500;
const KILLS = sized(6, 10);

const DAY_SECONDS = 86_400;

interface Delivery {
  readonly mark: number;
  readonly from: number;
  readonly pages: readonly string[];
}
const deliveryOf = (mark: number, from: number): Delivery => ({
  mark,
  from,
  pages: Array.from({ length: MANY / PAGE }, (_, page) => pageText(OWN, customers(PAGE, mark, from + page * PAGE))),
});
const deliveries = [deliveryOf(1, 0), deliveryOf(2, SHIFT)] as const;

let world: DeliveryWorld;
/** The one that the creditor has at this moment. */
let current: 0 | 1 = 0;
before(async () => {
  world = await startDeliveryWorld();
  world.server.conduct((page, response) => sendJson(response, deliveries[current].pages[page] ?? pageText(OWN, [])));
});
after(async () => {
  readingOn.value = false;
  await Promise.all(readers);
  await world.close();
});

/** Business time goes on by days: each has its collection. */
let offset = 0;
function nextDay(): number {
  offset += DAY_SECONDS;
  world.clock.setOffsetSeconds(offset);
  return offset;
}

/** The processes that collect for this one, or for one of its own. */
function collectingProcesses(parent: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return Number(after.split(' ')[1]) === parent && command.includes('collect-process.ts');
      } catch {
        return false;
      }
    });
}

const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

/** Waits until the database has noticed that whoever collected is gone: it lets go of what it held for it. */
async function untilLetGo(): Promise<void> {
  const begin = performance.now();
  const held = () => world.inspect("select from pg_stat_activity where application_name = 'samtykke collect'");
  while ((await held()).length > 0) {
    assert.ok(performance.now() - begin < 10_000, 'the database notices');
    await sleep(20);
  }
}

/** Half of the times any moment of a collection; else one of the swap, which is short. */
async function someMoment(round: number, whole: number): Promise<void> {
  if (round % 2 === 0) {
    await sleep(randomInt(1, whole));
    return;
  }
  const begin = performance.now();
  const swapping = () =>
    world.inspect(`select from pg_stat_activity where application_name = 'samtykke collect' and query ~ 'difference'`);
  while ((await swapping()).length === 0 && performance.now() - begin < 5 * whole) await sleep(5);
  await sleep(randomInt(0, 100));
}

/** What a reader saw that was neither the one delivery nor the other. */
const mixtures: string[] = [];
let reads = 0;
let longest = 0;
const readingOn = { value: true };
const readers: Promise<void>[] = [];

/** All that is there, in one statement, as lookups read: nothing, or one of the two, whole. */
async function whichDelivery(): Promise<number> {
  const [row] = await world.inspect(
    `select count(distinct c.nin_index)::int as customers, count(l.account_id)::int as loans,
       count(l.account_id) filter (where greatest(l.interest_bearing_balance, l.balance, l.non_interest_bearing_balance) = 1)::int as first
     from delivered_customer c left join delivered_loan l using (nin_index, creditor_id, provider_id)`,
  );
  const seen = `${row.customers} customers, ${row.loans} loans, ${row.first} of them of the first`;
  if (seen === '0 customers, 0 loans, 0 of them of the first') return 0;
  if (row.customers === MANY && row.loans === 3 * MANY && (row.first === 0 || row.first === row.loans)) {
    return row.first === 0 ? 2 : 1;
  }
  mixtures.push(seen);
  return -1;
}

async function readOn(): Promise<void> {
  while (readingOn.value) {
    const begin = performance.now();
    await whichDelivery();
    // Somebody who is in both deliveries, as a lookup reads.
    const nin = Nin.fromStored(person(randomInt(SHIFT, MANY)));
    const { db, vault } = world.platform;
    const single = performance.now();
    const held = await holdingsOf(db, vault, nin, new Date(0));
    if (begin > 0) longest = Math.max(longest, performance.now() - single);
    const seen = held.flatMap(({ delivered }) => delivered().map((loan) => markOf(loan)));
    if (held.length > 0 && (seen.length !== 3 || new Set(seen).size !== 1)) mixtures.push(`marks ${seen.join()}`);
    reads += 1;
    await sleep(20);
  }
}

test('D3: kill -9 of the collecting process at random moments: always the old set or the new one', async (t) => {
  const collector = openCollector(world.platform, { waitSeconds: 600 });
  nextDay();
  await collector.collectDue();
  assert.equal(await whichDelivery(), 1);
  readers.push(readOn());
  // How long a whole one takes, with a reader beside it.
  current = 1;
  nextDay();
  const begin = performance.now();
  await collector.collectDue();
  const whole = Math.ceil(performance.now() - begin);
  let there = await whichDelivery();
  assert.equal(there, 2);

  let applied = 0;
  for (let round = 0; round < KILLS; round += 1) {
    current = there === 1 ? 1 : 0;
    nextDay();
    const due = collector.collectDue().then(
      () => true,
      () => false,
    );
    await someMoment(round, whole);
    for (const pid of collectingProcesses(process.pid)) process.kill(pid, 'SIGKILL');
    const ended = await due;
    await untilLetGo();
    const now = await whichDelivery();
    assert.ok(now === 1 || now === 2, mixtures.join('; '));
    if (ended) assert.notEqual(now, there, 'what ended well was applied');
    if (now !== there) applied += 1;
    there = now;
  }
  t.diagnostic(`a whole collection takes ${whole} ms; of ${KILLS} that were killed ${applied} had been applied`);
  const [{ open }] = await world.inspect('select count(*)::int as open from delivery_run where outcome is null');
  assert.equal(open, 0, 'each of them was told to have ended');

  current = there === 1 ? 1 : 0;
  nextDay();
  await collector.collectDue();
  assert.notEqual(await whichDelivery(), there);
  await collector.close();
  assert.deepEqual(mixtures, []);
});

interface CollectingNode {
  readonly child: ChildProcess;
  /** Tells it how far business time is ahead, and that it shall collect. */
  collect(offsetSeconds: number): void;
  said(word: string): Promise<void>;
}

async function startCollectingNode(): Promise<CollectingNode> {
  const program = join(import.meta.dirname, 'collection-writer.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(world.database)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const node: CollectingNode = {
    child,
    collect: (seconds) => void child.stdin.write(`${seconds}\n`),
    said: async (word) => {
      while (!text.includes(word)) {
        assert.equal(child.exitCode, null, 'the node lives');
        await sleep(10);
      }
      text = text.replace(word, '');
    },
  };
  await node.said('ready');
  return node;
}

test('D3: kill -9 of a node at random moments of a collection: always the old set or the new one, and its collecting process ends with it', async (t) => {
  let there = await whichDelivery();
  const survivor = openCollector(world.platform, { waitSeconds: 600 });
  let node = await startCollectingNode();
  current = there === 1 ? 1 : 0;
  const begin = performance.now();
  node.collect(nextDay());
  await node.said('collected');
  const whole = Math.ceil(performance.now() - begin);
  assert.notEqual(await whichDelivery(), there);
  let applied = 0;
  // A node takes a while to start.
  const rounds = [1, 4, 6, 8].slice(0, sized(2, 4));
  for (const round of rounds) {
    there = await whichDelivery();
    current = there === 1 ? 1 : 0;
    node.collect(nextDay());
    await someMoment(round, whole);
    const orphans = collectingProcesses(node.child.pid ?? 0);
    node.child.kill('SIGKILL');
    await once(node.child, 'exit');
    const killed = performance.now();
    while (orphans.some(isRunning)) {
      assert.ok(performance.now() - killed < 5_000, 'the collecting process ends with its node');
      await sleep(10);
    }
    await untilLetGo();
    const now = await whichDelivery();
    assert.ok(now === 1 || now === 2, mixtures.join('; '));
    if (now !== there) applied += 1;
    // Another node takes over, when it is time for the next try.
    const next = startCollectingNode();
    offset += 120;
    world.clock.setOffsetSeconds(offset);
    await survivor.collectDue();
    assert.notEqual(await whichDelivery(), there);
    node = await next;
  }
  await survivor.close();
  t.diagnostic(`of ${rounds.length} nodes that were killed ${applied} had applied their collection`);
  node.child.kill('SIGKILL');
  await once(node.child, 'exit');
  readingOn.value = false;
  await Promise.all(readers);
  t.diagnostic(`${reads} reads, the longest lookup ${Math.round(longest)} ms`);
  assert.deepEqual(mixtures, []);
  assert.ok(reads > 100);
});

test('D3: two nodes at once collect each creditor once', async () => {
  const { platform } = world;
  const ids = ['210437185', '211872543', '213509624', '215290417', '217468132', '218933572', '220156842', '223781918'];
  const server = await startDeliveringServer();
  const asked: string[] = [];
  const nodes = await Promise.all(
    [1, 2].map(async () => {
      const bare = await openBarePlatform(world.database, { poolSize: 2 });
      return { ...bare, collector: openCollector(bare.platform, { waitSeconds: 600 }) };
    }),
  );
  try {
    for (const id of ids) await register(world.platform, OWN, server.url, id);
    server.conduct((page, response, request) => {
      const id = /\/loans\/(\d+)/.exec(request.url ?? '')?.[1] ?? '';
      if (page === 0) asked.push(id);
      const list = customers(3, 1).map((customer) => customer.replaceAll(`"${INSTITUTION}"`, `"${id}"`));
      const answer = (): void => pages([list])(page, response, request);
      // As many as one node collects at once wait for another one: the other node may have been slow to start.
      const begin = performance.now();
      const timer = setInterval(
        () => {
          if (asked.length <= platform.config.collectAtOnce && performance.now() - begin < 30_000) return;
          clearInterval(timer);
          answer();
        },
        randomInt(20, 60),
      );
    });
    nextDay();
    for (const { clock } of nodes) clock.setOffsetSeconds(offset);
    await Promise.all(nodes.map(({ collector }) => collector.collectDue()));
    assert.deepEqual(asked.toSorted(), ids.toSorted());
    const runs = await world.inspect(
      `select count(*)::int as runs, count(distinct creditor_id)::int as creditors, count(distinct node)::int as nodes
       from delivery_run where creditor_id = any ($1) and outcome = 'applied'`,
      [ids],
    );
    assert.deepEqual(runs, [{ runs: ids.length, creditors: ids.length, nodes: 2 }]);
  } finally {
    for (const node of nodes) {
      await node.collector.close();
      await node.close();
    }
    await server.close();
  }
});

test('D3: a page without end takes no more memory than another one, and is left at the limit', async (t) => {
  const { platform } = world;
  const collector = openCollector(
    { ...platform, config: { ...platform.config, collectPageMb: 200 } },
    { waitSeconds: 600 },
  );
  const page = Buffer.from(`${customers(500, 1).join(',')},`);
  let sent = 0;
  world.server.conduct((_page, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"providerID":"9908:314901398","customers":[');
    const more = (): void => {
      while (!response.destroyed && sent < 5_000_000_000) {
        sent += page.length;
        if (!response.write(page)) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  let peakKb = 0;
  const watch = setInterval(() => {
    for (const pid of collectingProcesses(process.pid)) {
      try {
        peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0));
      } catch {
        // It has just ended.
      }
    }
  }, 50);
  const { reports } = await collector.collectCreditor(INSTITUTION);
  clearInterval(watch);
  await collector.close();
  assert.deepEqual(
    reports.map(({ outcome }) => outcome),
    [{ kind: 'failed', failure: 'page_too_large' }],
  );
  t.diagnostic(`${Math.round(sent / 1e6)} MB sent; at most ${Math.round(peakKb / 1024)} MB of memory`);
  assert.ok(sent < 300_000_000);
  assert.ok(peakKb > 0 && peakKb < 192 * 1024, `${peakKb} KB of memory`);
});
