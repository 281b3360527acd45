import { exportLog, isOfTime, type ExportFilter, type ExportLine } from '../audit/evidence/export-log.ts';
import { hashOfRow } from '../audit/evidence/seal.ts';
import type { Queryable } from '../platform/db.ts';
import type { Keys } from '../platform/keys.ts';
import { BYTE_ORDER_MARK, csvRows } from '../portal/csv.ts';
import type { Output } from './output.ts';
import { many } from './words.ts';

/** Written at once: each piece costs a call of the system. */
const PIECE_CHARACTERS = 65_536;

/** Writes an export as it is read, no faster than it is taken; ends quietly when nobody reads it any more. */
export async function writeExport(
  output: Output,
  db: Queryable,
  filter: ExportFilter,
  how: { readonly keys: Keys; readonly now: Date; readonly csv: boolean },
): Promise<void> {
  const text = how.csv ? csvLines(filter) : (line: ExportLine) => `${JSON.stringify(line)}\n`;
  let piece = how.csv ? BYTE_ORDER_MARK + csvRows([COLUMNS]) : '';
  let rows = 0;
  for await (const line of exportLog(db, filter, how)) {
    if (line.type === 'row') rows += 1;
    piece += text(line);
    if (piece.length < PIECE_CHARACTERS) continue;
    if (!(await output.flow(piece))) return;
    piece = '';
  }
  if (await output.flow(piece)) output.note(`${many(rows, 'row')} of the log exported`);
}

const NAMES = [
  'id',
  'at',
  'kind',
  'actor',
  'done_by',
  'client_id',
  'consent_id',
  'person_id',
  'purpose',
  'creditors_asked',
  'creditors_answered',
  'reason',
  'creditor_id',
  'change',
  'trace_id',
] as const;
const COLUMNS = [...NAMES, 'row_sha256', 'seal', 'seal_sha256'];

/** Rows for spreadsheets, each with its hash and its seal's; of the time that was asked for only. */
function csvLines(filter: ExportFilter): (line: ExportLine) => string {
  let sealHash = '';
  return (line) => {
    if (line.type === 'seal') sealHash = line.hash;
    if (line.type !== 'row' || !isOfTime(line.row, filter)) return '';
    const { row, seal } = line;
    const cells = NAMES.map((name) => {
      const value = row[name] ?? '';
      return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
    });
    return csvRows([[...cells, hashOfRow(row), seal ?? '', seal === null ? '' : sealHash]]);
  };
}
