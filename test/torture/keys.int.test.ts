import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose';
import pg from 'pg';
import { syntheticNinAt } from '../../sandbox/synthetic-nin.ts';
import { saveCreditor, listCreditors } from '../../src/creditors/creditor-registry.ts';
import { holdingsOf } from '../../src/creditors/delivered-loans.ts';
import { acceptPush } from '../../src/delivery/accept.ts';
import { collectCreditor } from '../../src/delivery/collect-due.ts';
import { ninVault } from '../../src/platform/crypto.ts';
import { openSession } from '../../src/platform/db-session.ts';
import { newId } from '../../src/platform/ids.ts';
import { keyKinds, type KeyKind } from '../../src/platform/keys-kinds.ts';
import { idsOf } from '../../src/platform/keys-order.ts';
import { generateKeysFile, parseKeys, readKeysFile } from '../../src/platform/keys.ts';
import { syntheticNin } from '../support/bare-platform.ts';
import { card, customerText, objectText, pageText } from '../support/broken-deliveries.ts';
import { samtykkeHere } from '../support/command-here.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startDeliveringServer, type DeliveringServer } from '../support/delivery-world.ts';
import { answerScreen, askAddress, callbacks, formOn, go, sentBack } from '../support/flow.ts';
import { keyMachines, type KeyMachines, type KeyNode } from '../support/key-nodes.ts';
import { nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { newVisitor, type Visitor } from '../support/visitor.ts';
import {
  agreement,
  bearer,
  clientOf,
  tokenFor,
  tokenRequest,
  type Answer,
  type Json,
} from '../support/world.ts';

/*
 * Three machines with a copy of the keys file each: two nodes that serve, and one that takes deliveries and collects. While all of them
 * work, every kind of keys is rotated, a node and whoever writes rows anew are killed, and the old keys are retired.
 */

const BULK = 3_000;
/** Somebody whose creditors answer and deliver. */
const OWING = '14842249091';
const DELIVERING = '315601238';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-key-torture-'));
const files = ['one', 'two'].map((name) => join(folder, `${name}.json`)) as [string, string];
const original = join(folder, 'original.json');
let database: TestDatabase;
let nodes: [NodeProcess, NodeProcess];
let machines: KeyMachines;
let third: KeyNode;
let delivering: DeliveringServer;
let inspector: pg.Pool;
before(async () => {
  database = await createDatabase();
  inspector = new pg.Pool({ connectionString: database.superuserUrl, max: 2 });
  inspector.on('error', () => undefined);
  writeFileSync(original, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  for (const file of files) copyFileSync(original, file);
  machines = keyMachines(database);
  // One after the other: each tells where its creditors are.
  nodes = [await start(0), await start(1)];
  third = await machines.start({ file: original }, { env: { DATA_DIR: nodeOver(database)['DATA_DIR'] } });
  delivering = await startDeliveringServer();
  await third.platform.db.transaction((tx) =>
    saveCreditor(tx, {
      id: DELIVERING,
      name: 'Innlevert Sparebank',
      providerId: `9908:${DELIVERING}`,
      baseUrl: delivering.url,
      contact: { email: null, phone: null },
    }),
  );
});
after(async () => {
  busy = false;
  for (const node of nodes) await node.end('SIGKILL');
  await delivering.close();
  await machines.close();
  await inspector.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (machine: 0 | 1) => ({ ...nodeOver(database), KEYS_FILE: files[machine] });
const start = (machine: 0 | 1): Promise<NodeProcess> => startNode(environment(machine));
const query = async (text: string, values: readonly unknown[] = []): Promise<Json[]> =>
  (await inspector.query(text, [...values])).rows as Json[];
const nodeAt = (number: number): NodeProcess => nodes[(number % 2) as 0 | 1];

let busy = true;
/** While one of the nodes is killed and starts again, connections to it are cut or refused. */
let cut = 0;
const wrong: string[] = [];

/** Asks until it is answered as it should be, by whichever node; 503 and a cut connection are no answer. */
async function insist(request: Parameters<NodeProcess['call']>[0], wanted: number): Promise<Answer> {
  for (let tries = 0; tries < 400; tries++) {
    const answer = await nodeAt(randomInt(2)).call(request).catch(() => undefined);
    if (answer?.status === wanted) return answer;
    if (answer === undefined) cut += 1;
    else if (answer.status !== 503) {
      wrong.push(`${request.method} ${String(request.url)} ${answer.status} ${answer.text.slice(0, 200)}`);
      break;
    }
    await sleep(randomInt(20, 60));
  }
  throw new Error(`not served as it should be: ${wrong.join('; ')}`);
}

/** Goes on with something until all is done; what goes wrong is told at the end. */
async function again(work: (turn: number) => Promise<void>): Promise<void> {
  for (let turn = 0; busy; turn++) {
    try {
      await work(turn);
    } catch (error) {
      wrong.push(String((error as Error).stack));
      busy = false;
    }
  }
}

/** What was acknowledged. */
const consents: { id: string; nin: string; externalId: string; revoked: boolean; looked: number }[] = [];
const pushed = new Map<string, number>();
const done = { logins: 0, flows: 0, pushes: 0, pages: 0, collections: 0 };

const numberOf = (place: number): string => syntheticNinAt(place, 12);

async function registering(writer: number, tokens: { agreement: string; debt: string }): Promise<void> {
  await again(async (turn) => {
    // Half of them are met for the first time, half of them by two writers at once.
    const nin = turn % 5 === 0 ? OWING : numberOf((turn % 2 === 0 ? 0 : writer * 100_000) + turn);
    const externalId = `keys-${writer}-${turn}`;
    const payload = agreement({ nin, client_consent_id: externalId });
    const put = { method: 'PUT', url: '/v1/consent/agreement', headers: bearer(tokens.agreement), payload } as const;
    const registered = await insist(put, 200);
    const consent = { id: registered.json.consent.id as string, nin, externalId, revoked: false, looked: 0 };
    consents.push(consent);
    const looked = await insist({ method: 'GET', url: `/v1/debt/${consent.id}`, headers: bearer(tokens.debt) }, 200);
    assert.equal(looked.json.ssn, nin);
    if (nin === OWING) assert.ok(looked.json.loans.length > 0);
    consent.looked += 1;
    if (turn % 3 === 0) {
      await insist({ method: 'DELETE', url: `/v1/debt/${consent.id}`, headers: bearer(tokens.debt) }, 204);
      consent.revoked = true;
    }
    await sleep(randomInt(5, 25));
  });
}

/** A browser that meets one node after the other, and another one when that is away. */
const newBrowser = (): Visitor =>
  newVisitor(() => async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    for (let tries = 0; ; tries++) {
      try {
        const answer = await fetch(`http://localhost:${nodeAt(randomInt(2)).port}${pathname}${search}`, init);
        if (answer.status !== 503 || tries > 200) return answer;
      } catch (error) {
        cut += 1;
        if (tries > 200) throw error;
      }
      await sleep(50);
    }
  });

/** Signs in at the portal; answers whether that came through. What a killed node had in hand is gone. */
async function signIn(browser: Visitor, nin: string): Promise<boolean> {
  const login = await go(browser, '/login?to=%2Fconsents');
  const { action, fields } = formOn(login, /^\/testid\/sign-in\//);
  const page = await go(browser, action, { ...fields, nin });
  done.logins += 1;
  return page.status === 200 && page.url.pathname === '/consents';
}

/** The portal of somebody who stays signed in all the time. */
async function reading(browser: Visitor): Promise<void> {
  await again(async () => {
    const page = await browser.request(new URL('/consents', 'http://localhost:4000'));
    assert.equal(page.status, 200, `signed out: ${page.status} ${page.next?.href ?? ''}`);
    done.pages += 1;
    await sleep(randomInt(30, 80));
  });
}

/** A whole consent in the browser, with an ID token that is checked by what the other node publishes. */
async function asking(): Promise<void> {
  await again(async () => {
    const before = cut;
    const browser = newBrowser();
    try {
      const screen = await go(browser, askAddress({ scope: 'debt.unsecured.presentation openid', more: { nonce: 'n' } }));
      const { code } = sentBack(await answerScreen(browser, screen, 'yes'));
      const { basic } = clientOf(1);
      const form = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: callbacks[1] };
      const answer = await nodeAt(randomInt(2)).call(tokenRequest(form, basic));
      assert.equal(answer.status, 200, answer.text);
      const { id_token: idToken } = answer.json as { id_token: string };
      const { json } = await insist({ method: 'GET', url: '/.well-known/jwks.json' }, 200);
      await compactVerify(idToken, createLocalJWKSet(json)).catch((error: unknown) => {
        throw new Error(`signed with ${decodeProtectedHeader(idToken).kid}: ${String(error)}`);
      });
      done.flows += 1;
    } catch (error) {
      // What went on over a node that was killed may have ended with it; a client begins anew.
      if (cut === before && !restarting) throw error;
    }
    await sleep(randomInt(10, 40));
  });
}

/** Pushes to the third machine, and reads there what was pushed. */
async function pushing(): Promise<void> {
  await again(async (turn) => {
    const nin = numberOf(900_000 + (turn % 40));
    const mark = turn + 1;
    const loan = {
      accountID: JSON.stringify(`p-${turn % 40}`),
      timestamp: JSON.stringify(new Date().toISOString()),
      interestBearingBalance: '0',
      nonInterestBearingBalance: String(mark),
    };
    const text = customerText(nin, DELIVERING, [objectText(card, loan)]);
    const body = Buffer.from(pageText(`9908:${DELIVERING}`, [text]));
    const { kind } = await acceptPush(third.platform, { organisation: DELIVERING, body });
    assert.equal(kind, 'stored');
    pushed.set(nin, mark);
    assert.deepEqual(await marksOf(nin), [mark]);
    done.pushes += 1;
    await sleep(randomInt(20, 60));
  });
}

async function marksOf(nin: string): Promise<readonly number[]> {
  const { db, vault } = third.platform;
  const holdings = await holdingsOf(db, vault, syntheticNin(nin), new Date(0));
  return holdings
    .filter(({ creditor }) => creditor.id === DELIVERING)
    .flatMap(({ delivered }) => delivered.map((loan) => (loan.type === 'chargeCard' ? loan.nonInterestBearingBalance : -1)));
}

async function collectAll(): Promise<void> {
  const session = await openSession({ ...third.platform.db.login(), applicationName: 'test', statementMs: 60_000 });
  try {
    for (const { id } of await listCreditors(third.platform.db)) {
      if (id === DELIVERING) continue;
      await collectCreditor(third.platform, session, id, {
        node: 'test',
        report: ({ outcome }) => {
          if (outcome.kind === 'applied') done.collections += 1;
          else wrong.push(`collecting: ${JSON.stringify(outcome)}`);
        },
      });
    }
  } finally {
    await session.close();
  }
}

/** Whoever brings the file of the first machine to the others, as often as it changes. */
async function distributing(): Promise<void> {
  await again(async () => {
    copyFileSync(files[0], files[1]);
    machines.give({ file: files[0] }, third);
    await third.follow();
    await sleep(200);
  });
}

const command = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await samtykkeHere(environment(0), ['keys', ...args]);
  assert.equal(code, 0, `samtykke keys ${args.join(' ')}: ${stderr}`);
  return stdout;
};

const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await isSo()); tries++) {
    assert.ok(busy && tries < 600, `${what}: ${wrong.join('; ')}`);
    await sleep(100);
  }
};

/** Many persons of before, so that writing them anew takes a while. */
async function addBulk(): Promise<void> {
  const { vault } = third.platform;
  const rows = Array.from({ length: BULK }, (_, place) => {
    const [id, nin] = [newId(), syntheticNin(numberOf(500_000 + place))];
    return { id, index: vault.index(nin), sealed: vault.seal(nin, id) };
  });
  await query(
    `insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at)
     select id, hash, $3, cipher, $5, now() from unnest($1::uuid[], $2::bytea[], $4::bytea[]) as made (id, hash, cipher)`,
    [
      rows.map(({ id }) => id),
      rows.map(({ index }) => index.hash),
      rows[0]?.index.keyId,
      rows.map(({ sealed }) => sealed.cipher),
      rows[0]?.sealed.keyId,
    ],
  );
}

let restarting = false;

test('R7: every kind of keys is rotated and the old ones retired while three machines work and are killed, and nothing is lost', async (t) => {
  const begun = performance.now();
  await addBulk();
  const tokens = { agreement: await tokenFor(nodes[0], 'agreement'), debt: await tokenFor(nodes[1], 'debt') };
  const browsers = [newBrowser(), newBrowser()];
  for (const browser of browsers) assert.ok(await signIn(browser, OWING));
  const working = [
    ...[1, 2, 3].map((writer) => registering(writer, tokens)),
    ...browsers.map(reading),
    asking(),
    pushing(),
    distributing(),
  ];
  await sleep(500);
  const before = idsOf(readKeysFile(original));

  // Begun, all of them, one of them twice; they come into use when all machines have the file.
  const kinds: readonly KeyKind[] = keyKinds.filter((kind) => kind !== 'signing');
  await Promise.all([
    ...kinds.map((kind) => command('rotate', kind, '--wait', '60s', ...(kind === 'login' ? ['--registered'] : []))),
    command('rotate', 'nin-index', '--wait', '60s'),
    command('rotate', 'signing', '--wait', '0'),
  ]);
  // As if others had had ten minutes to hear of the key that ID tokens are signed with.
  await until('the new signing keys are known to all', async () => {
    const [{ waiting }] = await query(
      `update registered_key set published_at = published_at - interval '11 minutes'
       where kind = 'signing' and in_use_since is null and published_at > now() - interval '5 minutes' returning 1 as waiting`,
    ).then((rows) => (rows.length > 0 ? rows : [{ waiting: 0 }]));
    return waiting === 1;
  });

  // Whoever writes anew is killed in the midst of it, and so is a node.
  const under = async (): Promise<number> =>
    Number(
      (
        await query('select count(*) from person where nin_index_key = any ($1) or nin_cipher_key = any ($2)', [
          before['nin-index'],
          before['nin-encryption'],
        ])
      )[0].count,
    );
  const rewriting = spawn(process.execPath, ['src/cli/main.ts', 'keys', 'rewrite'], {
    env: { PATH: process.env['PATH'], ...environment(0) },
    stdio: 'ignore',
  });
  await until('rows are written anew', async () => (await under()) < BULK - 200);
  rewriting.kill('SIGKILL');
  await once(rewriting, 'exit');
  const midway = await under();
  restarting = true;
  await nodes[1].end('SIGKILL');
  nodes[1] = await start(1);
  restarting = false;
  await until('all rows are under the new keys', async () => (await under()) === 0);

  await collectAll();
  await until('what was signed before the new keys is over', async () => {
    await query("update registered_key set replaced_at = replaced_at - interval '3 hours' where replaced_at is not null");
    const [{ count }] = await query("select count(*) from registered_key where kind = 'signing' and replaced_at is not null");
    return Number(count) === 2;
  });
  // The seal of the log that is signed with the new key comes in a while; here it is made now.
  await query("update audit_seal set number = number where false");
  const retirable = keyKinds.filter((kind) => kind !== 'seals');
  for (const kind of retirable) {
    await until(`${kind} can be retired`, async () => {
      const { code } = await samtykkeHere(environment(0), ['keys', 'retire', kind, '--dry-run']);
      return code === 0;
    });
  }
  await Promise.all(retirable.map((kind) => command('retire', kind)));
  await sleep(2_500);
  busy = false;
  await Promise.all(working);
  assert.deepEqual(wrong, []);

  // Every machine has the new keys alone.
  const now = idsOf(readKeysFile(files[0]));
  for (const kind of retirable) for (const id of before[kind]) assert.ok(!now[kind].includes(id), `${kind} ${id}`);
  const { ninEncryption, ninIndex } = parseKeys(await import('node:fs').then((fs) => fs.readFileSync(files[0], 'utf8')));
  const vault = ninVault({ encryption: ninEncryption, index: ninIndex });
  const persons = new Map<string, string>();
  for (const row of await query('select * from person')) {
    const nin = vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, row.id).reveal();
    if (row.same_as !== null) continue;
    assert.deepEqual(vault.index(syntheticNin(nin)).hash, row.nin_index);
    assert.equal(persons.has(nin), false, 'one for each number');
    persons.set(nin, row.id);
  }
  const numbers = new Set(consents.map(({ nin }) => nin));
  for (const nin of numbers) assert.ok(persons.has(nin));
  for (let place = 0; place < BULK; place++) assert.ok(persons.has(numberOf(500_000 + place)));

  // Every consent that was acknowledged is there, of its person, in its state, with its log.
  const rows = new Map(
    (
      await query(
        `select c.id, c.archived_reason, coalesce(p.same_as, p.id) as person,
           (select count(*)::int from audit_log a where a.consent_id = c.id and kind = 'consent_registered') as registered,
           (select count(*)::int from audit_log a where a.consent_id = c.id and kind = 'debt_disclosed') as disclosed
         from consent c join person p on p.id = c.person_id`,
      )
    ).map((row) => [row.id as string, row]),
  );
  for (const consent of consents) {
    const row = rows.get(consent.id);
    assert.equal(row?.person, persons.get(consent.nin));
    assert.equal(row?.archived_reason, consent.revoked ? 'revoked_by_client' : null);
    assert.deepEqual([row?.registered, row?.disclosed >= consent.looked], [1, true]);
  }
  for (const [nin, mark] of pushed) assert.deepEqual(await marksOf(nin), [mark]);
  for (const browser of browsers) {
    assert.equal((await browser.request(new URL('/consents', 'http://localhost:4000'))).status, 200, 'still signed in');
  }
  const missing = startNode({ ...environment(0), KEYS_FILE: original });
  await assert.rejects(missing, (error: Error) => {
    for (const kind of keyKinds) for (const id of now[kind]) assert.ok(before[kind].includes(id) || error.message.includes(id), `${kind} ${id}`);
    return /lacks keys that are in use, or that rows need/.test(error.message);
  });
  t.diagnostic(
    `${consents.length} consents, ${numbers.size} persons, ${done.flows} flows, ${done.logins} logins, ${done.pages} pages, ` +
      `${done.pushes} pushes, ${done.collections} collections; ${midway} rows were left when the rewriting was killed, ` +
      `${cut} connections cut; ${Math.round((performance.now() - begun) / 100) / 10} s`,
  );
  assert.ok(consents.length > 50 && done.flows > 3 && done.pushes > 20);
});
