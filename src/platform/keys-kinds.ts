/** The kinds of keys, as operators name them. */
export const keyKinds = ['nin-encryption', 'nin-index', 'signing', 'cookies', 'login', 'seals'] as const;

export type KeyKind = (typeof keyKinds)[number];

/** Ids of keys, by kind. */
export type KeyIds = Readonly<Record<KeyKind, readonly string[]>>;

/** The same of something made for each kind. */
export const forEachKind = <Value>(make: (kind: KeyKind) => Value): Readonly<Record<KeyKind, Value>> =>
  Object.fromEntries(keyKinds.map((kind) => [kind, make(kind)])) as Record<KeyKind, Value>;

/** For how long others may keep the list of our public keys: a new one is on it for so long before anything is signed with it. */
export const JWKS_MAX_AGE_SECONDS = 600;
