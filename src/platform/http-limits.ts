import type { Server } from 'node:http';

/** What one who speaks to a server of ours may cost it, before it is known who that is: the same for every listener. */
export const httpLimits = {
  /** Address and headers together; Node's own limit, which answers 431. */
  headerBytes: 16 * 1024,
  headers: 100,
  /** For all headers to arrive, from the beginning of the connection or of the request. */
  headersSeconds: 10,
  /** For the whole request to arrive, its body included. */
  requestSeconds: 30,
  /** How often the two above are looked at: so much later at most a connection is cut. */
  lookSeconds: 5,
  /** Between two requests over one connection; longer than proxies keep theirs. */
  idleSeconds: 72,
  /** While an answer is made or read, without one byte moving either way. */
  silentSeconds: 120,
  /** Over one connection; then it is closed, so that clients spread over new nodes. */
  requestsOverOne: 10_000,
  connections: 10_000,
} as const;

/** Holds a server to the limits; before it listens. */
export function limitServer(server: Server): void {
  server.headersTimeout = httpLimits.headersSeconds * 1000;
  server.requestTimeout = httpLimits.requestSeconds * 1000;
  server.keepAliveTimeout = httpLimits.idleSeconds * 1000;
  server.maxRequestsPerSocket = httpLimits.requestsOverOne;
  server.maxConnections = httpLimits.connections;
  // Node would leave out what is too much without a word, and that might be what a proxy has added at the end.
  server.maxHeadersCount = 0;
  server.setTimeout(httpLimits.silentSeconds * 1000);
  // The types do not tell of it. It is read when the server begins to listen.
  Object.assign(server, { connectionsCheckingInterval: httpLimits.lookSeconds * 1000 });
}
