import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withClient, createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { keyMachines, type KeyMachines, type KeyNode } from '../../test/support/key-nodes.ts';
import { ConfigError } from '../platform/config.ts';
import { generateKeysFile, readKeysFile } from '../platform/keys.ts';
import { keyKinds, type KeyKind } from '../platform/keys-kinds.ts';
import { withNewKeys } from '../platform/keys-file.ts';
import { idsOf } from '../platform/keys-order.ts';
import { joinInstallation } from './join.ts';
import { readNodes, readRegistered } from './key-registry.ts';
import { listKeys } from './list-keys.ts';
import { stateOf } from './rotation.ts';

/** A test in an installation of its own. */
function inNew(title: string, work: (machines: KeyMachines, database: TestDatabase) => Promise<void>): void {
  test(title, async () => {
    const database = await createDatabase();
    const machines = keyMachines(database);
    try {
      await work(machines, database);
    } finally {
      await machines.close();
      await database.drop();
    }
  });
}

/** Ids and states of a kind, the newest last; those that have been retired left out. */
const statesOf = async (node: KeyNode, kind: KeyKind): Promise<readonly (readonly [string, string])[]> =>
  (await readRegistered(node.platform.db))
    .filter((key) => key.kind === kind && key.retiredAt === null)
    .map((key) => [key.id, stateOf(key)] as const)
    .toSorted(([, a], [, b]) => order.indexOf(a) - order.indexOf(b));
const order = ['replaced', 'in use', 'waiting'];
const idOf = (begun: Awaited<ReturnType<KeyNode['rotate']>>): string => ('ids' in begun ? (begun.ids[0] ?? '') : '');
/** The keys of a kind that a node works with, the one in use first. */
const worksWith = (node: KeyNode, kind: KeyKind): readonly string[] => idsOf(node.platform.keys)[kind];

inNew(
  'R7: no node uses a new key before all know it; then all do, and the old one goes from every machine',
  async (machines) => {
    const [a, b] = [await machines.start(), await machines.start()];
    for (const kind of keyKinds) {
      const before = worksWith(a, kind);
      const begun = await a.rotate(kind);
      assert.equal(begun.outcome, 'made');
      const ids = 'ids' in begun ? begun.ids : [];
      for (let turns = 0; turns < 3; turns++) for (const node of [a, b]) await node.follow();
      assert.deepEqual(
        worksWith(a, kind),
        [...before, ...ids],
        `${kind}: known, and not used: the other does not know it`,
      );
      assert.deepEqual(worksWith(b, kind), before, kind);

      machines.give(a, b);
      if (kind === 'signing') {
        for (const node of [b, a, b]) await node.follow();
        assert.deepEqual(worksWith(a, kind).slice(0, 2), before, 'others have older lists of keys still');
        for (const node of [a, b]) node.time.ahead += 601;
      }
      await b.follow();
      const whyNot = async () => (await b.retire(kind)).flatMap(({ hindrances }) => hindrances.map(({ why }) => why));
      assert.ok((await whyNot()).includes('nodes'), 'the other has not heard that another is in use');
      assert.deepEqual(worksWith(a, kind), [...before, ...ids]);
      for (const node of [a, b]) await node.follow();
      for (const node of [a, b]) assert.deepEqual(worksWith(node, kind), [...ids, ...before]);

      // Only what is over goes.
      if (kind === 'signing' || kind === 'cookies' || kind === 'login') {
        assert.deepEqual([...new Set(await whyNot())], ['time']);
        for (const node of [a, b]) node.time.ahead += 7_300;
      }
      assert.deepEqual(await whyNot(), [], kind);
      assert.deepEqual((await b.removeRetired(kind)).toSorted(), before.toSorted(), kind);
      assert.deepEqual(await b.removeRetired(kind), [], 'safe to repeat');
      machines.give(b, a);
      for (const node of [a, b]) await node.follow();
      for (const node of [a, b]) assert.deepEqual(worksWith(node, kind), ids, kind);
    }
  },
);

inNew(
  'R7: a rotation may be interrupted anywhere and begun again: it goes on with the key that is there',
  async (machines) => {
    const a = await machines.start();
    const first = await a.rotate('nin-encryption');
    // Run twice.
    assert.deepEqual(await a.rotate('nin-encryption'), { ...first, outcome: 'resumed' });
    await a.follow();
    assert.deepEqual(
      (await statesOf(a, 'nin-encryption')).map(([, state]) => state),
      ['replaced', 'in use'],
    );
    const again = await a.rotate('nin-encryption');
    assert.equal(again.outcome, 'unfinished', 'and begins none by mistake');
    // Killed between the file and the database.
    const { text, ids } = withNewKeys(readFileSync(a.file, 'utf8'), 'cookies');
    writeFileSync(a.file, text);
    assert.deepEqual(await a.rotate('cookies', { dryRun: true }), { outcome: 'resumed', ids, ordered: true });
    assert.deepEqual(await a.rotate('cookies'), { outcome: 'resumed', ids, ordered: true });
    await a.follow();
    assert.equal(worksWith(a, 'cookies')[0], ids[0]);
    // Two at once.
    const both = await Promise.all([a.rotate('seals'), a.rotate('seals')]);
    assert.deepEqual(both.map(({ outcome }) => outcome).toSorted(), ['made', 'resumed']);
    assert.deepEqual(idsOf(readKeysFile(a.file)).seals.length, 2);
    // Anew, in a hurry: the one before it is there for reading.
    const anew = await a.rotate('nin-encryption', { anew: true });
    assert.equal(anew.outcome, 'made');
    await a.follow();
    await a.follow();
    assert.deepEqual(worksWith(a, 'nin-encryption')[0], idOf(anew));
    assert.equal((await a.retire('nin-encryption')).length, 2);
    await a.removeRetired('nin-encryption');
    await a.follow();
    assert.deepEqual(worksWith(a, 'nin-encryption'), [idOf(anew)]);
  },
);

inNew(
  'R7: a dry run changes nothing; a login key is used when somebody says that it is registered',
  async (machines) => {
    const a = await machines.start();
    const file = readFileSync(a.file, 'utf8');
    const registered = await readRegistered(a.platform.db);
    assert.deepEqual(await a.rotate('login', { dryRun: true }), { outcome: 'made', ids: [], ordered: true });
    assert.deepEqual([readFileSync(a.file, 'utf8'), await readRegistered(a.platform.db)], [file, registered]);
    const before = worksWith(a, 'login');
    const begun = await a.rotate('login', { ordered: false });
    for (let turns = 0; turns < 3; turns++) await a.follow();
    assert.deepEqual(worksWith(a, 'login')[0], before[0]);
    const { steps } = await listKeys(a.platform, a.platform.keyring.known());
    assert.deepEqual(steps.get('login'), { kind: 'wait_for_order', ids: [idOf(begun)] });
    await a.rotate('login', { ordered: true });
    await a.follow();
    assert.deepEqual(worksWith(a, 'login')[0], idOf(begun));
    // A key that waits may be given up.
    const waiting = idOf(await a.rotate('cookies', { ordered: false }));
    assert.deepEqual(await a.retire('cookies', { id: waiting, dryRun: true }), [{ id: waiting, hindrances: [] }]);
    assert.deepEqual(await a.retire('cookies', { id: waiting }), [{ id: waiting, hindrances: [] }]);
    assert.deepEqual(await a.removeRetired('cookies'), [waiting]);
  },
);

inNew(
  'R4: a node does not begin with an old file, and does not take one: it names the keys that are missing',
  async (machines) => {
    const a = await machines.start();
    const original = readFileSync(a.file, 'utf8');
    const stale = { file: join(machines.folder, 'stale.json') };
    writeFileSync(stale.file, original);
    const made = idOf(await a.rotate('cookies'));
    await a.follow();
    await a.follow();
    assert.equal(worksWith(a, 'cookies')[0], made);
    await assert.rejects(
      machines.start(stale),
      (error: unknown) =>
        error instanceof ConfigError &&
        error.problems.length === 2 &&
        /^KEYS_FILE .*machine-\d+\.json lacks keys that are in use, or that rows need to be read: cookies /.test(
          error.message,
        ) &&
        error.message.includes(made) &&
        error.message.includes('Take the newest copy of the file'),
    );
    // The same for a running node: it goes on with what it knows.
    const newest = readFileSync(a.file, 'utf8');
    for (const bad of [original, newest.slice(0, 500), generateKeysFile({ sandbox: true })]) {
      writeFileSync(a.file, bad);
      await a.follow();
      await a.follow();
      assert.equal(worksWith(a, 'cookies')[0], made);
    }
    assert.deepEqual(await a.rotate('seals'), {
      outcome: 'refused',
      problem: `the keys file ${a.file} is not the newest: it lacks ${await listOfLacking(a)}. Take the copy that the nodes have, and run this again`,
    });
    writeFileSync(a.file, newest);
    await a.follow();
    assert.equal(a.platform.keyring.look(), undefined);
    a.platform.log.flush();
    const told = readFileSync(a.platform.config.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('the changed keys file is not taken'));
    assert.equal(told.length, 3, 'once for each');
  },
);

const listOfLacking = async (node: KeyNode): Promise<string> => {
  const { lacking } = await listKeys(node.platform, idsOf(readKeysFile(node.file)));
  return keyKinds
    .flatMap((kind) => (lacking[kind].length === 0 ? [] : [`${kind} ${lacking[kind].join(', ')}`]))
    .join('; ');
};

inNew(
  'R7: whoever rotates where the file lacks the key of a rotation that was begun elsewhere is told so',
  async (machines) => {
    const [a, b] = [await machines.start(), await machines.start()];
    const made = idOf(await a.rotate('nin-index'));
    const refused = await b.rotate('nin-index');
    assert.ok(
      refused.outcome === 'refused' && refused.problem.includes(made) && refused.problem.includes('retire nin-index'),
    );
    machines.give(a, b);
    assert.equal((await b.rotate('nin-index')).outcome, 'resumed');
  },
);

inNew(
  'R7: a killed node is waited for no longer when it has started again, or after a while; one that left, not at all',
  async (machines, database) => {
    const [a, b] = [await machines.start(), await machines.start()];
    const made = idOf(await a.rotate('cookies'));
    await a.follow();
    const waits = async () => (await listKeys(a.platform, a.platform.keyring.known())).steps.get('cookies');
    const step = await waits();
    assert.ok(step?.kind === 'wait_for_nodes' && step.nodes[0] === b.platform.keyring.node.name);
    // Killed, and started again in its place with the new file some seconds later.
    await withClient(database.superuserUrl, (client) =>
      client.query("update node set seen_at = seen_at - interval '6 seconds' where name = $1", [
        b.platform.keyring.node.name,
      ]),
    );
    machines.give(a, b);
    await joinInstallation({
      ...b.platform,
      keys: readKeysFile(b.file),
      keyring: {
        ...b.platform.keyring,
        node: { id: crypto.randomUUID(), name: b.platform.keyring.node.name },
        known: () => idsOf(readKeysFile(b.file)),
      },
    });
    assert.equal((await readNodes(a.platform.db)).length, 2);
    await a.follow();
    await a.follow();
    assert.equal(worksWith(a, 'cookies')[0], made);

    // One that hangs.
    const other = idOf(await a.rotate('seals'));
    await a.follow();
    assert.notEqual(worksWith(a, 'seals')[0], other);
    await withClient(database.superuserUrl, (client) =>
      client.query("update node set seen_at = seen_at - interval '31 seconds' where name = $1", [
        b.platform.keyring.node.name,
      ]),
    );
    await a.follow();
    await a.follow();
    assert.equal(worksWith(a, 'seals')[0], other);
  },
);

inNew(
  'R7: a key that nobody has any more can be given up when no row needs it, and no node has it',
  async (machines) => {
    const a = await machines.start();
    const lost = { file: join(machines.folder, 'lost.json') };
    writeFileSync(lost.file, readFileSync(a.file));
    const made = idOf(await a.rotate('cookies'));
    await a.follow();
    await a.follow();
    const b = await machines.start(lost, { join: false });
    await assert.rejects(joinInstallation(b.platform), ConfigError);
    assert.deepEqual(
      (await b.retire('cookies', { lost: true, id: made })).flatMap(({ hindrances }) =>
        hindrances.map(({ why }) => why),
      ),
      ['nodes'],
    );
    await a.close();
    assert.deepEqual(await b.retire('cookies', { lost: true, id: made }), [{ id: made, hindrances: [] }]);
    await joinInstallation(b.platform);
    assert.deepEqual(worksWith(b, 'cookies'), idsOf(readKeysFile(lost.file)).cookies);
  },
);
