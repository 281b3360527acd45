import type { FastifyInstance } from 'fastify';
import { callerOf } from '../clients/require-token.ts';
import { agreementErrors } from '../errors/schemas.ts';
import type { Platform } from '../platform/platform.ts';
import { registerConsent } from './register.ts';
import { AgreementRequest, AgreementResponse, agreementAnswer, agreementFrom } from './wire.ts';

/** `PUT /v1/consent/agreement` (G1 to G6). */
export function agreementRoutes(app: FastifyInstance, platform: Platform): void {
  const rules = { population: platform.config.population, from2032: platform.config.ninRule2032 };
  app.route<{ Body: AgreementRequest }>({
    method: 'PUT',
    url: '/v1/consent/agreement',
    schema: {
      operationId: 'registerConsent',
      summary: 'Register a consent that a person has given at your organisation',
      tags: ['Agreement API'],
      body: AgreementRequest,
      response: { 200: AgreementResponse, ...agreementErrors },
    },
    handler: async (request) => {
      const agreement = agreementFrom(request.body, rules);
      const consent = await registerConsent(platform, {
        ...agreement,
        clientId: callerOf(request).clientId,
        actor: 'client',
        traceId: request.id,
      });
      return agreementAnswer(consent);
    },
  });
}
