import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A load balancer of the plain kind: one address, connections that are kept, health checks, and no second try for anything. */
export interface Balancer {
  readonly origin: string;
  /** Puts a node behind it. Requests go there while its health check is answered with 200. */
  add(port: number): void;
  /** Takes a node away. */
  remove(port: number): void;
  /** How many requests each node got, by its port. */
  readonly sent: ReadonlyMap<number, number>;
  /** Waits until a node is (or is not) sent requests. */
  until(port: number, healthy: boolean): Promise<void>;
  close(): Promise<void>;
}

const CHECK_MS = 100;
/** After so many failures a node is left, as balancers do: one slow answer of a busy machine says nothing. */
const FAILURES = 3;

/** Starts one. Where no node is healthy it answers 502, and so where a node cuts or refuses a connection. */
export async function startBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true });
  const healthy = new Map<number, boolean>();
  const failures = new Map<number, number>();
  const sent = new Map<number, number>();
  let turn = 0;

  const isReady = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const asked = request({ port, host: 'localhost', path: '/health/ready', timeout: 10_000 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      });
      asked.on('timeout', () => asked.destroy());
      asked.on('error', () => resolve(false));
      asked.end();
    });
  const checks = setInterval(() => {
    for (const port of healthy.keys()) {
      void isReady(port).then((ready) => {
        const failed = ready ? 0 : (failures.get(port) ?? 0) + 1;
        failures.set(port, failed);
        if (healthy.has(port) && (ready || failed >= FAILURES)) healthy.set(port, ready);
      });
    }
  }, CHECK_MS);

  const handOn = (from: IncomingMessage, to: ServerResponse): void => {
    const ports = [...healthy].filter(([, ready]) => ready).map(([port]) => port);
    const port = ports[turn++ % Math.max(1, ports.length)];
    if (port === undefined) {
      to.writeHead(502).end('no node is healthy');
      return;
    }
    sent.set(port, (sent.get(port) ?? 0) + 1);
    const { method, url, headers } = from;
    const asked = request({ agent, port, host: 'localhost', method, path: url, headers }, (answer) => {
      const { connection: _connection, ...others } = answer.headers;
      to.writeHead(answer.statusCode ?? 502, others);
      answer.pipe(to);
      answer.on('error', () => to.destroy());
    });
    asked.on('error', (error) => (to.headersSent ? to.destroy() : to.writeHead(502).end(String(error))));
    from.pipe(asked);
  };
  const server = createServer(handOn);
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    add: (port) => void healthy.set(port, false),
    remove: (port) => void healthy.delete(port),
    sent,
    until: async (port, wanted) => {
      for (let tries = 0; (healthy.get(port) ?? false) !== wanted; tries++) {
        if (tries > 3_000) throw new Error(`the node at ${port} did not become ${wanted ? 'healthy' : 'unhealthy'}`);
        await sleep(10);
      }
    },
    close: async () => {
      clearInterval(checks);
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
