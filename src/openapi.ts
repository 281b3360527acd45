import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { completeDescription } from './docs/complete.ts';
import type { Description } from './docs/description.ts';
import { descriptionFrame } from './docs/frame.ts';
import type { Config } from './platform/config.ts';
import { webhookMessages } from './webhooks/wire.ts';

/** The description that the server makes of itself (OpenAPI 3.1): the routes' schemas within a frame, completed. */
export function apiDescription(config: Config): FastifyDynamicSwaggerOptions {
  type Frame = NonNullable<FastifyDynamicSwaggerOptions['openapi']>;
  return {
    openapi: { openapi: '3.1.0', ...descriptionFrame(config), webhooks: webhookMessages } as unknown as Frame,
    transformObject: (made) => {
      const description = 'openapiObject' in made ? made.openapiObject : {};
      return completeDescription(description as unknown as Description, config) as never;
    },
  };
}
