import type { Queryable } from '../platform/db.ts';
import { keysFileText, replaceKeysFile, withNewKeys } from '../platform/keys-file.ts';
import type { KeyIds, KeyKind } from '../platform/keys-kinds.ts';
import { idsOf } from '../platform/keys-order.ts';
import { parseKeys, type Keys } from '../platform/keys.ts';
import type { Platform } from '../platform/platform.ts';
import { registerKnown } from './join.ts';
import { lockKeys, neededKeys, orderKeys, readRegistered, registerKeys } from './key-registry.ts';
import { keysOf, lackingIn, listIds, type RegisteredKey } from './rotation.ts';

/** What a command works with. */
export interface RotatingPlatform extends Pick<Platform, 'clock' | 'db'> {
  /** The keys file of this machine. */
  readonly file: string;
  /** Where the file is written; undefined: in its own place. */
  readonly out?: string | undefined;
}

/** How a rotation begins, or what becomes of it without being begun. */
export type Begun =
  /** `made`: new keys, in the file now; `resumed`: those that were waiting already. Both may wait for what `nextStep` says. */
  | { readonly outcome: 'made' | 'resumed'; readonly ids: readonly string[]; readonly ordered: boolean }
  /** The last rotation has not ended: its old keys are there still. */
  | { readonly outcome: 'unfinished'; readonly inUse: readonly string[]; readonly replaced: readonly string[] }
  /** `problem`: one line, and what to do. */
  | { readonly outcome: 'refused'; readonly problem: string };

export interface RotationOrder {
  readonly kind: KeyKind;
  /** Whether the key may be used as soon as all nodes know it; a login key must be registered elsewhere first. */
  readonly ordered: boolean;
  /** Begin another one although the last has not ended. */
  readonly anew: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/**
 * Begins the rotation of a kind of keys: a new key comes into the file, behind all others, and is not used yet. Interrupted anywhere and
 * run again it goes on with what is there: keys of the file that nobody uses are taken before another is made. Of two at once one waits
 * for the other. Throws KeysFileProblem.
 */
export async function beginRotation(platform: RotatingPlatform, order: RotationOrder): Promise<Begun> {
  const { clock, db, file } = platform;
  const { kind, dryRun } = order;
  return db.transaction(async (tx) => {
    await lockKeys(tx);
    const now = clock.realNow();
    const text = keysFileText(file);
    const keys = parseKeys(text);
    const known = idsOf(keys);
    const before = await readRegistered(tx);
    const problem = await whatIsWrong(tx, before, { file, kind, known });
    if (problem !== undefined) return { outcome: 'refused', problem };
    if (!dryRun) await registerKnown(tx, keys, known, now);
    const unknown = known[kind].filter((id) => !before.some((key) => key.kind === kind && key.id === id));
    const isFirst = !before.some((key) => key.kind === kind);
    const waiting = [...keysOf(before, kind, 'waiting').map(({ id }) => id), ...(isFirst ? [] : unknown)];
    if (waiting.length > 0) {
      const partial = kind === 'signing' ? algorithmsWithout(keys, waiting) : [];
      if (partial.length > 0) return { outcome: 'refused', problem: notForAll(file, waiting, partial) };
      if (order.ordered && !dryRun) await orderKeys(tx, kind, waiting, now);
      return { outcome: 'resumed', ids: waiting, ordered: order.ordered };
    }
    const replaced = keysOf(await readRegistered(tx), kind, 'replaced').map(({ id }) => id);
    if (replaced.length > 0 && !order.anew) {
      const inUse = keysOf(before, kind, 'in use').map(({ id }) => id);
      return { outcome: 'unfinished', inUse, replaced };
    }
    if (dryRun) return { outcome: 'made', ids: [], ordered: order.ordered };
    const made = withNewKeys(text, kind);
    // Whatever happens after this, the next one finds them in the file.
    replaceKeysFile(file, made.text, platform.out);
    await registerKeys(tx, kind, made.ids, { state: 'waiting', now });
    if (order.ordered) await orderKeys(tx, kind, made.ids, now);
    return { outcome: 'made', ids: made.ids, ordered: order.ordered };
  });
}

async function whatIsWrong(
  tx: Queryable,
  registered: readonly RegisteredKey[],
  { file, kind, known }: { file: string; kind: KeyKind; known: KeyIds },
): Promise<string | undefined> {
  const lacking = listIds(lackingIn(known, registered, await neededKeys(tx)));
  if (lacking !== '') {
    return `the keys file ${file} is not the newest: it lacks ${lacking}. Take the copy that the nodes have, and run this again`;
  }
  const elsewhere = keysOf(registered, kind, 'waiting')
    .map(({ id }) => id)
    .filter((id) => !known[kind].includes(id));
  if (elsewhere.length === 0) return undefined;
  return (
    `a rotation is under way with a key that the keys file ${file} lacks: ${kind} ${elsewhere.join(', ')}. ` +
    `Take the file from where it was begun, or give that key up: samtykke keys retire ${kind} ${elsewhere[0] ?? ''}`
  );
}

/** The algorithms that some key signs with, and none of these. */
function algorithmsWithout(keys: Keys, ids: readonly string[]): readonly string[] {
  const having = new Set(keys.signing.filter(({ kid = '' }) => ids.includes(kid)).map(({ alg }) => alg));
  return [...new Set(keys.signing.map(({ alg = '' }) => alg))].filter((alg) => !having.has(alg));
}

const notForAll = (file: string, ids: readonly string[], lacking: readonly string[]): string =>
  `the keys file ${file} has signing keys that nobody uses (${ids.join(', ')}), and none for ${lacking.join(', ')} among them: ` +
  `give them up first (${ids.map((id) => `samtykke keys retire signing ${id}`).join('; ')})`;
