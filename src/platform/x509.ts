import { X509Certificate } from 'node:crypto';

/** What is read of a certificate. What cannot be read is missing, and so refused by whoever needs it. */
export interface CertificateFacts {
  /** As Node reads the subject's attribute 2.5.4.97: a text; a list, where it is there more than once; or undefined. */
  readonly organizationIdentifier: unknown;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Whether it is the certificate of an authority, which issues others. */
  readonly isAuthority: boolean;
  /** Whether its key usage names digitalSignature. */
  readonly maySign: boolean;
  /** Its extended key usages as OIDs; undefined: it names none, and so excludes none. */
  readonly purposes: readonly string[] | undefined;
}

/** Reads a certificate. Vouches for nothing: whether it comes from an authority is for the handshake, or for `comesFrom`. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  const { subject } = certificate.toLegacyObject();
  return {
    organizationIdentifier: (subject as { organizationIdentifier?: unknown }).organizationIdentifier,
    validFrom: certificate.validFromDate,
    validTo: certificate.validToDate,
    isAuthority: certificate.ca,
    maySign: namesDigitalSignature(certificate.raw),
    purposes: certificate.keyUsage, // that is what Node calls the extended ones; it does not tell the others
  };
}

/** All certificates of a PEM text, in order. Throws when one of them cannot be read; none at all is an empty list. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** No chain of the real world is longer. */
const LONGEST_CHAIN = 6;

/**
 * Whether a certificate was issued by one of these authorities, over any number of others of them, up to one that vouches for
 * itself; all of them valid now. For certificates that came without a handshake, whose chain OpenSSL has not seen.
 */
export function comesFrom(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: Date,
  left = LONGEST_CHAIN,
): boolean {
  if (left === 0) return false;
  return authorities.some((authority) => {
    if (!authority.ca || !isValidAt(authority, now) || !issuedBy(certificate, authority)) return false;
    return issuedBy(authority, authority) || comesFrom(authority, authorities, now, left - 1);
  });
}

/** Names, key identifiers and the authority's right to sign others fit (`checkIssued`), and the signature does. */
const issuedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

const isValidAt = (certificate: X509Certificate, now: Date): boolean =>
  certificate.validFromDate <= now && now < certificate.validToDate;

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
/** Of the parts of a certificate: its extensions. */
const EXTENSIONS = 0xa3;
const KEY_USAGE = Buffer.from([0x55, 0x1d, 0x0f]);

/** Node does not tell the key usage, so it is read from the certificate's own bytes (RFC 5280, sections 4.1 and 4.2.1.3). */
function namesDigitalSignature(der: Buffer): boolean {
  try {
    const [certificate] = valuesIn(der);
    const [toBeSigned] = valuesIn(contentOf(certificate, SEQUENCE));
    const wrapped = valuesIn(contentOf(toBeSigned, SEQUENCE)).find((value) => value.tag === EXTENSIONS);
    const [extensions] = valuesIn(contentOf(wrapped, EXTENSIONS));
    const usages = valuesIn(contentOf(extensions, SEQUENCE))
      .map((extension) => valuesIn(contentOf(extension, SEQUENCE)))
      .filter(([id]) => contentOf(id, OBJECT_IDENTIFIER).equals(KEY_USAGE));
    if (usages.length !== 1) return false;
    const [bits] = valuesIn(contentOf(usages[0]?.at(-1), OCTET_STRING));
    // The first byte counts the bits at the end that mean nothing; digitalSignature is the first bit of all.
    return ((contentOf(bits, BIT_STRING)[1] ?? 0) & 0x80) !== 0;
  } catch {
    return false;
  }
}

interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

/** The values that lie one after another in these bytes. Throws where their lengths do not fit. */
function valuesIn(bytes: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    at += 2;
    if (length > 0x80) {
      const size = length - 0x80;
      length = bytes.readUIntBE(at, size);
      at += size;
    } else if (length === 0x80) throw new Error('a length that is not told is no DER');
    if (at + length > bytes.length) throw new Error('longer than what it lies in');
    values.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return values;
}

function contentOf(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new Error('another value was expected');
  return value.content;
}
