import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consent, Duration } from '../../src/consent/consent.ts';
import { readEvents, type ConsentEvent } from '../../src/consent/event-log.ts';
import { announceExpired } from '../../src/consent/expire.ts';
import { readConsent } from '../../src/consent/find.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { revokeConsent } from '../../src/consent/revoke.ts';
import { useConsent } from '../../src/consent/use.ts';
import { statusAnswer } from '../../src/consent/wire.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { openBarePlatform, standingAt, syntheticNin, type BarePlatform } from '../support/bare-platform.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { clientOf } from '../support/world.ts';

const DAY_MS = 86_400_000;
const { id: clientId } = clientOf(1);

let database: TestDatabase;
let nodes: readonly BarePlatform[];
/** Four nodes, each with connections of its own, at one instant. */
const nodesAt = (instant: Date): readonly Platform[] => nodes.map(({ platform }) => standingAt(platform, instant));
const nodeAt = (instant: Date): Platform => {
  const [node] = nodesAt(instant);
  assert.ok(node);
  return node;
};

before(async () => {
  database = await createDatabase();
  nodes = await Promise.all(Array.from({ length: 4 }, () => openBarePlatform(database, { poolSize: 8 })));
});
after(async () => {
  for (const node of nodes) await node.close();
  await database.drop();
});

const register = (platform: Platform, duration: Duration): Promise<Consent> =>
  registerConsent(platform, {
    clientId,
    nin: syntheticNin('07857193886'),
    purpose: 'processing',
    duration,
    externalId: null,
    actor: 'client',
    traceId: 'torture',
  });

const revoke = (platform: Platform, consent: Consent): Promise<void> =>
  revokeConsent(platform, { consent, clientId, by: 'client', traceId: 'torture' });

const use = (platform: Platform, consent: Consent): Promise<void> =>
  useConsent(platform, {
    consent,
    asking: { clientId, purposes: ['processing'] },
    creditorsAsked: 0,
    creditorsAnswered: 0,
    traceId: 'torture',
  });

type Archived = ConsentEvent & { readonly type: 'archived' };

/** What the feed says of the end of consents, by consent. */
async function endsOf(consents: readonly Consent[], now: Date): Promise<ReadonlyMap<string, readonly Archived[]>> {
  const wanted = new Set(consents.map((consent) => consent.id));
  const ends: Archived[] = [];
  for (let from = 0; ;) {
    const events = await readEvents(nodeAt(now).db, { clientId, from, limit: 1000, now, readableSince: new Date(0) });
    for (const event of events) if (event.type === 'archived' && wanted.has(event.consentId)) ends.push(event);
    const last = events.at(-1);
    if (last === undefined) return Map.groupBy(ends, (event) => event.consentId);
    from = last.sequenceNr + 1;
  }
}

async function logRowsOf(consents: readonly Consent[]): Promise<ReadonlyMap<string, { rows: number; at: Date }>> {
  const found = new Map<string, { rows: number; at: Date }>();
  await withClient(database.ownerUrl, async (owner) => {
    const { rows } = await owner.query<{ consent_id: string; rows: number; at: Date }>(
      `select consent_id, count(*)::int as rows, max(at) as at from audit_log
       where kind = 'consent_archived' and consent_id = any ($1) group by consent_id`,
      [consents.map((consent) => consent.id)],
    );
    for (const { consent_id, ...row } of rows) found.set(consent_id, row);
  });
  return found;
}

test('C6: consents that expire get one event each, at the instant of expiry, however many nodes announce it at once', async () => {
  const start = new Date();
  const expiring: Consent[] = [];
  const lasting: Consent[] = [];
  for (let n = 0; n < 400; n += 1) {
    const at = new Date(start.getTime() + n * 7_919);
    const duration: Duration = n % 5 === 0 ? { kind: 'single_use' } : { kind: 'days', days: 1 + (n % 20) };
    expiring.push(await register(nodeAt(at), duration));
    if (n % 10 === 0) lasting.push(await register(nodeAt(at), { kind: 'days', days: 28 }));
  }
  const [revoked, ...others] = lasting;
  assert.ok(revoked);
  await revoke(nodeAt(start), revoked);

  // At several instants all four nodes come at once, three times over: the second and third time there is nothing left to do.
  let announced = 0;
  for (const days of [0.3, 5.2, 21.5]) {
    const now = new Date(start.getTime() + days * DAY_MS);
    const due = expiring.filter((consent) => consent.expiresAt <= now).length;
    for (let time = 0; time < 3; time += 1) {
      const counts = await Promise.all(nodesAt(now).map(announceExpired));
      announced += counts.reduce((total, count) => total + count);
      assert.equal(announced, due, `after ${days} days, time ${time + 1}`);
    }
  }
  assert.equal(announced, 400);

  const now = new Date(start.getTime() + 22 * DAY_MS);
  const ends = await endsOf([...expiring, ...lasting], now);
  const logged = await logRowsOf(expiring);
  for (const { id, expiresAt } of expiring) {
    assert.deepEqual(
      ends.get(id)?.map(({ reason, occurredAt }) => ({ reason, occurredAt })),
      [{ reason: 'expired', occurredAt: expiresAt }],
    );
    assert.deepEqual(logged.get(id), { rows: 1, at: expiresAt });
    assert.deepEqual((await readConsent(nodeAt(now).db, id))?.archived, { at: expiresAt, reason: 'expired' });
  }
  assert.deepEqual(
    ends.get(revoked.id)?.map((event) => event.reason),
    ['revoked_by_client'],
  );
  for (const { id } of others) assert.equal(ends.get(id), undefined, 'what has not expired has no event');
});

test('C6: nodes that announce expiry do not wait for one another, nor for whoever holds a consent', async () => {
  const start = new Date();
  const consents = await Promise.all(Array.from({ length: 20 }, () => register(nodeAt(start), { kind: 'single_use' })));
  const [held] = consents;
  assert.ok(held);
  const now = held.expiresAt;
  await withClient(database.ownerUrl, async (owner) => {
    await owner.query('begin');
    await owner.query('select from consent where id = $1 for no key update', [held.id]);
    const counts = await Promise.all(nodesAt(now).map(announceExpired));
    assert.equal(
      counts.reduce((total, count) => total + count),
      19,
    );
    await owner.query('rollback');
  });
  assert.equal(await announceExpired(nodeAt(now)), 1);
  const ends = await endsOf(consents, now);
  for (const { id } of consents) assert.equal(ends.get(id)?.length, 1);
});

test('C6: a consent that is revoked or used at the instant of its expiry ends once, with one event', async (t) => {
  const ended = new Map<string, number>();
  for (let round = 0; round < 40; round += 1) {
    const start = new Date();
    const consents = await Promise.all(
      Array.from({ length: 6 }, () => register(nodeAt(start), { kind: 'single_use' })),
    );
    const [first] = consents;
    assert.ok(first);
    const [useNode, revokeNode, ...announcing] = nodesAt(first.expiresAt);
    assert.ok(useNode && revokeNode);
    const justBefore = new Date(first.expiresAt.getTime() - 1);
    /** A moment later; answers whether the caller was told that it was done. */
    const soon = async (work: () => Promise<unknown>): Promise<boolean> => {
      await sleep(randomInt(0, 6));
      return work().then(
        () => true,
        () => false,
      );
    };
    const [outcomes] = await Promise.all([
      Promise.all(
        consents.map((consent) =>
          Promise.all([
            soon(() => use(standingAt(useNode, justBefore), consent)),
            soon(() => revoke(standingAt(revokeNode, justBefore), consent)),
          ]),
        ),
      ),
      ...announcing.map((node) => soon(() => announceExpired(node))),
    ]);
    await announceExpired(nodeAt(first.expiresAt));
    const ends = await endsOf(consents, first.expiresAt);
    for (const [n, { id }] of consents.entries()) {
      const [end, ...more] = ends.get(id) ?? [];
      assert.ok(end);
      assert.deepEqual(more, []);
      ended.set(end.reason, (ended.get(end.reason) ?? 0) + 1);
      // Who was told that it did something did it, and nobody else.
      assert.deepEqual(outcomes[n], [end.reason === 'used', end.reason === 'revoked_by_client']);
    }
  }
  t.diagnostic(`ended as ${JSON.stringify(Object.fromEntries(ended))}`);
  assert.equal(ended.size, 3, 'each way to end won at times');
});

test('C2: a consent is inactive for everybody from its instant of expiry on, although no job has run', async () => {
  for (const duration of [{ kind: 'single_use' }, { kind: 'days', days: 1 }] as const) {
    const consent = await register(nodeAt(new Date()), duration);
    const { id, expiresAt } = consent;
    const lifetime = duration.kind === 'single_use' ? 600_000 : DAY_MS;
    assert.equal(expiresAt.getTime() - consent.createdAt.getTime(), lifetime);
    for (const node of nodesAt(expiresAt)) {
      // One that was read while it was active, and one that is read now.
      for (const read of [consent, await readConsent(node.db, id)]) {
        assert.ok(read);
        await assert.rejects(use(node, read), { code: 'consent_expired' });
        await assert.rejects(revoke(node, read), { code: 'consent_expired' });
        assert.equal(statusAnswer(read, clientId, node.clock.now()).active, false);
      }
    }
    assert.equal((await readConsent(nodeAt(expiresAt).db, id))?.archived, null, 'no job has run');
    // A millisecond earlier it was good.
    const justBefore = nodeAt(new Date(expiresAt.getTime() - 1));
    assert.equal(statusAnswer(consent, clientId, justBefore.clock.now()).active, true);
    await use(justBefore, consent);
  }
});
