import { isOrganisationNumber } from '../person/organisation-number.ts';

/** Where a person turns with what is wrong: the creditor owns its data and corrects it. Null: the registry has not been told. */
export interface CreditorContact {
  readonly email: string | null;
  readonly phone: string | null;
}

/** A financial institution that reports debt, as the registry knows it. */
export interface Creditor {
  /** Organisation number, 9 digits with a valid check digit (`financialInstitutionID` on the wire). */
  readonly id: string;
  readonly name: string;
  /** Who delivers for it: ISO 6523, e.g. `9908:314159265` (`providerID` on the wire). */
  readonly providerId: string;
  /** Where it answers: `{baseUrl}/debt-information/v1/loans/{id}/customer`. */
  readonly baseUrl: string;
  /** The name of our client certificate by which it knows us; null: the usual one. */
  readonly clientCertificate: string | null;
  readonly contact: CreditorContact;
}

/** A creditor as operators see it: with everybody who delivers for it. While a portfolio moves these are two. */
export interface RegisteredCreditor {
  readonly id: string;
  readonly name: string;
  readonly contact: CreditorContact;
  /** Off: it is not asked, and nobody delivers for it. */
  readonly enabled: boolean;
  readonly providers: readonly RegisteredProvider[];
}

/** Who delivers for a creditor, and how. */
export interface RegisteredProvider {
  readonly providerId: string;
  readonly baseUrl: string;
  /** Organisation numbers: whose certificates are good for pushing. */
  readonly organisations: readonly string[];
  /** The name of our client certificate by which it knows us; null: the usual one. */
  readonly clientCertificate: string | null;
  readonly enabled: boolean;
  /** When the last collection that was applied began; null: none yet. */
  readonly deliveredAt: Date | null;
}

/**
 * Reads who delivers: an organisation number in ISO 6523. `0192` and `9908` both are the Norwegian register, and the same provider is
 * kept under one of them only. Undefined: it is none.
 */
export function providerFrom(text: string): string | undefined {
  const number = /^(?:0192|9908):(\d{9})$/.exec(text)?.[1];
  return number !== undefined && isOrganisationNumber(number) ? `9908:${number}` : undefined;
}

/** What a client certificate of ours may be called: a word that is safe as the name of a file. `default` stands for the usual one. */
export const isCertificateName = (text: string): boolean => /^[a-z0-9-]{1,40}$/.test(text) && text !== 'default';

/** The organisation number of a provider. */
export const organisationOf = (providerId: string): string => providerId.slice(providerId.indexOf(':') + 1);
