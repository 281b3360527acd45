import { X509Certificate } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../errors/domain-error.ts';
import { comesFrom, factsOf } from '../platform/x509.ts';
import {
  deliveringOrganisation,
  refusalSentences,
  type CertificateRefusal,
  type ClientCertificate,
} from './certificate.ts';

export interface CertificateRequirement {
  /** Those whose certificates are taken: of one environment. */
  readonly authorities: readonly X509Certificate[];
  /** IP addresses and networks of proxies that end mutual TLS in front of us. */
  readonly proxies: readonly string[];
  /** The header in which they hand on the client's certificate, in lower case. */
  readonly header: string;
  /** Real time. */
  readonly now: () => Date;
}

const organisations = new WeakMap<FastifyRequest, string>();

/** Who makes this request, if that has been found out already; the log line names the organisation by it. */
export const knownPeer = (request: FastifyRequest): string | undefined => organisations.get(request);

/** The organisation number of who makes this request; only behind the guard. What it may deliver is for the registry to say. */
export function peerOrganisation(request: FastifyRequest): string {
  const organisation = organisations.get(request);
  if (organisation === undefined) throw new Error('this route has no guard in front');
  return organisation;
}

/**
 * Guard of what only organisations with a client certificate may call. The certificate is that of the connection; or, on one from a
 * listed proxy, the one in the header, and then nothing else: the proxy's own certificate stands for nobody. From any other address
 * the header is as if it were not there. Asked anew for each request, for a certificate may expire while its connection lasts.
 * Errors: `certificate_refused`.
 */
export function requireCertificate(requirement: CertificateRequirement): (request: FastifyRequest) => Promise<void> {
  const isProxy = addressesIn(requirement.proxies);
  return async (request) => {
    const now = requirement.now();
    const shown = isProxy(request.socket.remoteAddress)
      ? certificateInHeader(request, requirement, now)
      : certificateOf(request.socket);
    const named = typeof shown === 'string' ? { refusal: shown } : deliveringOrganisation(shown, now);
    if ('refusal' in named) throw new DomainError('certificate_refused', refusalSentences[named.refusal]);
    organisations.set(request, named.organisation);
  };
}

const onConnections = new WeakMap<TLSSocket, ClientCertificate | CertificateRefusal>();

/** What the client of a connection has proved to be. OpenSSL has checked the chain, the dates and the purpose of its certificate. */
function certificateOf(socket: unknown): ClientCertificate | CertificateRefusal {
  if (!(socket instanceof TLSSocket)) return 'certificate_missing';
  const known = onConnections.get(socket);
  if (known !== undefined) return known;
  const certificate = socket.getPeerX509Certificate();
  const shown =
    certificate === undefined
      ? 'certificate_missing'
      : socket.authorized
        ? factsOf(certificate)
        : refusalOf(socket.authorizationError);
  onConnections.set(socket, shown);
  return shown;
}

/** OpenSSL's reason in our words; whatever is not about dates or purpose is about the chain. */
function refusalOf(error: unknown): CertificateRefusal {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : error;
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'expired';
    case 'CERT_NOT_YET_VALID':
      return 'not_yet_valid';
    case 'INVALID_PURPOSE':
      return 'not_for_clients';
    default:
      return 'unknown_authority';
  }
}

/** What a proxy hands on. It has checked the handshake, perhaps for more authorities than ours: so the chain is looked at here. */
function certificateInHeader(
  request: FastifyRequest,
  { authorities, header }: CertificateRequirement,
  now: Date,
): ClientCertificate | CertificateRefusal {
  const [text = '', ...more] = request.raw.headersDistinct[header] ?? [];
  if (more.length > 0) return 'certificate_unreadable';
  if (text === '') return 'certificate_missing';
  const certificate = readHeader(text);
  if (certificate === undefined) return 'certificate_unreadable';
  const facts = factsOf(certificate);
  // An authority's dates count too, but a certificate out of date is told so whoever issued it.
  const inTime = now >= facts.validFrom && now < facts.validTo;
  return !inTime || comesFrom(certificate, authorities, now) ? facts : 'unknown_authority';
}

const ONE_PEM = /^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

/** One certificate: as PEM, URL-encoded (nginx, AWS); or as base64 between colons (`Client-Cert`, RFC 9440). */
function readHeader(text: string): X509Certificate | undefined {
  try {
    const der = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(text)?.[1];
    if (der !== undefined) return new X509Certificate(Buffer.from(der, 'base64'));
    const pem = decodeURIComponent(text);
    return ONE_PEM.test(pem) ? new X509Certificate(pem) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an address is one of these, or in one of these networks. */
function addressesIn(listed: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');
  for (const entry of listed) {
    const [address = '', bits] = entry.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  // An IPv4 address that comes over IPv6 (::ffff:10.0.0.5) is found as what it is.
  return (address) => address !== undefined && list.check(address, familyOf(address));
}
