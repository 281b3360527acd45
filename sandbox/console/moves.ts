import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { overviewOfConsent } from '../../src/consent/overview.ts';
import { revokeConsent } from '../../src/consent/revoke.ts';
import type { Creditor } from '../../src/creditors/creditor.ts';
import { openCollector } from '../../src/delivery/collector.ts';
import { DomainError } from '../../src/errors/domain-error.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { behaviours } from '../creditor-servers.ts';
import { testPersons } from '../people.ts';
import { MOST_SECONDS, moveClock, setBehaviour, type SandboxWorld } from '../sandbox-world.ts';
import { MOST_KRONER } from './creditors.page.ts';
import { field, wholeNumber } from './forms.ts';
import { MOST_DAYS } from './overview.page.ts';
import { openPusher } from './push-loan.ts';

const DAY_SECONDS = 86_400;

/**
 * What the forms of the console do. Each is answered by 303, to a page that says what is so now. `check`: throws unless a form comes from
 * a page of the console.
 */
export function moves(
  app: FastifyInstance,
  platform: Platform,
  world: SandboxWorld,
  check: (request: FastifyRequest) => Promise<void>,
): void {
  const { servers } = world;
  const collector = openCollector(platform);
  const pusher = openPusher(platform, world);
  app.addHook('onClose', async () => {
    await collector.close();
    await pusher.close();
  });
  app.addHook('preHandler', check);

  const form = (address: string, move: (request: FastifyRequest) => Promise<string>): void => {
    app.post(`/sandbox/console/${address}`, { schema: { hide: true } }, async (request, reply): Promise<FastifyReply> =>
      reply.redirect(`/sandbox${await move(request)}`, 303),
    );
  };
  const creditorOf = (id: string | undefined): Creditor => {
    const creditor = servers.creditors.find((known) => known.id === id);
    if (creditor === undefined) throw new DomainError('not_found', 'there is no creditor of this organisation number');
    return creditor;
  };
  const idIn = (request: FastifyRequest): string => (request.params as { id: string }).id;

  form('clock', async (request) => {
    const days = wholeNumber(field(request, 'days'), 1, MOST_DAYS);
    const seconds = wholeNumber(field(request, 'seconds'), 1, MOST_SECONDS) ?? (days ?? 0) * DAY_SECONDS;
    if (seconds === 0) return '?refused=days#clock';
    await moveClock(world, seconds);
    return '?clock=moved';
  });

  form('creditors/normal', async () => {
    for (const { id } of servers.creditors) if (servers.behaviourOf(id) !== 'normal') setBehaviour(world, id, 'normal');
    return '/creditors?set=all';
  });

  form('creditors/:id/behaviour', async (request) => {
    const { id } = creditorOf(idIn(request));
    const behaviour = behaviours.find((known) => known === field(request, 'behaviour'));
    if (behaviour === undefined) {
      throw new DomainError('invalid_request', `behaviour must be one of ${behaviours.join(', ')}`);
    }
    setBehaviour(world, id, behaviour);
    return `/creditors?set=${id}`;
  });

  form('creditors/:id/collect', async (request) => {
    const { id } = creditorOf(idIn(request));
    await collector.collectCreditor(id);
    return `/creditors?collected=${id}`;
  });

  form('push', async (request) => {
    const creditor = creditorOf(field(request, 'creditor'));
    const person = testPersons[wholeNumber(field(request, 'person'), 0, testPersons.length - 1) ?? -1];
    if (person === undefined) throw new DomainError('invalid_request', 'person must be the place of a test person');
    const kroner = wholeNumber(field(request, 'kroner'), 0, MOST_KRONER);
    if (kroner === undefined) return '/creditors?refused=kroner#push';
    const stored = await pusher.push({ creditor, nin: person.nin, amount: kroner * 100 });
    return `/creditors?${stored ? 'pushed' : 'refused'}=${creditor.id}`;
  });

  form('consents/:id/revoke', async (request) => {
    const id = idIn(request);
    const overview = await overviewOfConsent(platform, id);
    if (overview === undefined) throw new DomainError('not_found', 'there is no consent of this id');
    const { consent } = overview;
    // One that has ended meanwhile is told of as what it is.
    if (overview.state.active) {
      await revokeConsent(platform, { consent, clientId: consent.clientId, by: 'operator', traceId: request.id });
    }
    return `/consents?revoked=${consent.id}`;
  });
}
