import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createDatabase } from '../support/database.ts';
import { torture, type TortureOptions, type TortureReport } from './feed-torture.ts';
import { sized } from '../support/thorough.ts';

async function tortured(
  t: TestContext,
  options: Omit<TortureOptions, 'database'>,
  empty: boolean,
): Promise<TortureReport> {
  const database = await createDatabase({ empty });
  try {
    const report = await torture({ ...options, database });
    t.diagnostic(`${options.design}: ${JSON.stringify(report)}`);
    return report;
  } finally {
    await database.drop();
  }
}

const nothingWrong = {
  forgotten: 0,
  lost: 0,
  repeated: 0,
  outOfOrder: 0,
  numberedBelowTwo: 0,
  toldButNotCommitted: 0,
  archivedBeforeCreated: 0,
  lastNumberDecreased: 0,
};

test('F2: whoever asks from the last number + 1 misses nothing, under slow commits, rollbacks, cut connections and killed writers', async (t) => {
  const options = {
    design: 'seal after commit',
    seconds: sized(8, 20),
    least: 2_000,
    writers: 10,
    pollers: 3,
    kills: 3,
  } as const;
  const report = await tortured(t, options, false);
  assert.partialDeepStrictEqual(report, nothingWrong);
  // That there was something to go wrong.
  assert.equal(report.killed, 3);
  assert.ok(report.terminated >= 20, `${report.terminated} connections were cut`);
  assert.ok(report.acknowledged >= 1_000, `${report.acknowledged} events were acknowledged`);
  assert.ok(report.rolledBack >= 50, `${report.rolledBack} events were rolled back`);
  assert.ok(report.overtaken >= 300, `${report.overtaken} events were committed after a later one`);
});

test('F2: the same torture finds what numbers from a sequence at insert lose', async (t) => {
  const options = {
    design: 'sequence, read at once',
    seconds: sized(3, 5),
    least: 600,
    writers: 10,
    pollers: 3,
    kills: 1,
  } as const;
  const report = await tortured(t, options, true);
  assert.ok(report.lost > 50, `${report.lost} deliveries were lost`);
  assert.partialDeepStrictEqual(report, { forgotten: 0, repeated: 0, toldButNotCommitted: 0 });
});

test('F2: the same torture finds what numbers from a sequence lose that are hidden until older transactions have ended', async (t) => {
  const options = {
    design: 'sequence, hidden from xmin on',
    seconds: sized(3, 5),
    least: 600,
    writers: 10,
    pollers: 3,
    kills: 1,
  } as const;
  const report = await tortured(t, options, true);
  assert.ok(report.lost > 10, `${report.lost} deliveries were lost`);
  assert.partialDeepStrictEqual(report, { forgotten: 0, repeated: 0, toldButNotCommitted: 0 });
});
