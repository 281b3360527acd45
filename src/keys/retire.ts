import { lastSeal } from '../audit/evidence/seal-log.ts';
import { readSeal } from '../audit/evidence/signature.ts';
import type { Queryable } from '../platform/db.ts';
import { keysFileText, replaceKeysFile, withoutKeys } from '../platform/keys-file.ts';
import type { KeyKind } from '../platform/keys-kinds.ts';
import { firstOnes, idsOf } from '../platform/keys-order.ts';
import { parseKeys } from '../platform/keys.ts';
import {
  dependentsOf,
  lockKeys,
  readNodes,
  readRegistered,
  registerKeys,
  retireInRegistry,
  useKeys,
} from './key-registry.ts';
import type { RotatingPlatform } from './rotate.ts';
import {
  hindrancesOf,
  isLive,
  stateOf,
  type Dependents,
  type Hindrance,
  type RegisteredKey,
  type SeenNode,
} from './rotation.ts';

/** What became of a key that was to be retired; without hindrances it is, or (dry run) would be. */
export interface Retired {
  readonly id: string;
  readonly hindrances: readonly Hindrance[];
}

export interface RetireOrder {
  readonly kind: KeyKind;
  /** Which one; undefined: all that have been replaced. */
  readonly id?: string | undefined;
  /** Give up what was signed with it and is still on its way. Rows are never given up. */
  readonly atOnce: boolean;
  /** Also a key in use, if the file of this machine lacks it: nobody has it any more. */
  readonly lost: boolean;
  readonly dryRun: boolean;
}

/**
 * Retires keys, for good: those that nothing needs any more, on any node. Nothing is written with them from then on, whoever still has
 * them. Each is decided by itself. Their secrets stay in the file until `removeRetired`.
 *
 * Answers what became of each; empty: there is none of that id, or none to retire. Errors: `unavailable`.
 */
export async function retireKeys(platform: RotatingPlatform, order: RetireOrder): Promise<readonly Retired[]> {
  const { clock, db } = platform;
  const { kind, id } = order;
  const file = parseKeys(keysFileText(platform.file));
  const known = idsOf(file)[kind];
  const keys = (await readRegistered(db)).filter(
    (key) =>
      key.kind === kind &&
      (id === undefined ? stateOf(key) === 'replaced' || (order.lost && isLost(key, known)) : key.id === id),
  );
  const retired: Retired[] = [];
  for (const { id } of keys) {
    const hindrances = await db.transaction(async (tx): Promise<readonly Hindrance[]> => {
      await lockKeys(tx);
      const key = (await readRegistered(tx)).find((one) => one.kind === kind && one.id === id);
      if (key === undefined || stateOf(key) === 'retired') return [];
      const now = clock.realNow();
      const [nodes, rows] = [await readNodes(tx), await whatNeeds(tx, key)];
      const found = hindrancesOf(key, { nodes, rows, now, atOnce: order.atOnce });
      const hindrances = order.lost && isLost(key, known) ? hindrancesOfLost(key, found, nodes) : found;
      if (hindrances.length > 0 || order.dryRun) return hindrances;
      const needed = await retireInRegistry(tx, kind, id, now);
      if (needed > 0) return [{ why: 'rows', rows: [{ what: 'rows', rows: needed }] }];
      if (stateOf(key) === 'in use') {
        // In the place of one that nobody has any more come those that the file has.
        const next = firstOnes(file, kind);
        await registerKeys(tx, kind, next, { state: 'waiting', now });
        await useKeys(tx, kind, next, now);
      }
      return [];
    });
    retired.push({ id, hindrances });
  }
  return retired;
}

/** Nobody can wait for a key that is lost; unless somebody has it still. */
function hindrancesOfLost(
  key: RegisteredKey,
  found: readonly Hindrance[],
  nodes: readonly SeenNode[],
): readonly Hindrance[] {
  const having = nodes.filter((node) => isLive(node) && node.knows[key.kind]?.includes(key.id) === true);
  return [
    ...(having.length > 0 ? [{ why: 'nodes' as const, nodes: having.map(({ name }) => name) }] : []),
    ...found.filter(({ why }) => why === 'rows'),
  ];
}

const isLost = (key: RegisteredKey, known: readonly string[]): boolean =>
  stateOf(key) !== 'retired' && !known.includes(key.id);

/** Rows that need a key, and the newest seal of the log: the next one is made by whoever can check it. */
export async function whatNeeds(db: Queryable, { kind, id }: RegisteredKey): Promise<readonly Dependents[]> {
  const rows = await dependentsOf(db, kind, id);
  if (kind !== 'seals' && kind !== 'signing') return rows;
  const newest = await lastSeal(db);
  return newest !== undefined && readSeal(newest.jws)?.keyId === id
    ? [...rows, { what: 'newest_seal', rows: 1 }]
    : rows;
}

/**
 * Takes the secrets of all retired keys of a kind out of the file. Answers their ids; empty: there were none in it. Safe to repeat.
 * Throws KeysFileProblem.
 */
export async function removeRetired(platform: RotatingPlatform, kind: KeyKind): Promise<readonly string[]> {
  return platform.db.transaction(async (tx) => {
    await lockKeys(tx);
    const text = keysFileText(platform.file);
    const known = idsOf(parseKeys(text))[kind];
    const gone = (await readRegistered(tx))
      .filter((key) => key.kind === kind && stateOf(key) === 'retired' && known.includes(key.id))
      .map(({ id }) => id);
    if (gone.length > 0) replaceKeysFile(platform.file, withoutKeys(text, kind, gone), platform.out);
    return gone;
  });
}
