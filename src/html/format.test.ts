import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockTime, day, dayAndTime, dayShort, money, organisationNumber, percent } from './format.ts';
import { languages } from './language.ts';

// A machine on the other side of the globe shows the same times.
process.env['TZ'] = 'Pacific/Auckland';

/** With hard spaces written as `_`, so that they can be seen. */
const seen = (text: string): string => {
  assert.doesNotMatch(text, /[\u202F\u2009]/, 'one kind of hard space only');
  return text.replaceAll('\u00A0', '_');
};

test('B1: amounts are in kroner, with øre only where there are any, and never break in the middle', () => {
  const amounts = [18_240_050, 18_240_000, 100, 5, 123_456_789_00];
  const norwegian = ['182_400,50_kr', '182_400_kr', '1_kr', '0,05_kr', '123_456_789_kr'];
  assert.deepEqual(
    amounts.map((øre) => seen(money('nb', øre))),
    norwegian,
  );
  assert.deepEqual(
    amounts.map((øre) => seen(money('nn', øre))),
    norwegian,
  );
  assert.deepEqual(
    amounts.map((øre) => seen(money('en', øre))),
    ['NOK_182,400.50', 'NOK_182,400', 'NOK_1', 'NOK_0.05', 'NOK_123,456,789'],
  );
});

test('B1: nothing is 0, without a minus, whichever zero it is', () => {
  for (const language of languages) {
    for (const zero of [0, -0]) {
      assert.equal(seen(money(language, zero)), language === 'en' ? 'NOK_0' : '0_kr');
      assert.equal(seen(percent(language, zero)), language === 'en' ? '0.00%' : '0,00_%');
    }
  }
});

test('B1: an amount below nothing has a minus, and no hyphen', () => {
  assert.deepEqual(
    languages.map((language) => seen(money(language, -150_050))),
    ['−1_500,50_kr', '−1_500,50_kr', '−NOK_1,500.50'],
  );
});

test('B1: interest is in hundredths of a per cent', () => {
  assert.deepEqual(
    [1020, 1190, 5, 10_000].map((hundredths) => seen(percent('nb', hundredths))),
    ['10,20_%', '11,90_%', '0,05_%', '100,00_%'],
  );
  assert.equal(percent('en', 1020), '10.20%');
});

test('B2: dates and times are those of Oslo, in the language of the page', () => {
  const at = new Date('2026-11-22T13:17:30.000Z');
  assert.deepEqual(
    languages.map((language) => [
      seen(day(language, at)),
      dayShort(language, at),
      seen(clockTime(language, at)),
      seen(dayAndTime(language, at)),
    ]),
    [
      ['22._november 2026', '22.11.2026', 'kl._14.17', '22._november 2026 kl._14.17'],
      ['22._november 2026', '22.11.2026', 'kl._14.17', '22._november 2026 kl._14.17'],
      ['22_November 2026', '22/11/2026', '14:17', '22_November 2026 at_14:17'],
    ],
  );
});

test('B2: when the clocks go forward on 29 March 2026, 01.59 is followed by 03.00', () => {
  assert.equal(seen(dayAndTime('nb', new Date('2026-03-29T00:59:59.999Z'))), '29._mars 2026 kl._01.59');
  assert.equal(seen(dayAndTime('nb', new Date('2026-03-29T01:00:00.000Z'))), '29._mars 2026 kl._03.00');
});

test('B2: when the clocks go back on 25 October 2026, 02.59 is followed by 02.00, on the same day', () => {
  assert.equal(seen(dayAndTime('nn', new Date('2026-10-25T00:59:59.999Z'))), '25._oktober 2026 kl._02.59');
  assert.equal(seen(dayAndTime('nn', new Date('2026-10-25T01:00:00.000Z'))), '25._oktober 2026 kl._02.00');
  assert.equal(clockTime('en', new Date('2026-10-25T01:59:59.999Z')), '02:59');
  assert.equal(clockTime('en', new Date('2026-10-25T02:00:00.000Z')), '03:00');
});

test('B2: the year begins in Oslo an hour before it does in UTC, and midnight is 00', () => {
  const newYear = new Date('2026-12-31T23:00:00.000Z');
  assert.equal(seen(dayAndTime('nb', newYear)), '1._januar 2027 kl._00.00');
  assert.equal(dayShort('en', newYear), '01/01/2027');
  assert.equal(seen(dayAndTime('nb', new Date(newYear.getTime() - 1))), '31._desember 2026 kl._23.59');
});

test('B2: a time that is none is never shown', () => {
  for (const show of [day, dayShort, clockTime, dayAndTime])
    assert.throws(() => show('nb', new Date(Number.NaN)), RangeError);
});

test('A10: an organisation number is read in threes, and a foreign one as it is written', () => {
  assert.equal(seen(organisationNumber('314159268')), '314_159_268');
  assert.equal(organisationNumber('SE5566778899'), 'SE5566778899');
});
