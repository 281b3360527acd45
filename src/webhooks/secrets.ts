import type { Platform } from '../platform/platform.ts';
import { RESEAL, UNDER_OTHER_KEYS, sealedSecretsOf, type SecretRow } from './store.ts';

/**
 * The secrets that messages of a subscription are signed with now, the one in use first. Throws when a key of the keys file that they
 * need is gone.
 */
export function openSecrets(
  { vault, clock }: Pick<Platform, 'vault' | 'clock'>,
  subscriptionId: string,
  row: SecretRow,
): readonly string[] {
  const [inUse, former] = sealedSecretsOf(row);
  const isGood = former !== undefined && row.former_secret_until !== null && row.former_secret_until > clock.now();
  return (isGood ? [inUse, former] : [inUse]).map((sealed) => vault.openText(sealed, subscriptionId));
}

const PORTION = 200;

/**
 * Encrypts all secrets anew with the key that is in use, where they are under another one, so that the other may go; nothing, when this
 * process encrypts with another one than that. A secret that is rotated at the same time is left to its new one. Any number of nodes may
 * run it at once. Answers how many subscriptions it was.
 */
export async function resealWebhookSecrets(
  { db, vault }: Pick<Platform, 'db' | 'vault'>,
  inUse: string,
): Promise<number> {
  for (let total = 0; ;) {
    const before = total;
    const rows = await db.query(UNDER_OTHER_KEYS, [inUse, PORTION]);
    for (const row of rows) {
      const [secret, former] = sealedSecretsOf(row);
      const anew = vault.sealText(vault.openText(secret, row.id), row.id);
      if (anew.keyId !== inUse) return total;
      const formerAnew = former && vault.sealText(vault.openText(former, row.id), row.id);
      const sealed = [anew.cipher, anew.keyId, formerAnew?.cipher ?? null, formerAnew?.keyId ?? null];
      total += (await db.query(RESEAL, [row.id, ...sealed, row.secret_cipher, row.former_secret_cipher])).length;
    }
    if (rows.length < PORTION || total === before) return total;
  }
}
