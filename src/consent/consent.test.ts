import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  archiveReasons,
  clampedDays,
  decideRegistration,
  decideRevocation,
  decideUse,
  expiryOf,
  stateAt,
  type Consent,
} from './consent.ts';

const created = new Date('2026-03-28T12:00:00.000Z');
const consent = (changes: Partial<Consent> = {}): Consent => ({
  id: 'c',
  clientId: 'bank',
  personId: 'person',
  purpose: 'processing',
  duration: { kind: 'days', days: 28 },
  externalId: 'own-id',
  createdAt: created,
  expiresAt: expiryOf(created, { kind: 'days', days: 28 }),
  archived: null,
  ...changes,
});
const later = (date: Date, ms: number) => new Date(date.getTime() + ms);
const bank = { clientId: 'bank', purposes: ['processing'] as const };

test('C2: a duration of N days is N × 24 hours, also over a change to summer time, and single use is ten minutes', () => {
  // Norway's clocks go forward in the night to 29 March 2026.
  assert.equal(expiryOf(created, { kind: 'days', days: 1 }).toISOString(), '2026-03-29T12:00:00.000Z');
  assert.equal(expiryOf(created, { kind: 'days', days: 365 }).toISOString(), '2027-03-28T12:00:00.000Z');
  assert.equal(expiryOf(created, { kind: 'single_use' }).toISOString(), '2026-03-28T12:10:00.000Z');
});

test('G4: days above the maximum of the purpose become the maximum, days below stay', () => {
  for (const [purpose, days, expected] of [
    ['presentation', 1, 1],
    ['presentation', 365, 365],
    ['presentation', 366, 365],
    ['processing', 28, 28],
    ['processing', 29, 28],
    ['processing', 1e12, 28],
    ['processing', Infinity, 28],
  ] as const) {
    assert.deepEqual(clampedDays(purpose, days), { kind: 'days', days: expected });
  }
});

test('C2, C11: a consent is active until the last millisecond before its expiry, and from the instant of expiry on it is not', () => {
  const { expiresAt } = consent();
  assert.deepEqual(stateAt(consent(), later(expiresAt, -1)), { active: true });
  assert.deepEqual(stateAt(consent(), expiresAt), { active: false, reason: 'expired', since: expiresAt });
  assert.deepEqual(stateAt(consent(), later(expiresAt, 1)), { active: false, reason: 'expired', since: expiresAt });
});

test('C1: archived is final, whatever the time is, and for the first reason', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...archiveReasons),
      fc.date({ noInvalidDate: true }),
      fc.date({ noInvalidDate: true }),
      (reason, at, now) => {
        assert.deepEqual(stateAt(consent({ archived: { at, reason } }), now), { active: false, reason, since: at });
      },
    ),
  );
});

test('C3: a consent that does not exist, another client’s, and one for a purpose that the token lacks are refused alike', () => {
  const alike = { refused: 'no_valid_consent' };
  assert.deepEqual(decideUse(undefined, bank, created), alike);
  assert.deepEqual(decideUse(consent({ clientId: 'other' }), bank, created), alike);
  assert.deepEqual(decideUse(consent({ purpose: 'presentation' }), bank, created), alike);
  assert.deepEqual(decideUse(consent(), { clientId: 'bank', purposes: [] }, created), alike);
  // Also when it has ended: nothing of it is told.
  const archived = { at: created, reason: 'used' } as const;
  assert.deepEqual(decideUse(consent({ clientId: 'other', archived }), bank, created), alike);
  assert.deepEqual(decideUse(consent({ purpose: 'presentation', archived }), bank, created), alike);
});

test('D4: a client’s own ended consent is refused with why and since when', () => {
  for (const [reason, refused] of [
    ['used', 'consent_used'],
    ['expired', 'consent_expired'],
    ['revoked_by_client', 'consent_revoked'],
    ['revoked_by_person', 'consent_revoked'],
    ['revoked_by_operator', 'consent_revoked'],
  ] as const) {
    assert.deepEqual(decideUse(consent({ archived: { at: created, reason } }), bank, created), {
      refused,
      since: created,
    });
  }
  const { expiresAt } = consent();
  assert.deepEqual(decideUse(consent(), bank, expiresAt), { refused: 'consent_expired', since: expiresAt });
  assert.equal(decideUse(consent(), bank, later(expiresAt, -1)), 'granted');
});

test('S2: revoking is done once, repeated with success, and refused for a used, an expired and an unknown consent', () => {
  assert.equal(decideRevocation(consent(), 'bank', created), 'revoke');
  for (const reason of ['revoked_by_client', 'revoked_by_person', 'revoked_by_operator'] as const) {
    assert.equal(decideRevocation(consent({ archived: { at: created, reason } }), 'bank', created), 'already_revoked');
  }
  assert.deepEqual(decideRevocation(consent({ archived: { at: created, reason: 'used' } }), 'bank', created), {
    refused: 'consent_used',
    since: created,
  });
  assert.deepEqual(decideRevocation(consent(), 'bank', consent().expiresAt), {
    refused: 'consent_expired',
    since: consent().expiresAt,
  });
  assert.deepEqual(decideRevocation(undefined, 'bank', created), { refused: 'no_valid_consent' });
  assert.deepEqual(decideRevocation(consent(), 'other', created), { refused: 'no_valid_consent' });
});

test('G3: the same person, purpose and duration is the same registration, in whatever state it is; anything else is a conflict', () => {
  const same = { personId: 'person', purpose: 'processing', duration: { kind: 'days', days: 28 } } as const;
  assert.equal(decideRegistration(same, undefined), 'register');
  assert.equal(decideRegistration(same, consent()), 'already_registered');
  assert.equal(
    decideRegistration(same, consent({ archived: { at: created, reason: 'revoked_by_person' } })),
    'already_registered',
  );
  assert.equal(decideRegistration({ ...same, personId: 'another' }, consent()), 'conflict');
  assert.equal(decideRegistration({ ...same, personId: undefined }, consent()), 'conflict');
  assert.equal(decideRegistration({ ...same, purpose: 'presentation' }, consent()), 'conflict');
  assert.equal(decideRegistration({ ...same, duration: { kind: 'days', days: 27 } }, consent()), 'conflict');
  assert.equal(decideRegistration({ ...same, duration: { kind: 'single_use' } }, consent()), 'conflict');
});
