import { whatLacks } from '../keys/join.ts';
import { rewriteRows, type Rewritten } from '../keys/rewrite.ts';
import { vaultOfNow } from '../keys/vault-of-now.ts';
import { openKeyring } from '../platform/keys-ring.ts';
import { STANDARD_ERROR, openLog } from '../platform/log.ts';
import { resealWebhookSecrets } from '../webhooks/secrets.ts';
import { CommandProblem } from './command-problem.ts';
import type { Connected } from './connect.ts';
import { keysOf } from './read-keys.ts';

/**
 * Writes anew all that is under keys that have been replaced, as fast as it goes. Throws what is wrong with the keys file. What cannot be
 * read is told to standard error, by the ids of persons.
 */
export async function rewriteNow({ platform }: Connected): Promise<Rewritten & { readonly webhooks: number }> {
  const { config, db } = platform;
  const keyring = openKeyring(keysOf(config), config.keysFile);
  const lacking = await whatLacks(db, keyring.known());
  if (lacking !== undefined) throw new CommandProblem([`the keys file ${config.keysFile} ${lacking}`]);
  const vault = await vaultOfNow(keyring, db);
  const log = openLog({ file: STANDARD_ERROR, level: 'error' });
  try {
    const rewritten = await rewriteRows({ ...platform, log, vault }, { forMs: Infinity });
    const { encryptionKey } = rewritten;
    const webhooks = encryptionKey === undefined ? 0 : await resealWebhookSecrets({ db, vault }, encryptionKey);
    return { ...rewritten, webhooks };
  } finally {
    log.flush();
  }
}
