import { JWKS_MAX_AGE_SECONDS, forEachKind, keyKinds, type KeyIds, type KeyKind } from '../platform/keys-kinds.ts';

/** What is known of a key besides its secret. All times are real ones. */
export interface RegisteredKey {
  readonly kind: KeyKind;
  readonly id: string;
  /** Since when it has been known here. */
  readonly knownSince: Date;
  /** Since when it has been wanted in use. */
  readonly orderedAt: Date | null;
  /** Since when every node knows it. */
  readonly publishedAt: Date | null;
  readonly inUseSince: Date | null;
  readonly replacedAt: Date | null;
  readonly retiredAt: Date | null;
}

/**
 * `waiting`: known, and not used yet. `in use`: what is new is made with it. `replaced`: there for reading what was made with it.
 * `retired`: nothing needs it, and nothing is ever written with it again.
 */
export type KeyState = 'waiting' | 'in use' | 'replaced' | 'retired';

export function stateOf(key: RegisteredKey): KeyState {
  if (key.retiredAt !== null) return 'retired';
  if (key.replacedAt !== null) return 'replaced';
  return key.inUseSince === null ? 'waiting' : 'in use';
}

/** A node as it last told of itself. */
export interface SeenNode {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly silentSeconds: number;
  readonly knows: Partial<KeyIds>;
  readonly uses: Partial<KeyIds>;
}

/** Nodes tell of themselves every other second. One that has been silent for so long has ended, or hangs. */
const SILENT_SECONDS = 30;

export const isLive = (node: Pick<SeenNode, 'silentSeconds'>): boolean => node.silentSeconds <= SILENT_SECONDS;

const publishedFor: Readonly<Partial<Record<KeyKind, number>>> = { signing: JWKS_MAX_AGE_SECONDS };

/**
 * For how long what was made with a key is good, once nobody makes anything with it any more: ID tokens an hour, and whoever checks
 * them may have an older list of keys; cookies of a request two hours; what proves us to the login provider a minute.
 */
export const neededForSeconds: Readonly<Record<KeyKind, number>> = {
  'nin-encryption': 0,
  'nin-index': 0,
  signing: 3_600 + JWKS_MAX_AGE_SECONDS,
  cookies: 7_200 + 60,
  login: 120,
  seals: 0,
};

const after = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1_000);

export const keysOf = (registered: readonly RegisteredKey[], kind: KeyKind, state: KeyState) =>
  registered.filter((key) => key.kind === kind && stateOf(key) === state);

/** Which keys are in use, of the kinds of which any is registered. */
export function idsInUse(registered: readonly RegisteredKey[]): Partial<KeyIds> {
  const known = keyKinds.filter((kind) => registered.some((key) => key.kind === kind));
  return Object.fromEntries(known.map((kind) => [kind, keysOf(registered, kind, 'in use').map(({ id }) => id)]));
}

/** What a rotation waits for, or what is to be done next. */
export type Step =
  /** Nobody has said that it shall be used: of `login`, once it is registered at the login provider. */
  | { readonly kind: 'wait_for_order'; readonly ids: readonly string[] }
  | { readonly kind: 'wait_for_nodes'; readonly ids: readonly string[]; readonly nodes: readonly string[] }
  | { readonly kind: 'wait_until'; readonly ids: readonly string[]; readonly until: Date }
  /** `published`: whether every node knows it. */
  | { readonly kind: 'note_published'; readonly ids: readonly string[]; readonly published: boolean }
  | { readonly kind: 'use'; readonly ids: readonly string[] };

/**
 * What is next for the keys of a kind that wait; undefined: none does. A key comes into use when every live node knows it, so that no
 * node ever meets what it cannot read. `atOnce`: without the time for which others may keep an older list of keys.
 */
export function nextStep(
  kind: KeyKind,
  registered: readonly RegisteredKey[],
  nodes: readonly SeenNode[],
  now: Date,
  atOnce = false,
): Step | undefined {
  const waiting = keysOf(registered, kind, 'waiting');
  const ids = waiting.map(({ id }) => id);
  if (ids.length === 0) return undefined;
  const lacking = nodesThatLack(kind, ids, nodes);
  const published = lacking.length === 0;
  if (waiting.some((key) => (key.publishedAt !== null) !== published))
    return { kind: 'note_published', ids, published };
  if (waiting.some((key) => key.orderedAt === null)) return { kind: 'wait_for_order', ids };
  if (!published) return { kind: 'wait_for_nodes', ids, nodes: lacking };
  const seconds = atOnce ? 0 : (publishedFor[kind] ?? 0);
  const until = after(new Date(Math.max(...waiting.map((key) => key.publishedAt?.getTime() ?? 0))), seconds);
  return until.getTime() > now.getTime() ? { kind: 'wait_until', ids, until } : { kind: 'use', ids };
}

/** The live nodes that do not know all of these keys. */
const nodesThatLack = (kind: KeyKind, ids: readonly string[], nodes: readonly SeenNode[]): readonly string[] =>
  nodes
    .filter((node) => isLive(node) && !ids.every((id) => node.knows[kind]?.includes(id) === true))
    .map(({ name }) => name);

/** Something that needs a key: rows of a sort, by their number. */
export interface Dependents {
  readonly what: string;
  readonly rows: number;
}

/** Why a key cannot be retired. */
export type Hindrance =
  | { readonly why: 'in_use' }
  | { readonly why: 'nodes'; readonly nodes: readonly string[] }
  | { readonly why: 'rows'; readonly rows: readonly Dependents[] }
  | { readonly why: 'time'; readonly until: Date };

/**
 * Whether a key may be retired, which is for good; none: it may. `atOnce`: what was signed with it, and is still on its way, is given
 * up; rows never are.
 */
export function hindrancesOf(
  key: RegisteredKey,
  { nodes, rows, now, atOnce }: { nodes: readonly SeenNode[]; rows: readonly Dependents[]; now: Date; atOnce: boolean },
): readonly Hindrance[] {
  const state = stateOf(key);
  if (state === 'retired') return [];
  if (state === 'in use') return [{ why: 'in_use' }];
  const users = nodes.filter((node) => isLive(node) && node.uses[key.kind]?.includes(key.id) === true);
  const needed = rows.filter((one) => one.rows > 0);
  const until = key.replacedAt === null ? now : after(key.replacedAt, neededForSeconds[key.kind]);
  return [
    ...(users.length > 0 ? [{ why: 'nodes' as const, nodes: users.map(({ name }) => name) }] : []),
    ...(needed.length > 0 ? [{ why: 'rows' as const, rows: needed }] : []),
    // One that was never used has made nothing.
    ...(!atOnce && key.inUseSince !== null && until.getTime() > now.getTime() ? [{ why: 'time' as const, until }] : []),
  ];
}

/** Keys that a file must have and has not: those in use, and those that rows need (no row needs one that has been retired). */
export function lackingIn(
  known: KeyIds,
  registered: readonly RegisteredKey[],
  needed: readonly { readonly kind: KeyKind; readonly id: string }[],
): KeyIds {
  return forEachKind((kind) => {
    const retired = keysOf(registered, kind, 'retired').map(({ id }) => id);
    const rows = needed.filter((key) => key.kind === kind && !retired.includes(key.id));
    const wanted = [...keysOf(registered, kind, 'in use'), ...rows].map(({ id }) => id);
    return [...new Set(wanted)].filter((id) => !known[kind].includes(id));
  });
}

/** Keys of a file that have been retired: it is not the newest. */
export const outdatedIn = (
  known: KeyIds,
  registered: readonly RegisteredKey[],
): readonly { readonly kind: KeyKind; readonly id: string }[] =>
  registered
    .filter((key) => stateOf(key) === 'retired' && known[key.kind].includes(key.id))
    .map(({ kind, id }) => ({ kind, id }));

/** Ids by kind as a sentence has them; empty: there are none. */
export const listIds = (ids: KeyIds): string =>
  keyKinds
    .filter((kind) => ids[kind].length > 0)
    .map((kind) => `${kind} ${ids[kind].join(', ')}`)
    .join('; ');
