import type { Transaction } from '../platform/db.ts';
import type { Session } from '../platform/db-session.ts';
import { DeliveryStopped, isDropOverHalf, type Applied, type Pair } from './delivery-run.ts';
import {
  HOLD_INDEX_KEY,
  MOVE_CLOSED,
  MOVE_PUSHED,
  NOTE_COLLECTED_UNDER,
  OTHER_KEYS_OF_PAIR,
} from './index-key-registry.ts';
import type { Staged } from './stage.ts';
import { END_APPLIED, LAST_APPLIED } from './run-log.ts';
import {
  ADD_ALL_CUSTOMERS,
  ADD_ALL_LOANS,
  ADD_CUSTOMERS,
  ADD_LOANS,
  ANYTHING_STORED,
  CHANGE_LOANS,
  COMPARE_CUSTOMERS,
  COMPARE_LOANS,
  COMPARE_WHOLE_TABLES,
  COUNT_DUPLICATED,
  DATE_PAIR,
  FOLLOW_DIFFERENCES,
  FORGET_CLOSED,
  LEAVE_CLOSED,
  LOCK_TO_SWAP,
  MARK_FIRST,
  REMOVE_CUSTOMERS,
  REMOVE_LOANS,
  SORT_IN_MEMORY,
} from './store.ts';

/**
 * Puts what is staged in this session in the place of what the pair delivered before, and ends the run, in one transaction: readers,
 * who read in one statement, see the one or the other, and wait for nothing. Pushes to this pair wait until it is done; what they
 * said that this delivery cannot know of yet stays (`store.ts` says which).
 *
 * An empty delivery clears all else: that is how portfolios move to another provider.
 *
 * `indexKeys`: the keys of the hash that it was staged with, the one in use first. Throws DeliveryStopped when something is stored under
 * a key that was not among them: then it is to be collected anew.
 */
export async function swapIn(
  session: Session,
  pair: Pair,
  run: { id: string; began: Date; staged: Staged; indexKeys: readonly [string, ...string[]]; now: () => Date },
): Promise<Applied> {
  const { creditorId, providerId } = pair;
  const { began, staged, indexKeys } = run;
  // Without loans there is no telling when it was drawn, but that it was not before we asked.
  const drawnAt = staged.drawnAt ?? began;
  return session.transaction(async (tx) => {
    await tx.query(LOCK_TO_SWAP, [creditorId, providerId]);
    await tx.query(SORT_IN_MEMORY);
    await tx.query(HOLD_INDEX_KEY, [indexKeys[0]]);
    const others = await tx.query(OTHER_KEYS_OF_PAIR, [creditorId, providerId, indexKeys]);
    if (others.length > 0) throw new DeliveryStopped({ kind: 'failed', failure: 'interrupted' });
    if (indexKeys.length > 1) {
      await tx.query(COMPARE_WHOLE_TABLES);
      await tx.query(MOVE_CLOSED, [creditorId, providerId]);
      await tx.query(MOVE_PUSHED, [creditorId, providerId]);
    }
    const [before = { customers: 0, loans: 0 }] = await tx.query(LAST_APPLIED, [creditorId, providerId]);
    const duplicatedAccounts = await makeTheSame(tx, pair, { began, drawnAt });
    await tx.query(DATE_PAIR, [creditorId, providerId, began, drawnAt]);
    await tx.query(NOTE_COLLECTED_UNDER, [creditorId, providerId, indexKeys[0], began]);
    const applied: Applied = {
      kind: 'applied',
      customers: staged.customers,
      loans: staged.loans,
      warnings: staged.warnings,
      droppedOverHalf: isDropOverHalf(before, staged),
      duplicatedAccounts,
    };
    const { customers, loans, warnings, droppedOverHalf } = applied;
    const counts = [customers, loans, warnings, droppedOverHalf, duplicatedAccounts];
    await tx.query(END_APPLIED, [run.id, run.now(), ...counts]);
    return applied;
  });
}

/** Makes what is stored of a pair what is staged; answers how many accounts another provider of the institution has, too. */
async function makeTheSame(
  tx: Transaction,
  { creditorId, providerId }: Pair,
  { began, drawnAt }: { began: Date; drawnAt: Date },
): Promise<number> {
  const pair = [creditorId, providerId];
  await tx.query(COMPARE_WHOLE_TABLES);
  const [duplicated = { count: 0 }] = await tx.query(COUNT_DUPLICATED, pair);
  const [closed] = await tx.query(LEAVE_CLOSED, pair);
  if (closed !== undefined && closed.left > 0) await tx.query(MARK_FIRST);
  await tx.query(FORGET_CLOSED, [...pair, began, drawnAt]);
  const [row] = await tx.query(ANYTHING_STORED, pair);
  if (row?.stored === false) {
    await tx.query(ADD_ALL_LOANS, [...pair, drawnAt]);
    await tx.query(ADD_ALL_CUSTOMERS, [...pair, began]);
    return duplicated.count;
  }
  await tx.query(COMPARE_LOANS, [...pair, began, drawnAt]);
  await tx.query(COMPARE_CUSTOMERS, pair);
  await tx.query(FOLLOW_DIFFERENCES);
  await tx.query(REMOVE_LOANS, pair);
  await tx.query(CHANGE_LOANS, [...pair, drawnAt]);
  await tx.query(ADD_LOANS, [...pair, drawnAt]);
  await tx.query(ADD_CUSTOMERS, [...pair, began]);
  await tx.query(REMOVE_CUSTOMERS, pair);
  return duplicated.count;
}
