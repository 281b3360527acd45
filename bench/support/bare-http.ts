import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

/** How a node and its baseline speak to the database: a pool, of which each request takes a connection for itself. */
const CONNECTIONS = 10;

/** `pipelined`: over one connection, without waiting for the answers before, as the node asks what it only reads. */
export type ConnectionKind = 'pool' | 'pipelined';

/** What a baseline asks the database through: the driver and nothing else. */
export interface BareDatabase {
  query(
    statement: { name: string; text: string },
    values: readonly unknown[],
  ): Promise<readonly Record<string, unknown>[]>;
}

export async function openBareDatabase(url: string, kind: ConnectionKind): Promise<BareDatabase> {
  if (kind === 'pool') {
    const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
    return { query: async ({ name, text }, values) => (await pool.query({ name, text, values: [...values] })).rows };
  }
  const client = new pg.Client({ connectionString: url, pipeline: true });
  await client.connect();
  return { query: async ({ name, text }, values) => (await client.query({ name, text, values: [...values] })).rows };
}

/** What a baseline is told: its database, and the headers that a node's answer has. */
export interface BareTold {
  readonly databaseUrl: string;
  readonly connection: ConnectionKind;
  readonly headers: Readonly<Record<string, string>>;
}

/** Listens with `node:http` and nothing on top; answers with its origin. `answer` makes the body of each answer. */
export async function listenBare(
  headers: Readonly<Record<string, string>>,
  answer: (request: IncomingMessage) => Promise<string>,
): Promise<string> {
  const server = createServer((request, response) => {
    answer(request).then(
      (body) => {
        response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
        response.end(body);
      },
      (error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The whole body of a request, as text. */
export function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}
