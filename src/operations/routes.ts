import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { sql } from '../platform/db-statement.ts';
import { knownMigrations } from '../platform/migrate.ts';
import type { Platform } from '../platform/platform.ts';

const VERSION = sql<{ version: number | null }>(
  'schema_version',
  'select max(version) as version from schema_migration',
);

/** A load balancer wants to know soon. */
const READY_WITHIN_MS = 2_000;

async function tooLate(): Promise<never> {
  await setTimeout(READY_WITHIN_MS, undefined, { ref: false });
  throw new DomainError('unavailable', 'the database does not answer', { retryAfterSeconds: 5 });
}

/** `/health/live`, `/health/ready` and `/metrics` (R6), for whoever runs the installation. */
export function operationsRoutes(
  app: FastifyInstance,
  platform: Platform,
  draining: () => boolean = () => false,
): void {
  const wanted = Math.max(...knownMigrations().map((migration) => migration.version));

  app.get('/health/live', { exposeHeadRoute: true, schema: { hide: true } }, async () => ({ status: 'live' }));

  app.get('/health/ready', { exposeHeadRoute: true, schema: { hide: true } }, async () => {
    if (draining()) throw new DomainError('unavailable', 'this node is about to stop', { retryAfterSeconds: 5 });
    const [row] = await Promise.race([platform.db.query(VERSION), tooLate()]);
    if ((row?.version ?? 0) < wanted) {
      throw new DomainError('unavailable', 'the database is not migrated to this version yet', {
        retryAfterSeconds: 5,
      });
    }
    return { status: 'ready' };
  });

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    return reply.type(platform.metrics.contentType).send(await platform.metrics.text());
  });
}
