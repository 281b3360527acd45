import type { Lanes, PointRead } from './db-pipeline.ts';

/**
 * The same point read for many who ask it within one turn of the event loop: one statement that runs it for each of their values, where a
 * statement of its own for each costs several times the CPU on both sides (ADR 22). All of it is begun after the last of them asked, so that
 * each sees what was committed before, as alone.
 */
export interface GatheredRead extends PointRead {
  readonly together: PointRead;
}

/** Types of a point read's parameters, in their order, as PostgreSQL names them; none of them an array. */
export type ParameterTypes = readonly ('bytea' | 'integer' | 'text' | 'timestamptz' | 'uuid')[];

/**
 * Runs `text` for each place of arrays of its parameters. A row says whose it is as `asked_by`: the place, from 1. Rows of one place come in the
 * order that `text` gives them.
 */
export function togetherOf({ name, text }: PointRead, types: ParameterTypes): PointRead {
  const arrays = types.map((type, place) => `$${place + 1}::${type}[]`);
  const names = types.map((_type, place) => `value_${place + 1}`);
  const ofOne = text.replaceAll(/\$(\d+)/g, (_all, place: string) => `asked.value_${place}`);
  return {
    name: `${name}_together`,
    text: `select asked.asked_by, answer.* from unnest(${arrays.join(', ')}) with ordinality as asked (${names.join(', ')}, asked_by)
   cross join lateral (${ofOne}) as answer`,
  };
}

interface Asked {
  readonly values: unknown[];
  readonly resolve: (rows: unknown[] | Promise<unknown[]>) => void;
  readonly reject: (error: unknown) => void;
}

/** Rejected with when no lane is free. */
export class NoLaneError extends Error {}

/** In one statement at most. */
const MOST = 100;

/** `fellWithAll`: whether an error is one of the connection or the time, so that each of them alone would fare no better on it. */
export function gathering(
  lanes: Pick<Lanes, 'read'>,
  fellWithAll: (error: unknown) => boolean,
): (statement: GatheredRead, values: unknown[]) => Promise<unknown[]> {
  const waiting = new Map<GatheredRead, Asked[]>();

  const read = (statement: PointRead, values: unknown[]): Promise<unknown[]> =>
    lanes.read(statement, values) ?? Promise.reject(new NoLaneError('no connection is free for a shared read'));
  const sendTogether = (statement: GatheredRead, all: readonly Asked[]): void => {
    const [first] = all;
    if (first === undefined) return;
    if (all.length === 1) {
      first.resolve(read(statement, first.values));
      return;
    }
    const arrays = first.values.map((_value, place) => all.map(({ values }) => values[place]));
    read(statement.together, arrays).then(
      (rows) => {
        const answers: unknown[][] = all.map(() => []);
        for (const row of rows as { asked_by: number }[]) answers[row.asked_by - 1]?.push(row);
        all.forEach(({ resolve }, place) => resolve(answers[place] ?? []));
      },
      (error: unknown) => {
        for (const { values, resolve, reject } of all) {
          // One of them is at fault: which, it is told when each asks for itself.
          if (fellWithAll(error)) reject(error);
          else resolve(read(statement, values));
        }
      },
    );
  };
  const send = (): void => {
    for (const [statement, all] of waiting) {
      for (let from = 0; from < all.length; from += MOST) sendTogether(statement, all.slice(from, from + MOST));
    }
    waiting.clear();
  };

  return (statement, values) =>
    new Promise((resolve, reject) => {
      if (waiting.size === 0) setImmediate(send);
      const asked = { values, resolve, reject };
      const all = waiting.get(statement);
      if (all === undefined) waiting.set(statement, [asked]);
      else all.push(asked);
    });
}
