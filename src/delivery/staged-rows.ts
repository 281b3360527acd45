import type { Loan } from '../creditors/loan.ts';

/** Where a row comes from. */
export interface RowPlace {
  readonly page: number;
  /** Which customer of the page. */
  readonly record: number;
  /** When it came (milliseconds since 1970). What is dated later is dated so: else it would be the newest until then, whatever comes. */
  readonly cameMs: number;
}

/**
 * Writes rows for `copy staged from stdin (format binary)`, in the order of its columns, into memory of its own: as many as it
 * takes. Binary since the server then parses nothing, and since no value can be taken for anything else.
 */
export interface StagedRows {
  /** A row for each loan; for a customer without loans, one without an account. The first of a customer is marked as such. */
  add(index: Buffer, loans: readonly Loan[], place: RowPlace): void;
  readonly isFull: () => boolean;
  readonly isEmpty: () => boolean;
  /** All rows as a whole COPY stream. It is this memory, until `clear`. */
  take(): Buffer;
  clear(): void;
  /** The newest timestamp of all that was ever added, in milliseconds since 1970; undefined when there was none. */
  readonly newestMs: () => number | undefined;
}

/** The eleven bytes that say so, no flags, no extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const COLUMNS = 17;
const NULL = -1;
const FULL = 1_048_576;
/** Account ids are up to 200 characters of up to 3 bytes (two of 4 bytes count as two characters); the rest is below 250 bytes. */
const LARGEST_ROW = 1_000;
/** COPY counts from 2000-01-01. */
const EPOCH_MS = 946_684_800_000;
const TWO_TO_32 = 4_294_967_296;

const words = Object.fromEntries(
  ['creditFacility', 'repaymentLoan', 'chargeCard', 'MONTHLY', 'QUARTERLY', 'HALF-YEARLY', 'YEARLY'].map((word) => [
    word,
    Buffer.from(word),
  ]),
);

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function stagedRows(): StagedRows {
  let bytes = Buffer.allocUnsafe(FULL + LARGEST_ROW);
  let view = viewOf(bytes);
  HEADER.copy(bytes);
  let at = HEADER.length;
  let lastText = '';
  let lastMs = 0;
  let newestMs: number | undefined;

  const int16 = (value: number): void => {
    view.setInt16(at, value);
    at += 2;
  };
  const int32 = (value: number): void => {
    view.setInt32(at, value);
    at += 4;
  };
  const int64 = (value: number): void => {
    const high = Math.floor(value / TWO_TO_32);
    int32(high);
    view.setUint32(at, value - high * TWO_TO_32);
    at += 4;
  };
  const amount = (value: number | null | undefined): void => {
    if (value === null || value === undefined) int32(NULL);
    else {
      int32(8);
      int64(value);
    }
  };
  const small = (value: number | null | undefined): void => {
    if (value === null || value === undefined) int32(NULL);
    else {
      int32(4);
      int32(value);
    }
  };
  const word = (value: string | null | undefined): void => {
    const known = value === null || value === undefined ? undefined : words[value];
    if (known === undefined) int32(NULL);
    else {
      int32(known.length);
      at += known.copy(bytes, at);
    }
  };
  const text = (value: string): void => {
    const begin = at + 4;
    let end = begin;
    // Most are short and of ASCII: a call for each takes longer than doing it here.
    for (let place = 0; place < value.length; place++) {
      const code = value.charCodeAt(place);
      if (code >= 0x80) {
        end = begin + bytes.write(value, begin);
        break;
      }
      bytes[end++] = code;
    }
    int32(end - begin);
    at = end;
  };
  const instant = (value: string, cameMs: number): void => {
    // All of a delivery are often of one moment.
    if (value !== lastText) {
      lastMs = Date.parse(value);
      lastText = value;
    }
    const ms = Math.min(lastMs, cameMs);
    if (newestMs === undefined || ms > newestMs) newestMs = ms;
    int32(8);
    int64((ms - EPOCH_MS) * 1_000);
  };

  const begin = (index: Buffer, { page, record }: RowPlace, isFirst: boolean): void => {
    if (at + LARGEST_ROW > bytes.length) {
      const larger = Buffer.allocUnsafe(bytes.length * 2);
      bytes.copy(larger, 0, 0, at);
      bytes = larger;
      view = viewOf(bytes);
    }
    int16(COLUMNS);
    int32(index.length);
    at += index.copy(bytes, at);
    small(page);
    small(record);
    int32(1);
    bytes[at++] = isFirst ? 1 : 0;
  };

  const figures = (loan: Loan, cameMs: number): void => {
    const facility = loan.type === 'creditFacility' ? loan : undefined;
    const repayment = loan.type === 'repaymentLoan' ? loan : undefined;
    const revolving = loan.type === 'repaymentLoan' ? undefined : loan;
    const charged = facility ?? repayment;
    word(loan.type);
    instant(loan.timestamp, cameMs);
    int32(2);
    int16(loan.coBorrower);
    amount(facility?.creditLimit);
    amount(revolving?.interestBearingBalance);
    amount(revolving?.nonInterestBearingBalance);
    amount(repayment?.originalBalance);
    amount(repayment?.balance);
    small(repayment?.terms);
    small(charged?.nominalInterestRate);
    amount(charged?.installmentCharges);
    word(charged?.installmentChargePeriod);
  };

  return {
    add: (index, loans, place) => {
      let isFirst = true;
      for (const loan of loans) {
        begin(index, place, isFirst);
        text(loan.accountId);
        figures(loan, place.cameMs);
        isFirst = false;
      }
      if (!isFirst) return;
      begin(index, place, true);
      for (let column = 4; column < COLUMNS; column++) int32(NULL);
    },
    isFull: () => at >= FULL,
    isEmpty: () => at === HEADER.length,
    take: () => {
      view.setInt16(at, NULL);
      return bytes.subarray(0, at + 2);
    },
    clear: () => {
      at = HEADER.length;
    },
    newestMs: () => newestMs,
  };
}
