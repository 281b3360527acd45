import { hash } from 'node:crypto';
import { forEachKind, type KeyIds, type KeyKind } from './keys-kinds.ts';
import type { Keys } from './keys.ts';

/** Where each kind stands in a keys file. */
export const memberOf = {
  'nin-encryption': 'ninEncryption',
  'nin-index': 'ninIndex',
  signing: 'signing',
  cookies: 'cookies',
  login: 'login',
  seals: 'seals',
} as const satisfies Record<KeyKind, Exclude<keyof Keys, 'sandbox'>>;

/** What tells a cookie key from others, and nothing of what it is: it is 256 random bits. */
const cookieKeyId = (secret: string): string => hash('sha256', `samtykke cookies ${secret}`, 'hex').slice(0, 8);

type Entry = Keys[(typeof memberOf)[KeyKind]][number];

/** The id of an entry of a keys file. */
export function idOf(entry: Entry): string {
  if (typeof entry === 'string') return cookieKeyId(entry);
  return 'secret' in entry ? entry.id : String(entry.kid);
}

/** The ids of all keys of a file, in its order. */
export const idsOf = (keys: Keys): KeyIds => forEachKind((kind) => entriesOf(keys, kind).map(idOf));

const entriesOf = (keys: Keys, kind: KeyKind): readonly Entry[] => keys[memberOf[kind]];

/**
 * Which of a file's keys are in use when nobody has said so: the first of each list; of those that sign tokens the first of each
 * algorithm, since a client is registered for one.
 */
export function firstOnes(keys: Keys, kind: KeyKind): readonly string[] {
  const [first] = entriesOf(keys, kind);
  if (first === undefined) return [];
  if (kind !== 'signing') return [idOf(first)];
  return [...Map.groupBy(keys.signing, ({ alg }) => alg).values()].flatMap(([key]) =>
    key === undefined ? [] : [idOf(key)],
  );
}

/**
 * The same keys with those in use first. `used`: their ids, of the kinds of which that is known; of the others the file's own order
 * counts. A kind that one proves oneself with, and of which no key is in use yet, is as if it were not there.
 */
export function inOrderOfUse(keys: Keys, used: Partial<KeyIds>): Keys {
  const ordered = <One extends Entry>(kind: KeyKind, list: readonly One[]): readonly One[] => {
    const first = used[kind];
    if (first === undefined) return list;
    const isUsed = (entry: One): boolean => first.includes(idOf(entry));
    if ((kind === 'login' || kind === 'seals') && !list.some(isUsed)) return [];
    return [...list.filter(isUsed), ...list.filter((entry) => !isUsed(entry))];
  };
  return {
    sandbox: keys.sandbox,
    ninEncryption: ordered('nin-encryption', keys.ninEncryption),
    ninIndex: ordered('nin-index', keys.ninIndex),
    signing: ordered('signing', keys.signing),
    cookies: ordered('cookies', keys.cookies),
    login: ordered('login', keys.login),
    seals: ordered('seals', keys.seals),
  };
}
