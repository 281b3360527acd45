import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeAfter, type Place } from './place.ts';

/** The rows of a list from a place on, as the statements read them. */
const pageFrom = (times: readonly number[], from: Place | undefined, atMost: number): readonly number[] => {
  const left = from === undefined ? times : times.filter((time) => time <= from.at.getTime()).slice(from.skip);
  return left.slice(0, atMost);
};

test('B5: read page by page, every row comes once and in order, however many are of one instant, and whatever is added meanwhile', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      (some, atMost) => {
        const times = some.toSorted((a, b) => b - a);
        const read: number[] = [];
        let from: Place | undefined;
        for (let newer = 100; ; newer++) {
          const page = pageFrom(from === undefined ? times : [newer, ...times], from, atMost);
          read.push(...page);
          if (page.length < atMost) break;
          from = placeAfter(
            page.map((time) => new Date(time)),
            from,
          );
        }
        assert.deepEqual(read, times);
      },
    ),
  );
});

test('B5: there is no place after nothing', () => {
  assert.equal(placeAfter([], undefined), undefined);
});
