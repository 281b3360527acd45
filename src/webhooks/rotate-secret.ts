import type { Platform } from '../platform/platform.ts';
import { newSigningSecret } from './signature.ts';
import { LOCK, LOG_CHANGE, ROTATE } from './store.ts';
import { loggedChange, noSuchWebhook, type Asker } from './subscribe.ts';

/** As long as a former secret may go on beside the new one, and as long as it does unless told, in seconds. */
export const MOST_OVERLAP_SECONDS = 7 * 86_400;
export const USUAL_OVERLAP_SECONDS = 86_400;

/**
 * Gives a webhook of a client a new secret, with a log row. For `overlapSeconds` (0: not at all) messages are signed with both, the
 * former one and the new one; a secret from a rotation before that ends now. The new one is shown this once.
 *
 * Whoever is sending for it at this moment is stopped, and goes on with both. Errors: `not_found`, `unavailable`.
 */
export async function rotateWebhookSecret(
  { db, clock, vault }: Pick<Platform, 'db' | 'clock' | 'vault'>,
  { clientId, traceId }: Asker,
  id: string,
  overlapSeconds: number,
): Promise<{ secret: string; formerSecretUntil: Date | null }> {
  const now = clock.now();
  const until = overlapSeconds === 0 ? null : new Date(now.getTime() + overlapSeconds * 1000);
  const secret = newSigningSecret();
  return db.transaction(async (tx) => {
    const [row] = await tx.query(LOCK, [id, clientId]);
    if (row === undefined) throw noSuchWebhook();
    const { cipher, keyId } = vault.sealText(secret, id);
    await tx.query(ROTATE, [id, cipher, keyId, until]);
    const change = loggedChange(id, [{ field: 'secret', before: null, after: null }]);
    await tx.query(LOG_CHANGE, [now, 'client', clientId, 'secret_rotated', change, traceId]);
    return { secret, formerSecretUntil: until };
  });
}
