import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { httpClient, HttpCallError } from './http-client.ts';

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

const http = httpClient({ connections: 2, plainHttp: true, mutualTls: () => assert.fail('never asked for') });
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

/** Reads a stream to its end, or to where `stop` says. */
async function readAll(body: AsyncIterable<Buffer>, stop = Infinity): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes >= stop) break;
  }
  return bytes;
}

const stream = (origin: string, options: { signal?: AbortSignal; maxBytes?: number } = {}) =>
  http.stream({ origin, path: '/', headers: {}, signal: AbortSignal.timeout(10_000), maxBytes: 1e9, ...options });

/** Sends blocks of 64 KiB for as long as somebody takes them; `sent` counts. */
function endless(sent: { bytes: number; cut: boolean }): RequestListener {
  const block = Buffer.alloc(65_536, 'x');
  return (_request, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed) {
        sent.bytes += block.length;
        if (!response.write(block)) break;
      }
    };
    response.on('drain', more).on('close', () => (sent.cut = true));
    more();
  };
}

const settled = async (met: () => boolean): Promise<void> => {
  for (let looks = 0; !met() && looks < 200; looks++) await sleep(10);
  assert.ok(met());
};

test('D3: a stream comes no faster than it is read', async () => {
  const sent = { bytes: 0, cut: false };
  await withServer(endless(sent), async (origin) => {
    const { body } = await stream(origin);
    const reading = body[Symbol.asyncIterator]();
    await reading.next();
    await sleep(300);
    const early = sent.bytes;
    assert.ok(early < 20_000_000, `${early} bytes were sent to somebody who read one block`);
    await sleep(100);
    assert.equal(sent.bytes, early, 'and then it stands still');
    for (let read = 0; read < 50_000_000;) read += ((await reading.next()).value as Buffer).length;
    assert.ok(sent.bytes > 50_000_000);
    await reading.return?.();
    await settled(() => sent.cut);
  });
});

test('D3: a stream without an end fails at its limit, and its connection is closed', async () => {
  const sent = { bytes: 0, cut: false };
  await withServer(endless(sent), async (origin) => {
    const { body } = await stream(origin, { maxBytes: 5_000_000 });
    await assert.rejects(readAll(body), { failure: 'too_large', message: 'the answer is larger than 5000000 bytes' });
    await settled(() => sent.cut);
  });
});

test('D3: a stream that is left, or discarded, closes its connection; a short rest is read, and the connection kept', async () => {
  const sent = { bytes: 0, cut: false };
  await withServer(endless(sent), async (origin) => {
    assert.ok((await readAll((await stream(origin)).body, 100_000)) >= 100_000);
    await settled(() => sent.cut);
    sent.cut = false;
    await (await stream(origin)).discard();
    await settled(() => sent.cut);
  });
  const ports = new Set<number | undefined>();
  await withServer(
    (request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(429).end('wait');
    },
    async (origin) => {
      for (let round = 0; round < 8; round++) {
        const answer = await stream(origin);
        assert.equal(answer.status, 429);
        await answer.discard();
      }
      assert.ok(ports.size <= 2, 'as many as the pool has');
    },
  );
});

test('D3: a stream ends at its signal, with its reason', async () => {
  const sent = { bytes: 0, cut: false };
  await withServer(endless(sent), async (origin) => {
    const stop = new AbortController();
    const { body } = await stream(origin, { signal: stop.signal });
    const reason = new Error('enough');
    setTimeout(() => stop.abort(reason), 100);
    await assert.rejects(readAll(body), (error) => error === reason);
    await settled(() => sent.cut);
  });
});

test('D3: a stream that is cut, shorter than it said, or garbage in chunks, is an error that quotes nothing of it', async () => {
  const cases: Readonly<Record<string, (socket: Socket) => void>> = {
    'cut in the midst': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n14842249091');
      setTimeout(() => socket.destroy(), 50);
    },
    'ended early': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n14842249091'),
    'reset between chunks': (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n14842249091\r\n');
      setTimeout(() => socket.resetAndDestroy(), 50);
    },
    'garbage in chunks': (socket) =>
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\n14842249091\r\n14842249091 zz\r\n'),
  };
  for (const [what, answer] of Object.entries(cases)) {
    const server = createRawServer((socket) => {
      socket.on('error', () => undefined).once('data', () => answer(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { body } = await stream(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await assert.rejects(readAll(body), (error: Error) => {
      assert.ok(error instanceof HttpCallError, what);
      assert.equal(error.failure, 'cut', what);
      assert.ok(!inspect(error, { depth: 10 }).includes('14842249091'), what);
      return true;
    });
    server.close();
  }
});

test('D3: a stream tells status and headers, and does not go where it is sent', async () => {
  await withServer(
    (_request, response) => response.writeHead(307, { location: 'http://127.0.0.1:9/', 'x-two': ['a', 'b'] }).end('no'),
    async (origin) => {
      const { status, headers, body } = await stream(origin);
      assert.deepEqual([status, headers['location'], headers['x-two']], [307, 'http://127.0.0.1:9/', ['a', 'b']]);
      assert.equal(await readAll(body), 2);
    },
  );
});
