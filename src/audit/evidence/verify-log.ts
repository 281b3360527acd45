import type { JWK } from 'jose';
import type { Queryable } from '../../platform/db.ts';
import { chainChecker, type Verdict } from './check-chain.ts';
import { holdStill, mostReleasingSeal, readSeals, rowsAdded, rowsOfSeals, rowsWaiting } from './seal-log.ts';

/** Rows that are read at once, about. */
const ROWS_AT_ONCE = 20_000;
const MOST_SEALS_AT_ONCE = 1_000;
const MOST_ADDED = 1_000;

/**
 * Holds the whole log, or the part of it from a seal on, against its seals: each seal against its signature and the one before it,
 * each row against the hash in its seal, and each row of the log against the seals there are. Reads in portions, in one snapshot, and
 * so without anybody waiting for it. `tx` is a transaction that has just begun, and in which nothing else is done.
 */
export async function verifyLog(
  tx: Queryable,
  how: {
    readonly keys: readonly JWK[];
    readonly since?: number | undefined;
    readonly expected?: readonly string[] | undefined;
  },
): Promise<Verdict> {
  await holdStill(tx);
  const from = how.since ?? 1;
  const checker = chainChecker({ keys: how.keys, from, expected: how.expected ?? [] });
  const releasing = await mostReleasingSeal(tx);
  if (releasing !== undefined) await checker.trustRetention(releasing);
  for (let next = from, atOnce = 10; ;) {
    const seals = await readSeals(tx, next, atOnce);
    const last = seals.at(-1);
    if (last === undefined) break;
    const rows = await rowsOfSeals(
      tx,
      seals.map(({ number }) => number),
    );
    let found = 0;
    for (const seal of seals) {
      const own = rows.get(seal.number) ?? [];
      found += own.length;
      await checker.seal({ ...seal, rows: own });
    }
    next = last.number + 1;
    const rowsOfOne = Math.max(found / seals.length, 1);
    atOnce = Math.min(Math.max(Math.floor(ROWS_AT_ONCE / rowsOfOne), 10), atOnce * 4, MOST_SEALS_AT_ONCE);
  }
  for (const row of await rowsAdded(tx, checker.upTo(), MOST_ADDED)) checker.added(row);
  checker.waiting(await rowsWaiting(tx, checker.upTo()));
  return checker.finish();
}
