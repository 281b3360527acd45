import assert from 'node:assert/strict';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { hours, subjectOf, testAuthority } from '../../test/support/test-authority.ts';
import { serverOf } from '../creditors/certificate.ts';
import { httpClient, HttpCallError, type HttpClientOptions } from './http-client.ts';

const US = '319009000';
const CREDITOR = '210437185';
const PROVIDER = '318465711';
const STRANGER = '211872543';

const authority = await testAuthority();
const sameName = await testAuthority();
const ours = await authority.issue(US, { purposes: ['client'], hosts: [] });

const clientOf = (options: Partial<HttpClientOptions> = {}) =>
  httpClient({
    connections: 2,
    plainHttp: false,
    mutualTls: () => ({ ...ours, ca: authority.own.cert, goodUntil: hours(0, 24).to }),
    ...options,
  });

interface Served {
  readonly server: Server;
  readonly port: number;
  asked: number;
}

/** A creditor's server with this certificate; `work` gets how to ask it. */
async function withServer(
  tls: ServerOptions,
  listener: RequestListener,
  work: (served: Served) => Promise<void>,
): Promise<void> {
  const options = { ca: authority.own.cert, requestCert: true, rejectUnauthorized: true, ...tls };
  const server = createServer(options, (request, response) => {
    served.asked += 1;
    listener(request, response);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served: Served = { server, port: (server.address() as AddressInfo).port, asked: 0 };
  try {
    await work(served);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const callTo = (port: number, host = '127.0.0.1', clientCertificate: string | null = null) => {
  const baseUrl = `https://${host}:${port}/base/`;
  const creditor = { id: CREDITOR, providerId: `9908:${PROVIDER}`, baseUrl, clientCertificate };
  const { origin, basePath, identity } = serverOf(creditor);
  return { origin, identity, path: basePath, headers: {}, signal: AbortSignal.timeout(5_000), maxBytes: 1_000_000 };
};

const fails =
  (failure: string, message = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof HttpCallError, String(error));
    assert.deepEqual([error.failure, error.cause], [failure, undefined]);
    assert.match(error.message, message);
    return true;
  };

test('D3: a creditor sees our certificate, and we see that it is itself or who delivers for it, over TLS 1.2 and 1.3', async () => {
  for (const organisation of [CREDITOR, PROVIDER]) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      let seen: unknown;
      await withServer(
        { ...(await authority.issue(organisation)), minVersion: version, maxVersion: version },
        (request, response) => {
          const socket = request.socket as TLSSocket;
          seen = [(socket.getPeerCertificate().subject as { organizationIdentifier?: string }).organizationIdentifier];
          response.end(`${request.url} ${request.headers['accept-encoding']} ${socket.getProtocol()}`);
        },
        async ({ port }) => {
          const http = clientOf();
          for (const host of ['127.0.0.1', 'localhost']) {
            assert.equal((await http.get(callTo(port, host))).body.toString(), `/base identity ${version}`);
          }
          assert.deepEqual(seen, [`NTRNO-${US}`]);
          await http.close();
        },
      );
    }
  }
});

test('D3: TLS older than 1.2 is not spoken', async () => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await withServer(
    { ...(await authority.issue(CREDITOR)), ...old },
    (_request, response) => response.end(),
    async ({ port }) => {
      const http = clientOf();
      await assert.rejects(http.get(callTo(port)), fails('cut', /SSL/));
      await http.close();
    },
  );
});

const identifiers = (...values: string[]) => ({ subject: subjectOf(values) });

const badServers = {
  'of the wrong creditor': [authority.issue(STRANGER), /another_organisation/],
  'of two organisations': [
    authority.issue('', identifiers(`NTRNO-${CREDITOR}`, `NTRNO-${STRANGER}`)),
    /organisation_twice/,
  ],
  'of a malformed organisation': [authority.issue('', identifiers(`NTRNO-${CREDITOR}x`)), /organisation_malformed/],
  'with the right organisation in another name only': [
    authority.issue('', { subject: subjectOf([`NTRNO-${STRANGER}`], `x\nNTRNO-${CREDITOR}`) }),
    /another_organisation/,
  ],
  'of another authority of the same name': [sameName.issue(CREDITOR), /UNABLE_TO|CERT_SIGNATURE/],
  'that has expired': [authority.issue(CREDITOR, { validity: hours(-2, -1) }), /CERT_HAS_EXPIRED/],
  'that is not valid yet': [authority.issue(CREDITOR, { validity: hours(1, 2) }), /CERT_NOT_YET_VALID/],
  'for another host': [authority.issue(CREDITOR, { hosts: ['creditor.example'] }), /ERR_TLS_CERT_ALTNAME_INVALID/],
  'that is for clients only': [authority.issue(CREDITOR, { purposes: ['client'] }), /INVALID_PURPOSE/],
} as const;

for (const [what, [certificate, says]] of Object.entries(badServers)) {
  test(`D3: a server with a certificate ${what} is not asked, and told nothing`, async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      await withServer(
        { ...(await certificate), minVersion: version, maxVersion: version },
        (_request, response) => response.end(),
        async (served) => {
          const http = clientOf();
          // A session that was begun once must not let the second call in without a look at the certificate.
          for (let round = 0; round < 3; round++) {
            await assert.rejects(http.get(callTo(served.port)), fails('wrong_server', says));
          }
          assert.equal(served.asked, 0);
          await http.close();
        },
      );
    }
  });
}

test('D3: a server whose certificate names no organisation, or one of a foreign register, is known by its host', async () => {
  for (const named of [[], ['PSDSE-FINA-44059']]) {
    await withServer(
      await authority.issue('', identifiers(...named)),
      (_request, response) => response.end('here'),
      async ({ port }) => {
        const http = clientOf();
        assert.equal((await http.get(callTo(port))).body.toString(), 'here');
        await http.close();
      },
    );
  }
});

test('D3: creditors behind one address do not share connections, so each is looked at', async () => {
  await withServer(
    await authority.issue(CREDITOR),
    (_request, response) => response.end(),
    async ({ port }) => {
      const http = clientOf();
      await http.get(callTo(port));
      const stranger = { id: STRANGER, providerId: `9908:${PROVIDER}`, baseUrl: 'https://x.example' };
      const { identity } = serverOf({ ...stranger, clientCertificate: null });
      await assert.rejects(http.get({ ...callTo(port), identity }), fails('wrong_server'));
      await http.close();
    },
  );
});

test('D3: a server that wants a certificate gets none from a call that is no creditor’s', async () => {
  await withServer(
    await authority.issue(CREDITOR),
    (_request, response) => response.end(),
    async (served) => {
      const http = clientOf();
      const { identity: _identity, ...call } = callTo(served.port);
      // Not even our creditors' authorities are believed then.
      await assert.rejects(http.get(call), fails('wrong_server'));
      assert.equal(served.asked, 0);
      await http.close();
    },
  );
});

test('D3: a plain-http creditor is asked nothing, unless that is allowed', async () => {
  let asked = 0;
  const server = createPlainServer((_request, response) => response.end(`${++asked}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [strict, lax] = [clientOf(), clientOf({ plainHttp: true })];
  const call = { ...callTo(1), origin };
  await assert.rejects(strict.get(call), fails('not_allowed', /not https/));
  await assert.rejects(strict.stream(call), fails('not_allowed', /not https/));
  assert.equal(asked, 0);
  assert.equal((await lax.get(call)).body.toString(), '1');
  await Promise.all([strict.close(), lax.close()]);
  server.closeAllConnections();
  server.close();
});

test('D3: an address that may not be connected to is not, whether it is told or looked up', async () => {
  await withServer(
    await authority.issue(CREDITOR),
    (_request, response) => response.end(),
    async (served) => {
      const asked: string[] = [];
      const http = clientOf({
        mayReach: (address) => {
          asked.push(address);
          return false;
        },
      });
      for (const host of ['127.0.0.1', '[::1]', 'localhost', '2130706433', '0x7f.1']) {
        await assert.rejects(http.get(callTo(served.port, host)), fails('not_allowed', /may not be connected to/));
      }
      assert.ok(asked.length >= 5 && asked.every((address) => ['127.0.0.1', '::1'].includes(address)), asked.join());
      assert.equal(served.asked, 0);
      await http.close();
    },
  );
});

test('D3: without a client certificate no creditor is asked, and what is missing is told; once it is there, it is used', async () => {
  await withServer(
    await authority.issue(CREDITOR),
    (_request, response) => response.end('now'),
    async ({ port }) => {
      let there = false;
      const http = clientOf({
        mutualTls: () => {
          if (!there) throw new Error('CREDITOR_CERT_FILE is missing');
          return { ...ours, ca: authority.own.cert, goodUntil: hours(0, 24).to };
        },
      });
      await assert.rejects(http.get(callTo(port)), /CREDITOR_CERT_FILE is missing/);
      there = true;
      assert.equal((await http.get(callTo(port))).body.toString(), 'now');
      await http.close();
    },
  );
});

test('D3: a creditor is shown the certificate that it knows us by; connections of one are not used for another', async () => {
  const other = '319290834';
  const certificates = new Map([
    [null, ours],
    ['second', await authority.issue(other, { purposes: ['client'], hosts: [] })],
  ]);
  const asked: (string | null)[] = [];
  const http = clientOf({
    mutualTls: (name) => {
      asked.push(name);
      const certificate = certificates.get(name);
      if (certificate === undefined) throw new Error(`there is no ${name}`);
      return { ...certificate, ca: authority.own.cert, goodUntil: hours(0, 24).to };
    },
  });
  await withServer(
    await authority.issue(CREDITOR),
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.end((subject as { organizationIdentifier?: string }).organizationIdentifier);
    },
    async (served) => {
      const shown = async (name: string | null) =>
        (await http.get(callTo(served.port, '127.0.0.1', name))).body.toString();
      for (let round = 0; round < 3; round++) {
        assert.deepEqual(await Promise.all([null, 'second', null].map(shown)), [
          `NTRNO-${US}`,
          `NTRNO-${other}`,
          `NTRNO-${US}`,
        ]);
      }
      assert.deepEqual(asked, [null, 'second'], 'each was read once');
      await assert.rejects(shown('third'), /there is no third/);
      assert.equal(served.asked, 9, 'nobody is asked with another one instead');
      assert.equal(await shown('second'), `NTRNO-${other}`);
    },
  );
  await http.close();
});

test('D3: our certificate is refused by a server of another environment: the call fails without a word of what it was', async () => {
  await withServer(
    { ...(await authority.issue(CREDITOR)), ca: sameName.own.cert },
    (_request, response) => response.end(),
    async (served) => {
      const http = clientOf();
      await assert.rejects(http.get(callTo(served.port)), fails('cut'));
      assert.equal(served.asked, 0);
      await http.close();
    },
  );
});

test('D3: an encoded answer is refused, whatever it unpacks to', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip', 'x']) {
    await withServer(
      await authority.issue(CREDITOR),
      (_request, response) => response.setHeader('content-encoding', encoding).end(bomb),
      async ({ port }) => {
        const http = clientOf();
        await assert.rejects(http.get(callTo(port)), fails('encoded'));
        await assert.rejects(http.stream(callTo(port)), fails('encoded'));
        await http.close();
      },
    );
  }
});

test('D3: a server that cannot be reached is told by its code, and by nothing of the call', async () => {
  const http = clientOf();
  const server = createPlainServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const call = { ...callTo(port), headers: { customerid: '14842249091' } };
  await assert.rejects(http.get(call), fails('not_reached', /^the server cannot be reached: ECONNREFUSED$/));
  await http.close();
});
