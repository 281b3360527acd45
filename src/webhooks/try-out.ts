import { DomainError } from '../errors/domain-error.ts';
import { newTraceId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import type { Attempt } from './attempt.ts';
import { findSubscription } from './find.ts';
import { testMessage } from './message.ts';
import { openSecrets } from './secrets.ts';
import { sendMessage } from './send.ts';
import { signWith } from './signature.ts';
import { TRY_NOW } from './store.ts';
import { noSuchWebhook, type Asker } from './subscribe.ts';

type Tools = Pick<Platform, 'db' | 'http' | 'clock' | 'config' | 'vault' | 'metrics'>;

/** Sends test messages; not two at once to one webhook from one node. */
export type TryOut = (asker: Asker, id: string) => Promise<{ attempt: Attempt; milliseconds: number }>;

/**
 * Sends a test message to a webhook of a client now, enabled or not, and answers what became of it. It goes past the queue and changes
 * nothing in it; but where it is taken and messages are waiting for their next attempt, they are tried at once.
 *
 * Errors: `not_found`, `rate_limited` (one is under way), `unavailable`.
 */
export function openTryOut(platform: Tools): TryOut {
  const underWay = new Set<string>();
  return async ({ clientId }, id) => {
    const { db, clock, config, metrics } = platform;
    const subscription = await findSubscription(db, id, clientId);
    if (subscription === undefined) throw noSuchWebhook();
    if (underWay.has(subscription.id)) {
      throw new DomainError('rate_limited', 'a test message is under way: wait for what becomes of it', {
        retryAfterSeconds: config.webhookTimeoutSeconds,
      });
    }
    underWay.add(subscription.id);
    try {
      const sign = signWith(openSecrets(platform, subscription.id, subscription.sealed));
      const endpoint = { subscriptionId: subscription.id, url: subscription.url, sign };
      const message = testMessage(subscription.id, clock.now(), newTraceId());
      const begun = clock.stopwatch();
      const attempt = await sendMessage(platform, endpoint, message, new AbortController().signal);
      const milliseconds = Math.round(clock.stopwatch() - begun);
      metrics.webhookAttempt(attempt.outcome);
      if (attempt.outcome === 'delivered' && subscription.failing !== null) await db.query(TRY_NOW, [subscription.id]);
      return { attempt, milliseconds };
    } finally {
      underWay.delete(subscription.id);
    }
  };
}
