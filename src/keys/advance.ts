import { keyKinds, type KeyKind } from '../platform/keys-kinds.ts';
import type { Platform } from '../platform/platform.ts';
import { lockKeys, notePublished, readNodes, readRegistered, useKeys } from './key-registry.ts';
import { nextStep, type Step } from './rotation.ts';

type AdvancingPlatform = Pick<Platform, 'clock' | 'db'> & Partial<Pick<Platform, 'log'>>;

/**
 * Takes every rotation as far as it can be taken now: a key that waits comes into use when all nodes know it. Answers what each kind
 * waits for after that, those left out that wait for nothing. Any number of nodes and commands may do this at once; they take turns.
 * `atOnce`: the kind for which others are not given time to hear of the new key.
 */
export async function advanceRotations(
  platform: AdvancingPlatform,
  atOnce?: KeyKind,
): Promise<ReadonlyMap<KeyKind, Step>> {
  const now = platform.clock.realNow();
  const { steps, used } = await platform.db.transaction(async (tx) => {
    await lockKeys(tx);
    const steps = new Map<KeyKind, Step>();
    const used: { kind: KeyKind; ids: readonly string[] }[] = [];
    for (const kind of keyKinds) {
      // Noting that all know it may be followed by its use.
      for (let turns = 0; turns < 3; turns++) {
        const step = nextStep(kind, await readRegistered(tx), await readNodes(tx), now, kind === atOnce);
        if (step === undefined) steps.delete(kind);
        else steps.set(kind, step);
        if (step?.kind === 'note_published') await notePublished(tx, kind, step.ids, step.published ? now : null);
        else if (step?.kind === 'use') {
          await useKeys(tx, kind, step.ids, now);
          used.push({ kind, ids: step.ids });
        } else break;
      }
    }
    return { steps, used };
  });
  for (const { kind, ids } of used) platform.log?.info({ kind, keys: ids }, 'a new key is in use');
  return steps;
}
