import { logSealer } from './audit/evidence/seal-rows.ts';
import { sweepArtefacts } from './authorization-server/adapter.ts';
import { keepFeedPartitions, oldestPending, sealEvents } from './consent/event-log.ts';
import { announceExpired } from './consent/expire.ts';
import { purgePastRetention } from './consent/purge.ts';
import { archiveClosed } from './consent/switch-permission.ts';
import { certificatesInUse } from './creditors/creditor-registry.ts';
import type { Collector } from './delivery/collector.ts';
import { sweepDeliveries } from './delivery/sweep.ts';
import { followKeys } from './keys/follow.ts';
import { rewriteRows } from './keys/rewrite.ts';
import type { Job } from './platform/jobs.ts';
import type { Platform } from './platform/platform.ts';
import { warnOfCertificates } from './platform/tls.ts';
import { sweepSignIn } from './sign-in/session-store.ts';
import type { WebhookDeliverer } from './webhooks/deliverer.ts';
import { resealWebhookSecrets } from './webhooks/secrets.ts';
import { sweepWebhooks } from './webhooks/sweep.ts';

const DAY_MS = 86_400_000;

/** So long at a time, that other work is not kept waiting. */
const REWRITE_MS = 3_000;

/** Writes anew what is under keys that have been replaced (ADR 16): what knows its secret, that is; deliveries are collected anew. */
async function rewriteUnderOldKeys(platform: Platform): Promise<void> {
  const { persons, sessions, encryptionKey } = await rewriteRows(platform, { forMs: REWRITE_MS });
  const webhooks = encryptionKey === undefined ? 0 : await resealWebhookSecrets(platform, encryptionKey);
  if (persons + sessions + webhooks > 0) {
    platform.log.info({ persons, sessions, webhooks }, 'written anew with the keys in use');
  }
}

/**
 * Everything that is done without being asked, in the order in which it is done when all of it is due at once. Without a collector
 * nothing is collected from creditors, and without `webhooks` nothing is sent to those.
 */
export function allJobs(platform: Platform, collector?: Collector, webhooks?: WebhookDeliverer): readonly Job[] {
  const { db, clock, config, metrics } = platform;
  const sealer = logSealer(platform);
  return [
    // Before all that writes with keys.
    { name: 'follow-keys', everySeconds: 2, run: () => followKeys(platform) },
    { name: 'rewrite-keys', everySeconds: 5, run: () => rewriteUnderOldKeys(platform) },
    {
      name: 'feed-partitions',
      everySeconds: 3_600,
      run: async () => {
        const now = clock.now();
        await keepFeedPartitions(db, now, new Date(now.getTime() - config.feedRetentionDays * DAY_MS));
      },
    },
    { name: 'expire-consents', everySeconds: 10, run: async () => void (await announceExpired(platform)) },
    { name: 'archive-closed', everySeconds: 15, run: async () => void (await archiveClosed(platform)) },
    { name: 'seal-feed', everySeconds: 1, run: async () => void (await sealEvents(db, null, clock.now())) },
    {
      name: 'watch-feed',
      everySeconds: 5,
      run: async () => {
        const oldest = await oldestPending(db);
        const now = clock.now().getTime();
        metrics.feedPending(oldest === undefined ? 0 : (now - oldest.getTime()) / 1000);
      },
    },
    // Before the purge, which takes only what has been sealed.
    { name: 'seal-log', everySeconds: 30, run: async () => void (await sealer.seal()) },
    { name: 'purge', everySeconds: 3_600, run: async () => void (await purgePastRetention(platform)) },
    { name: 'sweep-sessions', everySeconds: 300, run: () => sweepSignIn(platform) },
    { name: 'sweep-tokens', everySeconds: 300, run: async () => void (await sweepArtefacts(platform)) },
    {
      name: 'watch-certificates',
      everySeconds: 43_200,
      run: async () => warnOfCertificates(platform, await certificatesInUse(db)),
    },
    { name: 'sweep-webhooks', everySeconds: 60, run: () => sweepWebhooks(platform) },
    { name: 'sweep-deliveries', everySeconds: 3_600, run: async () => void (await sweepDeliveries(platform)) },
    ...(collector === undefined
      ? []
      : [{ name: 'collect-deliveries', everySeconds: 30, run: () => collector.collectDue() }]),
    // It does so by itself; this is for whoever waits until everything that is due has been done.
    ...(webhooks === undefined
      ? []
      : [{ name: 'deliver-webhooks', everySeconds: 60, run: () => webhooks.deliverDue() }]),
  ];
}
