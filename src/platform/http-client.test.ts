import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { httpClient } from './http-client.ts';

async function withServer(listener: RequestListener, work: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const http = httpClient({ connections: 2 });
const get = (origin: string, signal = AbortSignal.timeout(5_000)) =>
  http.get({ origin, path: '/', headers: {}, signal, maxBytes: 1_000 });

test('D3: a call ends at its signal: before an answer, in the midst of a body that drips, and while it waits for a connection', async () => {
  for (const listener of [
    () => undefined,
    (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    },
  ] satisfies RequestListener[]) {
    await withServer(listener, async (origin) => {
      const begun = performance.now();
      // More calls than connections: the third and fourth never get one.
      const calls = await Promise.allSettled(Array.from({ length: 4 }, () => get(origin, AbortSignal.timeout(200))));
      assert.ok(calls.every((call) => call.status === 'rejected'));
      assert.ok(performance.now() - begun < 1_000, 'close to the deadline of 200 ms');
    });
  }
});

test('D3: an answer that is larger than allowed is an error, however its size is told', async () => {
  for (const chunked of [true, false]) {
    await withServer(
      (_request, response) => {
        if (!chunked) response.setHeader('content-length', 2_000);
        response.end('x'.repeat(2_000));
      },
      async (origin) => assert.rejects(get(origin), /larger than 1000 bytes/),
    );
  }
});

test('a redirect is answered as it is, and not followed', async () => {
  let asked = 0;
  await withServer(
    (_request, response) => {
      asked += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    },
    async (origin) => {
      assert.equal((await get(origin)).status, 302);
      assert.equal(asked, 1);
    },
  );
});
