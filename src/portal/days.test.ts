import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dateOf, daysBetween, sortableTime } from './days.ts';

test('B2: days are counted by the dates in Norway, on the days of both clock changes too, which last 23 and 25 hours', () => {
  const cases: readonly [from: string, to: string, days: number, why: string][] = [
    ['2026-11-22T13:17:00Z', '2026-11-22T22:59:59Z', 0, 'the same day, until midnight in Oslo'],
    ['2026-11-22T13:17:00Z', '2026-11-22T23:00:00Z', 1, 'midnight in Oslo'],
    ['2026-11-22T13:17:00Z', '2026-12-20T13:17:00Z', 28, 'as long as it was given for'],
    ['2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', 1, 'into the day when summer time begins'],
    ['2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z', 0, 'that day, of 23 hours'],
    ['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 1, 'the day after it'],
    ['2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', 0, 'the day when summer time ends, of 25 hours'],
    ['2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 1, 'the day after it'],
    ['2026-03-20T12:00:00Z', '2026-11-20T12:00:00Z', 245, 'over both'],
    ['2026-12-31T22:59:59Z', '2026-12-31T23:00:00Z', 1, 'a new year in Oslo, an hour before UTC'],
    ['2026-11-22T13:17:00Z', '2026-11-20T13:17:00Z', -2, 'back'],
  ];
  for (const [from, to, days, why] of cases) assert.equal(daysBetween(new Date(from), new Date(to)), days, why);
});

test('B5: times for spreadsheets are those of Oslo, on both sides of both clock changes', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['2026-11-22T13:17:05Z', '2026-11-22 14:17:05'],
    ['2026-07-01T22:30:00Z', '2026-07-02 00:30:00'],
    ['2026-03-29T00:59:59Z', '2026-03-29 01:59:59'],
    ['2026-03-29T01:00:00Z', '2026-03-29 03:00:00'],
    ['2026-10-25T00:30:00Z', '2026-10-25 02:30:00'],
    ['2026-10-25T01:30:00Z', '2026-10-25 02:30:00'],
    ['2026-12-31T23:00:00Z', '2027-01-01 00:00:00'],
  ];
  for (const [at, told] of cases) assert.equal(sortableTime(new Date(at)), told);
  assert.equal(dateOf(new Date('2026-12-31T23:00:00Z')), '2027-01-01');
});
