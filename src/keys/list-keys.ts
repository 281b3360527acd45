import type { Platform } from '../platform/platform.ts';
import { keyKinds, type KeyIds, type KeyKind } from '../platform/keys-kinds.ts';
import { neededKeys, readNodes, readRegistered } from './key-registry.ts';
import { whatNeeds } from './retire.ts';
import {
  hindrancesOf,
  isLive,
  lackingIn,
  nextStep,
  outdatedIn,
  stateOf,
  type Dependents,
  type Hindrance,
  type RegisteredKey,
  type SeenNode,
  type Step,
} from './rotation.ts';

/** A key with all that is known of it, but for its secret. */
export interface ListedKey extends RegisteredKey {
  /** Whether the file of this machine has it. */
  readonly inFile: boolean;
  /** Live nodes that know it, by their names. */
  readonly knownBy: readonly string[];
  readonly needed: readonly Dependents[];
  /** Why it cannot be retired now; none: it can. */
  readonly hindrances: readonly Hindrance[];
}

/** How it stands with all keys. */
export interface KeysState {
  /** Those that have been retired left out. */
  readonly keys: readonly ListedKey[];
  /** Live ones. */
  readonly nodes: readonly SeenNode[];
  /** What each kind waits for on its way to a new key; those that wait for nothing left out. */
  readonly steps: ReadonlyMap<KeyKind, Step>;
  /** Keys that the file of this machine must have and has not. */
  readonly lacking: KeyIds;
  /** Keys of the file that have been retired: it is not the newest. */
  readonly outdated: readonly { readonly kind: KeyKind; readonly id: string }[];
}

/**
 * Which keys there are, who knows them and what needs them. `known`: the ids of the keys file of this machine. Changes nothing; counts
 * rows, some seconds of work where there are many millions.
 */
export async function listKeys({ clock, db }: Pick<Platform, 'clock' | 'db'>, known: KeyIds): Promise<KeysState> {
  const [registered, nodes, needed] = await Promise.all([readRegistered(db), readNodes(db), neededKeys(db)]);
  const now = clock.realNow();
  const live = nodes.filter(isLive);
  const keys: ListedKey[] = [];
  for (const key of registered) {
    if (stateOf(key) === 'retired') continue;
    const { kind, id } = key;
    const rows = await whatNeeds(db, key);
    keys.push({
      ...key,
      inFile: known[kind].includes(id),
      knownBy: live.filter((node) => node.knows[kind]?.includes(id) === true).map(({ name }) => name),
      needed: rows,
      hindrances: hindrancesOf(key, { nodes, rows, now, atOnce: false }),
    });
  }
  return {
    keys: keys.sort((a, b) => keyKinds.indexOf(a.kind) - keyKinds.indexOf(b.kind)),
    nodes: live,
    steps: new Map(
      keyKinds.flatMap((kind) => {
        const step = nextStep(kind, registered, nodes, now);
        return step === undefined ? [] : [[kind, step] as const];
      }),
    ),
    lacking: lackingIn(known, registered, needed),
    outdated: outdatedIn(known, registered),
  };
}
