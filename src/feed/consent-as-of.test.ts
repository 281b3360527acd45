import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consentAsOf, unsealedOf, type HeldConsent } from './consent-as-of.ts';

const at = new Date('2026-11-23T12:00:00Z');
const consent = (archived: HeldConsent['archived']): HeldConsent => ({
  id: 'one',
  purpose: 'processing',
  externalId: null,
  createdAt: at,
  expiresAt: at,
  archived,
});
const active = consent(null);
const revoked = consent({ at, reason: 'revoked_by_person' });
const asOf = (held: HeldConsent, ...types: readonly ('created' | 'archived')[]) =>
  consentAsOf(held, unsealedOf(types.map((type) => ({ consentId: 'one', type }))));

test('F2: a consent whose events all have a number is in a snapshot as it is', () => {
  assert.equal(asOf(active), active);
  assert.equal(asOf(revoked), revoked);
});

test('F2: one whose end has no number yet is active in a snapshot, without an end and a reason', () => {
  assert.deepEqual(asOf(revoked, 'archived'), active);
});

test('F2: one whose creation has no number yet is not in a snapshot, also when it has ended since', () => {
  assert.equal(asOf(active, 'created'), undefined);
  assert.equal(asOf(revoked, 'created', 'archived'), undefined);
  assert.equal(asOf(revoked, 'archived', 'created'), undefined);
});

test('F2: the events of other consents change nothing', () => {
  assert.equal(consentAsOf(active, unsealedOf([{ consentId: 'two', type: 'created' }])), active);
});
