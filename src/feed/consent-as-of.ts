import type { ArchiveReason, Purpose } from '../consent/consent.ts';

/** A consent as a client holds it. */
export interface HeldConsent {
  readonly id: string;
  readonly purpose: Purpose;
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly archived: { readonly at: Date; readonly reason: ArchiveReason } | null;
}

/** What the events that have no number yet say, of each consent that they are about: the first of them. */
export type Unsealed = ReadonlyMap<string, 'created' | 'archived'>;

/** The first unsealed event of each consent: one that has been created and archived without a number is one that is not there yet. */
export function unsealedOf(
  events: readonly { readonly consentId: string; readonly type: 'created' | 'archived' }[],
): Unsealed {
  const first = new Map<string, 'created' | 'archived'>();
  for (const { consentId, type } of events) if (type === 'created' || !first.has(consentId)) first.set(consentId, type);
  return first;
}

/**
 * A consent as it was before its events that have no number yet, so that it agrees with the events that have one; undefined when it
 * was not there then. `consent` and `unsealed` are read with one view of the database: each change and its event are one (C6).
 */
export function consentAsOf(consent: HeldConsent, unsealed: Unsealed): HeldConsent | undefined {
  const next = unsealed.get(consent.id);
  if (next === undefined) return consent;
  return next === 'created' ? undefined : { ...consent, archived: null };
}
