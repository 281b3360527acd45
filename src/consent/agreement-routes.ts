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
      description: [
        'The consent begins now, and is good for so many times 24 hours. With the same `client_consent_id` and the same data the same consent is answered, however often and however long after: repeat it when an answer is lost. With other data it is refused (409).',
        'The person sees it at once on pages of their own, and can withdraw it there.',
      ].join('\n\n'),
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
