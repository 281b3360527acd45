import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { CONSENT_ID, SECRET, clientOf, debtAnswer, withToldServer, type Answers } from './told-server.ts';

const debt: Answers = ({ path }) => (path.startsWith('/v1/debt') ? { json: debtAnswer } : undefined);
const token = (value: string, seconds = 3599) => ({
  json: { access_token: value, token_type: 'Bearer', expires_in: seconds },
});
const refusedToken = { status: 403, json: { error: 'invalid access token', timestamp: 'now', trace_id: 't' } };
const times = <Value>(count: number, make: () => Value): Value[] => Array.from({ length: count }, make);

test('SDK: a hundred callers at once are one request for a token', async () => {
  await withToldServer(
    (request, before) => (request.path === '/oauth2/token' ? { ...token('only'), afterMs: 50 } : debt(request, before)),
    async (server) => {
      const client = clientOf(server);
      await Promise.all(times(100, () => client.getDebt(CONSENT_ID)));
      assert.equal(server.to('/oauth2/token').length, 1);
      assert.equal(server.to(`/v1/debt/${CONSENT_ID}`).length, 100);
      assert.ok(server.to(`/v1/debt/${CONSENT_ID}`).every(({ headers }) => headers.authorization === 'Bearer only'));
    },
  );
});

test('SDK: a hundred callers whose token was revoked are one request for a new one, and all are answered', async () => {
  await withToldServer(
    ({ path, headers }, before) => {
      if (path === '/oauth2/token') {
        const count = before.filter((one) => one.path === path).length + 1;
        return { ...token(`token-${count}`), afterMs: 20 };
      }
      return headers.authorization === 'Bearer token-1' ? refusedToken : { json: debtAnswer };
    },
    async (server) => {
      const client = clientOf(server);
      await Promise.all(times(100, () => client.getDebt(CONSENT_ID)));
      assert.equal(server.to('/oauth2/token').length, 2);
      await client.getDebt(CONSENT_ID);
      assert.equal(server.to('/oauth2/token').length, 2, 'the new one is kept');
    },
  );
});

test('SDK: a token that stays refused is asked for anew once, and then told', async () => {
  await withToldServer(
    ({ path }) => (path.startsWith('/v1') ? refusedToken : undefined),
    async (server) => {
      await assert.rejects(clientOf(server).getDebt(CONSENT_ID), { code: 'invalid_token', status: 403 });
      assert.equal(server.to('/oauth2/token').length, 2);
      assert.equal(server.to(`/v1/debt/${CONSENT_ID}`).length, 2);
    },
  );
});

test('SDK: 401 with an empty body, as the agreement and feed APIs answer, is a refused token too', async () => {
  await withToldServer(
    ({ path, headers }) => {
      if (!path.startsWith('/feed')) return undefined;
      return headers.authorization === 'Bearer token-1' ? { status: 401 } : { json: { lastSequenceNr: 7 } };
    },
    async (server) => {
      assert.equal(await clientOf(server).feed.lastSequenceNr(), 7);
      assert.equal(server.to('/oauth2/token').length, 2);
    },
  );
});

test('SDK: each API has a token of its own, asked for with its audience and scopes and the proof of the client', async () => {
  await withToldServer(
    ({ path }) => {
      if (path === '/feed/v1/consent/lastSequenceNr') return { json: { lastSequenceNr: 1 } };
      if (path !== '/v1/consent/agreement') return debt({ method: '', path, headers: {}, body: '' }, []);
      const consent = {
        id: CONSENT_ID,
        expires_at: '2027-01-01T00:00:00Z',
        scope_of_consent: 'debt.unsecured.processing',
      };
      return { json: { client_consent_id: 'a', consent } };
    },
    async (server) => {
      const client = clientOf(server, { audiences: { debt: 'https://api-preprod.example/v1/debt' } });
      await client.feed.lastSequenceNr();
      await client.getDebt(CONSENT_ID);
      await client.registerConsent({ nin: '14842249091', purpose: 'processing', days: 28, clientConsentId: 'a' });
      const asked = server.to('/oauth2/token').map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
      assert.deepEqual(asked, [
        {
          grant_type: 'client_credentials',
          audience: `${server.url}/feed/v1/consent`,
          scope: 'client.access.consent.events',
        },
        {
          grant_type: 'client_credentials',
          audience: 'https://api-preprod.example/v1/debt',
          scope: 'debt.unsecured.presentation debt.unsecured.processing',
        },
        { grant_type: 'client_credentials', audience: `${server.url}/v1/consent/agreement`, scope: 'consent.create' },
      ]);
      const proof = `Basic ${Buffer.from(`client-1:${SECRET}`).toString('base64')}`;
      for (const { headers } of server.to('/oauth2/token')) assert.equal(headers.authorization, proof);
    },
  );
});

/** Runs `work` at a later time: the clock of the process is what the package reads. */
async function later(ms: number, work: () => Promise<unknown>): Promise<void> {
  const realNow = Date.now;
  Date.now = () => realNow() + ms;
  try {
    await work();
  } finally {
    Date.now = realNow;
  }
}

test('SDK: a token is renewed before it ends, in the background, and nobody waits for that', async () => {
  await withToldServer(
    ({ path }, before) => {
      if (path !== '/oauth2/token') return { json: debtAnswer };
      return before.some((one) => one.path === path) ? { ...token('new'), afterMs: 200 } : token('old', 100);
    },
    async (server) => {
      const client = clientOf(server);
      const used = () => server.to(`/v1/debt/${CONSENT_ID}`).map(({ headers }) => headers.authorization);
      await client.getDebt(CONSENT_ID);
      await later(89_000, () => client.getDebt(CONSENT_ID));
      assert.equal(server.to('/oauth2/token').length, 1, 'nine tenths of its time are not over');
      await later(91_000, async () => {
        await Promise.all([client.getDebt(CONSENT_ID), client.getDebt(CONSENT_ID)]);
        assert.deepEqual(new Set(used()), new Set(['Bearer old']), 'the old one is used while the new one is fetched');
        while (used().at(-1) !== 'Bearer new') {
          await setTimeout(20);
          await client.getDebt(CONSENT_ID);
        }
      });
      assert.equal(server.to('/oauth2/token').length, 2);
    },
  );
});

test('SDK: a renewal that fails is noticed by nobody while the old token is good', async () => {
  let failing = false;
  await withToldServer(
    ({ path }) => {
      if (path !== '/oauth2/token') return { json: debtAnswer };
      return failing ? { status: 503, headers: { 'retry-after': '60' } } : token('old', 100);
    },
    async (server) => {
      const client = clientOf(server);
      await client.getDebt(CONSENT_ID);
      failing = true;
      await later(91_000, async () => {
        for (let call = 0; call < 20; call += 1) await client.getDebt(CONSENT_ID);
      });
      assert.ok(server.to('/oauth2/token').length <= 2, 'a server that is down is not asked at each call');
      await later(101_000, () =>
        assert.rejects(client.getDebt(CONSENT_ID), { code: 'unavailable', retryAfterSeconds: 60 }),
      );
    },
  );
});

test('SDK: a caller that gives up does not take the token away from the others', async () => {
  await withToldServer(
    ({ path }) => (path === '/oauth2/token' ? { ...token('shared'), afterMs: 100 } : { json: debtAnswer }),
    async (server) => {
      const client = clientOf(server);
      const controller = new AbortController();
      const first = client.getDebt(CONSENT_ID, { signal: controller.signal });
      const second = client.getDebt(CONSENT_ID);
      controller.abort();
      await assert.rejects(first, { code: 'aborted' });
      assert.equal((await second).creditorsAnswered, 1);
      assert.equal(server.to('/oauth2/token').length, 1);
    },
  );
});
