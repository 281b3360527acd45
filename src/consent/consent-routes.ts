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
