import type { Session } from '../platform/db-session.ts';
import { newId } from '../platform/ids.ts';
import { collect, type CollectPlatform } from './collect.ts';
import { isRetried, lastDue, nextTry, type DeliveryReport, type Failed, type Outcome } from './delivery-run.ts';
import type { Source } from './read-pages.ts';
import {
  BEGIN_RUN,
  END_FAILED,
  END_INTERRUPTED,
  END_REJECTED,
  DUE,
  SOURCES_OF,
  STILL_DUE,
  TRY_LOCK,
  UNLOCK,
  type SourceRow,
} from './run-log.ts';

/** Who collects, and what is to be told of each run. */
export interface Collecting {
  /** Which node this is, for operators. */
  readonly node: string;
  report(report: DeliveryReport): void;
}

/**
 * Collects whatever is due and nobody else is collecting, one after the other, until there is nothing more. Any number of sessions of
 * any number of nodes may do this at once: they share the work, and each pair is collected once. A session that ends lets go of its
 * pair, and another one takes it over when it is time for the next try.
 */
export async function collectDue(platform: CollectPlatform, session: Session, collecting: Collecting): Promise<void> {
  const seen: string[] = [];
  for (;;) {
    const now = platform.clock.now();
    const due = await session.query(DUE, [now, lastDue(now), collecting.node, seen]);
    const [row] = due;
    if (row === undefined) return;
    seen.push(`${row.creditor_id} ${row.provider_id}`);
    const source = sourceOf(row);
    await holding(session, source, async () => {
      const moment = platform.clock.now();
      const { creditorId, providerId } = source;
      const [still] = await session.query(STILL_DUE, [moment, lastDue(moment), creditorId, providerId]);
      if (still !== undefined) await collectOnce(platform, session, source, collecting, still.attempts + 1);
    });
  }
}

/**
 * Collects one institution now, due or not, from each of its providers. Answers how many of them somebody else is collecting at this
 * moment, so that it was left to them.
 */
export async function collectCreditor(
  platform: CollectPlatform,
  session: Session,
  creditorId: string,
  collecting: Collecting,
): Promise<{ busy: number }> {
  let busy = 0;
  for (const row of await session.query(SOURCES_OF, [creditorId])) {
    const source = sourceOf(row);
    const held = await holding(session, source, () => collectOnce(platform, session, source, collecting, 1));
    if (!held) busy += 1;
  }
  return { busy };
}

const sourceOf = (row: SourceRow): Source => ({
  creditorId: row.creditor_id,
  providerId: row.provider_id,
  baseUrl: row.base_url,
  clientCertificate: row.client_certificate,
});

/** Does something while this session has the pair to itself; answers false, and does nothing, when somebody else has. */
async function holding(
  session: Session,
  { creditorId, providerId }: Source,
  work: () => Promise<void>,
): Promise<boolean> {
  const [lock] = await session.query(TRY_LOCK, [creditorId, providerId]);
  if (lock?.locked !== true) return false;
  try {
    await work();
  } finally {
    if (session.alive()) await session.query(UNLOCK, [creditorId, providerId]);
  }
  return true;
}

async function collectOnce(
  platform: CollectPlatform,
  session: Session,
  source: Source,
  collecting: Collecting,
  attempt: number,
): Promise<void> {
  const { clock, log } = platform;
  const run = { id: newId(), began: clock.now() };
  const { creditorId, providerId } = source;
  const begin = clock.stopwatch();
  await session.query(END_INTERRUPTED, [creditorId, providerId, run.began]);
  // When to try again is written down now: nothing more may be heard of this run.
  const retryAt = nextTry(run.began, attempt);
  await session.query(BEGIN_RUN, [run.id, creditorId, providerId, run.began, retryAt, collecting.node]);
  let outcome: Outcome;
  try {
    outcome = await collect(platform, session, source, run);
  } catch (error) {
    if (!session.alive()) throw error;
    log.error({ creditorId, providerId, runId: run.id, error }, 'a collection failed, and not by the creditor');
    outcome = { kind: 'failed', failure: 'internal' };
  }
  await endRun(session, run.id, outcome, clock.now(), attempt);
  collecting.report({ runId: run.id, creditorId, providerId, outcome, seconds: (clock.stopwatch() - begin) / 1_000 });
}

/** Writes down what became of a run that was not applied. */
async function endRun(session: Session, runId: string, outcome: Outcome, now: Date, attempt: number): Promise<void> {
  if (outcome.kind === 'applied') return;
  if (outcome.kind === 'rejected') {
    const { page = null, record = null, loan = null } = outcome.place;
    await session.query(END_REJECTED, [runId, now, outcome.rule, page, record, loan]);
    return;
  }
  const retryAt = isRetried(outcome) ? nextTry(now, attempt, outcome.waitSeconds) : null;
  await session.query(END_FAILED, [runId, now, detailOf(outcome), retryAt]);
}

const detailOf = ({ failure, status }: Failed): string => (status === undefined ? failure : `${failure} ${status}`);
