import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify, type FastifyInstance } from 'fastify';
import { openOutflow, ReaderGone, type Outflow } from './outflow.ts';

const PIECE = 'x'.repeat(64 * 1024);

let app: FastifyInstance | undefined;
let socket: Socket | undefined;
afterEach(async () => {
  socket?.destroy();
  await app?.close();
});

/** A server that writes to whoever asks, and a reader that has asked and reads nothing yet. */
async function begin(stallSeconds: number): Promise<{ out: Outflow; reader: Socket }> {
  const opened = Promise.withResolvers<Outflow>();
  app = fastify();
  app.get('/', (_request, reply) => opened.resolve(openOutflow(reply, { type: 'text/plain', stallSeconds })));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
  return { out: await opened.promise, reader: socket };
}

/** Writes until a write has to wait; answers with it, and how much was written. */
async function writeUntilFull(out: Outflow): Promise<{ write: Promise<void>; pieces: number }> {
  for (let pieces = 1; pieces < 2_000; pieces += 1) {
    const write = out.write(PIECE);
    const waits = await Promise.race([write.then(() => false), sleep(300, true)]);
    if (waits) return { write, pieces };
  }
  assert.fail('more than a hundred megabytes were taken from who reads nothing');
}

test('F2: to a reader that reads nothing no more is written than the connection holds; it goes on when that one reads', async () => {
  const { out, reader } = await begin(60);
  const { write, pieces } = await writeUntilFull(out);
  let bytes = 0;
  reader.on('data', (piece) => (bytes += piece.length)).resume();
  await write;
  out.end();
  await once(reader, 'end');
  assert.ok(bytes >= pieces * PIECE.length);
});

test('F2: a reader that takes nothing for too long is cut off, and the writer is told', async () => {
  const { out, reader } = await begin(1);
  const { write } = await writeUntilFull(out);
  await assert.rejects(write, ReaderGone);
  await assert.rejects(out.write('more'), ReaderGone);
  reader.resume();
  await once(reader, 'close');
});

test('F2: a writer is told that its reader has gone, also while it waits for it', async () => {
  const { out, reader } = await begin(60);
  const { write } = await writeUntilFull(out);
  reader.destroy();
  await assert.rejects(write, ReaderGone);
});

test('F2: what is cut off by the writer does not look as if it were whole', async () => {
  const { out, reader } = await begin(60);
  let text = '';
  reader.on('data', (piece) => (text += String(piece))).resume();
  await out.write('first line\n');
  while (!text.includes('first line')) await once(reader, 'data');
  out.cut();
  await once(reader, 'close');
  assert.doesNotMatch(text, /\r\n0\r\n\r\n$/, 'the end of a chunked body is missing');
});
