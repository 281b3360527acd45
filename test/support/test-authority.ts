import {
  issueCertificate,
  makeAuthority,
  ORGANIZATION_IDENTIFIER,
  type CertificateOrder,
  type MadeCertificate,
} from '../../sandbox/make-certificates.ts';

/** An authority of a test, which issues good certificates and any bad one. */
export interface TestAuthority {
  /** Its own certificate and key, as PEM. */
  readonly own: MadeCertificate;
  /** A certificate of an organisation for localhost, client and server, good for a day; but for what is ordered otherwise. */
  issue(organisation: string, but?: Partial<CertificateOrder>): Promise<MadeCertificate>;
  /** An authority that this one vouches for. */
  issueAuthority(name: string): Promise<TestAuthority>;
}

const HOUR_MS = 3_600_000;
const hoursFromNow = (hours: number): Date => new Date(Date.now() + hours * HOUR_MS);

/** Valid from and to so many hours from now. */
export const hours = (from: number, to: number) => ({ from: hoursFromNow(from), to: hoursFromNow(to) });

/** Makes one. Two of the same name are two authorities. */
export const testAuthority = async (name = 'Prøveutsteder'): Promise<TestAuthority> =>
  authorityWith(await makeAuthority(name, hours(-48, 48)));

function authorityWith(own: MadeCertificate): TestAuthority {
  return {
    own,
    issue: (organisation, but = {}) =>
      issueCertificate(own, {
        subject: subjectOf([`NTRNO-${organisation}`]),
        validity: hours(-1, 24),
        purposes: ['client', 'server'],
        hosts: ['localhost', '127.0.0.1'],
        ...but,
      }),
    issueAuthority: async (name) =>
      authorityWith(
        await issueCertificate(own, {
          subject: [{ C: ['NO'] }, { CN: [name] }],
          validity: hours(-47, 47),
          purposes: [],
          isAuthority: true,
          keyUsage: 'keyCertSign',
        }),
      ),
  };
}

/** A subject with this common name and these organizationIdentifiers, each in a set of its own. */
export const subjectOf = (identifiers: readonly string[], commonName = 'Prøvebanken'): CertificateOrder['subject'] => [
  { C: ['NO'] },
  { CN: [commonName] },
  ...identifiers.map((identifier) => ({ [ORGANIZATION_IDENTIFIER]: [identifier] })),
];
