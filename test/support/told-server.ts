import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a server does with a request. */
export type Told = (response: ServerResponse, request: IncomingMessage) => void;

/** A creditor's server that does as it is told, over real connections. */
export interface ToldServer {
  readonly url: string;
  /** The requests that have come since the last `tell`. */
  readonly asked: readonly IncomingMessage[];
  /** Connections that it has taken. */
  readonly connections: number;
  tell(told: Told): void;
  close(): Promise<void>;
}

/** Starts one on a free loopback port; `tls`: over TLS, with these options. It answers 404 until it is told otherwise. */
export async function startToldServer(tls?: ServerOptions): Promise<ToldServer> {
  let told: Told = (response) => response.writeHead(404).end();
  let asked: IncomingMessage[] = [];
  let connections = 0;
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(request);
    told(response, request);
  };
  const server: Server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  server.on('connection', () => (connections += 1));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    get asked() {
      return asked;
    },
    get connections() {
      return connections;
    },
    tell: (next) => {
      told = next;
      asked = [];
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
