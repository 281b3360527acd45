import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { SnapshotConsent } from '../../sdk/src/entry.ts';
import { clientOf, withToldServer, type Answers, type Told } from './told-server.ts';

const active = {
  consentId: 'c-1',
  externalConsentId: 'mine-1',
  scope: 'debt.unsecured.processing',
  active: true,
  createdAt: '2026-11-01T05:00:00.000Z',
  expiresAt: '2026-11-29T05:00:00.000Z',
  archivedAt: null,
  reason: null,
};
const ended = {
  ...active,
  consentId: 'c-2',
  externalConsentId: undefined,
  active: false,
  archivedAt: '2026-11-02T05:00:00.000Z',
  reason: 'revoked_by_person',
};
const lines = (...them: readonly object[]): string => them.map((line) => `${JSON.stringify(line)}\n`).join('');
const whole = lines({ asOfSequenceNr: 17 }, active, ended, { complete: true, count: 2 });
const answering =
  (told: Told): Answers =>
  ({ path }) =>
    path === '/feed/v1/consent/snapshot' ? told : undefined;

test('SDK: a snapshot is the consents as of one number, in our words', async () => {
  await withToldServer(answering({ text: whole }), async (server) => {
    const snapshot = await clientOf(server).feed.snapshot();
    assert.equal(snapshot.asOfSequenceNr, 17);
    const consents: SnapshotConsent[] = [];
    for await (const consent of snapshot) consents.push(consent);
    const instants = { createdAt: new Date('2026-11-01T05:00:00Z'), expiresAt: new Date('2026-11-29T05:00:00Z') };
    assert.deepEqual(consents, [
      {
        consentId: 'c-1',
        clientConsentId: 'mine-1',
        purpose: 'processing',
        active: true,
        ...instants,
        archivedAt: undefined,
        reason: undefined,
      },
      {
        consentId: 'c-2',
        clientConsentId: undefined,
        purpose: 'processing',
        active: false,
        ...instants,
        archivedAt: new Date('2026-11-02T05:00:00Z'),
        reason: 'revoked_by_person',
      },
    ]);
  });
});

test('SDK: a snapshot that is not whole is never taken for one', async () => {
  const broken: readonly Told[] = [
    { text: '' },
    { text: lines({ asOfSequenceNr: 17 }, active, ended) },
    { text: lines({ asOfSequenceNr: 17 }, active, ended, { complete: true, count: 3 }) },
    { text: whole.slice(0, -1) },
    { text: lines({ asOfSequenceNr: 17 }, active), cut: true },
  ];
  for (const told of broken) {
    await withToldServer(answering(told), async (server) => {
      const read = async (): Promise<void> => {
        for await (const consent of await clientOf(server, { retries: 0 }).feed.snapshot()) assert.ok(consent);
      };
      await assert.rejects(read(), { code: 'snapshot_incomplete', retryable: true });
    });
  }
});

test('SDK: a consumer of a snapshot may take its time; a server that sends nothing may not', async () => {
  await withToldServer(answering({ text: whole }), async (server) => {
    let count = 0;
    for await (const consent of await clientOf(server).feed.snapshot({ timeoutMs: 300 })) {
      assert.ok(consent);
      count += 1;
      await setTimeout(400);
    }
    assert.equal(count, 2);
  });
  await withToldServer(answering({ silent: true }), (server) =>
    assert.rejects(clientOf(server).feed.snapshot({ timeoutMs: 200 }), { code: 'timeout' }),
  );
});

test('SDK: a server without a snapshot says so, one that is busy is asked again', async () => {
  await withToldServer(
    () => undefined,
    (server) => assert.rejects(clientOf(server).feed.snapshot(), { code: 'not_supported', status: 404 }),
  );
  await withToldServer(
    ({ path }, before) => {
      if (path !== '/feed/v1/consent/snapshot') return undefined;
      return before.some((one) => one.path === path)
        ? { text: whole }
        : { status: 429, headers: { 'retry-after': '1' } };
    },
    async (server) => {
      let count = 0;
      for await (const consent of await clientOf(server).feed.snapshot()) count += consent.active ? 1 : 0;
      assert.equal(count, 1);
    },
  );
});

test('SDK: leaving a snapshot early closes its connection, and a signal ends it', async () => {
  await withToldServer(answering({ text: whole }), async (server) => {
    const client = clientOf(server);
    for await (const consent of await client.feed.snapshot()) {
      assert.equal(consent.consentId, 'c-1');
      break;
    }
    const controller = new AbortController();
    const snapshot = await client.feed.snapshot({ signal: controller.signal });
    controller.abort();
    assert.equal(snapshot.asOfSequenceNr, 17);
  });
  await withToldServer(answering({ silent: true }), async (server) => {
    const call = clientOf(server).feed.snapshot({ signal: AbortSignal.timeout(100) });
    await assert.rejects(call, { code: 'aborted' });
  });
});
