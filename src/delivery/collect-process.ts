import { movableClock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { DatabaseLogin } from '../platform/db.ts';
import { openSession } from '../platform/db-session.ts';
import { configuredHttpClient } from '../platform/http-client.ts';
import { openKeyring } from '../platform/keys-ring.ts';
import { readKeysFile } from '../platform/keys.ts';
import { openLog, type Log } from '../platform/log.ts';
import type { CollectPlatform } from './collect.ts';
import { collectCreditor, collectDue, type Collecting } from './collect-due.ts';
import type { DeliveryReport } from './delivery-run.ts';

/**
 * The process that collects: so that no request waits while pages of 100 MB are read. It is told what to do by its parent, over their
 * channel and not by its command line, which everybody can read; it tells of each run, and ends when there is nothing more to do, or
 * when its parent has ended. Whatever it is in the midst of then is undone by the database, since its connections end with it.
 */

/** What the parent says, once. */
export interface CollectOrder {
  readonly config: Config;
  readonly database: DatabaseLogin;
  /** How far business time is ahead of real time. */
  readonly clockOffsetSeconds: number;
  readonly node: string;
  /** One institution now, due or not; undefined: all that is due. */
  readonly creditorId?: string | undefined;
}

/** What the parent is told. */
export type CollectNews =
  | { readonly about: 'run'; readonly report: DeliveryReport }
  /** Somebody else is collecting so many of what was asked for. */
  | { readonly about: 'busy'; readonly busy: number };

/** No statement takes longer, a swap of many millions of loans included. */
const STATEMENT_MS = 1_800_000;

async function work(order: CollectOrder, log: Log): Promise<void> {
  const { config } = order;
  const http = configuredHttpClient(config);
  const platform: CollectPlatform = {
    config,
    clock: movableClock(order.clockOffsetSeconds),
    http,
    keyring: openKeyring(readKeysFile(config.keysFile), config.keysFile),
    log,
  };
  const collecting: Collecting = { node: order.node, report: (report) => tell({ about: 'run', report }) };
  const inSession = async (what: (session: Awaited<ReturnType<typeof openSession>>) => Promise<void>) => {
    const session = await openSession({
      ...order.database,
      applicationName: 'samtykke collect',
      statementMs: STATEMENT_MS,
    });
    try {
      await what(session);
    } finally {
      await session.close();
    }
  };
  const { creditorId } = order;
  if (creditorId !== undefined) {
    await inSession(async (session) =>
      tell({ about: 'busy', ...(await collectCreditor(platform, session, creditorId, collecting)) }),
    );
  } else {
    const lanes = Array.from({ length: config.collectAtOnce }, () =>
      inSession((session) => collectDue(platform, session, collecting)),
    );
    const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
  await http.close();
}

const tell = (news: CollectNews): void => void process.send?.(news);

if (import.meta.main) {
  // As hard as the parent ended: what is under way is undone by the database.
  const orphaned = (): boolean => process.kill(process.pid, 'SIGKILL');
  process.once('disconnect', orphaned);
  process.once('message', (order: CollectOrder) => {
    const log = openLog({ file: order.config.logFile, level: order.config.logLevel });
    work(order, log)
      .catch((error: unknown) => {
        log.error({ error }, 'collecting failed');
        process.exitCode = 1;
      })
      .finally(() => {
        log.flush();
        process.off('disconnect', orphaned);
        process.disconnect?.();
      })
      .catch(orphaned);
  });
}
