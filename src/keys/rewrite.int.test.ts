import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { syntheticNin } from '../../test/support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../../test/support/database.ts';
import { keyMachines, type KeyMachines, type KeyNode } from '../../test/support/key-nodes.ts';
import { clientOf, type Json } from '../../test/support/world.ts';
import { syntheticNinAt } from '../../sandbox/synthetic-nin.ts';
import { personIdsOf } from '../audit/person-registry.ts';
import { findGivenConsent, listConsents } from '../consent/list.ts';
import { readConsent, ninOf } from '../consent/find.ts';
import { purgePastRetention } from '../consent/purge.ts';
import { registerConsent } from '../consent/register.ts';
import { sqlState } from '../platform/db.ts';
import { newId } from '../platform/ids.ts';
import type { KeyKind } from '../platform/keys-kinds.ts';
import { ninVault } from '../platform/crypto.ts';
import { sealedFor } from '../sign-in/session.ts';
import { subscribe } from '../webhooks/subscribe.ts';
import { resealWebhookSecrets } from '../webhooks/secrets.ts';
import { rewriteRows } from './rewrite.ts';

let database: TestDatabase;
let machines: KeyMachines;
let [a, b]: KeyNode[] = [];
before(async () => {
  database = await createDatabase();
  machines = keyMachines(database);
  a = await machines.start();
  b = await machines.start();
});
after(async () => {
  await machines.close();
  await database.drop();
});

const [first, second] = [() => a as KeyNode, () => b as KeyNode];
async function inspect(text: string, values: readonly unknown[] = []): Promise<Json[]> {
  let rows: Json[] = [];
  await withClient(database.superuserUrl, async (client) => {
    rows = (await client.query(text, [...values])).rows;
  });
  return rows;
}
const ninAt = (place: number): string => syntheticNinAt(place, 9);
const give = (node: KeyNode, nin: string, externalId: string | null = null) =>
  registerConsent(node.platform, {
    clientId: clientOf(1).id,
    nin: syntheticNin(nin),
    purpose: 'processing',
    duration: { kind: 'days', days: 28 },
    externalId,
    actor: 'client',
    traceId: 'test',
  });
/** Takes a rotation to where the first node has the new key in use, and the second knows it and has not heard of that. */
async function halfway(kind: KeyKind): Promise<string> {
  const begun = await first().rotate(kind);
  machines.give(first(), second());
  for (const node of [second(), first(), first()]) await node.follow();
  return 'ids' in begun ? (begun.ids[0] ?? '') : '';
}
const rewrite = (node: KeyNode) => rewriteRows(node.platform, { forMs: 60_000 });
/** All that a node's job does. */
async function rewriteAll(node: KeyNode): Promise<void> {
  const { encryptionKey } = await rewrite(node);
  if (encryptionKey !== undefined) await resealWebhookSecrets(node.platform, encryptionKey);
}
const idsOfPerson = (node: KeyNode, nin: string) =>
  personIdsOf(node.platform.db, node.platform.vault, syntheticNin(nin));

test('R7: while nodes disagree which key is in use, each finds whom the other has met, and is told what the other told', async () => {
  const known = await give(second(), ninAt(0), 'known');
  const key = await halfway('nin-index');
  assert.notEqual(first().platform.vault.indexKeys()[0], second().platform.vault.indexKeys()[0]);
  const [met, again] = [await give(first(), ninAt(1), 'one'), await give(second(), ninAt(1), 'one')];
  assert.equal(again.id, met.id);
  for (const node of [first(), second()]) {
    assert.deepEqual(await idsOfPerson(node, ninAt(0)), [known.personId]);
    assert.deepEqual(await idsOfPerson(node, ninAt(1)), [met.personId]);
  }
  const keys = await inspect('select nin_index_key as key from person where id = $1', [met.personId]);
  assert.deepEqual(keys, [{ key }]);
  // One that has not heard of it leaves the rows alone.
  assert.deepEqual(await rewrite(second()), {
    persons: 0,
    sessions: 0,
    unreadable: 0,
    done: false,
    encryptionKey: undefined,
  });
});

test('R7: somebody who was met under two keys at once is one person afterwards: every id stays good, and consents and log are as they were', async () => {
  // Two nodes meet them at the same instant, each under its own key: neither sees the other's row.
  const nin = ninAt(2);
  const twins: string[] = [];
  for (const node of [second(), first()]) {
    const id = newId();
    const { vault } = node.platform;
    const [index, sealed] = [vault.index(syntheticNin(nin)), vault.seal(syntheticNin(nin), id)];
    const at = new Date(Date.now() - 8 * 86_400_000 + twins.length);
    await inspect(
      `insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at) values ($1, $2, $3, $4, $5, $6)`,
      [id, index.hash, index.keyId, sealed.cipher, sealed.keyId, at],
    );
    twins.push(id);
  }
  const [early = '', late = ''] = twins;
  // Consents of both, as they came to be before.
  const ofEarly = await give(second(), nin, 'early');
  assert.equal(ofEarly.personId, early);
  const ofLate = await give(first(), nin, 'late');
  await inspect('update consent set person_id = $1 where id = $2', [late, ofLate.id]);
  await inspect("update audit_log set person_id = $1 where consent_id = $2 and kind = 'consent_registered'", [
    late,
    ofLate.id,
  ]);
  const log = await inspect('select * from audit_log order by id');
  for (const node of [first(), second()]) assert.deepEqual(await idsOfPerson(node, nin), [early, late]);

  await second().follow();
  const { done, unreadable } = await rewrite(first());
  assert.deepEqual([done, unreadable], [true, 0]);
  const rows = await inspect(
    'select id, nin_index is null as beside, same_as from person where id = any ($1) order by created_at',
    [twins],
  );
  assert.deepEqual(rows, [
    { id: early, beside: false, same_as: null },
    { id: late, beside: true, same_as: early },
  ]);
  for (const node of [first(), second()]) assert.deepEqual(await idsOfPerson(node, nin), [early, late]);
  const persons = await idsOfPerson(first(), nin);
  assert.equal((await listConsents(first().platform, persons, { activeAtMost: 9, endedAtMost: 9 })).active.length, 2);
  for (const consent of [ofEarly, ofLate]) {
    assert.ok(await findGivenConsent(first().platform, persons, consent.id));
    const read = await readConsent(first().platform.db, consent.id);
    assert.ok(read !== undefined && (await ninOf(first().platform, read)).equals(syntheticNin(nin)));
  }
  assert.equal((await give(first(), nin, 'late')).id, ofLate.id, 'idempotent for either');
  assert.equal((await give(first(), nin, 'new')).personId, early);
  assert.deepEqual((await inspect('select * from audit_log order by id')).slice(0, log.length), log);
  const duplicates = await inspect(
    'select count(*)::int as rows, count(distinct nin_index)::int as numbers from person where same_as is null',
  );
  assert.equal(duplicates[0].rows, duplicates[0].numbers);
  assert.deepEqual(await rewrite(first()), {
    persons: 0,
    sessions: 0,
    unreadable: 0,
    done: true,
    encryptionKey: undefined,
  });
});

test('C8: of somebody who was met twice the earlier row stays as long as the later one is needed, and goes with it', async () => {
  const [{ id: late, same_as: early }] = await inspect('select id, same_as from person where same_as is not null');
  const speaks = 'select (select count(*) from person where id = any ($1))::int as persons';
  await inspect('delete from consent where person_id = $1', [early]);
  await inspect('update audit_log set person_id = null where person_id = $1', [early]);
  await purgePastRetention(first().platform);
  assert.deepEqual(await inspect(speaks, [[early, late]]), [{ persons: 2 }], 'its number is found by the earlier one');
  await inspect('delete from consent where person_id = $1', [late]);
  await inspect('update audit_log set person_id = null where person_id = $1', [late]);
  await purgePastRetention(first().platform);
  assert.deepEqual(await inspect(speaks, [[early, late]]), [{ persons: 0 }]);
});

test('R7: numbers, sessions and secrets of webhooks come under the new key, can be read by it alone, and then the old one goes', async () => {
  const { platform } = first();
  const [old] = platform.keys.ninEncryption;
  const nins = Array.from({ length: 450 }, (_, place) => ninAt(10 + place));
  for (const nin of nins) await give(first(), nin);
  const sessions: Buffer[] = [];
  for (const [place, nin] of nins.slice(0, 3).entries()) {
    const id = Buffer.alloc(32, place + 1);
    const [sealed, token] = [
      platform.vault.seal(syntheticNin(nin), sealedFor(id)),
      platform.vault.sealText('token', sealedFor(id)),
    ];
    await inspect(
      `insert into session (id_hash, used_for, nin_cipher, nin_cipher_key, level, issuer, id_token_cipher, id_token_key, signed_in_at, last_seen_at)
       values ($1, 'portal', $2, $3, 'high', 'x', $4, $5, now(), now())`,
      [id, sealed.cipher, sealed.keyId, place === 2 ? null : token.cipher, place === 2 ? null : token.keyId],
    );
    sessions.push(id);
  }
  const webhook = await subscribe(
    platform,
    { clientId: clientOf(1).id, traceId: 'test' },
    { url: 'http://localhost:1/hook', eventTypes: ['consent.created'] },
  );
  const key = await halfway('nin-encryption');
  await second().follow();
  const why = async () => (await first().retire('nin-encryption')).flatMap(({ hindrances }) => hindrances);
  await first().follow();
  const [hindrance] = await why();
  assert.ok(hindrance?.why === 'rows');
  assert.deepEqual(
    hindrance.rows.map(({ what }) => what),
    ['persons', 'sessions', 'webhooks'],
  );

  // On two nodes at once, in portions.
  const both = await Promise.all([rewrite(first()), rewrite(second())]);
  const sum = (of: (one: (typeof both)[0]) => number) => both.reduce((total, one) => total + of(one), 0);
  const persons = Number((await inspect('select count(*) from person'))[0].count);
  assert.deepEqual([sum((one) => one.persons), sum((one) => one.sessions)], [persons, 3]);
  assert.equal(both[0]?.encryptionKey, key);
  assert.equal(await resealWebhookSecrets(platform, key), 1);
  const under = await inspect(
    `select nin_cipher_key as key from person union select nin_cipher_key from session union select coalesce(id_token_key, $1) from session
     union select secret_cipher_key from webhook_subscription`,
    [key],
  );
  assert.deepEqual(under, [{ key }]);
  assert.deepEqual(await why(), []);
  assert.deepEqual(await first().removeRetired('nin-encryption'), [old?.id]);
  machines.give(first(), second());
  for (const node of [first(), second()]) await node.follow();

  const { ninEncryption, ninIndex } = second().platform.keys;
  assert.deepEqual(
    ninEncryption.map(({ id }) => id),
    [key],
  );
  const vault = ninVault({ encryption: ninEncryption, index: ninIndex });
  const read = new Set<string>();
  for (const row of await inspect('select id, nin_cipher, nin_cipher_key, nin_index from person')) {
    const nin = vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, row.id);
    assert.deepEqual(vault.index(nin).hash, row.nin_index);
    read.add(nin.reveal());
  }
  for (const nin of nins) assert.ok(read.has(nin));
  for (const row of await inspect('select * from session order by id_hash')) {
    const owner = sealedFor(row.id_hash);
    vault.open({ keyId: row.nin_cipher_key, cipher: row.nin_cipher }, owner);
    if (row.id_token_key !== null)
      assert.equal(vault.openText({ keyId: row.id_token_key, cipher: row.id_token_cipher }, owner), 'token');
  }
  const [hook] = await inspect('select * from webhook_subscription');
  const sealed = { keyId: hook.secret_cipher_key, cipher: hook.secret_cipher };
  assert.equal(vault.openText(sealed, webhook.subscription.id), webhook.secret);
});

test('R7: nothing is written with a key that has been retired, not even by a node that slept through it', async () => {
  const asleep = await machines.start(first());
  const nin = syntheticNin(ninAt(600));
  const slept = asleep.platform.vault.asOfNow();
  await asleep.close();
  for (const kind of ['nin-encryption', 'nin-index'] as const) {
    await halfway(kind);
    await second().follow();
    await rewriteAll(first());
    await first().follow();
    const refused = (await first().retire(kind)).flatMap(({ hindrances }) => hindrances);
    assert.deepEqual(refused, [], kind);
  }
  const sleeper = { ...second().platform, vault: { ...second().platform.vault, ...slept } };
  await assert.rejects(
    registerConsent(sleeper, {
      clientId: clientOf(1).id,
      nin,
      purpose: 'processing',
      duration: { kind: 'days', days: 1 },
      externalId: null,
      actor: 'client',
      traceId: 'test',
    }),
    { code: 'unavailable' },
  );
  assert.equal(
    (await inspect('select count(*)::int as persons from person where nin_index = $1', [slept.index(nin).hash]))[0]
      .persons,
    0,
  );
  const rewritten = inspect("select rewrite_persons('{}', '{}', $1, '{}', $2)", [
    slept.encryptionKeys()[0],
    slept.indexKeys()[0],
  ]);
  await assert.rejects(rewritten, (error: unknown) => sqlState(error) === 'KEY01');
});

test('R7: whoever writes with a key while it is being retired comes first, and then it is not', async () => {
  const key = await halfway('nin-encryption');
  await second().follow();
  await rewriteAll(first());
  await first().follow();
  const [old = ''] = (
    await inspect(
      "select id from registered_key where kind = 'nin-encryption' and replaced_at is not null and retired_at is null",
    )
  ).map(({ id }) => id as string);
  assert.notEqual(old, key);
  const id = newId();
  const vault = ninVault({
    encryption: first().platform.keys.ninEncryption.filter((one) => one.id === old),
    index: first().platform.keys.ninIndex,
  });
  const nin = syntheticNin(ninAt(700));
  const [index, sealed] = [vault.index(nin), vault.seal(nin, id)];
  await withClient(database.ownerUrl, async (writer) => {
    await writer.query('begin');
    await writer.query(
      'insert into person (id, nin_index, nin_index_key, nin_cipher, nin_cipher_key, created_at) values ($1, $2, $3, $4, $5, now())',
      [id, index.hash, index.keyId, sealed.cipher, sealed.keyId],
    );
    const retiring = first().retire('nin-encryption');
    await untilWaiting();
    await writer.query('commit');
    assert.deepEqual(
      (await retiring).flatMap(({ hindrances }) => hindrances.map(({ why }) => why)),
      ['rows'],
    );
  });
  await rewriteAll(first());
  assert.deepEqual(
    (await first().retire('nin-encryption')).flatMap(({ hindrances }) => hindrances),
    [],
  );
});

/** Waits until somebody waits for a lock. */
async function untilWaiting(): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    const waiting = await inspect(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%retire_key%'",
    );
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('nobody came to wait');
}

test('R7: a person whose number cannot be read is left as it is, told of, and keeps its key from being retired', async () => {
  const [{ id }] = await inspect('select id from person limit 1');
  await inspect(
    'update person set nin_cipher = set_byte(nin_cipher, 39, (get_byte(nin_cipher, 39) + 1) % 256) where id = $1',
    [id],
  );
  const before = await inspect('select * from person where id = $1', [id]);
  await halfway('nin-encryption');
  await second().follow();
  await first().follow();
  await rewriteAll(first());
  const rewritten = await rewrite(first());
  assert.deepEqual([rewritten.unreadable, rewritten.done], [1, false]);
  assert.deepEqual(await inspect('select * from person where id = $1', [id]), before);
  assert.deepEqual(
    (await first().retire('nin-encryption')).flatMap(({ hindrances }) => hindrances),
    [{ why: 'rows', rows: [{ what: 'persons', rows: 1 }] }],
  );
});

test('R7: the serving role changes persons by writing them anew and in no other way, and brings no retired key back', async () => {
  const refused = async (statement: string): Promise<string | undefined> => {
    let state: string | undefined;
    await withClient(database.servingUrl, async (client) => {
      await client.query(statement).catch((error: unknown) => (state = sqlState(error)));
    });
    return state;
  };
  for (const statement of [
    "update person set nin_index = '\\x00'",
    'update person set same_as = null',
    'delete from person',
    'update registered_key set retired_at = null',
    "update registered_key set id = 'x'",
    'delete from registered_key',
  ]) {
    assert.equal(await refused(statement), '42501', statement);
  }
});
