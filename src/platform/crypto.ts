import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { Nin } from '../person/nin.ts';
import type { Key } from './keys.ts';

/** SHA-256 of a secret or token of ours (256 random bits, so no salt or stretching is needed), 32 bytes. */
export const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

/** Whether two hashes are equal, in a time that does not depend on where they differ. */
export const equalHashes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

/** A keyed hash of a NIN: equal numbers have equal hashes under one key, and without the key nothing can be found out. */
export interface NinIndex {
  readonly keyId: string;
  /** HMAC-SHA-256, 32 bytes. */
  readonly hash: Buffer;
}

export interface Sealed {
  readonly keyId: string;
  /** Format byte 1, nonce (12), tag (16), ciphertext. AES-256-GCM, bound to what it is, to the key's id and to the owner's id. */
  readonly cipher: Buffer;
}

/**
 * Keeps NINs so that a stolen database tells nothing: a keyed hash to find by, authenticated encryption to read back. Texts that
 * hold a NIN (ID tokens) are encrypted likewise.
 */
export interface NinVault {
  /** The index under the key in use: what new rows are written with. */
  index(nin: Nin): NinIndex;
  /** The index under every key that is still known, the one in use first: what to look for while keys are being rotated. */
  indexes(nin: Nin): readonly [NinIndex, ...NinIndex[]];
  /** Encrypts for one owner (a row's id). */
  seal(nin: Nin, ownerId: string): Sealed;
  /** Decrypts what was sealed for that owner. Throws when the key is unknown, or the text was changed or belongs to another. */
  open(sealed: Sealed, ownerId: string): Nin;
  /** As `seal`, for any text. What was sealed as the one cannot be opened as the other. */
  sealText(text: string, ownerId: string): Sealed;
  /** As `open`. */
  openText(sealed: Sealed, ownerId: string): string;
  /** The ids of the keys that can be decrypted with; with the first one is encrypted. */
  encryptionKeys(): readonly [string, ...string[]];
  /** The ids of the keys that `indexes` goes through. */
  indexKeys(): readonly [string, ...string[]];
  /** The same with the keys as they are at this moment, for what must be written under one key from beginning to end. */
  asOfNow(): NinVault;
}

/**
 * A secret that follows from another one (256 random bits): one for each purpose, and none of them tells of the others. 32 bytes in
 * base64url.
 */
export const derivedSecret = (secret: string, purpose: string): string =>
  createHmac('sha256', secret).update(purpose).digest('base64url');

const FORMAT = 1;
const NONCE = 12;
const TAG = 16;

/** The first key of each list is in use; the others are there for reading. */
export function ninVault(keys: { readonly encryption: readonly Key[]; readonly index: readonly Key[] }): NinVault {
  const [encryptionKey, ...olderEncryptionKeys] = keys.encryption;
  // Made once: a batch of a million numbers is hashed under the same key.
  const [indexKey, ...olderIndexKeys] = keys.index.map(({ id, secret }) => ({ id, key: createSecretKey(secret) }));
  if (encryptionKey === undefined || indexKey === undefined) throw new Error('a NIN vault needs a key of each kind');

  const indexUnder = ({ id, key }: typeof indexKey, nin: Nin): NinIndex => {
    const hmac = createHmac('sha256', key).update(nin.reveal());
    // By way of a text, since a buffer that is made inside takes longer than that and one of our own.
    return { keyId: id, hash: Buffer.from(hmac.digest('latin1'), 'latin1') };
  };

  const vault: NinVault = {
    index: (nin) => indexUnder(indexKey, nin),
    indexes: (nin) => [indexUnder(indexKey, nin), ...olderIndexKeys.map((key) => indexUnder(key, nin))],
    seal: (nin, ownerId) => encrypted(encryptionKey, 'nin', nin.reveal(), ownerId),
    open: (sealed, ownerId) => Nin.fromStored(decrypted(keys.encryption, 'nin', sealed, ownerId)),
    sealText: (text, ownerId) => encrypted(encryptionKey, 'text', text, ownerId),
    openText: (sealed, ownerId) => decrypted(keys.encryption, 'text', sealed, ownerId),
    encryptionKeys: () => [encryptionKey.id, ...olderEncryptionKeys.map(({ id }) => id)],
    indexKeys: () => [indexKey.id, ...olderIndexKeys.map(({ id }) => id)],
    asOfNow: () => vault,
  };
  return vault;
}

type Kind = 'nin' | 'text';

function encrypted(key: Key, kind: Kind, text: string, ownerId: string): Sealed {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key.secret, nonce);
  cipher.setAAD(boundTo(kind, key.id, ownerId));
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { keyId: key.id, cipher: Buffer.concat([Buffer.of(FORMAT), nonce, cipher.getAuthTag(), bytes]) };
}

function decrypted(keys: readonly Key[], kind: Kind, sealed: Sealed, ownerId: string): string {
  const key = keys.find((candidate) => candidate.id === sealed.keyId);
  if (key === undefined) throw new Error(`the NIN encryption key '${sealed.keyId}' is not among the configured keys`);
  const bytes = sealed.cipher;
  if (bytes[0] !== FORMAT) throw new Error('what was encrypted has an unknown format');
  const decipher = createDecipheriv('aes-256-gcm', key.secret, bytes.subarray(1, 1 + NONCE), { authTagLength: TAG });
  decipher.setAAD(boundTo(kind, key.id, ownerId));
  decipher.setAuthTag(bytes.subarray(1 + NONCE, 1 + NONCE + TAG));
  const text = Buffer.concat([decipher.update(bytes.subarray(1 + NONCE + TAG)), decipher.final()]);
  return text.toString('utf8');
}

const boundTo = (kind: Kind, keyId: string, ownerId: string): Buffer =>
  Buffer.from(`samtykke ${kind} ${keyId} ${ownerId}`);
