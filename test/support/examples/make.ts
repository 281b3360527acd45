import type { Exchange } from '../../../src/docs/examples.ts';
import { agreement, bearer, clientOf, startWorld, tokenFor, type World } from '../world.ts';
import { DEBT, agreements, debt, statusAndRevocation } from './debt.ts';
import { deliveries } from './deliveries.ts';
import { feed, webhooks } from './feed.ts';
import { TOKEN, askingAPerson, credentials, tokens } from './oauth.ts';
import { recorder, type Show } from './recorder.ts';
import { stable } from './stable.ts';

/** As many as the examples need, and few enough to be soon used up. */
const PER_MINUTE = 80;

/**
 * The exchanges of `src/docs/examples.json`: what a sandbox of its own answers to each call of the description, well and badly asked.
 * Each time the same, unless something has changed.
 */
export async function makeExamples(): Promise<readonly Exchange[]> {
  const world = await startWorld({
    env: {
      RATE_LIMIT_PER_MINUTE: String(PER_MINUTE),
      LOOKUP_DEADLINE_MS: '1500',
      PUSH_PORT: '0',
      PUSH_HOST: '127.0.0.1',
    },
  });
  try {
    const began = world.clock.now();
    const { show, exchanges } = recorder(world);
    await tokens(show);
    await askingAPerson(world, show);
    const consents = await agreements(world, show);
    await debt(world, show, consents);
    await statusAndRevocation(world, show, consents);
    await feed(world, show, exchanges);
    await webhooks(world, show, exchanges);
    await deliveries(world, exchanges);
    await refusedForLater(world, show);
    return stable(exchanges, began);
  } finally {
    await world.close();
  }
}

/** Uses limits up. */
async function refusedForLater(world: World, show: Show): Promise<void> {
  const token = await tokenFor(world, 'debt', { client: 3, scope: 'debt.unsecured.presentation' });
  const register = await tokenFor(world, 'agreement', { client: 2 });
  const id = '0193a2f4-6b1e-7c3d-9a10-5b2e8d41c7f0';
  const until429 = async (request: Parameters<World['call']>[0]): Promise<void> => {
    for (let calls = 0; calls <= PER_MINUTE; calls += 1) if ((await world.call(request)).status === 429) return;
    throw new Error('no limit was met');
  };
  await until429({ method: 'GET', url: `/v1/debt/${id}/status`, headers: bearer(token) });
  await show('consentStatus', 'too-many', 'Too many requests', { path: `${DEBT}/status`, id, token });
  await until429({ method: 'PUT', url: '/v1/consent/agreement', headers: bearer(register), payload: {} });
  await show('registerConsent', 'too-many', 'Too many requests', {
    method: 'PUT',
    path: '/v1/consent/agreement',
    token: register,
    json: agreement(),
  });
  const form = credentials('/v1/debt', 'debt.unsecured.presentation');
  const headers = { authorization: clientOf(3).basic, 'content-type': 'application/x-www-form-urlencoded' };
  await until429({ method: 'POST', url: TOKEN.path, headers, payload: new URLSearchParams(form).toString() });
  await show('fetchToken', 'too-many', 'Too many requests', { ...TOKEN, basic: clientOf(3).basic, form });
}
