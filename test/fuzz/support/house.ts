import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { sandboxCertificates, type SandboxCertificates } from '../../../sandbox/authority.ts';
import { openPushListener } from '../../../src/delivery/listener.ts';
import { peerOrganisation } from '../../../src/delivery/require-certificate.ts';
import { deliveryRoutes } from '../../../src/delivery/routes.ts';
import { startWorld, type Json, type World } from '../../support/world.ts';
import { openWire, type Wire, type WireAnswer } from './wire.ts';

/** Where requests go: the APIs and pages, the port for deliveries, a creditor's own server. */
export type Door = 'main' | 'push' | 'creditor';

/** A world whose ports are open, so that anything can be said to them. */
export interface House {
  readonly world: World;
  readonly certificates: SandboxCertificates;
  /** A server of somebody's own, which takes whatever is sent to it. */
  readonly sink: string;
  open(door: Door, identity?: object): Promise<Wire>;
  /** Sends a request over a connection that is kept for the next one, and checks that it is kept or ended as the answer says. */
  ask(door: Door, bytes: Buffer, method: string): Promise<WireAnswer>;
  /** What must not change by what is refused. */
  kept(): Promise<Json>;
  close(): Promise<void>;
}

/** An organisation that delivers for the creditor of the document's examples. */
export const DELIVERER = '318465711';

const HEALTH = Buffer.from('GET /health/live HTTP/1.1\r\nHost: localhost:4000\r\n\r\n');

export async function openHouse(env: Record<string, string> = {}): Promise<House> {
  const world = await startWorld({ env: { PUSH_PORT: '0', PUSH_HOST: '127.0.0.1', ...env } });
  const { platform, app } = world;
  const certificates = await sandboxCertificates(
    join(platform.config.dataDir, 'certificates'),
    platform.clock.realNow(),
  );
  const listener = await openPushListener(platform, (subtree) => deliveryRoutes(subtree, platform, peerOrganisation));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const sink = createServer((request, response) => request.resume().once('end', () => response.writeHead(204).end()));
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const ca = certificates.authority.cert;
  const creditor = world.servers.creditors.find(({ id }) => id === '310472654') ?? world.servers.creditors[0];
  const doors: Record<Door, { port: number; tls?: ConnectionOptions }> = {
    main: { port },
    push: { port: listener.port, tls: { ca, ...certificates.deliverer(DELIVERER) } },
    creditor: { port: Number(new URL(creditor?.baseUrl ?? '').port), tls: { ca, ...certificates.operator } },
  };
  const open = (door: Door, identity?: object): Promise<Wire> => {
    const { port: at, tls } = doors[door];
    return openWire(at, identity === undefined ? tls : { ca, ...identity });
  };

  const lines = new Map<Door, { wire: Wire; at: number }>();
  const ask = async (door: Door, bytes: Buffer, method: string): Promise<WireAnswer> => {
    const kept = lines.get(door);
    lines.delete(door);
    // One that has been idle for long may be ended at any time.
    const isFresh = kept !== undefined && performance.now() - kept.at < 5_000;
    if (!isFresh) kept?.wire.drop();
    const wire = isFresh ? kept.wire : await open(door);
    wire.say(bytes);
    const answer = await wire.answer(method);
    if (answer === undefined) throw new Error('the connection was ended without an answer');
    if (!answer.whole) {
      wire.drop();
      return answer;
    }
    if (/\bclose\b/i.test(answer.headers.get('connection')?.[0] ?? '')) {
      const rest = await wire.ended();
      if (rest !== '') throw new Error(`after the last answer there was more: ${rest.slice(0, 200)}`);
      return answer;
    }
    // Kept: then the next request, a good one, is answered over it, and nothing is left of the one before.
    wire.say(HEALTH);
    const next = await wire.answer();
    if (next === undefined)
      throw new Error(`the connection was ended after ${answer.status} without a word that it would be`);
    if (door === 'main' && (next.status !== 200 || !next.body.includes('"live"'))) {
      throw new Error(`the next request over the connection was answered ${next.status}: ${next.body.slice(0, 200)}`);
    }
    if (!wire.isOver && !/\bclose\b/i.test(next.headers.get('connection')?.[0] ?? ''))
      lines.set(door, { wire, at: performance.now() });
    else wire.drop();
    return answer;
  };

  return {
    world,
    certificates,
    sink: `http://127.0.0.1:${(sink.address() as AddressInfo).port}/hook`,
    open,
    ask,
    kept: async () => (await world.inspect(KEPT))[0],
    close: async () => {
      for (const { wire } of lines.values()) wire.drop();
      await listener.close();
      sink.closeAllConnections();
      sink.close();
      await world.close();
    },
  };
}

/** Rows, and what they hold, of everything that a refused request must leave alone. */
const of = (table: string): string =>
  `(select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) from ${table} t) as ${table}`;
const counted = (table: string): string => `(select count(*) from ${table}) as ${table}`;
const KEPT = `select ${[
  ...['consent', 'person', 'client', 'client_purpose', 'permission_switch', 'creditor', 'creditor_provider'].map(of),
  ...['webhook_subscription', 'delivered_loan', 'delivered_customer', 'registered_key', 'installation'].map(of),
  ...['audit_log'].map(counted),
  '(select count(*) from feed_event) + (select count(*) from feed_pending) as events',
  '(select count(*) from session) as session',
].join(', ')}`;
