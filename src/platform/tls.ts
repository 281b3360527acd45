import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { ConfigError, type Config } from './config.ts';
import type { Log } from './log.ts';
import { certificatesIn } from './x509.ts';

/** What proves one side of a TLS connection to the other, as PEM. */
export interface TlsIdentity {
  /** The certificate, and what lies between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** From then on nobody takes it any more. */
  readonly goodUntil: Date;
}

/** How creditors are called. */
export interface ClientTls extends TlsIdentity {
  /** The authorities of creditors' servers; undefined: the public ones that Node knows. */
  readonly ca: string | undefined;
}

/** How creditors are received that deliver. */
export interface ServerTls extends TlsIdentity {
  /** The authorities of those who deliver, as PEM. */
  readonly ca: string;
  readonly authorities: readonly X509Certificate[];
}

/**
 * Reads what creditors are called with: the usual certificate, or one of a name that is safe in a path, for those who know us by that.
 * Throws a ConfigError that names what is missing, cannot be read or does not fit together; it never repeats what a file holds.
 */
export function readClientTls(config: Config, certificate: string | null): ClientTls {
  const problems: string[] = [];
  const { creditorCaFile: caFile } = config;
  const ca = caFile === undefined ? undefined : readAuthorities(problems, ['CREDITOR_CA_FILE', caFile]);
  const identity = readIdentity(problems, clientFiles(config, certificate));
  if (identity === undefined || problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return { ...identity, ca: ca?.pem };
}

function clientFiles(config: Config, certificate: string | null): IdentityFiles {
  const { creditorCertsDir: folder } = config;
  if (certificate === null) {
    return {
      cert: ['CREDITOR_CERT_FILE', config.creditorCertFile],
      key: ['CREDITOR_KEY_FILE', config.creditorKeyFile],
      why: 'production needs it to call creditors, who know us by a client certificate',
    };
  }
  const named = (ending: string): NamedFile => [
    'CREDITOR_CERTS_DIR',
    folder === undefined ? undefined : join(folder, `${certificate}.${ending}`),
  ];
  return { cert: named('pem'), key: named('key'), why: `a creditor knows us by the certificate '${certificate}'` };
}

/** Reads what the listener for deliveries needs. Throws as `readClientTls`. */
export function readServerTls(config: Config): ServerTls {
  const problems: string[] = [];
  const why = 'production needs it to take deliveries on PUSH_PORT';
  const ca = readAuthorities(problems, ['PUSH_CA_FILE', config.pushCaFile], why);
  const identity = readIdentity(problems, {
    cert: ['PUSH_CERT_FILE', config.pushCertFile],
    key: ['PUSH_KEY_FILE', config.pushKeyFile],
    why,
  });
  if (identity === undefined || ca === undefined || problems.length > 0) throw new ConfigError(problems);
  return { ...identity, ca: ca.pem, authorities: ca.certificates };
}

const DAY_MS = 86_400_000;
/** Renewing one takes weeks, and creditors want to be told some weeks before. */
const WARN_DAYS = 45;

/**
 * Logs a warning for each of our own certificates that nobody will take any more soon; and an error for each of those by which only
 * some creditors know us (`named`) that cannot be used: whoever knows us by another one goes on being called. Throws as the reading
 * of the rest.
 */
export function warnOfCertificates(
  { config, clock, log }: { config: Config; clock: Clock; log: Log },
  named: readonly string[],
): void {
  const warn = (which: { variable: string; certificate?: string }, { goodUntil }: TlsIdentity): void => {
    const days = Math.floor((goodUntil.getTime() - clock.realNow().getTime()) / DAY_MS);
    if (days < WARN_DAYS) log.warn({ ...which, goodUntil, days }, 'a certificate of ours ends soon: renew it');
  };
  if (config.creditorCertFile !== undefined) warn({ variable: 'CREDITOR_CERT_FILE' }, readClientTls(config, null));
  for (const certificate of named) {
    try {
      warn({ variable: 'CREDITOR_CERTS_DIR', certificate }, readClientTls(config, certificate));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const { problems } = error;
      log.error({ certificate, problems }, 'creditors that know us by this certificate cannot be called');
    }
  }
  if (config.pushPort !== undefined) warn({ variable: 'PUSH_CERT_FILE' }, readServerTls(config));
}

/** A variable and the path that it holds. */
type NamedFile = readonly [variable: string, path: string | undefined];

interface IdentityFiles {
  readonly cert: NamedFile;
  readonly key: NamedFile;
  /** What they are needed for, as the end of a sentence. */
  readonly why: string;
}

function readIdentity(problems: string[], files: IdentityFiles): TlsIdentity | undefined {
  const cert = readCertificates(problems, files.cert, files.why);
  const key = readKey(problems, files.key, files.why);
  const own = cert?.certificates[0];
  if (cert === undefined || key === undefined || own === undefined) return undefined;
  if (!own.checkPrivateKey(key.key)) {
    problems.push(`${files.key[0]} ${files.key[1]} is not the key of the first certificate of ${files.cert.join(' ')}`);
    return undefined;
  }
  return { cert: cert.pem, key: key.pem, goodUntil: own.validToDate };
}

interface ReadCertificates {
  readonly pem: string;
  readonly certificates: readonly X509Certificate[];
}

function readAuthorities(problems: string[], file: NamedFile, why = ''): ReadCertificates | undefined {
  const read = readCertificates(problems, file, why);
  if (read === undefined || read.certificates.every((certificate) => certificate.ca)) return read;
  problems.push(`${file[0]} ${file[1]} holds a certificate that is no authority's: leave it out`);
  return undefined;
}

function readCertificates(problems: string[], file: NamedFile, why: string): ReadCertificates | undefined {
  const pem = readNamed(problems, file, why);
  if (pem === undefined) return undefined;
  try {
    const certificates = certificatesIn(pem);
    if (certificates.length > 0) return { pem, certificates };
  } catch {
    // Said below: the reason that OpenSSL gives tells an operator nothing.
  }
  problems.push(`${file[0]} ${file[1]} holds no certificate that can be read: write it as PEM`);
  return undefined;
}

function readKey(problems: string[], file: NamedFile, why: string): { pem: string; key: KeyObject } | undefined {
  const pem = readNamed(problems, file, why);
  if (pem === undefined) return undefined;
  try {
    return { pem, key: createPrivateKey(pem) };
  } catch {
    problems.push(`${file[0]} ${file[1]} holds no private key that can be read: write it as PEM, without a password`);
    return undefined;
  }
}

function readNamed(problems: string[], [variable, path]: NamedFile, why: string): string | undefined {
  if (path === undefined) {
    problems.push(`${variable} is missing: ${why}`);
    return undefined;
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`${variable} ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    return undefined;
  }
}
