import { ninVault, type NinVault } from '../platform/crypto.ts';
import type { Queryable } from '../platform/db.ts';
import { idsOf } from '../platform/keys-order.ts';
import type { Keyring } from '../platform/keys-ring.ts';
import { whatLacks } from './join.ts';
import { readIdsInUse } from './key-registry.ts';

/**
 * A vault with the keys as they are now, for work that takes long or for a process that follows nothing: the file is looked at, and the
 * database says which keys are in use. A changed file that cannot be taken is left alone.
 */
export async function vaultOfNow(keyring: Keyring, db: Queryable): Promise<NinVault> {
  const looked = keyring.look();
  if (looked !== undefined && 'keys' in looked && (await whatLacks(db, idsOf(looked.keys))) === undefined) {
    keyring.take(looked.keys);
  }
  keyring.use(await readIdsInUse(db));
  const { ninEncryption, ninIndex } = keyring.current();
  return ninVault({ encryption: ninEncryption, index: ninIndex });
}
