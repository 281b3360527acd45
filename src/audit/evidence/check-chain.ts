import type { JWK } from 'jose';
import { hashOfRow, rowsListed, sha256Hex, type LogRow, type SealStatement } from './seal.ts';
import { readSeal, sealVerifier } from './signature.ts';

/** One thing that is not as it was sealed. `seal`: its number; `row`: the id of a row of the log; `at`: the time that it says. */
export type EvidenceProblem =
  /** No seal has this number, and one after it is there. */
  | { readonly what: 'seal_missing'; readonly seal: number }
  /** It cannot be read, or is not what its hash and number say. */
  | { readonly what: 'seal_changed'; readonly seal: number }
  | { readonly what: 'seal_signature_wrong'; readonly seal: number; readonly key: string }
  /** Signed with a key that nobody here knows, and no later seal vouches for it. */
  | { readonly what: 'seal_of_unknown_key'; readonly seal: number; readonly key: string }
  /** It was made over another seal than the one before it. */
  | { readonly what: 'seal_out_of_chain'; readonly seal: number }
  /** Whoever made it found a chain that was not the one it knew: what is before it may have been put in its place. */
  | { readonly what: 'seals_before_replaced'; readonly seal: number }
  | { readonly what: 'list_changed'; readonly seal: number }
  | { readonly what: 'list_missing'; readonly seal: number }
  | { readonly what: 'row_missing'; readonly seal: number; readonly row: number; readonly at: string }
  | { readonly what: 'row_changed'; readonly seal: number; readonly row: number; readonly at: string }
  /** In no seal, and with an id of which all rows had been sealed. */
  | { readonly what: 'row_added'; readonly row: number; readonly at: string }
  | { readonly what: 'seal_expected'; readonly hash: string };

/** What was found. */
export interface Verdict {
  readonly problems: readonly EvidenceProblem[];
  /** How many there are in all; `problems` names the first of them. */
  readonly problemCount: number;
  readonly seals: number;
  readonly firstSeal: { readonly number: number; readonly at: string } | null;
  readonly lastSeal: { readonly number: number; readonly at: string; readonly hash: string } | null;
  readonly rows: {
    /** Found, and as they were sealed. */
    readonly intact: number;
    /** Gone, as they had to be: their time is before what the log had to keep. */
    readonly purged: number;
    /** In no seal yet: nothing can be said of them. */
    readonly waiting: number;
  };
  /** The times of the earliest and latest row that is intact. */
  readonly from: string | null;
  readonly until: string | null;
  /** Rows that were sealed more than a day after the time that they say. An outage explains some; a false time, too. */
  readonly late: number;
  /** Ids of the keys that signed, those that are not known here included. */
  readonly keys: readonly string[];
}

/** One seal with what there is of it. */
export interface SealedPart {
  readonly number: number;
  readonly jws: string;
  readonly hash: string;
  readonly list: string | null;
  /** Its rows; undefined: they are not handed over, and nothing is asked of them. */
  readonly rows: readonly LogRow[] | undefined;
}

const MOST_NAMED = 100;
const DAY_MS = 86_400_000;

/** Checks seals one after the other, in the order of their numbers, without keeping them. */
export interface ChainChecker {
  /** Takes from a seal what need not be there any more, before its turn comes; its signature must be good. */
  trustRetention(seal: Pick<SealedPart, 'jws'>): Promise<void>;
  seal(part: SealedPart): Promise<void>;
  /** The id up to which all rows are in the seals that were checked so far, as these say. */
  upTo(): number;
  /** A row that is in no seal, although its id is not above that. */
  added(row: { readonly id: number; readonly at: string }): void;
  /** So many rows are in no seal, with ids above that. */
  waiting(rows: number): void;
  finish(): Verdict;
}

/**
 * `keys`: of those who may have sealed, public parts are enough. `picked`: only some seals and some rows are handed over, and gaps
 * say nothing. `from`: the number that the first seal must have; undefined: whatever it is, what is before it is taken as it is.
 * `expected`: hashes that some seal must have.
 */
export function chainChecker(how: {
  readonly keys: readonly JWK[];
  readonly picked?: boolean;
  readonly from?: number | undefined;
  readonly expected?: readonly string[];
}): ChainChecker {
  const { picked = false } = how;
  const signatureOf = sealVerifier(how.keys);
  const problems: EvidenceProblem[] = [];
  let problemCount = 0;
  const problem = (found: EvidenceProblem): void => {
    problemCount += 1;
    if (problems.length < MOST_NAMED) problems.push(found);
  };

  const expected = new Set(how.expected);
  const keys = new Set<string>();
  const rows = { intact: 0, purged: 0, waiting: 0 };
  let [seals, late] = [0, 0];
  let first: Verdict['firstSeal'] = null;
  let last: Verdict['lastSeal'] = null;
  const times: { from: string | null; until: string | null } = { from: null, until: null };
  let keptSince = '';
  let upTo = 0;
  /** Not vouched for by anybody yet. */
  let unvouched: { readonly seal: number; readonly key: string } | undefined;
  /** Whether they may be missing is not known before the end. */
  const missing: { readonly seal: number; readonly row?: number; readonly at: string; readonly rows: number }[] = [];

  const checkNumber = (number: number): void => {
    const next = last === null ? (how.from ?? number) : last.number + 1;
    if (picked || number <= next) return;
    for (let gap = next; gap < number && gap < next + MOST_NAMED; gap++) problem({ what: 'seal_missing', seal: gap });
    problemCount += Math.max(number - next - MOST_NAMED, 0);
  };

  const checkPlace = ({ number }: SealedPart, statement: SealStatement): void => {
    const followsLast = last !== null && last.number === number - 1;
    const previous = number === 1 ? null : followsLast ? last?.hash : statement.previous;
    if (statement.previous !== previous || (last !== null && number <= last.number)) {
      problem({ what: 'seal_out_of_chain', seal: number });
    }
    if (!statement.vouched) problem({ what: 'seals_before_replaced', seal: number });
  };

  const checkSignature = async ({ number, jws }: SealedPart, key: string, vouched: boolean): Promise<boolean> => {
    const signature = await signatureOf(jws);
    if (signature === 'bad') problem({ what: 'seal_signature_wrong', seal: number, key });
    // One that is good vouches for those before it: whoever made it had the key for them.
    if (signature === 'good' && vouched) unvouched = undefined;
    if (signature === 'unknown_key') unvouched ??= { seal: number, key };
    return signature === 'good';
  };

  const checkRows = (part: SealedPart, statement: SealStatement): void => {
    const { number, list } = part;
    if (list === null) {
      if (statement.rows > 0) missing.push({ seal: number, at: statement.until ?? '', rows: statement.rows });
      return;
    }
    const listed = sha256Hex(list) === statement.list ? rowsListed(list) : undefined;
    if (listed?.length !== statement.rows) return problem({ what: 'list_changed', seal: number });
    if (part.rows === undefined) return;
    const found = new Map(part.rows.map((row) => [row.id, row]));
    for (const { id, at, hash } of listed) {
      const row = found.get(id);
      if (row === undefined) {
        if (!picked) missing.push({ seal: number, row: id, at, rows: 1 });
        continue;
      }
      found.delete(id);
      if (hashOfRow(row) !== hash) {
        problem({ what: 'row_changed', seal: number, row: id, at });
        continue;
      }
      rows.intact += 1;
      if (times.from === null || at < times.from) times.from = at;
      if (times.until === null || at > times.until) times.until = at;
      if (Date.parse(statement.at) - Date.parse(at) > DAY_MS) late += 1;
    }
    for (const { id, at } of found.values()) problem({ what: 'row_added', row: id, at });
  };

  return {
    trustRetention: async ({ jws }) => {
      const statement = readSeal(jws)?.statement;
      if (statement !== undefined && (await signatureOf(jws)) === 'good')
        keptSince = latest(keptSince, statement.keptSince);
    },
    seal: async (part) => {
      const read = readSeal(part.jws);
      const { number, jws } = part;
      seals += 1;
      checkNumber(number);
      if (read === undefined || read.statement.number !== number || sha256Hex(jws) !== part.hash) {
        problem({ what: 'seal_changed', seal: number });
        // What comes after it is held against what it says of itself, so that one lie is told once.
        last = { number, at: last?.at ?? '', hash: part.hash };
        return;
      }
      const { statement, keyId } = read;
      keys.add(keyId);
      expected.delete(part.hash);
      checkPlace(part, statement);
      if (await checkSignature(part, keyId, statement.vouched)) keptSince = latest(keptSince, statement.keptSince);
      checkRows(part, statement);
      upTo = Math.max(upTo, statement.upTo);
      first ??= { number, at: statement.at };
      last = { number, at: statement.at, hash: part.hash };
    },
    upTo: () => upTo,
    added: ({ id, at }) => problem({ what: 'row_added', row: id, at }),
    waiting: (count) => {
      rows.waiting += count;
    },
    finish: () => {
      if (unvouched !== undefined) problem({ what: 'seal_of_unknown_key', ...unvouched });
      for (const { seal, row, at, rows: count } of missing) {
        if (Date.parse(at) < Date.parse(keptSince)) rows.purged += count;
        else problem(row === undefined ? { what: 'list_missing', seal } : { what: 'row_missing', seal, row, at });
      }
      for (const hash of expected) problem({ what: 'seal_expected', hash });
      return {
        problems,
        problemCount,
        seals,
        firstSeal: first,
        lastSeal: last,
        rows,
        ...times,
        late,
        keys: [...keys],
      };
    },
  };
}

const latest = (one: string, other: string): string => (one > other ? one : other);
