import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { Nin, maskNins } from './nin.ts';

test('G5: what is not eleven digits is refused, whatever its type, without an exception', () => {
  for (const text of [
    '',
    '1484224909',
    '148422490911',
    '14842 249091',
    '１４８４２２４９０９１',
    ' 14842249091',
    '14842249091\n',
    'abcdefghijk',
    14842249091,
    null,
    undefined,
    {},
    ['14842249091'],
  ]) {
    assert.equal(Nin.parse(text, 'synthetic'), 'not_eleven_digits', inspect(text));
  }
});

test('G5: a wrong check digit and two neighbours swapped are refused', () => {
  assert.ok(Nin.parse('14842249091', 'synthetic') instanceof Nin);
  for (let place = 0; place < 11; place++) {
    for (let add = 1; add < 10; add++) {
      const digits = [...'14842249091'].map(Number);
      digits[place] = ((digits[place] ?? 0) + add) % 10;
      assert.equal(typeof Nin.parse(digits.join(''), 'synthetic'), 'string', digits.join(''));
    }
  }
  assert.equal(typeof Nin.parse('41842249091', 'synthetic'), 'string');
});

test('G6: the sandbox takes synthetic numbers only, production real ones only', () => {
  for (const synthetic of ['14842249091', '29868099311', '48918391250']) {
    assert.ok(Nin.parse(synthetic, 'synthetic') instanceof Nin, synthetic);
    assert.equal(Nin.parse(synthetic, 'real'), 'synthetic_number');
  }
  // Of someone born in 1860, if of anyone.
  const real = numberWithRemainder(0, '010160', 500);
  assert.ok(Nin.parse(real, 'real') instanceof Nin);
  assert.equal(Nin.parse(real, 'synthetic'), 'real_number');
});

test('G5: control digits that come in 2032 are refused until that is configured', () => {
  const from2032 = numberWithRemainder(1);
  assert.equal(Nin.parse(from2032, 'synthetic'), 'wrong_check_digits');
  assert.ok(Nin.parse(from2032, 'synthetic', { from2032: true }) instanceof Nin);
});

test('E1: a number prints masked in strings, JSON, logs and templates, and only reveal() tells it', () => {
  const nin = Nin.parse('14842249091', 'synthetic');
  assert.ok(nin instanceof Nin);
  for (const text of [
    String(nin),
    `${nin}`,
    JSON.stringify({ nin }),
    inspect(nin),
    format('%s %o %j', nin, nin, nin),
    inspect({ a: [nin] }, { showHidden: true }),
  ]) {
    assert.doesNotMatch(text, /14842|49091/);
  }
  assert.equal(nin.reveal(), '14842249091');
});

test('E1: valid numbers in foreign text are masked, and nothing else is', () => {
  assert.equal(maskNins('id 14842249091, and 29868099311.'), 'id [nin], and [nin].');
  for (const text of [
    '12345678901',
    '1795397875314',
    '148422490911',
    'f14842249a91',
    '01a20630-da9c-76e5-8101-a14842249091',
  ])
    assert.equal(maskNins(text), text);
});

/** A number whose first control digit has the given remainder of the rule of 2032; 0 is the classic one. */
function numberWithRemainder(remainder: number, date = '148422', from = 100): string {
  const k1 = [3, 7, 6, 1, 8, 9, 4, 5, 2];
  const k2 = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
  const weigh = (weights: number[], text: string) =>
    weights.reduce((sum, weight, place) => sum + weight * Number(text[place]), 0);
  for (let serial = from; ; serial++) {
    const base = `${date}${serial}`;
    const first = (11 + remainder - (weigh(k1, base) % 11)) % 11;
    const second = (11 - (weigh(k2, `${base}${first}`) % 11)) % 11;
    if (first < 10 && second < 10) return `${base}${first}${second}`;
  }
}
