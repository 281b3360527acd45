import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A line between a client and a server, on a port of its own, that fails as told. */
export interface FaultyLine {
  readonly port: number;
  /** Where connections lead from now on. */
  leadTo(port: number): void;
  /** Of the next `count` connections that answer more than so many bytes, cuts each after these. */
  cut(count: number, afterBytes: number): void;
  /** Answers the next `count` connections itself: 503, with `Retry-After` of so many seconds. */
  refuse(count: number, retryAfterSeconds: number): void;
  /** How often it failed, by kind. */
  readonly failed: { cut: number; refused: number; dead: number };
  close(): Promise<void>;
}

const refusal = (seconds: number): string =>
  [
    'HTTP/1.1 503 Service Unavailable',
    'content-type: application/json',
    `retry-after: ${seconds}`,
    'connection: close',
    'content-length: 2',
    '',
    '{}',
  ].join('\r\n');

export async function startFaultyLine(): Promise<FaultyLine> {
  const sockets = new Set<Socket>();
  const failed = { cut: 0, refused: 0, dead: 0 };
  let target = 0;
  let [cuts, cutAfter, refusals, retryAfter] = [0, 0, 0, 0];

  const carry = (outside: Socket): void => {
    const inside = connect(target, 'localhost');
    sockets.add(inside);
    inside.once('close', () => sockets.delete(inside));
    // What is one end's is the other's.
    const end = (): void => {
      outside.destroy();
      inside.destroy();
    };
    inside.once('error', () => {
      failed.dead += 1;
      end();
    });
    outside.once('error', end);
    outside.once('close', end);
    inside.once('close', end);
    let bytes = 0;
    inside.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (cuts > 0 && bytes > cutAfter) {
        cuts -= 1;
        failed.cut += 1;
        outside.write(chunk.subarray(0, Math.max(1, chunk.length - (bytes - cutAfter))), end);
        return;
      }
      outside.write(chunk);
    });
    outside.on('data', (chunk: Buffer) => inside.write(chunk));
  };

  const server = createServer((outside) => {
    sockets.add(outside);
    outside.once('close', () => sockets.delete(outside));
    if (refusals > 0) {
      refusals -= 1;
      failed.refused += 1;
      outside.once('error', () => outside.destroy());
      outside.once('data', () => outside.end(refusal(retryAfter)));
    } else carry(outside);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    failed,
    leadTo: (to) => {
      target = to;
    },
    cut: (count, afterBytes) => {
      [cuts, cutAfter] = [count, afterBytes];
    },
    refuse: (count, retryAfterSeconds) => {
      [refusals, retryAfter] = [count, retryAfterSeconds];
      // Connections that are kept open would go on working.
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
