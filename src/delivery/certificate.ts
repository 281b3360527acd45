import { organisationIn, type NoOrganisation } from '../creditors/certificate.ts';

/** Why a certificate is not taken from somebody who delivers. */
export type CertificateRefusal =
  | NoOrganisation
  | 'certificate_missing'
  | 'certificate_unreadable'
  | 'unknown_authority'
  | 'expired'
  | 'not_yet_valid'
  | 'not_for_clients'
  | 'not_for_signing'
  | 'authority_itself';

/** Each refusal as a sentence for whoever set up the other side: what is wrong, and what to do. */
export const refusalSentences = {
  certificate_missing: 'deliveries need a client certificate: send the one of the organisation that delivers',
  certificate_unreadable: 'the client certificate that the proxy hands on cannot be read',
  unknown_authority: 'the client certificate is of no authority that is known in this environment',
  expired: 'the client certificate has expired',
  not_yet_valid: 'the client certificate is not valid yet',
  not_for_clients:
    'the client certificate is not for authenticating a client (key usage digitalSignature, extended key usage clientAuth)',
  not_for_signing: 'the key usage of the client certificate is without digitalSignature',
  authority_itself: 'the client certificate is that of an authority: send one that was issued to an organisation',
  organisation_missing:
    'the subject of the client certificate has no organizationIdentifier (2.5.4.97): it must be NTRNO- and the organisation number',
  organisation_twice: 'the subject of the client certificate has more than one organizationIdentifier',
  organisation_malformed:
    'the organizationIdentifier of the client certificate is not NTRNO- and a Norwegian organisation number',
} as const satisfies Record<CertificateRefusal, string>;

/** What is read of a client certificate that comes from a known authority. */
export interface ClientCertificate {
  readonly organizationIdentifier: unknown;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly isAuthority: boolean;
  readonly maySign: boolean;
  /** OIDs of the extended key usages; undefined: none named, as enterprise certificates have it, and so none excluded. */
  readonly purposes: readonly string[] | undefined;
}

const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';
const ANY_PURPOSE = '2.5.29.37.0';

/**
 * The organisation that a client certificate stands for at this (real) time, or why it stands for none. That an authority of ours
 * issued it is not asked here. Any certificate of an organisation is as good as another: the old and the new one both are, while
 * it is renewed.
 */
export function deliveringOrganisation(
  certificate: ClientCertificate,
  now: Date,
): { organisation: string } | { refusal: CertificateRefusal } {
  const { purposes } = certificate;
  if (now < certificate.validFrom) return { refusal: 'not_yet_valid' };
  if (now >= certificate.validTo) return { refusal: 'expired' };
  if (certificate.isAuthority) return { refusal: 'authority_itself' };
  if (purposes !== undefined && !purposes.includes(CLIENT_AUTHENTICATION) && !purposes.includes(ANY_PURPOSE)) {
    return { refusal: 'not_for_clients' };
  }
  if (!certificate.maySign) return { refusal: 'not_for_signing' };
  return organisationIn(certificate.organizationIdentifier);
}
