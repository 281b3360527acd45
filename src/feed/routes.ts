import type { FastifyInstance } from 'fastify';
import { callerOf } from '../clients/require-token.ts';
import { firstSequenceNr, lastSequenceNr, readEvents } from '../consent/event-log.ts';
import { feedErrors, feedNumberErrors } from '../errors/schemas.ts';
import type { Platform } from '../platform/platform.ts';
import { FeedPage, FeedQuery, FirstSequenceNr, LastSequenceNr, feedPage, feedQueryFrom } from './wire.ts';

/** `GET /feed/v1/consent`, `/firstSequenceNr` and `/lastSequenceNr` (F1 to F5). */
export function feedRoutes(app: FastifyInstance, platform: Platform): void {
  const { db, clock, config } = platform;
  const readableSince = (now: Date) => new Date(now.getTime() - config.feedReadableDays * 86_400_000);

  app.route({
    method: 'GET',
    url: '/feed/v1/consent',
    schema: {
      operationId: 'readFeed',
      summary: 'Events of your consents, from a number on',
      tags: ['Consents Feed API'],
      querystring: FeedQuery,
      response: { 200: FeedPage, ...feedErrors },
    },
    // The query is read by `feedQueryFrom`, which takes digits for numbers and nothing else.
    validatorCompiler: () => () => true,
    handler: async (request) => {
      const { from, limit } = feedQueryFrom(request.query);
      const now = clock.now();
      const { clientId } = callerOf(request);
      return feedPage(
        from,
        await readEvents(db, { clientId, from, limit, now, readableSince: readableSince(now) }),
        now,
      );
    },
  });

  app.route({
    method: 'GET',
    url: '/feed/v1/consent/firstSequenceNr',
    schema: {
      operationId: 'firstSequenceNr',
      summary: 'The oldest number that can be read',
      tags: ['Consents Feed API'],
      response: { 200: FirstSequenceNr, ...feedNumberErrors },
    },
    handler: async (request) => {
      const now = clock.now();
      return { firstSequenceNr: await firstSequenceNr(db, callerOf(request).clientId, now, readableSince(now)) };
    },
  });

  app.route({
    method: 'GET',
    url: '/feed/v1/consent/lastSequenceNr',
    schema: {
      operationId: 'lastSequenceNr',
      summary: 'The newest number',
      tags: ['Consents Feed API'],
      response: { 200: LastSequenceNr, ...feedNumberErrors },
    },
    handler: async (request) => ({ lastSequenceNr: await lastSequenceNr(db, callerOf(request).clientId, clock.now()) }),
  });
}
