import { AsyncResource } from 'node:async_hooks';
import { DomainError } from '../errors/domain-error.ts';
import { sqlState } from './db.ts';

/** How rows are written, alone and together. */
export interface Writing<Row, Result> {
  /** Writes one; what it throws is thrown to whoever added the row. */
  one(row: Row): Promise<Result>;
  /** Writes all by one statement, or none of them, and answers in the same order. */
  together(rows: readonly Row[]): Promise<readonly Result[]>;
}

export interface SharedCommits<Row, Result> {
  /**
   * Writes a row. Resolves with what became of it when that is committed, never before. `group`: only rows of one group are written
   * together, so that no group waits for a lock that another one waits for. `gathered`: what is done around the waiting, where the row
   * is not written at once.
   */
  add(group: string, row: Row, gathered?: (wait: () => Promise<Result>) => Promise<Result>): Promise<Result>;
}

/** Written together at most. */
const MOST_ROWS = 200;
/** Of one group at once. */
const MOST_UNDER_WAY = 2;

/**
 * Writes rows that come at the same time by one statement, and so with one wait for the disk (ADR 22). Who comes alone is written at
 * once; while two statements of a group are under way, what comes gathers for the next. When a statement with several rows fails and so
 * nothing was written, each of them is written alone and has its own outcome; when nobody can tell (the connection was lost), all of them
 * are told so, as one alone would be.
 */
export function sharedCommits<Row, Result>(writing: Writing<Row, Result>): SharedCommits<Row, Result> {
  interface Waiting {
    readonly row: Row;
    readonly resolve: (result: Result | Promise<Result>) => void;
    readonly reject: (error: unknown) => void;
  }
  interface Group {
    waiting: Waiting[];
    underWay: number;
  }
  const groups = new Map<string, Group>();

  const writeTogether = async (batch: readonly Waiting[]): Promise<void> => {
    const [first] = batch;
    if (first !== undefined && batch.length === 1) {
      await writing.one(first.row).then(first.resolve, first.reject);
      return;
    }
    try {
      const results = await writing.together(batch.map(({ row }) => row));
      batch.forEach(({ resolve, reject }, place) => {
        const result = results[place];
        if (result === undefined) reject(new Error('a row that was written together has no outcome'));
        else resolve(result);
      });
    } catch (error) {
      if (mayGoAlone(error))
        await Promise.all(batch.map(({ row, resolve, reject }) => writing.one(row).then(resolve, reject)));
      else for (const { reject } of batch) reject(error);
    }
  };
  /** In nobody's name: what is under way for one of those who wait is not under way for the others. */
  const writeNext = new AsyncResource('SharedCommits').bind((name: string, group: Group): void => {
    while (group.underWay < MOST_UNDER_WAY && group.waiting.length > 0) {
      const batch = group.waiting.splice(0, MOST_ROWS);
      group.underWay += 1;
      void writeTogether(batch).then(() => written(name, group));
    }
  });
  const written = (name: string, group: Group): void => {
    group.underWay -= 1;
    if (group.underWay === 0 && group.waiting.length === 0) groups.delete(name);
    else writeNext(name, group);
  };

  return {
    add: (name, row, gathered = (wait) => wait()) => {
      let group = groups.get(name);
      if (group === undefined) groups.set(name, (group = { waiting: [], underWay: 0 }));
      const mine = group;
      if (mine.underWay < MOST_UNDER_WAY) {
        mine.underWay += 1;
        const alone = writing.one(row);
        void alone.then(
          () => written(name, mine),
          () => written(name, mine),
        );
        return alone;
      }
      return gathered(() => new Promise((resolve, reject) => mine.waiting.push({ row, resolve, reject })));
    },
  };
}

/**
 * Whether each of several may fare better alone. Not where the connection was lost: that may have been after the commit. And not where
 * a lock was waited for until the time was over: everybody has waited for long enough.
 */
function mayGoAlone(error: unknown): boolean {
  const state = sqlState(error instanceof DomainError ? error.cause : error);
  return state !== undefined && !/^(08...|53300|57P0[1-3]|57014|55P03)$/.test(state);
}
