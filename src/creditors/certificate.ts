import { isOrganisationNumber } from '../person/organisation-number.ts';
import { organisationOf, type Creditor } from './creditor.ts';

/** Why the subject of a certificate names no organisation. */
export type NoOrganisation = 'organisation_missing' | 'organisation_twice' | 'organisation_malformed';

/**
 * The organisation that a certificate was issued to: its subject's attribute `organizationIdentifier`, which is
 * `NTRNO-` and a Norwegian organisation number (ETSI EN 319 412-1). Takes the attribute as Node reads it, and nothing else: the
 * subject as a text can say anything, for a name may hold a line break and whatever looks like another attribute after it.
 */
export function organisationIn(identifier: unknown): { organisation: string } | { refusal: NoOrganisation } {
  if (identifier === undefined || identifier === null) return { refusal: 'organisation_missing' };
  if (Array.isArray(identifier)) return { refusal: 'organisation_twice' };
  const number = typeof identifier === 'string' ? /^NTRNO-(\d{9})$/.exec(identifier)?.[1] : undefined;
  if (number === undefined || !isOrganisationNumber(number)) return { refusal: 'organisation_malformed' };
  return { organisation: number };
}

/** What an HTTP client needs to know of a creditor's server: where it is, whose certificate it may show, and which it is shown. */
export interface CreditorServer {
  /** Scheme, host and port. */
  readonly origin: string;
  /** What paths of the delivery interface begin with: empty, or with a slash in front and none at the end. */
  readonly basePath: string;
  readonly identity: {
    readonly key: string;
    /** The name of our certificate by which it knows us; null: the usual one. */
    readonly certificate: string | null;
    refuse(organizationIdentifier: unknown): string | undefined;
  };
}

/**
 * Where a creditor answers, and who may answer there. A certificate that its authority issued for the host is what the delivery
 * interface asks of a server, and most public ones name no organisation. One that does name one must name the creditor, or who
 * delivers for it: so that creditors behind one authority, or one host, cannot be taken for each other. Other registers than the
 * Norwegian one (`PSDSE-…`) say nothing that could be compared, and the host's name decides.
 */
export function serverOf(
  creditor: Pick<Creditor, 'id' | 'providerId' | 'baseUrl' | 'clientCertificate'>,
): CreditorServer {
  const { origin, pathname } = new URL(creditor.baseUrl);
  const known = [creditor.id, organisationOf(creditor.providerId)];
  return {
    origin,
    basePath: pathname.replace(/\/+$/, ''),
    identity: {
      key: known.join(),
      certificate: creditor.clientCertificate,
      refuse: (identifier) => {
        if (identifier === undefined || (typeof identifier === 'string' && !identifier.startsWith('NTRNO'))) {
          return undefined;
        }
        const named = organisationIn(identifier);
        if ('refusal' in named) return named.refusal;
        return known.includes(named.organisation) ? undefined : 'another_organisation';
      },
    },
  };
}
