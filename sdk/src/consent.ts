import { SamtykkeError } from './errors.ts';
import { purposeIn, scopeOf, isPurpose, type Purpose } from './purpose.ts';
import { booleanOf, fieldsOf, instantOf, optionalWholeNumberOf, textOf } from './wire.ts';

/** A consent that a person has given at your organisation, to be registered. */
export interface ConsentToRegister {
  /** The person's national identity number, 11 digits. */
  readonly nin: string;
  readonly purpose: Purpose;
  /** Whole days, 1 or more. Above the maximum (365 presentation, 28 processing) it becomes the maximum. */
  readonly days: number;
  /** Your own id of it, 1 to 255 characters. The same id with the same data is the same consent, so a repetition does no harm. */
  readonly clientConsentId: string;
}

/** A consent that has been registered. */
export interface RegisteredConsent {
  /** For `getDebt`, `status` and `revoke`. */
  readonly id: string;
  readonly clientConsentId: string;
  readonly purpose: Purpose;
  /** From this instant on it is not good any more. */
  readonly expiresAt: Date;
}

export interface ConsentStatus {
  /** Whether debt can be looked up with it now. */
  readonly active: boolean;
  /** Undefined for a consent that is not known to you. */
  readonly expiresAt: Date | undefined;
}

/** As the wire wants it. Throws `invalid_request` for what the types do not allow. */
export function agreementBody(consent: ConsentToRegister): object {
  const { nin, purpose, days, clientConsentId } = consent;
  if (!/^\d{11}$/.test(nin)) throw invalid('nin must be a string of 11 digits');
  if (!isPurpose(purpose)) throw invalid("purpose must be 'presentation' or 'processing'");
  if (!Number.isInteger(days) || days < 1) throw invalid('days must be a whole number, 1 or more');
  if (typeof clientConsentId !== 'string' || clientConsentId === '') throw invalid('clientConsentId is missing');
  return {
    nin,
    scope_of_consent: scopeOf(purpose),
    consent_duration_days: days,
    client_consent_id: clientConsentId,
  };
}

export function registeredConsentFrom(answer: unknown): RegisteredConsent {
  const body = fieldsOf(answer, 'its body');
  const consent = fieldsOf(body['consent'], 'consent');
  return {
    id: textOf(consent, 'id'),
    clientConsentId: textOf(body, 'client_consent_id'),
    purpose: purposeIn(consent, 'scope_of_consent'),
    expiresAt: instantOf(consent, 'expires_at'),
  };
}

export function consentStatusFrom(answer: unknown): ConsentStatus {
  const body = fieldsOf(answer, 'its body');
  const seconds = optionalWholeNumberOf(body, 'expires_at');
  return {
    active: booleanOf(body, 'active'),
    expiresAt: seconds === undefined ? undefined : new Date(seconds * 1000),
  };
}

/** The path of a consent. What is no UUID (a personal number by mistake, say) is not put into an address. */
export function pathOf(consentId: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(consentId)) return `/${consentId}`;
  throw invalid('the id of the consent must be a UUID, as registerConsent or an event tells it');
}

const invalid = (what: string): SamtykkeError<'invalid_request'> => new SamtykkeError('invalid_request', what);
