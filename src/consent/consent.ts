import type { ErrorCode } from '../errors/domain-error.ts';

export const purposes = ['presentation', 'processing'] as const;
/** Show the debt to the person, or assess the person's application for credit. */
export type Purpose = (typeof purposes)[number];

export const isPurpose = (word: string | undefined): word is Purpose => purposes.some((purpose) => purpose === word);

/** Longest duration that can be agreed on, in days (A7, G4). */
export const maxDays: Record<Purpose, number> = { presentation: 365, processing: 28 };

/** How long a single-use consent waits to be used (A7, C2). */
const SINGLE_USE_MINUTES = 10;

/** Once, within ten minutes; or as often as wanted for a number of days. */
export type Duration = { readonly kind: 'single_use' } | { readonly kind: 'days'; readonly days: number };

export const archiveReasons = [
  'used',
  'expired',
  'revoked_by_client',
  'revoked_by_person',
  'revoked_by_operator',
] as const;
export type ArchiveReason = (typeof archiveReasons)[number];

export interface Consent {
  readonly id: string;
  readonly clientId: string;
  readonly personId: string;
  readonly purpose: Purpose;
  readonly duration: Duration;
  /** The client's own id; null for consents from the consent screen. */
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When and why it ended, once that has been written down; an expired consent may not have it yet. */
  readonly archived: { readonly at: Date; readonly reason: ArchiveReason } | null;
}

/** The whole number of days asked for, at most what the purpose allows (A7, G4). Whoever calls has checked that it is ≥ 1. */
export const clampedDays = (purpose: Purpose, days: number): Duration => ({
  kind: 'days',
  days: Math.min(days, maxDays[purpose]),
});

/** The instant of expiry: creation + 10 minutes, or + N × 24 hours, whatever summer time does (C2). */
export function expiryOf(createdAt: Date, duration: Duration): Date {
  const minutes = duration.kind === 'single_use' ? SINGLE_USE_MINUTES : duration.days * 24 * 60;
  return new Date(createdAt.getTime() + minutes * 60_000);
}

export type ConsentState =
  { readonly active: true } | { readonly active: false; readonly reason: ArchiveReason; readonly since: Date };

/** C1, C2, C11: active until the first of used, expired, revoked. Active means now < expiresAt, whether or not a job has run. */
export function stateAt(consent: Pick<Consent, 'archived' | 'expiresAt'>, now: Date): ConsentState {
  if (consent.archived !== null) return { active: false, reason: consent.archived.reason, since: consent.archived.at };
  if (now >= consent.expiresAt) return { active: false, reason: 'expired', since: consent.expiresAt };
  return { active: true };
}

/** Why something was refused: a code, and the instant where the sentence about it names one. */
export interface Refusal {
  readonly refused: Extract<ErrorCode, 'no_valid_consent' | 'consent_expired' | 'consent_used' | 'consent_revoked'>;
  readonly since?: Date;
}

const ENDED_AS: Record<ArchiveReason, Refusal['refused']> = {
  used: 'consent_used',
  expired: 'consent_expired',
  revoked_by_client: 'consent_revoked',
  revoked_by_person: 'consent_revoked',
  revoked_by_operator: 'consent_revoked',
};

/** Who asks, and for what: what a token says of its bearer. */
export interface Asking {
  readonly clientId: string;
  readonly purposes: readonly Purpose[];
}

/**
 * May this caller have debt with this consent now? `undefined` is a consent that does not exist; another client's, and one for
 * a purpose that the token lacks, are answered like it (C3). Returns the consent's refusal, or `granted`.
 */
export function decideUse(consent: Consent | undefined, asking: Asking, now: Date): Refusal | 'granted' {
  if (consent === undefined || consent.clientId !== asking.clientId) return { refused: 'no_valid_consent' };
  if (!asking.purposes.includes(consent.purpose)) return { refused: 'no_valid_consent' };
  const state = stateAt(consent, now);
  return state.active ? 'granted' : { refused: ENDED_AS[state.reason], since: state.since };
}

/**
 * May this client revoke this consent now? `revoke`: do it. `already_revoked`: nothing to do, and success (S2: a retry must be
 * safe). A used or expired one is refused, an unknown one or another client's likewise.
 */
export function decideRevocation(
  consent: Consent | undefined,
  clientId: string,
  now: Date,
): Refusal | 'revoke' | 'already_revoked' {
  if (consent === undefined || consent.clientId !== clientId) return { refused: 'no_valid_consent' };
  const state = stateAt(consent, now);
  if (state.active) return 'revoke';
  const refused = ENDED_AS[state.reason];
  return refused === 'consent_revoked' ? 'already_revoked' : { refused, since: state.since };
}

/** What a client asks us to register (G1), read and checked. */
export interface RegistrationRequest {
  /** Undefined: nobody whom we know. */
  readonly personId: string | undefined;
  readonly purpose: Purpose;
  readonly duration: Duration;
}

/**
 * G3: a client's own id names one consent for ever. `existing` is the consent that has this id already. The same person, purpose
 * and duration (as clamped) is the same request sent again, whatever became of the consent; anything else is a conflict.
 */
export function decideRegistration(
  request: RegistrationRequest,
  existing: Consent | undefined,
): 'register' | 'already_registered' | 'conflict' {
  if (existing === undefined) return 'register';
  const same =
    existing.personId === request.personId &&
    existing.purpose === request.purpose &&
    daysOf(existing.duration) === daysOf(request.duration);
  return same ? 'already_registered' : 'conflict';
}

/** Days of a duration, or null for single use: as it is stored. */
export const daysOf = (duration: Duration): number | null => (duration.kind === 'days' ? duration.days : null);

/** Whole seconds since 1970, as the published `exp` and `expires_at` are given. */
export const epochSeconds = (instant: Date): number => Math.floor(instant.getTime() / 1000);
