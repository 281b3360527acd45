import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { Config } from './platform/config.ts';
import { webhookMessages } from './webhooks/wire.ts';

/** The frame of the description that the server makes of itself (OpenAPI 3.1); the routes' schemas fill it. */
export function apiDescription(config: Config): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Samtykke',
        version: 'v1',
        description:
          "Consents to share debt information: registering, looking up, status, revocation and the change feed. Compatible with Norsk Gjeldsinformasjon's published API.",
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: config.apiUrl }],
      components: {
        securitySchemes: {
          accessToken: { type: 'http', scheme: 'bearer', description: `From ${config.accessUrl}/oauth2/token` },
        },
      },
      security: [{ accessToken: [] }],
      webhooks: webhookMessages,
    },
  };
}
