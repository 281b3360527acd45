import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capacityOf, simulateFeed, type Sealing } from '../bench/support/growth-feed-model.ts';

const sealing: Sealing = { everyMs: 1_000, portion: 5_000, fixedMs: 4, perEventMs: 0.05 };

test('below its capacity each event has its number after the next pass', () => {
  const { p50, most, left } = simulateFeed({ rate: 200, seconds: 120 }, sealing);
  // Half a second on average until a pass begins, and what it takes: 4 ms and 200 events of 0.05 ms.
  assert.ok(p50 > 400 && p50 < 620, `${p50}`);
  assert.ok(most < 1_000 + 4 + 0.05 * 400, `${most}`);
  assert.ok(left < 600);
});

test('all that is committed gets a number but for what came last, once each', () => {
  const { sealed, left } = simulateFeed({ rate: 50, seconds: 100, burst: 1_000 }, sealing);
  const { sealed: again, left: leftAgain } = simulateFeed({ rate: 50, seconds: 100, burst: 1_000 }, sealing);
  assert.ok(sealed + left > 5_500 && sealed + left < 6_500);
  assert.deepEqual([again, leftAgain], [sealed, left], 'the same seed gives the same');
});

test('a mass expiry is worked off at the capacity, and everybody waits for it', () => {
  const { most, left } = simulateFeed({ rate: 10, seconds: 300, burst: 100_000 }, sealing);
  const expected = (100_000 / capacityOf(sealing)) * 1_000;
  assert.ok(most > expected * 0.9 && most < expected + 2_000, `${most}`);
  assert.ok(left < 50);
});

test('beyond its capacity the events that wait grow without end', () => {
  const capacity = capacityOf(sealing);
  const of = (seconds: number): number => simulateFeed({ rate: capacity * 1.2, seconds }, sealing).left;
  const [short, long] = [of(10), of(20)];
  assert.ok(short > capacity);
  assert.ok(long > short * 1.5);
});
