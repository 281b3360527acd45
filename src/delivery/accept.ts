import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import type { DeliveryRule } from './delivery-rules.ts';
import type { Outcome, Pair, Place } from './delivery-run.ts';
import { nodeName } from './node-name.ts';
import { readPush, type Pushed } from './read-push.ts';
import { PUSH_APPLIED, PUSH_REJECTED } from './run-log.ts';
import { LOCK_TO_PUSH, PUSHABLE } from './store.ts';
import { storePushed } from './store-pushed.ts';
import { tellOutcome } from './tell-outcome.ts';

/** What became of a push. */
export type PushResult =
  /** `ignored`: loans of which something newer was there already. */
  | { readonly kind: 'stored'; readonly customers: number; readonly loans: number; readonly ignored: number }
  | { readonly kind: 'rejected'; readonly rule: DeliveryRule; readonly place: Place }
  /** The organisation may not deliver for this institution and provider; `record`: the customer that says so, where one does. */
  | { readonly kind: 'forbidden'; readonly record: number | undefined };

/**
 * Takes what an organisation pushes (pushUpdates): all of it or nothing. Each loan takes the place of what is stored of its
 * institution, provider, customer and account, unless that is newer; one whose amounts are all 0 is closed, and removed. When this
 * has answered `stored`, all of it is committed, and in the next lookup.
 *
 * A push waits while the same pair is being swapped in, and the other way round; what a collection that began before cannot know of
 * it does not undo. Errors: `unavailable`.
 */
export async function acceptPush(
  platform: Platform,
  push: { organisation: string; body: Buffer },
): Promise<PushResult> {
  const { clock, config, db } = platform;
  const begin = clock.stopwatch();
  const now = clock.now();
  const tell = (runId: string, pair: Pair, outcome: Outcome): void =>
    tellOutcome(platform, 'push', { runId, ...pair, outcome, seconds: (clock.stopwatch() - begin) / 1_000 });

  const permitted = await db.query(PUSHABLE, [push.organisation]);
  const pairs = permitted.map((row) => ({ creditorId: row.creditor_id, providerId: row.provider_id }));
  const read = readPush(push.body, pairs, { config, now });
  if (read.kind === 'forbidden') return read;
  if (read.kind === 'rejected') {
    const { kind, rule, place, pair } = read;
    if (pair !== undefined) {
      const id = newId();
      const { record = null, loan = null } = place;
      const ended = [now, clock.now(), rule, record, loan, nodeName()];
      await db.query(PUSH_REJECTED, [id, pair.creditorId, pair.providerId, ...ended]);
      tell(id, pair, { kind, rule, place });
    }
    return { kind, rule, place };
  }

  const runs = read.pushed.map((pushed) => ({ id: newId(), pushed, loans: countLoans(pushed) }));
  const stored = await db.transaction(async (tx) => {
    const locked = await tx.query(LOCK_TO_PUSH, [
      push.organisation,
      runs.map(({ pushed }) => pushed.pair.creditorId),
      runs.map(({ pushed }) => pushed.pair.providerId),
    ]);
    if (locked.length < runs.length) return undefined; // somebody has taken it away meanwhile
    let ignored = 0;
    for (const { id, pushed, loans } of runs) {
      const { creditorId, providerId } = pushed.pair;
      const row = locked.find((row) => row.creditor_id === creditorId);
      ignored += (await storePushed(tx, platform.vault, pushed, { drawnAt: row?.drawn_at ?? null, now })).ignored;
      const ended = [now, clock.now(), pushed.customers.length, loans, nodeName()];
      await tx.query(PUSH_APPLIED, [id, creditorId, providerId, ...ended]);
    }
    return { ignored };
  });
  if (stored === undefined) return { kind: 'forbidden', record: undefined };
  for (const { id, pushed, loans } of runs) {
    const counts = { customers: pushed.customers.length, loans, warnings: 0 };
    tell(id, pushed.pair, { kind: 'applied', ...counts, droppedOverHalf: false, duplicatedAccounts: 0 });
  }
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const customers = sum(runs.map(({ pushed }) => pushed.customers.length));
  return { kind: 'stored', customers, loans: sum(runs.map(({ loans }) => loans)), ...stored };
}

const countLoans = ({ customers }: Pushed): number =>
  customers.reduce((total, customer) => total + customer.loans.length, 0);
