import { placeAfter, type Place } from '../audit/place.ts';
import { isUuid } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { stateAt, type Consent, type ConsentState } from './consent.ts';
import { COUNT_GIVEN, FIND_GIVEN, LIST_ACTIVE, LIST_ENDED, consentOf, type GivenRow } from './store.ts';

/** A consent as the person who gave it reads it. */
export interface GivenConsent {
  readonly consent: Consent;
  /** Whom it was given to. */
  readonly client: { readonly name: string; readonly organisationNumber: string };
  /** What is true of it at business now, whether or not that has been written down (C2). */
  readonly state: ConsentState;
  /** How often debt was disclosed with it, and when last, as far back as the log goes. */
  readonly uses: number;
  readonly lastUsedAt: Date | null;
}

export interface GivenConsents {
  /** The newest first. */
  readonly active: readonly GivenConsent[];
  /** The last ended first. */
  readonly ended: readonly GivenConsent[];
  /** All that there are, also those that are beyond this list. */
  readonly count: { readonly active: number; readonly ended: number };
  /** Where those that ended earlier go on; undefined: these were the last. */
  readonly next: Place | undefined;
}

/**
 * A person's consents: those that are active now, and a portion of those that have ended. `persons` are the ids under which the
 * person is known (`personIdsOf`). `endedBefore`: where an earlier list said that they go on.
 */
export async function listConsents(
  platform: Platform,
  persons: readonly string[],
  ask: { activeAtMost: number; endedAtMost: number; endedBefore?: Place | undefined },
): Promise<GivenConsents> {
  const now = platform.clock.now();
  const { at, skip } = ask.endedBefore ?? { at: null, skip: 0 };
  const [active, ended, [count]] = await Promise.all([
    platform.db.query(LIST_ACTIVE, [persons, now, ask.activeAtMost]),
    platform.db.query(LIST_ENDED, [persons, now, at, skip, ask.endedAtMost + 1]),
    platform.db.query(COUNT_GIVEN, [persons, now]),
  ]);
  const given = (row: GivenRow) => givenConsent(row, now);
  const shown = ended.slice(0, ask.endedAtMost).map(given);
  const times = shown.map(({ consent }) => consent.archived?.at ?? consent.expiresAt);
  return {
    active: active.map(given),
    ended: shown,
    count: count ?? { active: 0, ended: 0 },
    next: ended.length > shown.length ? placeAfter(times, ask.endedBefore) : undefined,
  };
}

/**
 * The consent of this id, if it is this person's. Undefined for another person's, for an unknown one, and for what is no id at
 * all: nobody is told which of these it is (C3).
 */
export async function findGivenConsent(
  platform: Platform,
  persons: readonly string[],
  id: string,
): Promise<GivenConsent | undefined> {
  if (!isUuid(id)) return undefined;
  const now = platform.clock.now();
  const [row] = await platform.db.query(FIND_GIVEN, [id, persons]);
  return row === undefined ? undefined : givenConsent(row, now);
}

function givenConsent(row: GivenRow, now: Date): GivenConsent {
  const consent = consentOf(row);
  return {
    consent,
    client: { name: row.client_name, organisationNumber: row.organisation_number },
    state: stateAt(consent, now),
    uses: row.uses,
    lastUsedAt: row.last_used_at,
  };
}
