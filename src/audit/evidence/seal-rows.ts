import { mayHaveSealed, sealKeys } from '../../platform/keys.ts';
import type { Platform } from '../../platform/platform.ts';
import { listOf, sha256Hex, type SealStatement } from './seal.ts';
import { addSeal, hashOfSeal, lastSeal, settledUpTo, timeOfDatabase, unsealedRows, type LastSeal } from './seal-log.ts';
import { readSeal, sealVerifier, signSeal } from './signature.ts';

type Tools = Pick<Platform, 'clock' | 'config' | 'db' | 'keys' | 'log'>;

/** Rows of one seal, at most. */
const PORTION = 1_000;
/** Seals of one run, at most: a log from before there were seals is sealed by and by. */
const SEALS_OF_A_RUN = 100;
/** Any number of nodes together make a seal about so often, when there is something to seal. */
const LEAST_SECONDS = 40;
/** So often one is made all the same: it says that there was nothing, and what need not be kept any more. */
const MOST_SECONDS = 3_600;
/** A last seal that is so much later than now was made by a clock that was wrong. */
const BACKWARDS_SECONDS = 120;
/** So long nodes with keys that this one does not know are left to it. */
const OTHERS_SECONDS = 900;
const DAY_MS = 86_400_000;

/** Seals the log, and remembers what it has seen of the seals: for a node, one as long as it runs. */
export interface LogSealer {
  /**
   * Seals the rows that have been committed and are in no seal yet. Any number of nodes may do it at once: of those who make the same
   * seal one gets through, and the others leave it at that. Nobody who writes to the log waits for it. Answers how many rows it has
   * sealed. Errors: `unavailable`.
   */
  seal(): Promise<number>;
}

/** `leastSeconds`: how long after the seal before. */
export function logSealer(platform: Tools, { leastSeconds = LEAST_SECONDS } = {}): LogSealer {
  const { db, clock, config, log } = platform;
  let seen: { readonly number: number; readonly hash: string } | undefined;

  /** Whether the chain up to its last seal is the one that we know, or is signed with a key of ours; or a key that we do not know signed it. */
  const vouchesFor = async (last: LastSeal | undefined): Promise<boolean | 'unknown_key'> => {
    if (last === undefined) return seen === undefined;
    if (seen?.number === last.number) return seen.hash === last.hash;
    if (last.hash !== sha256Hex(last.jws)) return false;
    const signature = await sealVerifier(mayHaveSealed(platform.keys))(last.jws);
    if (signature !== 'good') return signature === 'bad' ? false : signature;
    return seen === undefined || (await hashOfSeal(db, seen.number)) === seen.hash;
  };

  /** Makes the next seal, if it is time; answers how many rows it has, or undefined when there was none to make. */
  const sealOnce = async (): Promise<number | undefined> => {
    // In this order: a seal that somebody makes after we have read the last one takes the number of ours, and ours is not made.
    const last = await lastSeal(db);
    const settled = await settledUpTo(db);
    const rows = await unsealedRows(db, { upTo: last?.upTo ?? 0, above: 0, atMost: PORTION });
    // What a seal says of time stays so: of two clocks the slower one is asked, lest a wrong one lets rows go before their time.
    const now = new Date(Math.min(clock.now().getTime(), (await timeOfDatabase(db)).getTime()));
    const before = last === undefined ? undefined : readSeal(last.jws)?.statement;
    const age = before === undefined ? Infinity : (now.getTime() - Date.parse(before.at)) / 1000;
    const due = rows.length === PORTION || age >= (rows.length === 0 ? MOST_SECONDS : leastSeconds);
    if (!due && age > -BACKWARDS_SECONDS) return undefined;
    const vouches = await vouchesFor(last);
    // Somebody seals with a key that has not come here yet: it goes on, unless it is heard of no more.
    if (vouches === 'unknown_key' && age < OTHERS_SECONDS) return undefined;

    const vouched = vouches === true;
    const list = listOf(rows);
    // Of a full portion there may be more.
    const highest = rows.length < PORTION ? settled : Math.min(settled, rows.at(-1)?.id ?? 0);
    const times = rows.map((row) => row.at).toSorted();
    const statement: SealStatement = {
      number: (last?.number ?? 0) + 1,
      at: now.toISOString(),
      previous: last?.hash ?? null,
      vouched,
      rows: rows.length,
      list: sha256Hex(list),
      from: times[0] ?? null,
      until: times.at(-1) ?? null,
      upTo: Math.max(highest, last?.upTo ?? 0),
      keptSince: new Date(now.getTime() - config.logRetentionDays * DAY_MS).toISOString(),
    };
    const [key] = sealKeys(platform.keys);
    if (key === undefined) throw new Error('there is no key to seal the log with');
    const jws = await signSeal(statement, key);
    const hash = sha256Hex(jws);
    const { number } = statement;
    const rowIds = rows.map((row) => row.id);
    if (!(await addSeal(db, statement, { jws, hash, rowIds, list }))) return undefined;
    if (!vouched) {
      log.error({ seal: number, seen }, 'the seals of the log are not those that were there: see samtykke log verify');
    }
    // Whoever keeps these lines elsewhere can tell when the end of the chain has been taken away.
    log.info({ seal: number, hash, rows: rows.length }, 'the log was sealed');
    seen = { number, hash };
    return rows.length;
  };

  return {
    seal: async () => {
      let total = 0;
      for (let seals = 1; seals <= SEALS_OF_A_RUN; seals++) {
        const sealed = await sealOnce();
        total += sealed ?? 0;
        if (sealed === undefined || sealed < PORTION) break;
      }
      return total;
    },
  };
}
