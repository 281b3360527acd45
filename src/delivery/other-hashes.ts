/**
 * Writes pairs of hashes for `copy staged_other from stdin (format binary)`: what a number is found by under the key in use, and under
 * another one.
 */
export interface OtherHashes {
  add(hash: Buffer, other: Buffer): void;
  /** All that was added since the last time, as a whole COPY stream; undefined: nothing was. */
  take(): Buffer | undefined;
}

/** The eleven bytes that say so, no flags, no extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** Two columns of 32 bytes. */
const [COLUMNS, LENGTH] = [Buffer.of(0, 2), Buffer.of(0, 0, 0, 32)];
const END = Buffer.of(0xff, 0xff);

export function otherHashes(): OtherHashes {
  let rows: Buffer[] = [];
  return {
    add: (hash, other) => void rows.push(COLUMNS, LENGTH, hash, LENGTH, other),
    take: () => {
      if (rows.length === 0) return undefined;
      const all = Buffer.concat([HEADER, ...rows, END]);
      rows = [];
      return all;
    },
  };
}
