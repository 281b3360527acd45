import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bareEnvironment } from '../support/bare-environment.ts';
import { saveCreditor } from '../../src/creditors/creditor-registry.ts';
import { ninVault } from '../../src/platform/crypto.ts';
import { newId } from '../../src/platform/ids.ts';
import { keyKinds } from '../../src/platform/keys-kinds.ts';
import { idsOf } from '../../src/platform/keys-order.ts';
import { generateKeysFile, readKeysFile } from '../../src/platform/keys.ts';
import { syntheticNin } from '../support/bare-platform.ts';
import { samtykkeHere } from '../support/command-here.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startDeliveringServer, type DeliveringServer } from '../support/delivery-world.ts';
import { keyMachines, type KeyMachines, type KeyNode } from '../support/key-nodes.ts';
import { nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import type { Json } from '../support/world.ts';
import { DELIVERING, deliveryOfPushed, keyWork, numberOf } from './key-work.ts';

/*
 * Three machines with a copy of the keys file each: two nodes that serve, and one that takes deliveries and collects. While all of them
 * work, every kind of keys is rotated, a node and whoever writes rows anew are killed, and the old keys are retired.
 */

const BULK = 3_000;

const folder = mkdtempSync(join(tmpdir(), 'samtykke-key-torture-'));
const files = ['one', 'two'].map((name) => join(folder, `${name}.json`)) as [string, string];
const original = join(folder, 'original.json');
let database: TestDatabase;
const nodes = [] as unknown as [NodeProcess, NodeProcess];
let machines: KeyMachines;
let third: KeyNode;
const work = keyWork(nodes, () => third);
let delivering: DeliveringServer | undefined;
let inspector: pg.Pool;
before(async () => {
  database = await createDatabase();
  inspector = new pg.Pool({ connectionString: database.superuserUrl, max: 2 });
  inspector.on('error', () => undefined);
  writeFileSync(original, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  for (const file of files) copyFileSync(original, file);
  machines = keyMachines(database);
  // One after the other: each tells where its creditors are.
  nodes[0] = await start(0);
  nodes[1] = await start(1);
  third = await machines.start({ file: original }, { env: { DATA_DIR: nodeOver(database)['DATA_DIR'] } });
  const server = await startDeliveringServer();
  delivering = server;
  server.conduct(deliveryOfPushed);
  await third.platform.db.transaction((tx) =>
    saveCreditor(tx, {
      id: DELIVERING,
      name: 'Innlevert Sparebank',
      providerId: `9908:${DELIVERING}`,
      baseUrl: server.url,
      contact: { email: null, phone: null },
    }),
  );
});
after(async () => {
  await work.end();
  for (const node of nodes) await node.end('SIGKILL');
  await delivering?.close();
  await machines.close();
  await inspector.end();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (machine: 0 | 1) => ({ ...nodeOver(database), KEYS_FILE: files[machine] });
const start = (machine: 0 | 1, port?: number): Promise<NodeProcess> => startNode(environment(machine), port);
const query = async (text: string, values: readonly unknown[] = []): Promise<Json[]> =>
  (await inspector.query(text, [...values])).rows;

/** Whoever brings the file of the first machine to the others, as often as it changes. */
const distributing = (): Promise<void> =>
  work.again(async () => {
    // Put in place as a whole: the other machine may be starting, and reads it once.
    copyFileSync(files[0], `${files[1]}.new`);
    renameSync(`${files[1]}.new`, files[1]);
    machines.give({ file: files[0] }, third);
    await third.follow();
    await sleep(200);
  });

const command = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await samtykkeHere(environment(0), ['keys', ...args]);
  assert.equal(code, 0, `samtykke keys ${args.join(' ')}: ${stderr}`);
  return stdout;
};

const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await isSo()); tries++) {
    assert.ok(work.busy() && tries < 600, `${what}: ${work.wrong.join('; ')}`);
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

test('R7: every kind of keys is rotated and the old ones retired while three machines work and are killed, and nothing is lost', async (t) => {
  const begun = performance.now();
  await addBulk();
  await work.begin();
  const distributed = distributing();
  await sleep(500);
  const before = idsOf(readKeysFile(original));

  // Begun, all of them, one of them twice; they come into use when all machines have the file.
  await Promise.all([
    ...keyKinds.map((kind) => command('rotate', kind, '--wait', '60s', ...(kind === 'login' ? ['--registered'] : []))),
    command('rotate', 'nin-index', '--wait', '60s'),
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
    env: { ...bareEnvironment(), ...environment(0) },
    stdio: 'ignore',
  });
  await until('rows are written anew', async () => (await under()) < BULK - 200);
  rewriting.kill('SIGKILL');
  await once(rewriting, 'exit');
  const midway = await under();
  work.restarting(true);
  await nodes[1].end('SIGKILL');
  nodes[1] = await start(1, nodes[1].port);
  work.restarting(false);
  await until('all rows are under the new keys', async () => (await under()) === 0);

  await work.collectAll();
  await until('what was signed before the new keys is over', async () => {
    await query(
      "update registered_key set replaced_at = replaced_at - interval '3 hours' where replaced_at is not null",
    );
    const [{ count }] = await query(
      "select count(*) from registered_key where kind = 'signing' and replaced_at is not null",
    );
    return Number(count) === 2;
  });
  // The next seal of the log comes in a while; the old key is needed until then.
  const retirable = keyKinds.filter((kind) => kind !== 'seals');
  for (const kind of retirable) {
    await until(`${kind} can be retired`, async () => {
      const { code } = await samtykkeHere(environment(0), ['keys', 'retire', kind, '--dry-run']);
      return code === 0;
    });
  }
  await Promise.all(retirable.map((kind) => command('retire', kind)));
  await sleep(2_500);
  await work.end();
  await distributed;
  assert.deepEqual(work.wrong, []);
  const { consents, pushed, done } = work;

  // Every machine has the new keys alone.
  const now = idsOf(readKeysFile(files[0]));
  for (const kind of retirable) for (const id of before[kind]) assert.ok(!now[kind].includes(id), `${kind} ${id}`);
  const { ninEncryption, ninIndex } = readKeysFile(files[0]);
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
  for (const [nin, mark] of pushed) assert.deepEqual(await work.marksOf(nin), [mark]);
  assert.ok(await work.stillSignedIn());
  const missing = startNode({ ...environment(0), KEYS_FILE: original });
  await assert.rejects(missing, (error: Error) => {
    for (const kind of keyKinds)
      for (const id of now[kind]) assert.ok(before[kind].includes(id) || error.message.includes(id), `${kind} ${id}`);
    return /lacks keys that are in use, or that rows need/.test(error.message);
  });
  t.diagnostic(
    `${consents.length} consents, ${numbers.size} persons, ${done.flows} flows, ${done.pages} pages, ` +
      `${done.pushes} pushes, ${done.collections} collections; ${midway} rows were left when the rewriting was killed, ` +
      `${done.cut} connections cut; ${Math.round((performance.now() - begun) / 100) / 10} s`,
  );
  assert.ok(consents.length > 50 && done.flows > 3 && done.pushes > 20);
});
