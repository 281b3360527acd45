import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../clients/require-token.ts';
import { lastSequenceNr } from '../consent/event-log.ts';
import {
  feedNumberErrors,
  webhookAddErrors,
  webhookChangeErrors,
  webhookErrors,
  webhookRotateErrors,
} from '../errors/schemas.ts';
import { isUuid } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { changeSubscription } from './change-subscription.ts';
import { findSubscription, listSubscriptions } from './find.ts';
import { USUAL_OVERLAP_SECONDS, rotateWebhookSecret } from './rotate-secret.ts';
import { noSuchWebhook, subscribe, unsubscribe, type Asker } from './subscribe.ts';
import { eventTypes } from './subscription.ts';
import { openTryOut } from './try-out.ts';
import {
  RotateRequest,
  RotatedSecret,
  TestResult,
  Webhook,
  WebhookChange,
  WebhookList,
  WebhookRequest,
  WebhookWithSecret,
  testAnswer,
  webhookAnswer,
} from './wire.ts';

const BASE = '/feed/v1/consent/webhooks';
const tags = ['Webhooks API'];

const askerOf = (request: FastifyRequest): Asker => ({ clientId: callerOf(request).clientId, traceId: request.id });

/** Which webhook the address names. Errors: `not_found`, for what cannot be an id as for an id that is nobody's. */
function idOf(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  if (!isUuid(id)) throw noSuchWebhook();
  return id;
}

const Params = { type: 'object', properties: { id: { type: 'string', description: 'The id of the webhook' } } };

/** `…/feed/v1/consent/webhooks`: a client's own webhooks, and nobody else's. */
export function webhookRoutes(app: FastifyInstance, platform: Platform): void {
  const { db, clock } = platform;
  const tryOut = openTryOut(platform);
  const lastOf = (clientId: string): Promise<number> => lastSequenceNr(db, clientId, clock.now());

  app.route<{ Body: WebhookRequest }>({
    method: 'POST',
    url: BASE,
    schema: {
      operationId: 'addWebhook',
      summary: 'Have your events sent to an address',
      description:
        'The address gets one message for each event, in order for each consent, and again until it takes it (2xx), for three days. The secret is shown this once. Check the signature of each message with it, and drop a message whose `webhook-id` you have had.',
      tags,
      body: WebhookRequest,
      response: { 201: WebhookWithSecret, ...webhookAddErrors },
    },
    handler: async (request, reply) => {
      const asker = askerOf(request);
      const wanted = { ...request.body, eventTypes: request.body.eventTypes ?? eventTypes };
      const { subscription, secret } = await subscribe(platform, asker, wanted);
      reply.code(201).header('location', `${BASE}/${subscription.id}`);
      return { ...webhookAnswer(subscription, await lastOf(asker.clientId)), secret };
    },
  });

  app.route({
    method: 'GET',
    url: BASE,
    schema: {
      operationId: 'listWebhooks',
      summary: 'Your webhooks, and how they are',
      description: 'Of each how far it has been told, and what keeps it from more. Secrets are not shown again.',
      tags,
      response: { 200: WebhookList, ...feedNumberErrors },
    },
    handler: async (request) => {
      const { clientId } = askerOf(request);
      const last = await lastOf(clientId);
      const webhooks = await listSubscriptions(db, clientId);
      return { webhooks: webhooks.map((webhook) => webhookAnswer(webhook, last)) };
    },
  });

  app.route({
    method: 'GET',
    url: `${BASE}/:id`,
    schema: {
      operationId: 'webhook',
      summary: 'A webhook, and how it is: how far it has been told, and why not further',
      tags,
      params: Params,
      response: { 200: Webhook, ...webhookErrors },
    },
    handler: async (request) => {
      const { clientId } = askerOf(request);
      const last = await lastOf(clientId);
      const webhook = await findSubscription(db, idOf(request), clientId);
      if (webhook === undefined) throw noSuchWebhook();
      return webhookAnswer(webhook, last);
    },
  });

  app.route<{ Body: WebhookChange }>({
    method: 'PATCH',
    url: `${BASE}/:id`,
    schema: {
      operationId: 'changeWebhook',
      summary: 'Another address, other events, on or off, or from an earlier number again',
      tags,
      params: Params,
      body: WebhookChange,
      response: { 200: Webhook, ...webhookChangeErrors },
    },
    handler: async (request) => {
      const asker = askerOf(request);
      const webhook = await changeSubscription(platform, asker, idOf(request), request.body);
      return webhookAnswer(webhook, await lastOf(asker.clientId));
    },
  });

  app.route({
    method: 'DELETE',
    url: `${BASE}/:id`,
    schema: {
      operationId: 'removeWebhook',
      summary: 'Remove a webhook',
      description: 'Nothing more is sent to it. A message that is under way may still arrive. The feed goes on.',
      tags,
      params: Params,
      response: { 204: { type: 'null', description: 'It is gone' }, ...webhookErrors },
    },
    handler: async (request, reply) => {
      await unsubscribe(platform, askerOf(request), idOf(request));
      return reply.code(204).send();
    },
  });

  app.route<{ Body: RotateRequest }>({
    method: 'POST',
    url: `${BASE}/:id/rotate-secret`,
    schema: {
      operationId: 'rotateWebhookSecret',
      summary: 'A new secret; the former one goes on beside it for a while',
      tags,
      params: Params,
      body: RotateRequest,
      response: { 200: RotatedSecret, ...webhookRotateErrors },
    },
    handler: async (request) => {
      const id = idOf(request);
      const overlapSeconds = request.body?.overlapSeconds ?? USUAL_OVERLAP_SECONDS;
      const rotated = await rotateWebhookSecret(platform, askerOf(request), id, overlapSeconds);
      return { id, secret: rotated.secret, formerSecretUntil: rotated.formerSecretUntil?.toISOString() ?? null };
    },
  });

  app.route({
    method: 'POST',
    url: `${BASE}/:id/test`,
    schema: {
      operationId: 'testWebhook',
      summary: 'Send a test message now, and learn what became of it',
      description:
        'The message is signed as all are, and has the type `webhook.test`. Its outcome is answered and nothing else depends on it.',
      tags,
      params: Params,
      response: { 200: TestResult, ...webhookErrors },
    },
    handler: async (request) => {
      const { attempt, milliseconds } = await tryOut(askerOf(request), idOf(request));
      return testAnswer(attempt, milliseconds);
    },
  });
}
