import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { CreditorClient } from '../src/creditors/creditor-client.ts';
import { DomainError } from '../src/errors/domain-error.ts';
import type { Jobs } from '../src/platform/jobs.ts';
import type { Platform } from '../src/platform/platform.ts';
import type { BusinessClock } from './business-clock.ts';
import { sandboxCallback } from './callback.ts';
import { behaviours, type Behaviour, type CreditorServers } from './creditor-servers.ts';

export interface SandboxWorld {
  readonly servers: CreditorServers;
  readonly clock: BusinessClock;
  readonly jobs: Jobs;
  readonly creditors: CreditorClient;
}

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

// Ten years at a time.
const ClockRequest = Type.Object(
  {
    advanceSeconds: Type.Integer({
      minimum: 0,
      maximum: 315_360_000,
      'x-says': 'a whole number of seconds, 0 to 315360000',
    }),
  },
  { additionalProperties: false },
);

/** What only a sandbox has: switches for its creditors (X3) and its clock (X4). */
export function sandboxRoutes(app: FastifyInstance, platform: Platform, world: SandboxWorld): void {
  const { servers } = world;
  sandboxCallback(app, platform);
  const creditorAnswer = (id: string) => ({
    id,
    name: servers.creditors.find((creditor) => creditor.id === id)?.name,
    behaviour: servers.behaviourOf(id),
  });

  app.get('/sandbox/creditors', { schema: { hide: true } }, async () =>
    servers.creditors.map(({ id }) => creditorAnswer(id)),
  );

  app.post<{ Params: { id: string }; Body: { behaviour: Behaviour } }>(
    '/sandbox/creditors/:id',
    { schema: { hide: true, body: BehaviourRequest } },
    async (request) => {
      const { id } = request.params;
      if (!servers.setBehaviour(id, request.body.behaviour)) {
        throw new DomainError(
          'not_found',
          'there is no creditor of this organisation number: see GET /sandbox/creditors',
        );
      }
      // What it did before says nothing about what it does now.
      world.creditors.forgetFailures(id);
      return creditorAnswer(id);
    },
  );

  app.post<{ Body: { advanceSeconds: number } }>(
    '/sandbox/clock',
    { schema: { hide: true, body: ClockRequest } },
    async (request) => {
      await world.clock.advance(request.body.advanceSeconds);
      await world.jobs.runDue();
      return { now: platform.clock.now().toISOString() };
    },
  );
}
