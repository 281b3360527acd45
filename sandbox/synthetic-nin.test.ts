import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Nin } from '../src/person/nin.ts';
import { testPersons } from './people.ts';
import { indexOfSyntheticNin, syntheticNinAt, syntheticNinCount, withControlDigits } from './synthetic-nin.ts';

const anyIndex = fc.integer({ min: 0, max: syntheticNinCount - 1 });
const anySeed = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('X2: every place in the sequence has a valid synthetic number with month + 80, and the number finds its place again', () => {
  fc.assert(
    fc.property(anyIndex, anySeed, (index, seed) => {
      const nin = syntheticNinAt(index, seed);
      assert.ok(Nin.parse(nin, 'synthetic') instanceof Nin);
      assert.match(nin, /^[0-3]\d[89]\d/);
      assert.equal(indexOfSyntheticNin(nin, seed), index);
    }),
    { numRuns: 2000 },
  );
});

test('X2: a number of the sequence has a date of birth from 1936 to 2005, at both ends', () => {
  const ends = [0, syntheticNinCount - 1].map((index) => syntheticNinAt(index, 1));
  for (const nin of ends) assert.ok(Nin.parse(nin, 'synthetic') instanceof Nin);
  fc.assert(
    fc.property(anyIndex, (index) => {
      const year = Number(syntheticNinAt(index, 1).slice(4, 6));
      assert.ok(year >= 36 || year <= 5);
    }),
  );
});

test('X2: text that is not in the sequence has no place in it', () => {
  const strangers = [
    ...testPersons.map((person) => person.nin),
    '',
    'not a number',
    '00000000000',
    '99999999999',
    // The last of these digits belongs to another number; the next are a month + 40 and a real-looking number.
    `${syntheticNinAt(0, 1).slice(0, 10)}${(Number(syntheticNinAt(0, 1).slice(10)) + 1) % 10}`,
    '02518412345',
    '12120799663',
  ];
  for (const nin of strangers) assert.equal(indexOfSyntheticNin(nin, 1), undefined);
});

test('X2: a day that does not exist has no place in the sequence, though its check digits match', () => {
  const thirtiethOfFebruary = Array.from({ length: 500 }, (_, tail) => `308285${String(tail).padStart(3, '0')}`)
    .map(withControlDigits)
    .filter((nin) => nin !== undefined);
  assert.ok(thirtiethOfFebruary.length > 300);
  for (const nin of thirtiethOfFebruary) assert.equal(indexOfSyntheticNin(nin, 1), undefined);
});

test('X2: asking for a number outside the sequence is refused', () => {
  for (const index of [-1, 0.5, syntheticNinCount, Number.NaN]) {
    assert.throws(() => syntheticNinAt(index, 1), RangeError);
  }
});
