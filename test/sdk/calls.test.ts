import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import { SamtykkeError, isSamtykkeError, type SamtykkeErrorCode } from '../../sdk/src/entry.ts';
import { CONSENT_ID, SECRET, clientOf, debtAnswer, withToldServer, type Told } from './told-server.ts';

const refused = (status: number, error: string, description?: string): Told => ({
  status,
  json: { error, error_description: description, timestamp: '2026-11-01T05:00:00Z', trace_id: 'of-the-body' },
});

const agreementRefused = (status: number, message: string): Told => ({
  status,
  json: {
    status,
    timestamp: '2026-11-01T05:00:00Z',
    path: '/v1/consent/agreement',
    error: 'x',
    message,
    requestId: 'r',
  },
});

const consent = { nin: '14842249091', purpose: 'processing', days: 28, clientConsentId: 'a' } as const;

test('SDK: every refusal of the debt API is one of the closed list', async () => {
  const cases: readonly (readonly [Told, SamtykkeErrorCode])[] = [
    [refused(403, 'no valid consent'), 'no_valid_consent'],
    [refused(403, 'invalid consent', 'Consent expired at 2026-11-01T05:00:00Z'), 'consent_expired'],
    [refused(403, 'invalid consent', 'Consent was used at 2026-11-01T05:00:00Z'), 'consent_used'],
    [refused(403, 'invalid consent', 'Consent was revoked at 2026-11-01T05:00:00Z'), 'consent_revoked'],
    [refused(403, 'invalid consent'), 'consent_ended'],
    [refused(403, 'Invalid access token'), 'invalid_token'],
    [refused(403, 'something new'), 'not_permitted'],
    [refused(400, 'bad request'), 'invalid_request'],
    [refused(404, 'not found'), 'wrong_address'],
    [refused(429, 'too many requests'), 'rate_limited'],
    [refused(500, 'server error'), 'server_error'],
    [{ status: 502, text: '<html>bad gateway</html>' }, 'unavailable'],
    [{ status: 507 }, 'server_error'],
    [{ status: 418 }, 'invalid_request'],
    [{ text: '<html>welcome</html>' }, 'bad_answer'],
    [{ json: { ...debtAnswer, loans: 'none' } }, 'bad_answer'],
    [{ status: 302, headers: { location: 'https://elsewhere.example/' } }, 'wrong_address'],
  ];
  for (const [told, code] of cases) {
    await withToldServer(
      ({ path }) => (path.startsWith('/v1') ? told : undefined),
      async (server) => {
        const error: unknown = await clientOf(server, { retries: 0 })
          .getDebt(CONSENT_ID)
          .catch((thrown: unknown) => thrown);
        assert.ok(isSamtykkeError(error), inspect(error));
        assert.equal(error.code, code);
        assert.ok(error.message.endsWith(error.advice));
        if (told.status !== undefined && told.status !== 302) {
          assert.equal(error.status, told.status);
          assert.equal(error.traceId, 'trace-1');
        }
      },
    );
  }
});

test('SDK: every refusal of the agreement API is one of the closed list, with the sentence of the server', async () => {
  const cases: readonly (readonly [Told, SamtykkeErrorCode])[] = [
    [agreementRefused(400, 'client_consent_id must not contain a NUL character'), 'invalid_request'],
    [agreementRefused(409, 'registered with other data'), 'conflict'],
    [agreementRefused(403, 'the client is not registered for this purpose'), 'not_permitted'],
    [agreementRefused(413, 'the body is larger than 64 KiB'), 'invalid_request'],
    [{ status: 401 }, 'invalid_token'],
  ];
  for (const [told, code] of cases) {
    await withToldServer(
      ({ path }) => (path.startsWith('/v1') ? told : undefined),
      async (server) => {
        await assert.rejects(clientOf(server).registerConsent(consent), (error: unknown) => {
          assert.ok(isSamtykkeError(error, code));
          const { message = '' } = (told.json ?? {}) as { message?: string };
          assert.ok(error.message.includes(message));
          return true;
        });
      },
    );
  }
});

test('SDK: refusals of the token endpoint say what to look at', async () => {
  const cases: readonly (readonly [number, string, SamtykkeErrorCode])[] = [
    [401, 'invalid_client', 'client_refused'],
    [400, 'unauthorized_client', 'client_refused'],
    [400, 'invalid_scope', 'scope_refused'],
    [400, 'invalid_target', 'scope_refused'],
    [400, 'invalid_request', 'invalid_request'],
    [503, 'temporarily_unavailable', 'unavailable'],
  ];
  for (const [status, error, code] of cases) {
    const headers = { ...(status === 401 && { 'www-authenticate': 'Basic realm="x", error="invalid_client"' }) };
    await withToldServer(
      ({ path }) => (path === '/oauth2/token' ? { ...refused(status, error, `about ${SECRET}`), headers } : undefined),
      async (server) => {
        await assert.rejects(clientOf(server, { retries: 0 }).getDebt(CONSENT_ID), (thrown: unknown) => {
          assert.ok(isSamtykkeError(thrown, code), inspect(thrown));
          assert.equal(thrown.status, status);
          assert.match(thrown.message, new RegExp(error));
          return true;
        });
      },
    );
  }
});

test('E1: no error holds a secret, a token or a personal number, however it is printed', async () => {
  const leaking = `14842249091 ${SECRET}`;
  const answers: readonly Told[] = [
    refused(400, 'bad request', `${leaking} Bearer token-1`),
    refused(403, 'invalid access token', leaking),
    { json: { ...debtAnswer, loans: [{ creditorName: 7 }] } },
    { text: `{"ssn":"14842249091"` },
    { text: `{"ssn":"14842249091"`, cut: true },
  ];
  for (const told of answers) {
    await withToldServer(
      ({ path }) => (path.startsWith('/v1') ? told : undefined),
      async (server) => {
        const error: unknown = await clientOf(server, { retries: 0 })
          .getDebt(CONSENT_ID)
          .catch((thrown: unknown) => thrown);
        assert.ok(error instanceof SamtykkeError);
        for (const printed of [inspect(error, { depth: 10 }), String(error.stack), JSON.stringify(error)]) {
          assert.doesNotMatch(printed, new RegExp(`14842249091|token-1|${SECRET}`));
        }
      },
    );
  }
  await withToldServer(
    ({ path }) => (path === '/oauth2/token' ? refused(401, 'invalid_client', leaking) : undefined),
    async (server) => {
      const client = clientOf(server, { retries: 0 });
      const error: unknown = await client.getDebt(CONSENT_ID).catch((thrown: unknown) => thrown);
      for (const printed of [inspect(error, { depth: 10 }), inspect(client, { depth: 10 }), JSON.stringify(client)]) {
        assert.doesNotMatch(printed, new RegExp(`14842249091|${SECRET}`));
      }
    },
  );
  // What `fetch` would say of a header that it refuses.
  await withToldServer(
    () => undefined,
    async (server) => {
      const error: unknown = await clientOf(server)
        .getDebtWithToken('secret\ntoken')
        .catch((thrown: unknown) => thrown);
      assert.ok(isSamtykkeError(error, 'invalid_token'));
      assert.doesNotMatch(inspect(error, { depth: 10 }), /secret/);
    },
  );
});

test('SDK: what is no UUID is put into no address', async () => {
  await withToldServer(
    () => undefined,
    async (server) => {
      const client = clientOf(server);
      for (const id of ['14842249091', '', '../feed', `${CONSENT_ID}/status`]) {
        for (const call of [client.getDebt(id), client.status(id), client.revoke(id)]) {
          await assert.rejects(call, (error: unknown) => {
            assert.ok(isSamtykkeError(error, 'invalid_request'));
            return !error.message.includes('14842249091');
          });
        }
      }
      assert.deepEqual(server.seen, []);
    },
  );
});

test('SDK: a request that cannot be right is not sent', async () => {
  await withToldServer(
    () => undefined,
    async (server) => {
      const client = clientOf(server);
      const wrong: readonly object[] = [
        { nin: '1484224909' },
        { purpose: 'curiosity' },
        { days: 0.5 },
        { clientConsentId: '' },
      ];
      for (const change of wrong) {
        await assert.rejects(client.registerConsent({ ...consent, ...change }), { code: 'invalid_request' });
      }
      await assert.rejects(client.status(CONSENT_ID, { traceId: 'a b' }), { code: 'invalid_request' });
      assert.deepEqual(server.to('/v1/consent/agreement'), []);
    },
  );
});

test('SDK: what may pass is tried again, after as long as the server asks for', async () => {
  for (const method of ['getDebt', 'revoke'] as const) {
    const at: number[] = [];
    await withToldServer(
      ({ path }) => {
        if (!path.startsWith('/v1')) return undefined;
        at.push(Date.now());
        if (at.length === 1) return { status: 503, headers: { 'retry-after': '1' } };
        if (at.length === 2) return { text: '{"ssn"', cut: true };
        return method === 'revoke' ? { status: 204 } : { json: debtAnswer };
      },
      async (server) => {
        await clientOf(server)[method](CONSENT_ID);
        assert.equal(at.length, 3);
        assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 990, 'Retry-After is kept to');
      },
    );
  }
});

test('SDK: what does not pass is not tried again, and what does not pass in time is told at once', async () => {
  await withToldServer(
    ({ path }, before) => {
      if (path === '/v1/debt') return { status: 503, headers: { 'retry-after': '3600' } };
      if (!path.startsWith('/v1')) return undefined;
      return before.some((one) => one.path === path) ? { json: debtAnswer } : refused(403, 'no valid consent');
    },
    async (server) => {
      const client = clientOf(server);
      await assert.rejects(client.getDebt(CONSENT_ID), { code: 'no_valid_consent', attempts: 1 });
      const began = Date.now();
      await assert.rejects(client.getDebtWithToken('t'), {
        code: 'unavailable',
        retryAfterSeconds: 3600,
        retryable: true,
      });
      assert.ok(Date.now() - began < 9_000);
    },
  );
});

test('SDK: a lookup whose answer was lost says that it was tried more than once', async () => {
  await withToldServer(
    ({ path }, before) => {
      if (!path.startsWith('/v1')) return undefined;
      return before.some((one) => one.path === path)
        ? refused(403, 'invalid consent', 'Consent was used at 2026-11-01T05:00:00Z')
        : { text: '{"ssn"', cut: true };
    },
    (server) => assert.rejects(clientOf(server).getDebt(CONSENT_ID), { code: 'consent_used', attempts: 2 }),
  );
});

test('SDK: a call ends in time, and when its signal says so', async () => {
  await withToldServer(
    ({ path }) => (path.startsWith('/v1') ? { silent: true } : undefined),
    async (server) => {
      const client = clientOf(server);
      await assert.rejects(client.getDebt(CONSENT_ID, { timeoutMs: 200 }), { code: 'timeout', retryable: true });
      const controller = new AbortController();
      const call = client.getDebt(CONSENT_ID, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('the user left')), 50);
      await assert.rejects(call, (error: unknown) => {
        assert.ok(isSamtykkeError(error, 'aborted'));
        return (error.cause as Error).message === 'the user left';
      });
      await assert.rejects(client.getDebt(CONSENT_ID, { signal: AbortSignal.abort() }), { code: 'aborted' });
    },
  );
});

test('SDK: a signal that lives long is left without listeners', async () => {
  await withToldServer(
    ({ path }) => (path.startsWith('/v1') ? { json: debtAnswer } : undefined),
    async (server) => {
      const client = clientOf(server);
      const { signal } = new AbortController();
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      Object.assign(signal, {
        addEventListener: (...call: Parameters<typeof add>) => ((listeners += 1), add(...call)),
        removeEventListener: (...call: Parameters<typeof remove>) => ((listeners -= 1), remove(...call)),
      });
      for (let call = 0; call < 5; call += 1) await client.getDebt(CONSENT_ID, { signal });
      assert.equal(listeners, 0);
    },
  );
});

test('SDK: nobody there is an error of the network, with the word of the system', async () => {
  const gone = await withToldServer(
    () => undefined,
    async ({ url }) => url,
  );
  await assert.rejects(clientOf({ url: gone }, { retries: 0 }).getDebt(CONSENT_ID), (error: unknown) => {
    assert.ok(isSamtykkeError(error, 'network'));
    return error.retryable && error.message.includes('ECONNREFUSED');
  });
});

test('SDK: debt is told in our words, amounts in øre', async () => {
  await withToldServer(
    ({ path, headers }) => {
      if (!path.startsWith('/v1')) return undefined;
      assert.equal(headers['x-trace-id'], 'case-17');
      return { json: debtAnswer };
    },
    async (server) => {
      assert.deepEqual(await clientOf(server).getDebt(CONSENT_ID, { traceId: 'case-17' }), {
        nin: '14842249091',
        loans: [
          {
            creditorName: 'Fjordbanken ASA',
            loan: {
              type: 'credit_facility',
              asOf: new Date('2026-11-01T05:00:00Z'),
              coBorrower: 'has_co_borrower',
              creditLimitOre: 5_000_000,
              interestBearingBalanceOre: 120_050,
              nonInterestBearingBalanceOre: 0,
              nominalInterestBasisPoints: 1020,
              installmentChargesOre: 4_500,
              installmentChargePeriod: 'half_yearly',
            },
          },
          { creditorName: 'Taus Bank', loan: null },
        ],
        creditorsAnswered: 1,
        creditorsMissing: 1,
        consent: { id: CONSENT_ID, purpose: 'processing', expiresAt: new Date(1_800_000_000_000) },
      });
    },
  );
});

test('SDK: a platform that is called by another name than its own says which that is', async () => {
  await withToldServer(
    () => undefined,
    async ({ url }) => {
      const other = url.replace('127.0.0.1', 'localhost');
      await assert.rejects(clientOf({ url: other }).getDebt(CONSENT_ID), (error: unknown) => {
        assert.ok(isSamtykkeError(error, 'wrong_address'));
        return error.message.startsWith(`the platform at ${other} calls itself ${url}: use that address`);
      });
    },
  );
});
