import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../src/errors/domain-error.ts';
import type { Platform } from '../src/platform/platform.ts';
import { sandboxCallback } from './callback.ts';
import { consoleRoutes } from './console/routes.ts';
import { behaviours, type Behaviour } from './creditor-servers.ts';
import { MOST_SECONDS, moveClock, setBehaviour, type SandboxWorld } from './sandbox-world.ts';

const BehaviourRequest = Type.Object(
  {
    behaviour: Type.Unsafe<Behaviour>({
      type: 'string',
      enum: [...behaviours],
      'x-says': `one of ${behaviours.join(', ')}`,
    }),
  },
  { additionalProperties: false },
);

const ClockRequest = Type.Object(
  {
    advanceSeconds: Type.Integer({
      minimum: 0,
      maximum: MOST_SECONDS,
      'x-says': `a whole number of seconds, 0 to ${MOST_SECONDS}`,
    }),
  },
  { additionalProperties: false },
);

/** What only a sandbox has: switches for its creditors (X3) and its clock (X4), and pages where all of it is seen and moved. */
export function sandboxRoutes(app: FastifyInstance, platform: Platform, world: SandboxWorld): void {
  const { servers } = world;
  sandboxCallback(app, platform);
  consoleRoutes(app, platform, world);
  const creditorAnswer = (id: string) => ({
    id,
    name: servers.creditors.find((creditor) => creditor.id === id)?.name,
    behaviour: servers.behaviourOf(id),
  });

  app.post<{ Params: { id: string }; Body: { behaviour: Behaviour } }>(
    '/sandbox/creditors/:id',
    { schema: { hide: true, body: BehaviourRequest } },
    async (request) => {
      const { id } = request.params;
      if (!setBehaviour(world, id, request.body.behaviour)) {
        throw new DomainError(
          'not_found',
          'there is no creditor of this organisation number: see GET /sandbox/creditors',
        );
      }
      return creditorAnswer(id);
    },
  );

  app.post<{ Body: { advanceSeconds: number } }>(
    '/sandbox/clock',
    { schema: { hide: true, body: ClockRequest } },
    async (request) => {
      await moveClock(world, request.body.advanceSeconds);
      return { now: platform.clock.now().toISOString() };
    },
  );
}
