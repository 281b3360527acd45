import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withControlDigits } from '../../sandbox/synthetic-nin.ts';
import { ninRefusal } from './fast-nin.ts';
import { Nin, type Population } from './nin.ts';

const populations: readonly Population[] = ['real', 'synthetic'];

/** Both say the same of a number, for each population and with both rules of control digits. Returns how often it was taken. */
function agree(text: unknown): number {
  let taken = 0;
  for (const population of populations) {
    for (const from2032 of [false, true]) {
      const parsed = Nin.parse(text, population, { from2032 });
      const refusal = parsed instanceof Nin ? undefined : parsed;
      assert.equal(ninRefusal(text, population, { from2032 }), refusal, `${String(text)} ${population} ${from2032}`);
      if (refusal === undefined) taken += 1;
    }
  }
  return taken;
}

const digits = (least: number, most: number, width: number) =>
  fc.integer({ min: least, max: most }).map((value) => String(value).padStart(width, '0'));

test('G5: whatever comes, the quick check of a number says what the library says, with the same reason', () => {
  for (const text of [undefined, null, 14842249091, {}, ['14842249091'], '', '１４８４２２４９０９１', '14842 249091'])
    agree(text);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9 a:/]{11}$/), digits(0, 99_999_999_999, 11)), (text) => {
      agree(text);
    }),
    { numRuns: 2_000 },
  );
});

test('G5: of numbers that are nearly right, the quick check takes the same as the library', () => {
  const date = fc.tuple(digits(0, 79, 2), digits(0, 99, 2), digits(0, 99, 2)).map((parts) => parts.join(''));
  let taken = 0;
  fc.assert(
    fc.property(date, digits(0, 999, 3), digits(0, 99, 2), (date, serial, control) => {
      agree(`${date}${serial}${control}`);
      // Both control digits as they are until 2032, and each first one with the second that goes with it.
      const classic = withControlDigits(`${date}${serial}`);
      if (classic !== undefined) taken += agree(classic);
      for (let first = 0; first < 10; first++) {
        const base = `${date}${serial}${first}`;
        const weights = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
        const sum = weights.reduce((total, weight, place) => total + weight * Number(base.charAt(place)), 0);
        taken += agree(`${base}${((11 - (sum % 11)) % 11) % 10}`);
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(taken > 1_000, `only ${taken} were taken`);
});

test('G5: the quick check knows each day of a leap year and of another, in each kind of number', () => {
  for (const year of ['00', '23', '24']) {
    for (let month = 0; month <= 13; month++) {
      for (const shift of [0, 40, 80]) {
        for (let day = 0; day <= 32; day++) {
          for (const dNumber of [0, 40]) {
            const text = [day + dNumber, (month + shift) % 100].map((part) => String(part).padStart(2, '0')).join('');
            const number = ['100', '101', '102', '103'].map((serial) => withControlDigits(`${text}${year}${serial}`));
            agree(number.find((valid) => valid !== undefined));
          }
        }
      }
    }
  }
});
