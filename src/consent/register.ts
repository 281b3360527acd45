import { personIdsOf } from '../audit/person-registry.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { Nin } from '../person/nin.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { daysOf, decideRegistration, expiryOf, type Consent, type Duration, type Purpose } from './consent.ts';
import { writeRegistration } from './register-together.ts';
import { FIND_BY_EXTERNAL_ID, consentOf } from './store.ts';

export interface Registration {
  readonly clientId: string;
  readonly nin: Nin;
  readonly purpose: Purpose;
  readonly duration: Duration;
  /** The client's own id, which makes the registration idempotent (G3); null: always a new consent. */
  readonly externalId: string | null;
  /** Who decided: the client says that the person did (agreement), or the person did so here. */
  readonly actor: 'client' | 'person';
  /** The request on the consent screen that this answers, and the hash of the text that was read (C10); none for what was agreed on elsewhere. */
  readonly answers?: { readonly requestId: string; readonly shownHash: Buffer };
  readonly traceId: string;
}

/**
 * Registers a consent, or answers the one that the same request has made before (G3), in whatever state that is by now.
 * One statement is one transaction, which others that come at the same time may share: consent, log and event are there together or
 * not at all, and committed when this resolves. Of any number of equal requests at once one makes the consent, and all answer it.
 *
 * Errors: `consent_conflict` (the client's own id has other data; the request was answered before, or too late), `purpose_not_permitted` (not registered for the purpose, or
 * it is switched off), `unavailable`.
 */
export async function registerConsent(platform: Platform, registration: Registration): Promise<Consent> {
  const { vault } = platform;
  const now = platform.clock.now();
  const { clientId, purpose, duration, externalId } = registration;
  const expiresAt = expiryOf(now, duration);
  const indexes = vault.indexes(registration.nin);
  const newPersonId = newId();
  const sealed = vault.seal(registration.nin, newPersonId);
  const id = newId();

  for (let tries = 1; tries <= 5; tries++) {
    const outcome = await writeRegistration(platform, {
      id,
      clientId,
      purpose,
      days: daysOf(duration),
      externalId,
      now,
      expiresAt,
      realNow: platform.clock.realNow(),
      eventId: newId(),
      indexes,
      newPersonId,
      sealed,
      traceId: registration.traceId,
      actor: registration.actor,
      answers: registration.answers,
    });
    if (outcome.made && outcome.personId !== null) {
      platform.metrics.consentChanged('created', registration.actor);
      return {
        id,
        clientId,
        personId: outcome.personId,
        purpose,
        duration,
        externalId,
        createdAt: now,
        expiresAt,
        archived: null,
      };
    }
    const existing = externalId === null ? undefined : await findByExternalId(platform, clientId, externalId);
    if (existing !== undefined) {
      const persons = await personIdsOf(platform.db, vault, registration.nin);
      const personId = persons.find((id) => id === existing.personId);
      if (decideRegistration({ personId, purpose, duration }, existing) === 'already_registered') return existing;
      throw new DomainError(
        'consent_conflict',
        'client_consent_id is already registered with other data: use a new id, or send the same person, scope and duration as before',
      );
    }
    if (!outcome.permitted) {
      throw new DomainError(
        'purpose_not_permitted',
        `this client may not register consents for the purpose '${purpose}'`,
      );
    }
    if (registration.answers !== undefined && !outcome.answered && outcome.personId !== null) {
      throw new DomainError(
        'consent_conflict',
        'this request has been answered, can be answered no more, or was shown with another text since',
      );
    }
    // The person was being made, or purged, by someone else at this moment: the next try sees what became of them.
  }
  throw new DomainError(
    'unavailable',
    'The consent could not be registered right now. Try again with the same request.',
    { retryAfterSeconds: 1 },
  );
}

async function findByExternalId(
  platform: Platform,
  clientId: string,
  externalId: string,
): Promise<Consent | undefined> {
  const [row] = await platform.db.query(FIND_BY_EXTERNAL_ID, [clientId, externalId]);
  return row === undefined ? undefined : consentOf(row);
}
