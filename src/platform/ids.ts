import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/**
 * A new UUID of version 7 (RFC 9562): its first 48 bits are milliseconds since 1970, so rows made one after the other lie side
 * by side in an index; the 74 bits after that are random.
 */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  // The digits by chance of one of version 4, with its variant: Node draws many of these at once.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

/** Whether a text is a UUID, in whatever case. */
export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** An id for one request, for finding its log lines (E1). */
export const newTraceId = (): string => randomUUID();

/** A secret of 256 random bits, base64url: safe in HTTP Basic without further encoding. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** A number by chance, 0 or more and below 1: for spreading what would otherwise come all at once. */
export const randomFraction = (): number => randomInt(2 ** 32) / 2 ** 32;
