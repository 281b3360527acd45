import { useConsent } from '../../src/consent/use.ts';
import { listConsents } from '../../src/consent/list.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { revokeConsent } from '../../src/consent/revoke.ts';
import { personIdsOf } from '../../src/audit/person-registry.ts';
import type { Consent } from '../../src/consent/consent.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { standingAt, syntheticNin } from '../../test/support/bare-platform.ts';
import { answerScreen, askAddress, formOn, go, wordsOf } from '../../test/support/flow.ts';
import { newVisitor, type Visitor } from '../../test/support/visitor.ts';
import { API, clientOf } from '../../test/support/world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A browser in front of a server whose public address is `API`, wherever it listens. */
export const visitorAt = (origin: string): Visitor =>
  newVisitor(() => (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    return fetch(`${origin}${pathname}${search}`, init);
  });

/** Logs in to the portal as people do, and answers with the cookies that the browser sends from then on. */
export async function signIn(visitor: Visitor, nin: string): Promise<string> {
  const login = await go(visitor, '/login?to=/consents');
  const page = await go(visitor, formOn(login, /^\/testid\//).action, { nin });
  if (page.status !== 200 || page.url.pathname !== '/consents') {
    throw new Error(`not signed in: ${page.status} ${page.url.pathname} ${wordsOf(page.text)}`);
  }
  return visitor.cookies
    .filter(({ host, path }) => host === new URL(API).host && path === '/')
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}

/**
 * Gives a person a history: `consents` of them, the last on the consent screen, and `accesses` with them. Four of ten are active;
 * the others have expired or were withdrawn. Answers with the id of the consent from the screen.
 */
export async function makeHistory(
  platform: Platform,
  visitor: Visitor,
  of: { nin: string; consents: number; accesses: number },
): Promise<string> {
  const nin = syntheticNin(of.nin);
  const now = platform.clock.now().getTime();
  const usesOf = (place: number): number =>
    Math.floor(((place + 1) * of.accesses) / of.consents) - Math.floor((place * of.accesses) / of.consents);

  for (let place = 0; place < of.consents - 1; place += 1) {
    const active = place >= of.consents * 0.6;
    const given = now - (of.consents - place) * (active ? 3 : 12) * DAY_MS;
    const consent = await registerConsent(standingAt(platform, new Date(given)), {
      clientId: clientOf(place % 2 === 0 ? 1 : 2).id,
      nin,
      purpose: 'presentation',
      duration: { kind: 'days', days: active ? 180 : 28 },
      externalId: null,
      actor: 'client',
      traceId: 'history',
    });
    await use(platform, consent, usesOf(place), { from: given, apart: 7 * HOUR_MS });
    if (!active && place % 3 === 0) {
      const revocation = { consent, clientId: consent.clientId, by: 'person', traceId: 'history' } as const;
      await revokeConsent(standingAt(platform, new Date(given + 20 * DAY_MS)), revocation);
    }
  }

  const screen = await go(visitor, askAddress({ nin: of.nin, scope: 'debt.unsecured.presentation.180' }));
  await answerScreen(visitor, screen, 'yes');
  const persons = await personIdsOf(platform.db, platform.vault, nin);
  const [newest] = (await listConsents(platform, persons, { activeAtMost: 1, endedAtMost: 0 })).active;
  if (newest === undefined || newest.consent.createdAt.getTime() < now)
    throw new Error('no consent came of the screen');
  await use(platform, newest.consent, usesOf(of.consents - 1), { from: platform.clock.now().getTime(), apart: 0 });
  return newest.consent.id;
}

/** Uses a consent that often, at instants so many milliseconds apart. */
async function use(
  platform: Platform,
  consent: Consent,
  times: number,
  { from, apart }: { from: number; apart: number },
): Promise<void> {
  for (let time = 1; time <= times; time += 1) {
    await useConsent(standingAt(platform, new Date(from + time * apart)), {
      consent,
      asking: { clientId: consent.clientId, purposes: [consent.purpose] },
      creditorsAsked: 6,
      creditorsAnswered: time % 5 === 0 ? 5 : 6,
      traceId: 'history',
    });
  }
}
