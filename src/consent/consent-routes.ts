import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { ApiLimits } from '../clients/rate-limit.ts';
import { debtErrors } from '../errors/schemas.ts';
import type { Platform } from '../platform/platform.ts';
import { ConsentIdInPath, consentForRequest } from './consent-for-request.ts';
import { revokeConsent } from './revoke.ts';
import { ConsentStatus, statusAnswer } from './wire.ts';

/** `GET /v1/debt/{id}/status` and `DELETE /v1/debt/{id}` (S1 to S3). */
export function consentRoutes(app: FastifyInstance, platform: Platform, limits: ApiLimits): void {
  app.route<{ Params: { id: string } }>({
    method: 'GET',
    url: '/v1/debt/:id/status',
    schema: {
      operationId: 'consentStatus',
      summary: 'Whether a consent is active',
      description:
        'A consent that is unknown, or another client’s, is not active, and nothing more is told. To learn when consents end, read the feed instead of asking for each.',
      tags: ['Debt API'],
      params: ConsentIdInPath,
      response: { 200: ConsentStatus, ...debtErrors },
    },
    handler: async (request) => {
      const { caller, consent } = await consentForRequest(platform, limits, request, request.params.id);
      return statusAnswer(consent, caller.clientId, platform.clock.now());
    },
  });

  app.route<{ Params: { id: string } }>({
    method: 'DELETE',
    url: '/v1/debt/:id',
    schema: {
      operationId: 'revokeConsent',
      summary: 'Revoke a consent; repeating it is safe',
      description:
        'From the moment it is answered, nobody gets debt by this consent any more, on any node. One that has expired or was used up cannot be revoked (403).',
      tags: ['Debt API'],
      params: ConsentIdInPath,
      response: { 204: Type.Null({ description: 'Revoked, now or before' }), ...debtErrors },
    },
    handler: async (request, reply) => {
      const { caller, consent } = await consentForRequest(platform, limits, request, request.params.id);
      await revokeConsent(platform, { consent, clientId: caller.clientId, by: 'client', traceId: request.id });
      return reply.code(204).send();
    },
  });
}
