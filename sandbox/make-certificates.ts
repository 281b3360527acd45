import { webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';

/** A certificate with its private key, both as PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** From when until when a certificate is good. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

export interface CertificateOrder {
  /** Attributes of the subject in order: short names or OIDs with their values. */
  readonly subject: readonly Readonly<Record<string, readonly string[]>>[];
  readonly validity: Validity;
  /** What it may be used for; none: it says nothing about that. */
  readonly purposes: readonly ('client' | 'server')[];
  /** Names and addresses of the host that it is for. */
  readonly hosts?: readonly string[];
  /** Whether it may issue others; not unless told. */
  readonly isAuthority?: boolean;
  /** Its key usage; digitalSignature unless told, null: it says nothing about that. */
  readonly keyUsage?: 'digitalSignature' | 'keyAgreement' | 'keyCertSign' | null;
}

/** The attribute of a subject that names a Norwegian organisation. */
export const ORGANIZATION_IDENTIFIER = '2.5.4.97';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Makes an authority that vouches for itself (ECDSA on P-256). */
export async function makeAuthority(name: string, validity: Validity): Promise<MadeCertificate> {
  const x509 = await library();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ C: ['NO'] }, { O: [name] }, { CN: [name] }],
    notBefore: validity.from,
    notAfter: validity.to,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privatePem(keys.privateKey) };
}

/** Lets an authority issue what is ordered, good or not. */
export async function issueCertificate(authority: MadeCertificate, order: CertificateOrder): Promise<MadeCertificate> {
  const x509 = await library();
  const issuer = await issuerOf(authority);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const { keyUsage = 'digitalSignature', purposes, hosts = [] } = order;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name(
      order.subject.map((attribute): X509.JsonAttributeAndObjectValue =>
        Object.fromEntries(
          Object.entries(attribute).map(([name, values]) => [name, values.map((value) => ({ utf8String: value }))]),
        ),
      ),
    ),
    issuer: issuer.name,
    notBefore: order.validity.from,
    notAfter: order.validity.to,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: issuer.key,
    extensions: [
      new x509.BasicConstraintsExtension(order.isAuthority === true, undefined, true),
      ...(keyUsage === null ? [] : [new x509.KeyUsagesExtension(x509.KeyUsageFlags[keyUsage], true)]),
      ...(purposes.length === 0
        ? []
        : [new x509.ExtendedKeyUsageExtension(purposes.map((purpose) => x509.ExtendedKeyUsage[`${purpose}Auth`]))]),
      ...(hosts.length === 0
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
            ),
          ]),
      issuer.keyIdentifier,
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privatePem(keys.privateKey) };
}

/** What an authority puts into each certificate, and signs it with. */
interface Issuer {
  readonly name: X509.Name;
  readonly key: webcrypto.CryptoKey;
  readonly keyIdentifier: X509.Extension;
}

const issuers = new WeakMap<MadeCertificate, Promise<Issuer>>();

/** Read once for many certificates: that is a third of the work. */
function issuerOf(authority: MadeCertificate): Promise<Issuer> {
  const known = issuers.get(authority) ?? readIssuer(authority);
  issuers.set(authority, known);
  return known;
}

async function readIssuer({ cert, key }: MadeCertificate): Promise<Issuer> {
  const x509 = await library();
  const { subjectName, publicKey } = new x509.X509Certificate(cert);
  return {
    name: subjectName,
    key: await webcrypto.subtle.importKey('pkcs8', derOf(key), ALGORITHM, false, ['sign']),
    keyIdentifier: await x509.AuthorityKeyIdentifierExtension.create(publicKey),
  };
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replaceAll(/.{64}(?!$)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

const derOf = (pem: string): Buffer<ArrayBuffer> => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

/** Loaded when something is to be made, and so not at every start: it takes longer to load than to work. */
async function library(): Promise<typeof X509> {
  lendReflection();
  return import('@peculiar/x509');
}

/** The library's container looks for notes on classes (the `Reflect` metadata of decorators), and does not load where these cannot be kept. */
function lendReflection(): void {
  if ('getMetadata' in Reflect) return;
  const notes = new WeakMap<object, Map<unknown, unknown>>();
  const ownNote = (name: unknown, target: object): unknown => notes.get(target)?.get(name);
  Object.assign(Reflect, {
    defineMetadata: (name: unknown, value: unknown, target: object): void => {
      notes.set(target, (notes.get(target) ?? new Map<unknown, unknown>()).set(name, value));
    },
    getOwnMetadata: ownNote,
    getMetadata: (name: unknown, target: object): unknown => {
      for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
        const note = ownNote(name, at);
        if (note !== undefined) return note;
      }
      return undefined;
    },
  });
}
