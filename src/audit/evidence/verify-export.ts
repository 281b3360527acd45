import type { JWK } from 'jose';
import { chainChecker, type ChainChecker, type Verdict } from './check-chain.ts';
import type { ExportLine } from './export-log.ts';
import type { LogRow } from './seal.ts';

/** An export that cannot be read: `message` says at which line, and what is wrong. */
export class ExportUnreadable extends Error {
  override readonly name = 'ExportUnreadable';
}

type Head = Extract<ExportLine, { type: 'export' }>;
type Seal = Extract<ExportLine, { type: 'seal' }>;

/** What was found, and what the export says of itself. */
export interface VerifiedExport {
  readonly verdict: Verdict;
  readonly head: Pick<Head, 'whole' | 'from' | 'to' | 'client' | 'onePerson' | 'at'>;
  /** Whether the keys were the export's own: then whoever made it may have made them, too. */
  readonly ownKeys: boolean;
}

/**
 * Holds an export (lines of `exportLog`, as JSON) against its own seals, without the database that it came from. `keys`: of the
 * installation, got from it by another way; undefined: those that the export brings along. Throws ExportUnreadable.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  how: { readonly keys: readonly JWK[] | undefined; readonly expected?: readonly string[] | undefined },
): Promise<VerifiedExport> {
  let head: Head | undefined;
  let checker: ChainChecker | undefined;
  let open: { readonly seal: Seal; readonly rows: LogRow[] } | undefined;
  let end = false;
  let [seals, rows, place] = [0, 0, 0];
  const unreadable = (why: string): ExportUnreadable => new ExportUnreadable(`line ${place} ${why}`);
  const close = async (): Promise<void> => {
    if (open !== undefined) await checker?.seal({ ...open.seal, rows: open.rows });
    open = undefined;
  };
  for await (const text of lines) {
    place += 1;
    if (text.trim() === '') continue;
    if (end) throw unreadable('stands behind the end');
    const line = lineIn(text);
    if (line === undefined) throw unreadable('is no line of an export');
    if (line.type === 'export') {
      if (head !== undefined) throw unreadable('begins a second export');
      head = line;
      const keys = how.keys ?? line.keys;
      checker = chainChecker({ keys, picked: !line.whole, expected: how.expected ?? [] });
      if (line.releasing !== null) await checker.trustRetention({ jws: line.releasing });
      continue;
    }
    if (checker === undefined) throw unreadable('comes before the line that says what this is');
    if (line.type === 'seal') {
      await close();
      open = { seal: line, rows: [] };
      seals += 1;
    } else if (line.type === 'row') {
      rows += 1;
      if (line.seal === null) await close();
      if (line.seal !== (open?.seal.number ?? null)) throw unreadable('is a row that does not stand behind its seal');
      if (open === undefined) checker.waiting(1);
      else open.rows.push(line.row);
    } else {
      await close();
      if (line.seals !== seals || line.rows !== rows)
        throw unreadable('says another number of seals or rows than there are');
      end = true;
    }
  }
  if (head === undefined || checker === undefined || !end) {
    throw new ExportUnreadable('it has no end: it was cut off while it was made, or since');
  }
  return { verdict: checker.finish(), head, ownKeys: how.keys === undefined };
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
const isRow = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Number.isSafeInteger((value as LogRow).id) &&
  isText((value as LogRow).at);

const fits: Readonly<Record<ExportLine['type'], (line: Readonly<Record<string, unknown>>) => boolean>> = {
  export: (line) => line['version'] === 1 && Array.isArray(line['keys']) && isTextOrNull(line['releasing']),
  seal: (line) =>
    Number.isSafeInteger(line['number']) && isText(line['hash']) && isText(line['jws']) && isTextOrNull(line['list']),
  row: (line) => (line['seal'] === null || Number.isSafeInteger(line['seal'])) && isRow(line['row']),
  end: (line) => Number.isSafeInteger(line['seals']) && Number.isSafeInteger(line['rows']),
};

function lineIn(text: string): ExportLine | undefined {
  try {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const type = line['type'];
    const known = type === 'export' || type === 'seal' || type === 'row' || type === 'end';
    return known && fits[type](line) ? (line as ExportLine) : undefined;
  } catch {
    return undefined;
  }
}
