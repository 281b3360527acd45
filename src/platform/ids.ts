import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/**
 * A new UUID of version 7 (RFC 9562): its first 48 bits are milliseconds since 1970, so rows made one after the other lie side
 * by side in an index; the 74 bits after that are random.
 */
export function newId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Whether a text is a UUID, in whatever case. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** An id for one request, for finding its log lines (E1). */
export const newTraceId = (): string => randomUUID();

/** A secret of 256 random bits, base64url: safe in HTTP Basic without further encoding. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** A number by chance, 0 or more and below 1: for spreading what would otherwise come all at once. */
export const randomFraction = (): number => randomInt(2 ** 32) / 2 ** 32;
