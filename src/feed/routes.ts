import type { FastifyInstance } from 'fastify';
import { callerOf } from '../clients/require-token.ts';
import { firstSequenceNr, lastSequenceNr } from '../consent/event-log.ts';
import { feedErrors, feedNumberErrors } from '../errors/schemas.ts';
import type { Platform } from '../platform/platform.ts';
import { readOrWait } from './long-poll.ts';
import { readPage } from './read-page.ts';
import { openRequests } from './open-requests.ts';
import { readableSince } from './read-on.ts';
import { sendSnapshot } from './snapshot.ts';
import { SnapshotLine } from './snapshot-wire.ts';
import { streamEvents } from './stream.ts';
import type { WakeUps } from './wake-ups.ts';
import {
  FeedPage,
  FeedQuery,
  FirstSequenceNr,
  LastSequenceNr,
  StreamHeaders,
  StreamQuery,
  StreamEvent,
  feedPage,
  feedPageOf,
  feedQueryFrom,
  streamBeginsAt,
} from './wire.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const SNAPSHOTS_PER_CLIENT = 2;
/** Each has a connection to the database of its own. */
const SNAPSHOTS = 4;

/** `GET /feed/v1/consent`, `/firstSequenceNr` and `/lastSequenceNr`; beside the poll `/stream` and `/snapshot` (F1 to F5). */
export function feedRoutes(app: FastifyInstance, platform: Platform, wakeUps: WakeUps): void {
  const { db, clock, config } = platform;
  const waiting = openRequests({
    what: 'requests that wait for events',
    perClient: config.feedWaitingPerClient,
    inAll: config.feedWaiting,
  });
  const snapshots = openRequests({ what: 'snapshots', perClient: SNAPSHOTS_PER_CLIENT, inAll: SNAPSHOTS });
  // Who waits is answered at once when this node closes, and goes on with another; a snapshot is finished.
  app.addHook('preClose', async () => waiting.close());
  const tags = ['Consents Feed API'];
  // Queries are read by functions that take digits for numbers and nothing else.
  const validatorCompiler = () => () => true;

  app.route({
    method: 'GET',
    url: '/feed/v1/consent',
    schema: {
      operationId: 'readFeed',
      summary: 'Events of your consents, from a number on',
      description:
        'With `waitSeconds` an answer without events is held back until there are some, or the time is over. It comes at once when this node closes: simply ask again.',
      tags,
      querystring: FeedQuery,
      response: { 200: FeedPage, ...feedErrors },
    },
    validatorCompiler,
    handler: async (request, reply) => {
      const { from, limit, waitSeconds } = feedQueryFrom(request.query);
      const read = () => readPage(platform, { request, from, limit });
      const { events, now } = await readOrWait(
        platform,
        waiting,
        wakeUps,
        { waitSeconds, readPage: read },
        { request, reply },
      );
      return events === undefined ? feedPage(from, [], now) : reply.type(JSON_TYPE).send(feedPageOf(events, now));
    },
  });

  app.route({
    method: 'GET',
    url: '/feed/v1/consent/stream',
    schema: {
      operationId: 'streamFeed',
      summary: 'Events of your consents as they come, over one connection',
      description: [
        'Server-sent events. Of each, `id` is the sequence number, `event` the type, and `data` the event as a page has it.',
        'When the connection ends, connect again with the last number as `Last-Event-ID`: nothing is missed then, and an event may come twice.',
        '`event: gap` comes when events after your number are older than can be read: take the snapshot.',
        '`event: end` says why the stream ends, as when the token expires. Lines that begin with a colon come each 15 seconds, and mean nothing.',
        'The schema is of `data`.',
      ].join(' '),
      tags,
      querystring: StreamQuery,
      headers: StreamHeaders,
      response: {
        200: { description: 'Events, without end', content: { 'text/event-stream': { schema: StreamEvent } } },
        ...feedErrors,
      },
    },
    validatorCompiler,
    handler: (request, reply) => {
      const from = streamBeginsAt(request.query, request.headers['last-event-id']);
      streamEvents(platform, waiting, wakeUps, from, { request, reply }).catch((error: unknown) => reply.send(error));
    },
  });

  app.route({
    method: 'GET',
    url: '/feed/v1/consent/snapshot',
    schema: {
      operationId: 'snapshot',
      summary: 'All your consents, with their state as of one number of the feed',
      description: [
        'For a client that begins, or was away for longer than events can be read. One JSON object a line:',
        'first the number, then each consent as the events up to that number left it, then a last line, without which it is not whole.',
        'Keep the consents, and follow the feed from that number + 1. Consents that are past their retention time are not there any more.',
        'The schema is of one line.',
      ].join(' '),
      tags,
      response: {
        200: { description: 'All consents', content: { 'application/x-ndjson': { schema: SnapshotLine } } },
        ...feedNumberErrors,
      },
    },
    handler: (request, reply) => {
      sendSnapshot(platform, snapshots, { request, reply }).catch((error: unknown) => reply.send(error));
    },
  });

  app.route({
    method: 'GET',
    url: '/feed/v1/consent/firstSequenceNr',
    schema: {
      operationId: 'firstSequenceNr',
      summary: 'The oldest number that can be read',
      description:
        'When it is above the last number that you have seen + 1, events have become too old to be read: take the snapshot.',
      tags,
      response: { 200: FirstSequenceNr, ...feedNumberErrors },
    },
    handler: async (request) => {
      const now = clock.now();
      const { clientId } = callerOf(request);
      return { firstSequenceNr: await firstSequenceNr(db, clientId, now, readableSince(platform, now)) };
    },
  });

  app.route({
    method: 'GET',
    url: '/feed/v1/consent/lastSequenceNr',
    schema: {
      operationId: 'lastSequenceNr',
      summary: 'The newest number',
      description: 'A client that begins, and has kept nothing of what was before, follows the feed from this + 1.',
      tags,
      response: { 200: LastSequenceNr, ...feedNumberErrors },
    },
    handler: async (request) => ({ lastSequenceNr: await lastSequenceNr(db, callerOf(request).clientId, clock.now()) }),
  });
}
