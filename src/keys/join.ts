import { ConfigError } from '../platform/config.ts';
import type { Queryable } from '../platform/db.ts';
import { forEachKind, keyKinds, type KeyIds } from '../platform/keys-kinds.ts';
import { firstOnes } from '../platform/keys-order.ts';
import type { Keys } from '../platform/keys.ts';
import type { Platform } from '../platform/platform.ts';
import { version } from '../platform/version.ts';
import { lockKeys, neededKeys, readRegistered, registerKeys, sayGoodbye, sayHello } from './key-registry.ts';
import { idsInUse, lackingIn, listIds, type RegisteredKey } from './rotation.ts';

type JoiningPlatform = Pick<Platform, 'clock' | 'config' | 'db' | 'keyring' | 'keys'>;

/**
 * Makes this node one of those that run: others see which keys it knows, and it uses those that are in use. Nobody puts a key in use
 * at the same moment, so that no node begins without a key that another writes with.
 *
 * Throws ConfigError when the keys file lacks keys that are in use, or that rows need (R4).
 */
export async function joinInstallation(platform: JoiningPlatform): Promise<void> {
  const { clock, config, db, keyring } = platform;
  const known = keyring.known();
  const registered = await db.transaction(async (tx) => {
    await lockKeys(tx);
    await registerKnown(tx, platform.keys, known, clock.realNow());
    const lacking = await whatLacks(tx, known);
    if (lacking !== undefined) {
      const anew = `a sandbox can begin anew: delete ${config.dataDir}, and what DATABASE_URL names, if that is set`;
      const problem = `KEYS_FILE ${config.keysFile} ${lacking}`;
      throw new ConfigError(config.mode === 'sandbox' ? [problem, anew] : [problem]);
    }
    const all = await readRegistered(tx);
    await sayHello(tx, { ...keyring.node, version: version(), knows: known, uses: usedOf(all, known) });
    return all;
  });
  keyring.use(idsInUse(registered));
}

/** Tells the others that this node runs no more. */
export async function leaveInstallation({ db, keyring }: Pick<Platform, 'db' | 'keyring'>): Promise<void> {
  await sayGoodbye(db, keyring.node.id);
}

/** Which of the keys that are in use a process works with that knows these. */
export const usedOf = (registered: readonly RegisteredKey[], known: KeyIds): KeyIds => {
  const used = idsInUse(registered);
  return forEachKind((kind) => (used[kind] ?? []).filter((id) => known[kind].includes(id)));
};

/**
 * Makes the keys of a file known where they are not: of a kind of which there are none yet the first is in use, and the others were
 * used before it; of any other they wait until somebody wants them used.
 */
export async function registerKnown(tx: Queryable, keys: Keys, known: KeyIds, now: Date): Promise<void> {
  const registered = await readRegistered(tx);
  for (const kind of keyKinds) {
    const own = registered.filter((key) => key.kind === kind);
    const news = known[kind].filter((id) => !own.some((key) => key.id === id));
    const first = own.length > 0 ? [] : firstOnes(keys, kind);
    await registerKeys(tx, kind, first, { state: 'in use', now });
    const rest = news.filter((id) => !first.includes(id));
    await registerKeys(tx, kind, rest, { state: own.length > 0 ? 'waiting' : 'replaced', now });
  }
}

/** What a file with these keys lacks, as the rest of a sentence about it; undefined: nothing. */
export async function whatLacks(db: Queryable, known: KeyIds): Promise<string | undefined> {
  const lacking = listIds(lackingIn(known, await readRegistered(db), await neededKeys(db)));
  if (lacking === '') return undefined;
  return (
    `lacks keys that are in use, or that rows need to be read: ${lacking}. ` +
    `Take the newest copy of the file: from another node, from where 'samtykke keys' was last run, or from the backup`
  );
}
