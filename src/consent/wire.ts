import { Type, type Static } from 'typebox';
import { debtScopeOf, purposeOfScope } from '../clients/audience.ts';
import { DomainError } from '../errors/domain-error.ts';
import { Nin, ninRefusalSentence, type Population } from '../person/nin.ts';

import {
  clampedDays,
  epochSeconds,
  isPurpose,
  maxDays,
  purposes,
  stateAt,
  type Consent,
  type Duration,
  type Purpose,
} from './consent.ts';

const scopes = purposes.map(debtScopeOf);

const ScopeOfConsent = Type.Unsafe<string>({
  type: 'string',
  enum: scopes,
  description: 'The purpose that the person agreed to',
  'x-says': `one of ${scopes.join(', ')}`,
});

export const AgreementRequest = Type.Object(
  {
    nin: Type.String({
      description: 'National identity number of the person: 11 digits',
      'x-says': 'a string of 11 digits',
    }),
    scope_of_consent: ScopeOfConsent,
    consent_duration_days: Type.Unsafe<number | string>({
      anyOf: [
        { type: 'integer', minimum: 1 },
        { type: 'string', pattern: '^0*[1-9][0-9]*$' },
      ],
      description: `Whole days, 1 or more; above the maximum (${maxDays.presentation} presentation, ${maxDays.processing} processing) it becomes the maximum`,
      'x-says': 'a whole number of days, 1 or more',
    }),
    client_consent_id: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'Your own id of the consent; the same id with the same data is the same consent',
      'x-says': 'a string of 1 to 255 characters',
    }),
  },
  { additionalProperties: false },
);
export type AgreementRequest = Static<typeof AgreementRequest>;

export const AgreementResponse = Type.Object(
  {
    client_consent_id: Type.String({ description: 'As in the request' }),
    consent: Type.Object({
      id: Type.String({
        format: 'uuid',
        description: 'Our id of the consent, for looking up debt, status and revocation',
      }),
      expires_at: Type.String({
        format: 'date-time',
        description: 'The instant from which on it cannot be used any more (UTC)',
      }),
      scope_of_consent: ScopeOfConsent,
    }),
  },
  { description: 'The consent, new or as it was registered before' },
);

export interface Agreement {
  readonly nin: Nin;
  readonly purpose: Purpose;
  readonly duration: Duration;
  readonly externalId: string;
}

/**
 * A request that fits `AgreementRequest` in our own terms (G4 to G6). Throws `invalid_request` for a NIN that is not one, or not
 * of this installation's population; the sentence never repeats it.
 */
export function agreementFrom(
  request: AgreementRequest,
  rules: { population: Population; from2032: boolean },
): Agreement {
  const nin = Nin.parse(request.nin, rules.population, { from2032: rules.from2032 });
  if (!(nin instanceof Nin)) throw new DomainError('invalid_request', `nin ${ninRefusalSentence(nin)}`);
  const purpose = purposeOfScope(request.scope_of_consent);
  if (!isPurpose(purpose)) throw new DomainError('invalid_request', 'scope_of_consent names no purpose');
  // PostgreSQL's text holds every character but this one.
  if (request.client_consent_id.includes('\0'))
    throw new DomainError('invalid_request', 'client_consent_id must not contain a NUL character');
  // A surrogate without its partner is no character: it would come back as another one.
  if (!request.client_consent_id.isWellFormed()) {
    throw new DomainError('invalid_request', 'client_consent_id must be well-formed Unicode');
  }
  if (request.client_consent_id.includes(nin.reveal())) {
    throw new DomainError(
      'invalid_request',
      'client_consent_id must not contain the national identity number: it is kept in clear, and comes back in the feed',
    );
  }
  return {
    nin,
    purpose,
    // A string of very many digits becomes Infinity here, and the maximum after clamping.
    duration: clampedDays(purpose, Number(request.consent_duration_days)),
    externalId: request.client_consent_id,
  };
}

export const agreementAnswer = (consent: Consent) => ({
  client_consent_id: consent.externalId,
  consent: {
    id: consent.id,
    expires_at: consent.expiresAt.toISOString(),
    scope_of_consent: debtScopeOf(consent.purpose),
  },
});

export const ConsentStatus = Type.Object(
  {
    active: Type.Boolean({ description: 'Whether debt can be looked up with it now' }),
    expires_at: Type.Optional(
      Type.Integer({ description: 'Instant of expiry, epoch seconds; absent for a consent that is not known to you' }),
    ),
  },
  { description: 'Whether it can be used now' },
);

/** S1: a consent that is unknown, or another client's, is `{active: false}` and nothing more. */
export function statusAnswer(
  consent: Consent | undefined,
  clientId: string,
  now: Date,
): { active: boolean; expires_at?: number } {
  if (consent === undefined || consent.clientId !== clientId) return { active: false };
  return { active: stateAt(consent, now).active, expires_at: epochSeconds(consent.expiresAt) };
}
