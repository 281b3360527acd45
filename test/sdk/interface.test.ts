import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { debtFrom } from '../../sdk/src/debt.ts';
import { eventFrom } from '../../sdk/src/events.ts';
import { settingsOf } from '../../sdk/src/options.ts';
import { scopeOf } from '../../sdk/src/purpose.ts';
import { apiPaths, apiScopes, apis, audienceOf } from '../../src/clients/audience.ts';
import { purposes } from '../../src/consent/consent.ts';
import { ROOT } from '../support/sources.ts';
import { wireEvent } from './told-feed.ts';
import { clientOf, debtAnswer, withToldServer } from './told-server.ts';

/** The package knows the interface as the platform describes it, to the last word. */

type Json = any; // eslint-disable-line typescript/no-explicit-any -- looked into, and fails where it is not as expected
const description: Json = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8'));

/** Every list of words (`enum`) that a member of this name has, at a place in the description and at what it refers to. */
function wordsOf(name: string, at: Json): readonly string[] {
  if (typeof at !== 'object' || at === null) return [];
  if (typeof at.$ref === 'string') {
    const path: string[] = at.$ref.slice(2).split('/');
    return wordsOf(
      name,
      path.reduce((place: Json, step) => place?.[step], description),
    );
  }
  const here = at.properties?.[name]?.enum ?? [];
  const below = Object.values(at).flatMap((place) => wordsOf(name, place));
  return [...new Set<string>([...here, ...below])].filter((word) => word !== null);
}

test('A3: the package asks for tokens by the audiences and scopes that the platform has', async () => {
  const { apis: known } = settingsOf({ baseUrl: 'https://samtykke.example', clientId: 'c', clientSecret: 's' });
  for (const api of apis) assert.equal(known[api].audience, audienceOf(api, 'https://samtykke.example'));
  assert.deepEqual(Object.keys(known).toSorted(), [...apis].toSorted());
  assert.deepEqual(purposes.map(scopeOf), apiScopes.debt);
  await withToldServer(
    () => undefined,
    async (server) => {
      const client = clientOf(server);
      const consent = { nin: '14842249091', purpose: 'processing', days: 1, clientConsentId: 'a' } as const;
      const calls = [
        client.registerConsent(consent),
        client.feed.lastSequenceNr(),
        client.status(debtAnswer.consent.id),
      ];
      await Promise.allSettled(calls);
      const asked = server.to('/oauth2/token').map(({ body }) => new URLSearchParams(body).get('scope'));
      assert.deepEqual(asked.toSorted(), apis.map((api) => apiScopes[api].join(' ')).toSorted());
    },
  );
});

test('SDK: every address that the package calls is described', () => {
  const called: readonly (readonly [string, string])[] = [
    ['put', apiPaths.agreement],
    ['get', apiPaths.debt],
    ['get', `${apiPaths.debt}/{id}`],
    ['delete', `${apiPaths.debt}/{id}`],
    ['get', `${apiPaths.debt}/{id}/status`],
    ['get', apiPaths.events],
    ['get', `${apiPaths.events}/firstSequenceNr`],
    ['get', `${apiPaths.events}/lastSequenceNr`],
    ['get', `${apiPaths.events}/snapshot`],
  ];
  for (const [method, path] of called) assert.ok(description.paths[path]?.[method], `${method} ${path}`);
  const query = description.paths[apiPaths.events].get.parameters.map((it: Json) => it.name);
  assert.deepEqual(query.toSorted(), ['fromSequenceNr', 'limit', 'waitSeconds']);
});

test('SDK: every word that the platform may answer with is known to the package', () => {
  const reasons = wordsOf('reason', description.paths[apiPaths.events]);
  assert.ok(reasons.length >= 5);
  for (const reason of reasons) {
    const event = eventFrom({ ...wireEvent(3), samtykkeArkivertEvent: { reason } });
    assert.equal(event.type === 'archived' && event.reason, reason);
  }
  const eventTypes = wordsOf('eventType', description.paths[apiPaths.events]);
  assert.ok(eventTypes.length >= 2);
  for (const eventType of eventTypes) {
    const kinds = { ...wireEvent(3), samtykkeOpprettetEvent: wireEvent(2).samtykkeOpprettetEvent, eventType };
    assert.notEqual(eventFrom(kinds).type, 'other', eventType);
  }
  const ofDebt = description.paths[`${apiPaths.debt}/{id}`];
  const [first] = debtAnswer.loans;
  const periods = wordsOf('installmentChargePeriod', ofDebt);
  assert.ok(periods.length >= 4);
  for (const installmentChargePeriod of periods) {
    const loan = { ...first?.loan, installmentChargePeriod };
    const [read] = debtFrom({ ...debtAnswer, loans: [{ creditorName: 'x', loan }] }).loans;
    assert.ok(read?.loan?.type === 'credit_facility' && read.loan.installmentChargePeriod !== undefined);
  }
  const scopes = wordsOf('scope', ofDebt);
  assert.ok(scopes.length >= 2);
  for (const scope of scopes) {
    assert.equal(
      scopeOf(debtFrom({ ...debtAnswer, consent: { ...debtAnswer.consent, scope } }).consent.purpose),
      scope,
    );
  }
});
