import { hash } from 'node:crypto';
import { canonicalJson, type Json } from './canonical-json.ts';

/** A row of the log with all that it says, by the names of its columns; `at` in UTC, to the microsecond. */
export interface LogRow {
  readonly id: number;
  readonly at: string;
  readonly [column: string]: Json;
}

/** What a seal says: it is signed, and the seal after it repeats its hash (ADR 18). */
export interface SealStatement {
  /** 1 for the first, and no number is left out. */
  readonly number: number;
  /** When it was made, by the slower of two clocks. As all times here: UTC, ISO 8601. */
  readonly at: string;
  /** SHA-256 of the seal before it, in hex; null for the first. */
  readonly previous: string | null;
  /** Whether whoever made it had checked that one, with a key of its own. What is false here is an alarm for ever. */
  readonly vouched: boolean;
  readonly rows: number;
  /** SHA-256 of the list of its rows (`listOf`), in hex. */
  readonly list: string;
  /** The times of its earliest and latest row; null where it has none. */
  readonly from: string | null;
  readonly until: string | null;
  /** Each row with an id up to this one is in this seal or an earlier one. Whatever is found there else was added afterwards. */
  readonly upTo: number;
  /** What the log had to keep when this was made: rows from then on. Older ones may be missing. */
  readonly keptSince: string;
}

export const sha256Hex = (text: string): string => hash('sha256', text, 'hex');

/** SHA-256 of a row, in hex: of its canonical JSON without what is null, so that a column that comes later changes no hash. */
export function hashOfRow(row: LogRow): string {
  return sha256Hex(canonicalJson(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))));
}

/** What a seal keeps of a row. */
export interface ListedRow {
  readonly id: number;
  readonly at: string;
  readonly hash: string;
}

/** The rows of a seal as the text that is hashed: a line for each, of id, time and hash. */
export const listOf = (rows: readonly LogRow[]): string =>
  rows.map((row) => `${row.id} ${row.at} ${hashOfRow(row)}\n`).join('');

/** The rows that such a text names; undefined when it is none. */
export function rowsListed(list: string): readonly ListedRow[] | undefined {
  const rows: ListedRow[] = [];
  for (const [, id = '', at = '', rowHash = ''] of list.matchAll(/^(\d{1,16}) (\S{20,32}) ([0-9a-f]{64})\n/gm)) {
    rows.push({ id: Number(id), at, hash: rowHash });
  }
  return rows.length === list.split('\n').length - 1 && (list === '' || list.endsWith('\n')) ? rows : undefined;
}

type Shape = Readonly<Record<keyof SealStatement, (value: unknown) => boolean>>;
const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const time = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const digest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const shape: Shape = {
  number: whole,
  at: time,
  previous: (value) => value === null || digest(value),
  vouched: (value) => typeof value === 'boolean',
  rows: whole,
  list: digest,
  from: (value) => value === null || time(value),
  until: (value) => value === null || time(value),
  upTo: whole,
  keptSince: time,
};

/** The statement that a JSON text holds, whatever else it may hold; undefined when it is none. */
export function statementIn(text: string): SealStatement | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  return Object.entries(shape).every(([name, fits]) => fits(members[name])) ? (value as SealStatement) : undefined;
}
