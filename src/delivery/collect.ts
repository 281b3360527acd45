import { vaultOfNow } from '../keys/vault-of-now.ts';
import type { Platform } from '../platform/platform.ts';
import type { Session } from '../platform/db-session.ts';
import { DeliveryStopped, type Outcome } from './delivery-run.ts';
import { customerFrom, type Expected } from './delivery-rules.ts';
import { readPages, type Batch, type Source } from './read-pages.ts';
import { openStage, type Stage } from './stage.ts';
import { swapIn } from './swap-in.ts';

/** What of a platform a collection needs: it runs in a process of its own, which has no more. */
export type CollectPlatform = Pick<Platform, 'clock' | 'config' | 'http' | 'keyring' | 'log'>;

/** More pages than anybody has: a page is 50 MB or more. */
const MOST_PAGES = 20_000;

/**
 * Collects all that a creditor's provider delivers (getalldata), and puts it in the place of what was there before: all of it, or,
 * when anything is wrong with it, nothing. Applied: the run is ended in the same transaction. Otherwise nothing was changed, and
 * whoever calls ends it. Throws only what is not about the delivery: above all that the database is away.
 *
 * Whoever calls holds the pair's lock in this session, so that nobody else does this at the same time.
 */
export async function collect(
  platform: CollectPlatform,
  session: Session,
  source: Source,
  run: { id: string; began: Date },
): Promise<Outcome> {
  const { config, clock } = platform;
  const tooLong = new AbortController();
  const timer = setTimeout(
    () => tooLong.abort(new DeliveryStopped({ kind: 'failed', failure: 'too_long' })),
    config.collectMinutes * 60_000,
  );
  try {
    const vault = await vaultOfNow(platform.keyring, session);
    const stage = refusingRepeats(await openStage(session, vault));
    const expected: Expected = {
      creditorId: source.creditorId,
      population: config.population,
      from2032: config.ninRule2032,
      kind: 'batch',
      fetchedAt: run.began.toISOString(),
    };
    await readPages(platform.http, source, {
      limits: {
        pageBytes: config.collectPageMb * 1_000_000,
        pages: MOST_PAGES,
        stallMs: config.collectStallSeconds * 1_000,
      },
      signal: tooLong.signal,
      traceId: run.id,
      take: async (batch) => {
        stageBatch(stage, batch, expected, clock.now().getTime());
        await stage.flush();
      },
    });
    const staged = await stage.finish();
    return await swapIn(session, source, { ...run, staged, indexKeys: vault.indexKeys(), now: () => clock.now() });
  } catch (error) {
    if (error instanceof DeliveryStopped) return error.outcome;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whoever does not know pages sends the first one again and again, without end. That a customer is there twice is seen at the end; so
 * the one that a page begins with is looked at at once.
 */
function refusingRepeats(stage: Stage): Stage {
  let first: string | undefined;
  return {
    ...stage,
    add: (customer, place) => {
      if (place.record === 0) {
        if (place.page > 0 && customer.nin === first) {
          throw new DeliveryStopped({
            kind: 'rejected',
            rule: 'duplicate_customer',
            place: { page: place.page, record: 0 },
          });
        }
        first ??= customer.nin;
      }
      stage.add(customer, place);
    },
  };
}

function stageBatch(stage: Stage, batch: Batch, expected: Expected, cameMs: number): void {
  const { page } = batch;
  let record = batch.firstRecord;
  for (const entry of batch.customers) {
    const customer = customerFrom(entry, expected);
    if ('rule' in customer) {
      const { rule, loan } = customer;
      throw new DeliveryStopped({ kind: 'rejected', rule, place: { page, record, loan } });
    }
    stage.add(customer, { page, record, cameMs });
    record += 1;
  }
}
