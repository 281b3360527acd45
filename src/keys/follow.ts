import { idsOf } from '../platform/keys-order.ts';
import type { Platform } from '../platform/platform.ts';
import { version } from '../platform/version.ts';
import { advanceRotations } from './advance.ts';
import { registerKnown, usedOf, whatLacks } from './join.ts';
import { lockKeys, readIdsInUse, readRegistered, sayHello } from './key-registry.ts';
import { idsInUse, stateOf } from './rotation.ts';

type FollowingPlatform = Pick<Platform, 'clock' | 'config' | 'db' | 'keyring' | 'keys' | 'log'>;

/**
 * A job of every node: takes the keys file anew when it has changed, tells the others which keys are known here, uses those that are
 * in use, and takes rotations a step further. A file that cannot be read, or lacks keys that are needed, is not taken: the node goes on
 * with what it knows, and says so in the log.
 */
export async function followKeys(platform: FollowingPlatform): Promise<void> {
  const { clock, db, keyring } = platform;
  await takeChangedFile(platform);
  const known = keyring.known();
  let registered = await readRegistered(db);
  const isNew = Object.entries(known).some(([kind, ids]) =>
    ids.some((id) => !registered.some((key) => key.kind === kind && key.id === id)),
  );
  if (isNew) {
    registered = await db.transaction(async (tx) => {
      await lockKeys(tx);
      await registerKnown(tx, platform.keys, known, clock.realNow());
      return readRegistered(tx);
    });
  }
  // First it is so, then it is said.
  keyring.use(idsInUse(registered));
  await sayHello(db, { ...keyring.node, version: version(), knows: known, uses: usedOf(registered, known) });
  if (!registered.some((key) => stateOf(key) === 'waiting')) return;
  await advanceRotations(platform);
  keyring.use(await readIdsInUse(db));
}

async function takeChangedFile({ config, db, keyring, log }: FollowingPlatform): Promise<void> {
  const looked = keyring.look();
  if (looked === undefined) return;
  const refuse = (reason: string): void => {
    if (!looked.again) log.error({ file: config.keysFile, reason }, 'the changed keys file is not taken');
  };
  if ('problem' in looked) {
    refuse(looked.problem);
    return;
  }
  const { keys } = looked;
  if (keys.sandbox && config.mode === 'production') {
    refuse('its keys were made by a sandbox');
    return;
  }
  const lacking = await whatLacks(db, idsOf(keys));
  if (lacking !== undefined) {
    refuse(`it ${lacking}`);
    return;
  }
  keyring.take(keys);
  log.info({ file: config.keysFile }, 'the keys file has changed and is taken');
}
