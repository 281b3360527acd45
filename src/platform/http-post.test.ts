import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { refusedAddress } from './address-ranges.ts';
import { httpClient, type HttpClient, type HttpClientOptions } from './http-client.ts';

interface Served {
  readonly server: Server;
  readonly origin: string;
  connections: number;
}

async function withServer(
  listener: RequestListener,
  work: (http: HttpClient, served: Served) => Promise<void>,
  options: Partial<HttpClientOptions> = {},
): Promise<void> {
  const http = httpClient({ connections: 1, plainHttp: true, mutualTls: () => assert.fail('never asked'), ...options });
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const served: Served = { server, origin, connections: 0 };
  server.on('connection', () => (served.connections += 1));
  try {
    await work(http, served);
  } finally {
    await http.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const messageTo = (origin: string, changes: object = {}) => ({
  origin,
  path: '/hooks?a=b',
  headers: { 'content-type': 'application/json' },
  body: '{"what":"søknad"}',
  sender: 'one',
  signal: AbortSignal.timeout(10_000),
  maxBytes: 1_024,
  ...changes,
});

const soon = async (met: () => boolean): Promise<void> => {
  for (let looks = 0; !met() && looks < 400; looks++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(met());
};

test('F1: a message is posted as it is, and one connection carries many', async () => {
  const seen: string[] = [];
  const listener: RequestListener = (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${text}`);
      response.writeHead(200, { 'retry-after': '7' }).end('thank you');
    });
  };
  await withServer(listener, async (http, served) => {
    for (let round = 0; round < 5; round++) {
      assert.deepEqual(await http.post(messageTo(served.origin)), { status: 200, retryAfter: '7' });
    }
    assert.deepEqual([...new Set(seen)], ['POST /hooks?a=b application/json {"what":"søknad"}']);
    assert.deepEqual([seen.length, served.connections], [5, 1]);
  });
});

test('F1: a redirect is answered as it is, and not followed', async () => {
  const asked: (string | undefined)[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  };
  await withServer(listener, async (http, { origin }) => {
    assert.equal((await http.post(messageTo(origin))).status, 307);
    assert.deepEqual(asked, ['/hooks?a=b']);
  });
});

test('F1: of an answer’s body no more is read than is allowed: a large one and one that drips end with their connection', async () => {
  const cut = { drips: 0, large: 0 };
  const listener: RequestListener = (request, response) => {
    response.writeHead(200);
    if (request.url === '/large') {
      response.on('close', () => (cut.large += 1));
      response.write('x'.repeat(1_000_000));
      return;
    }
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => {
      clearInterval(drip);
      cut.drips += 1;
    });
  };
  await withServer(listener, async (http, { origin }) => {
    for (const path of ['/large', '/drips']) {
      assert.equal((await http.post(messageTo(origin, { path }))).status, 200, 'what counts is known before the body');
    }
    await soon(() => cut.large === 1 && cut.drips === 1);
  });
});

test('F1: whoever sends for one waits for no other’s server, though they share a host', async () => {
  const listener: RequestListener = (request, response) => {
    if (request.headers['x-hangs'] === undefined) response.writeHead(204).end();
  };
  await withServer(listener, async (http, { origin }) => {
    const stop = new AbortController();
    const hanging = http.post(messageTo(origin, { signal: stop.signal, headers: { 'x-hangs': '1' } }));
    const ended = assert.rejects(hanging, (error) => error === stop.signal.reason);
    // There is one connection for each sender, and the first one's is taken.
    assert.equal((await http.post(messageTo(origin, { sender: 'another' }))).status, 204);
    stop.abort(new Error('enough'));
    await ended;
  });
});

test('F1: a connection that the server has closed is not missed, and a server that is gone is found again when it is back', async () => {
  const listener: RequestListener = (_request, response) => response.writeHead(204).end();
  await withServer(listener, async (http, { server, origin }) => {
    const port = Number(new URL(origin).port);
    for (let round = 0; round < 3; round++) {
      assert.equal((await http.post(messageTo(origin))).status, 204);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await assert.rejects(http.post(messageTo(origin)), { name: 'HttpCallError' });
      await assert.rejects(http.post(messageTo(origin)), { failure: 'not_reached' });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    }
    assert.equal((await http.post(messageTo(origin))).status, 204);
  });
});

test('R4: outside of a sandbox nothing is sent in the clear, nor to a name or an address of our own network', async () => {
  let asked = 0;
  const listener: RequestListener = (_request, response) => {
    asked += 1;
    response.writeHead(204).end();
  };
  const production = { plainHttp: false, mayReach: (address: string) => refusedAddress(address) === undefined };
  await withServer(
    listener,
    async (http, { origin, ...served }) => {
      const port = new URL(origin).port;
      for (const server of [
        origin,
        `https://127.0.0.1:${port}`,
        `https://localhost:${port}`,
        `https://[::1]:${port}`,
      ]) {
        await assert.rejects(http.post(messageTo(server)), { failure: 'not_allowed' }, server);
      }
      assert.deepEqual([asked, served.connections], [0, 0]);
    },
    production,
  );
});
