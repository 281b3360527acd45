import { togetherOf, type ParameterTypes } from './db-gather.ts';

/**
 * What may be an SQL parameter. A `Nin` is not among them on purpose: it goes into the database as keyed hash and ciphertext
 * (bytes), never as itself.
 */
export type SqlValue = string | number | bigint | boolean | null | Date | Buffer | readonly SqlValue[];

/** A named statement: PostgreSQL parses and plans it once for each connection (an unnamed one costs 2.1 times the CPU). */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  /**
   * The same for many who ask at once. It finds single rows by a key and takes no lock, so that it may go over a connection that others use at
   * the same time.
   */
  readonly together?: { readonly name: string; readonly text: string };
  /** Its columns are texts, and come as they are. */
  readonly isOfTexts?: boolean;
  /** Never present; it carries the row's type. */
  readonly row?: Row;
}

const known = new Map<string, Statement<unknown>>();

/** Makes a statement; once for each, where its module is loaded. */
export function sql<Row>(name: string, text: string): Statement<Row> {
  const statement = { name, text };
  known.set(name, statement);
  return statement;
}

/**
 * A statement that many requests run, and that takes next to no time: outside of transactions it is sent over a connection that is
 * shared (db-pipeline.ts), and together with others who ask it at the same moment (db-gather.ts). It may be asked twice, and must be a
 * `select` that waits for no lock of a row. `types`: of its parameters.
 */
export function pointRead<Row>(name: string, text: string, types: ParameterTypes): Statement<Row> {
  if (!/^select\b(?!.*\bfor (no key )?(update|share|key share)\b)/s.test(text))
    throw new Error(`${name} is no point read`);
  const together = togetherOf({ name, text }, types);
  const statement = { name, text, together };
  known.set(name, statement);
  known.set(together.name, together);
  return statement;
}

/**
 * A statement all of whose columns are of the type `text`, some of them long. In PostgreSQL's binary format a text is the same bytes, but the
 * server need not look for its end, which is a sixth of what sending a long one costs it.
 */
export function textRead<Row extends Record<string, string | null>>(name: string, text: string): Statement<Row> {
  const statement = { name, text, isOfTexts: true };
  known.set(name, statement);
  return statement;
}

/** All statements of the modules that have been loaded: how each of them is planned can be looked at. */
export const knownStatements = (): readonly Statement<unknown>[] => [...known.values()];
