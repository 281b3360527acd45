import { mayHaveSealed, publicPart, type Keys } from '../../platform/keys.ts';
import type { Queryable } from '../../platform/db.ts';
import type { LogRow } from './seal.ts';
import {
  lastSeal,
  mostReleasingSeal,
  namedSeals,
  readSeals,
  rowsOfSeals,
  sealsOfPersons,
  sealsOfTime,
  unsealedRows,
  type RowFilter,
  type StoredSeal,
} from './seal-log.ts';

/** Which part of the log is handed over. */
export interface ExportFilter extends RowFilter {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** One line of an export: what it is, then each seal with its rows behind it, then the rows that are in none yet, then its end. */
export type ExportLine =
  | {
      readonly type: 'export';
      readonly version: 1;
      readonly at: string;
      /** Whether all rows of the seals are handed over, and all seals from the first to the last one. */
      readonly whole: boolean;
      readonly from: string | null;
      readonly to: string | null;
      readonly client: string | null;
      readonly onePerson: boolean;
      /** Public parts of the keys that the exporting installation seals with, for whoever cannot get them a better way. */
      readonly keys: readonly object[];
      /** A seal that says what need not be there any more. */
      readonly releasing: string | null;
    }
  | {
      readonly type: 'seal';
      readonly number: number;
      readonly hash: string;
      readonly jws: string;
      readonly list: string | null;
    }
  /** `seal` null: in no seal yet. */
  | { readonly type: 'row'; readonly seal: number | null; readonly row: LogRow }
  | { readonly type: 'end'; readonly seals: number; readonly rows: number };

const SEALS_AT_ONCE = 50;
const ROWS_AT_ONCE = 1_000;

/**
 * Hands over the log, or a part of it, with the seals that hold it, so that it can be verified elsewhere. Without a client or person
 * whole seals are handed over, and so a few rows from before and after the time that was asked for; else only the rows that are meant,
 * and those seals that hold any. What is written meanwhile may be in it or not. Reads in portions, and no faster than it is taken.
 */
export async function* exportLog(
  db: Queryable,
  filter: ExportFilter,
  how: { readonly keys: Keys; readonly now: Date },
): AsyncGenerator<ExportLine> {
  const { from, to, clientId, persons } = filter;
  const whole = clientId === undefined && persons === undefined;
  yield {
    type: 'export',
    version: 1,
    at: how.now.toISOString(),
    whole,
    from: from?.toISOString() ?? null,
    to: to?.toISOString() ?? null,
    client: clientId ?? null,
    onePerson: persons !== undefined,
    keys: mayHaveSealed(how.keys).map(publicPart),
    releasing: (await mostReleasingSeal(db))?.jws ?? null,
  };
  let [sealCount, rowCount] = [0, 0];
  const upTo = (await lastSeal(db))?.upTo ?? 0;
  for await (const seals of portions(db, filter)) {
    const rows = await rowsOfSeals(
      db,
      seals.map(({ number }) => number),
      filter,
    );
    for (const { number, hash, jws, list } of seals) {
      const meant = (rows.get(number) ?? []).filter((row) => whole || isOfTime(row, filter));
      if (!whole && meant.length === 0) continue;
      yield { type: 'seal', number, hash, jws, list };
      for (const row of meant) yield { type: 'row', seal: number, row };
      sealCount += 1;
      rowCount += meant.length;
    }
  }
  for (let above = upTo; ;) {
    const rows = await unsealedRows(db, { upTo, above, atMost: ROWS_AT_ONCE });
    for (const row of rows) {
      if (!isMeant(row, filter)) continue;
      yield { type: 'row', seal: null, row };
      rowCount += 1;
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    above = last.id;
  }
  yield { type: 'end', seals: sealCount, rows: rowCount };
}

/** The seals that come into question, in order. */
async function* portions(db: Queryable, filter: ExportFilter): AsyncGenerator<readonly StoredSeal[]> {
  const { from, to, persons } = filter;
  if (persons !== undefined) {
    const numbers = await sealsOfPersons(db, persons, from, to);
    for (let at = 0; at < numbers.length; at += SEALS_AT_ONCE) {
      yield await namedSeals(db, numbers.slice(at, at + SEALS_AT_ONCE));
    }
    return;
  }
  const range = await sealsOfTime(db, from, to);
  if (range === undefined) return;
  for (let next = range.first; next <= range.last;) {
    const seals = (await readSeals(db, next, SEALS_AT_ONCE)).filter(({ number }) => number <= range.last);
    const last = seals.at(-1);
    if (last === undefined) return;
    yield seals;
    next = last.number + 1;
  }
}

/** Whether a row is of the time that was asked for. */
export function isOfTime(row: LogRow, { from, to }: Pick<ExportFilter, 'from' | 'to'>): boolean {
  const at = Date.parse(row.at);
  return (from === undefined || at >= from.getTime()) && (to === undefined || at < to.getTime());
}

function isMeant(row: LogRow, filter: ExportFilter): boolean {
  const { clientId, persons } = filter;
  if (clientId !== undefined && row['client_id'] !== clientId) return false;
  if (persons !== undefined && !persons.some((person) => row['person_id'] === person)) return false;
  return isOfTime(row, filter);
}
