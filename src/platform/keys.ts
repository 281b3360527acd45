import { generateKeyPairSync, hash, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JWK } from 'jose';

/** A symmetric key of 256 bits with the id that is stored beside whatever was made with it. */
export interface Key {
  readonly id: string;
  readonly secret: Buffer;
}

/** All keys of an installation. The first of each list is in use; the others can still be read or verified with. */
export interface Keys {
  /** Made by the sandbox: production refuses them (R4). */
  readonly sandbox: boolean;
  readonly ninEncryption: readonly Key[];
  readonly ninIndex: readonly Key[];
  /** Private keys as JWK, with `kid`, `alg` and `use`: RS256 at least. */
  readonly signing: readonly JWK[];
  /** Secrets that sign cookies. */
  readonly cookies: readonly string[];
  /** Private keys (JWK) that prove us to the login provider, where we have no secret there; none in files from before there was a login. */
  readonly login: readonly JWK[];
  /** Private keys (JWK) that sign the seals of the log; none in files from before there were seals. */
  readonly seals: readonly JWK[];
}

/** The keys that prove us to the login provider. A file without keys of their own lends those that sign: good enough for a sandbox only. */
export const loginKeys = (keys: Keys): readonly JWK[] => (keys.login.length > 0 ? keys.login : keys.signing);

/** The keys that sign the seals of the log (ADR 18), the one in use first. Where there are none of their own, those of tokens do. */
export const sealKeys = (keys: Keys): readonly JWK[] => (keys.seals.length > 0 ? keys.seals : keys.signing);

/** All keys that seals may have been signed with: those of tokens, too, which sign where there are none for seals. */
export const mayHaveSealed = (keys: Keys): readonly JWK[] => [...keys.seals, ...keys.signing];

/** What others may know of a key: enough to verify with it, not to sign. */
export function publicPart(key: JWK): JWK {
  const known = ['kty', 'kid', 'alg', 'use', 'n', 'e', 'crv', 'x', 'y'];
  return Object.fromEntries(Object.entries(key).filter(([name]) => known.includes(name)));
}

type Member = Exclude<keyof Keys, 'sandbox'>;
type NewEntry = string | Readonly<Record<string, unknown>>;

const symmetric = () => ({ id: randomBytes(4).toString('hex'), key: randomBytes(32).toString('base64') });
const named = (key: KeyObject, alg: string) => {
  const jwk = key.export({ format: 'jwk' });
  return { ...jwk, kid: hash('sha256', JSON.stringify(jwk.n ?? jwk.x), 'hex').slice(0, 16), alg, use: 'sig' };
};
const rsa = () => named(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'RS256');
const elliptic = () => named(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'ES256');
const edwards = () => named(generateKeyPairSync('ed25519').privateKey, 'EdDSA');

const makers: Readonly<Record<Member, () => readonly NewEntry[]>> = {
  ninEncryption: () => [symmetric()],
  ninIndex: () => [symmetric()],
  signing: () => [rsa(), elliptic()],
  cookies: () => [randomBytes(32).toString('base64url')],
  login: () => [rsa()],
  seals: () => [edwards()],
};

/** New keys for one list of a keys file, as they stand there: one, or of those that sign tokens one of each algorithm. */
export const newEntries = (member: Member): readonly NewEntry[] => makers[member]();

/** Makes a new set of keys, as the text of a keys file (JSON). */
export function generateKeysFile(options: { sandbox: boolean }): string {
  const file = {
    ...(options.sandbox ? { sandbox: true } : {}),
    ...Object.fromEntries(Object.entries(makers).map(([member, make]) => [member, make()])),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Reads the text of a keys file. Throws an Error that names the member which is missing or malformed; it never repeats a key.
 */
export function parseKeys(text: string): Keys {
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error('it is not JSON'); // the parser's own message would quote the text
  }
  return {
    sandbox: file['sandbox'] === true,
    ninEncryption: symmetricKeys(file, 'ninEncryption'),
    ninIndex: symmetricKeys(file, 'ninIndex'),
    signing: listOf(file, 'signing', isSigningKey, 'a private JWK with kty, kid and alg'),
    cookies: listOf(
      file,
      'cookies',
      (entry): entry is string => typeof entry === 'string' && entry.length >= 32,
      'a secret of 32 characters or more',
    ),
    login:
      file['login'] === undefined ? [] : listOf(file, 'login', isSigningKey, 'a private JWK with kty, kid and alg'),
    seals:
      file['seals'] === undefined ? [] : listOf(file, 'seals', isSigningKey, 'a private JWK with kty, kid and alg'),
  };
}

function isSigningKey(entry: unknown): entry is JWK {
  const jwk = entry as JWK | null;
  return (
    typeof jwk === 'object' &&
    jwk !== null &&
    [jwk.kty, jwk.kid, jwk.alg, jwk.d].every((part) => typeof part === 'string')
  );
}

function symmetricKeys(file: Record<string, unknown>, member: string): readonly Key[] {
  const entries = listOf(file, member, isSymmetricKey, 'an id (1 to 32 of a-z 0-9 _ -) and 32 bytes of key in base64');
  const keys = entries.map((entry) => ({ id: entry.id, secret: Buffer.from(entry.key, 'base64') }));
  if (new Set(keys.map((key) => key.id)).size !== keys.length)
    throw new Error(`'${member}' has two keys with the same id`);
  return keys;
}

function isSymmetricKey(entry: unknown): entry is { id: string; key: string } {
  const { id, key } = (entry ?? {}) as { id?: unknown; key?: unknown };
  return (
    typeof id === 'string' &&
    /^[\w-]{1,32}$/.test(id) &&
    typeof key === 'string' &&
    Buffer.from(key, 'base64').length === 32
  );
}

function listOf<Entry>(
  file: Record<string, unknown>,
  member: string,
  fits: (entry: unknown) => entry is Entry,
  wanted: string,
): readonly Entry[] {
  const list = file[member];
  if (!Array.isArray(list) || list.length === 0 || !list.every((entry) => fits(entry))) {
    throw new Error(`'${member}' must be a list with at least one entry, each of them ${wanted}`);
  }
  return list;
}

/** Why a keys file could not be read or written: one line for people, and never a key. */
export class KeysFileProblem extends Error {
  override readonly name = 'KeysFileProblem';
}

/** Reads a keys file; throws a KeysFileProblem that says which file and what is wrong with it. */
export function readKeysFile(path: string): Keys {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new KeysFileProblem(`KEYS_FILE ${path} cannot be read (${code})`, { cause: error });
  }
  try {
    return parseKeys(text);
  } catch (error) {
    throw new KeysFileProblem(`KEYS_FILE ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** For the sandbox: makes the file (mode 0600) when there is none. Of two processes that do so at once, one wins for both. */
export function ensureSandboxKeysFile(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, generateKeysFile({ sandbox: true }), { mode: 0o600 });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
