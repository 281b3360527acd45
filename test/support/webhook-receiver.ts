import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Json } from './world.ts';

/** A message as it came. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly path: string;
  /** On the stopwatch of this process. */
  readonly at: number;
}

/** An organisation's own server, to which messages are sent. */
export interface Receiver {
  readonly url: string;
  /** Everything that came, taken or not, in order. */
  readonly received: Received[];
  /** What it does with a message; unless told it takes it (204). */
  answer: (message: Received, response: ServerResponse) => void;
  /** The secrets that it believes: where there are any, what none of them signed is answered 401. */
  secrets: readonly string[];
  /** Stops listening, and cuts all connections; `up` listens at the same port again. */
  down(): Promise<void>;
  up(): Promise<void>;
}

const take = (_message: Received, response: ServerResponse): void => void response.writeHead(204).end();

/** Starts one at a free port of this machine. */
export async function startReceiver(): Promise<Receiver> {
  let port = 0;
  const receiver: Receiver = {
    get url() {
      return `http://localhost:${port}/hooks`;
    },
    received: [],
    answer: take,
    secrets: [],
    down: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    up: async () => {
      await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
      port = (server.address() as AddressInfo).port;
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const { headers } = request;
      const { type, data } = JSON.parse(text) as { type: string; data: unknown };
      const id = String(headers['webhook-id']);
      const message: Received = { id, type, data, headers, text, path: request.url ?? '', at: performance.now() };
      receiver.received.push(message);
      if (receiver.secrets.length > 0 && !receiver.secrets.some((secret) => isSignedWith(secret, message))) {
        response.writeHead(401).end();
      } else receiver.answer(message, response);
    });
  });
  await receiver.up();
  return receiver;
}

/** Whether a message is signed with this secret, as the specification's own library finds. */
export function isSignedWith(secret: string, { text, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(text, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}
