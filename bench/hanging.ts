/**
 * What a creditor that takes questions and never answers costs those who owe it: whole lookups (`GET /v1/debt/{id}`) of persons with five
 * creditors, one of which hangs, once its breaker is open. Now and then one of them finds out whether it still hangs, and waits for it.
 */
import { creditorIds } from '../sandbox/creditor-list.ts';
import { keepFigure } from './support/figures.ts';
import { isLong } from './support/length.ts';
import { usedByOthers } from './support/load.ts';
import { inTurn, openLookupWorld } from './support/lookup-world.ts';
import { short, spread, tableReport } from './support/report.ts';
import { percentile } from './support/statistics.ts';

const CREDITORS = 5;
const CLIENTS = 8;
/** Shorter than it is usually (3000): a lookup must be short beside this one too. */
const DEADLINE_MS = 500;
const ROUNDS = isLong ? 10 : 5;
const ROUND_MS = 2_000;

const world = await openLookupWorld({
  creditors: CREDITORS,
  silentId: creditorIds.havsule,
  env: { LOOKUP_DEADLINE_MS: String(DEADLINE_MS) },
});
const { waiting, answered, lookUp } = world;
const round = async (persons: typeof waiting, missing: number): Promise<readonly number[]> => {
  const of = Array.from({ length: CLIENTS }, (_, place) => [...persons.slice(place), ...persons.slice(0, place)]);
  return (await Promise.all(of.map((some) => inTurn(some, ROUND_MS, (person) => lookUp(person, missing))))).flat();
};

// Until the breaker is open each of them waits for its deadline.
const before = await round(waiting, 1);
await round(answered, 0);
const hanging: (readonly number[])[] = [];
const normal: (readonly number[])[] = [];
const others: number[] = [];
for (let place = 0; place < ROUNDS; place += 1) {
  others.push(await usedByOthers());
  hanging.push(await round(waiting, 1));
  normal.push(await round(answered, 0));
}

const part = (rounds: readonly (readonly number[])[], of: number): readonly number[] =>
  rounds.map((times) => percentile(times, of));
const figure = {
  measurement: 'lookup, one creditor hanging',
  baseline: `its deadline, ${DEADLINE_MS} ms`,
  what: 'p50 of the deadline',
  most: 0.25,
  rounds: part(hanging, 50).map((p50) => p50 / DEADLINE_MS),
  others,
};
keepFigure(figure);
const row = (name: string, rounds: readonly (readonly number[])[]): readonly string[] => [
  name,
  ...[50, 95, 99].map((of) => spread(part(rounds, of))),
  String(rounds.flat().length),
];
process.stdout.write(
  tableReport('Lookup, one creditor hanging', {
    rows: [
      ['', 'p50 ms', 'p95 ms', 'p99 ms', 'lookups'],
      row('one of five hangs, first seconds', [before]),
      row('one of five hangs, breaker open', hanging),
      row('all five answer', normal),
    ],
    notes: [
      `${CLIENTS} clients; a creditor has ${DEADLINE_MS} ms. Every answer says how many creditors are missing. Median of ${ROUNDS} rounds (least-most).`,
      `p50 of the deadline, once the breaker is open: ${spread(figure.rounds)}; wanted: at most ${figure.most}.`,
      `The longest: ${short(Math.max(...hanging.flat()))} ms.`,
    ],
    others,
  }),
);
await world.close();
