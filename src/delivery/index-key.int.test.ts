import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { card, customerText, objectText, pageText } from '../../test/support/broken-deliveries.ts';
import {
  customers,
  customerWith,
  INSTITUTION,
  OWN,
  pages,
  person,
  startDeliveryWorld,
  type DeliveryWorld,
} from '../../test/support/delivery-world.ts';
import { holdingsOf, type HeldUnderIndex } from '../creditors/delivered-loans.ts';
import { Nin } from '../person/nin.ts';
import { joinInstallation } from '../keys/join.ts';
import { dependentsOf, registerKeys, useKeys } from '../keys/key-registry.ts';
import { withNewKeys, withoutKeys } from '../platform/keys-file.ts';
import { parseKeys } from '../platform/keys.ts';
import { acceptPush } from './accept.ts';

let world: DeliveryWorld;
before(async () => {
  world = await startDeliveryWorld();
});
after(() => world.close());

const { text: before1, old } = (() => {
  const text = readFileSync(process.env['SAMTYKKE_TEST_KEYS'] ?? '', 'utf8');
  return { text, old: parseKeys(text).ninIndex[0]?.id ?? '' };
})();
const { text: both, ids } = withNewKeys(before1, 'nin-index');
const [anew = ''] = ids;

/** Which of the keys this node knows, and which of them is in use. */
async function know(text: string, inUse: string): Promise<void> {
  const { db, keyring } = world.platform;
  keyring.take(parseKeys(text));
  const now = new Date();
  await registerKeys(db, 'nin-index', [old, anew], { state: 'waiting', now });
  await useKeys(db, 'nin-index', [inUse], now);
  keyring.use({ 'nin-index': [inUse] });
}

beforeEach(async () => {
  world.clock.setOffsetSeconds(0);
  await world.inspect(
    'truncate delivered_loan, delivered_customer, delivered_closing, delivery_run, registered_key, node',
  );
  await world.inspect("update creditor_provider set delivered_at = null, drawn_at = null, index_keys = '{}'");
  world.platform.keyring.take(parseKeys(before1));
  world.platform.keyring.use({});
  await joinInstallation(world.platform);
});

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const one = (mark: number, timestamp: string, account = 'a', nin = person(0)): string =>
  customerText(nin, INSTITUTION, [
    objectText(card, {
      accountID: JSON.stringify(account),
      timestamp: JSON.stringify(timestamp),
      interestBearingBalance: '0',
      nonInterestBearingBalance: String(mark),
    }),
  ]);
const push = async (...list: string[]): Promise<void> => {
  const body = Buffer.from(pageText(OWN, list));
  const { kind } = await acceptPush(world.platform, { organisation: INSTITUTION, body });
  assert.equal(kind, 'stored');
};
const shown = (place: number) => world.shown(person(place));
const collect = async (batch: readonly string[]): Promise<void> => {
  world.server.conduct(pages([batch]));
  assert.equal((await world.collect()).kind, 'applied');
};
/** How many pairs a key is needed by. */
const needed = async (key: string): Promise<number> =>
  (await dependentsOf(world.platform.db, 'nin-index', key)).find(({ what }) => what === 'deliveries')?.rows ?? 0;
/** Of how many of the first persons something is stored under the old key. */
const underOld = async (): Promise<number> => {
  const vault = world.platform.vault.asOfNow();
  const rows = await world.inspect('select distinct nin_index from delivered_loan');
  const known = new Set(rows.map(({ nin_index: hash }) => (hash as Buffer).toString('hex')));
  const hashes = Array.from({ length: 50 }, (_, place) =>
    vault.indexes(Nin.fromStored(person(place))).find(({ keyId }) => keyId === old),
  );
  return hashes.filter((index) => index !== undefined && known.has(index.hash.toString('hex'))).length;
};

test('R7: the first collection after a rotation stores all of a creditor under the new key, and is shown as it was before', async () => {
  await collect(customers(40, 1));
  assert.deepEqual([await needed(old), await needed(anew), await underOld()], [1, 0, 40]);
  await know(both, anew);
  assert.deepEqual(await shown(7), ['c 1', 'f 1', 'r 1'], 'found under the old key');
  await collect([...customers(39, 1), customerWith(person(45), 2)]);
  assert.deepEqual([await needed(old), await needed(anew), await underOld()], [0, 1, 0]);
  assert.deepEqual(
    [await shown(7), await shown(39), await shown(45)],
    [['c 1', 'f 1', 'r 1'], [], ['c 2', 'f 2', 'r 2']],
  );
  assert.deepEqual(await world.inspect('select count(*)::int as customers from delivered_customer'), [
    { customers: 40 },
  ]);
  // And without the old key.
  world.platform.keyring.take(parseKeys(withoutKeys(both, 'nin-index', [old])));
  assert.deepEqual(await shown(7), ['c 1', 'f 1', 'r 1']);
});

test('R7, D3: what was read beside a consent is taken only where it was found by the only hash of the number', async () => {
  await push(one(1, ago(5)));
  const { db, vault } = world.platform;
  const nin = Nin.fromStored(person(0));
  const found = async (ninIndex: Buffer, rows: HeldUnderIndex['rows']): Promise<number> =>
    (await holdingsOf(db, vault, nin, new Date(0), { ninIndex, rows })).length;
  const nothing: HeldUnderIndex['rows'] = Promise.resolve([]);
  const { hash } = vault.index(nin);
  assert.equal(await found(hash, nothing), 0, 'it is taken');
  assert.equal(await found(Buffer.alloc(32, 1), nothing), 1, 'it was found by the hash of somebody else');
  assert.equal(await found(hash, Promise.resolve(undefined)), 1, 'it could not be read');
  await know(both, anew);
  assert.equal(await found(vault.index(nin).hash, nothing), 1, 'there may be more under the old key');
  assert.equal(await found(hash, nothing), 1, 'and under the new one');
});

test('R7: what was pushed under the old key counts against a collection under the new one: later figures, and closed accounts', async () => {
  const drawn = ago(60);
  const batch = [one(1, drawn), customerWith(person(1), 1, drawn), customerWith(person(3), 1, ago(1))];
  await collect([one(1, ago(90)), customerWith(person(1), 1, ago(90))]);
  await push(one(2, ago(50)), one(3, ago(50), 'n', person(2)));
  await push(one(0, ago(45), `c-${person(1).slice(0, 6)}`, person(1)));
  const expected = [['a 2'], ['f 1', 'r 1'], ['n 3']];
  const all = () => Promise.all([0, 1, 2].map(shown));
  assert.deepEqual(await all(), expected);
  await know(both, anew);
  assert.deepEqual(await all(), expected);
  // Some of its figures are later than the pushes, but not these.
  await collect(batch);
  assert.deepEqual((await all()).slice(0, 2), expected.slice(0, 2), 'its own figures of these accounts are older');
  assert.deepEqual(
    await world.inspect("select count(*)::int as closed from delivered_closing where account_id like 'c-%'"),
    [{ closed: 0 }],
  );
});

test('R7: a collection that was drawn before does not undo a push under another key, whichever of them is new', async () => {
  for (const [first, second] of [
    [old, anew],
    [anew, old],
  ] as const) {
    await know(both, first);
    const batch = [one(1, ago(60)), customerWith(person(1), 1, ago(60))];
    await collect(batch);
    await push(one(2, ago(50)), one(3, ago(50), 'n', person(2)));
    await push(one(0, ago(50), `c-${person(1).slice(0, 6)}`, person(1)));
    await know(both, second);
    await collect(batch);
    assert.deepEqual(await Promise.all([0, 1, 2].map(shown)), [['a 2'], ['f 1', 'r 1'], ['n 3']]);
    await collect(batch);
    assert.deepEqual(
      await Promise.all([0, 1, 2].map(shown)),
      [['a 2'], ['f 1', 'r 1'], ['n 3']],
      'nor the one after it',
    );
    assert.equal(await needed(first), 1, 'a customer whom the creditor has not delivered yet is under it');
    // A day later the pushes have had their time.
    world.clock.setOffsetSeconds(26 * 3_600);
    await collect(batch);
    assert.equal(await needed(first), 0);
    world.clock.setOffsetSeconds(0);
    await world.inspect('truncate delivered_loan, delivered_customer, delivered_closing');
  }
});

test('R7: a push under the new key takes the place of what is under the old one, and needs no collection for that', async () => {
  await collect([one(1, ago(90)), one(1, ago(90), 'b', person(1))]);
  await know(both, anew);
  await push(one(2, ago(50)), one(0, ago(50), 'b', person(1)));
  assert.deepEqual([await shown(0), await shown(1)], [['a 2'], []]);
  assert.equal(await underOld(), 0);
  assert.deepEqual(
    [await needed(old), await needed(anew)],
    [1, 1],
    'whether all is replaced is known after a collection',
  );
});

test('R7: a collection with keys of yesterday changes nothing where others have stored under a key that it does not know', async () => {
  await know(both, anew);
  await push(one(2, ago(50)));
  // A collecting process that read its keys before.
  world.platform.keyring.take(parseKeys(before1));
  world.server.conduct(pages([[one(1, ago(60))]]));
  assert.deepEqual(await world.collect(), { kind: 'failed', failure: 'interrupted' });
  world.platform.keyring.take(parseKeys(both));
  assert.deepEqual(await shown(0), ['a 2']);
  const [run] = await world.runs();
  assert.ok(run.retry_at instanceof Date, 'it is tried again');
  assert.equal((await world.collect()).kind, 'applied');
  assert.deepEqual(await shown(0), ['a 2']);
});

test('R7: nothing is delivered under a key that has been retired', async () => {
  await know(both, anew);
  await world.inspect('update registered_key set retired_at = now() where id = $1', [old]);
  const { platform } = world;
  platform.keyring.take(parseKeys(before1));
  const body = Buffer.from(pageText(OWN, [one(1, ago(1))]));
  await assert.rejects(acceptPush(platform, { organisation: INSTITUTION, body }), { code: 'unavailable' });
  world.server.conduct(pages([[one(1, ago(60))]]));
  assert.deepEqual(await world.collect(), { kind: 'failed', failure: 'internal' });
  assert.deepEqual(await world.inspect('select from delivered_loan'), []);
});
