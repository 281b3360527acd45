import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWhole, openReaders } from './read-ahead.ts';

const page = (...numbers: readonly number[]): readonly string[] => [
  numbers
    .map((number) => `{"sequenceNr":${number},"eventId":"x","externalConsentId":",{\\"sequenceNr\\":7"}`)
    .join(','),
];

test('F2: a page that was read ahead is taken only where it has all that it would have now', () => {
  for (const [what, parts, { limit, last }, so] of [
    ['it ends with the last number', page(5, 6, 7), { limit: 500, last: 7 }, true],
    ['another one got a number since', page(5, 6, 7), { limit: 500, last: 8 }, false],
    ['it is full', page(5, 6, 7), { limit: 3, last: 900 }, true],
    ['it is full, and begins later: what was before is too old', page(15, 16, 17), { limit: 3, last: 900 }, true],
    ['a number is left out in it', page(5, 6, 900), { limit: 3, last: 1_000 }, false],
    ['a number is left out in it, and it ends with the last one', page(5, 6, 900), { limit: 500, last: 900 }, true],
    ['there was nothing', [], { limit: 3, last: 5 }, false],
    ['in two parts', [...page(5, 6), ...page(7)], { limit: 3, last: 900 }, true],
  ] as const) {
    assert.equal(isWhole(parts, limit, last), so, what);
  }
});

test('A4: who reads on is known for one request, by a hash of the token, and of the last thousand only', () => {
  const readers = openReaders();
  assert.equal(readers.take('one'), undefined);
  readers.remember('one', { clientId: 'c', last: 9 });
  assert.equal(readers.take('two'), undefined);
  assert.deepEqual(readers.take('one'), { clientId: 'c', last: 9 });
  assert.equal(readers.take('one'), undefined);
  for (let n = 0; n <= 1_000; n += 1) readers.remember(`t${n}`, { clientId: 'c', last: n });
  assert.equal(readers.take('t0'), undefined);
  assert.equal(readers.take('t1')?.last, 1);
});
