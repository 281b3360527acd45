import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson, readStrictly } from './strict-json.ts';

// V8 may read a key with an escape as another key (nodejs/node#63785): keys of these documents have none.
const key = fc.stringMatching(/^[a-c{}[\]:,. æ€]{0,3}$/);
const { document } = fc.letrec((tie) => ({
  document: fc.oneof(
    { depthSize: 'medium' },
    fc.integer(),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(true, false, null, '"', '\\', '{"a":1,"a":2}'),
    fc.array(tie('document'), { maxLength: 4 }),
    fc.dictionary(key, tie('document'), { maxKeys: 4 }),
  ),
}));

test('D3: a text without equal keys is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(document, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      assert.deepEqual(readStrictly(text), { value: JSON.parse(text) });
    }),
    { numRuns: 2_000 },
  );
});

test('D3: a member put in once more, anywhere, is seen', () => {
  fc.assert(
    fc.property(document, fc.nat(), fc.constantFrom('', ' ', '"'), (value, place, padding) => {
      // Every object gets a member; one of them gets it twice.
      const objects = JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? { ...inner, twice: padding } : inner,
      );
      const member = `"twice":${JSON.stringify(padding)}`;
      const places = [...objects.matchAll(/"twice":/g)].map((match) => match.index);
      const at = places[place % places.length];
      if (at === undefined) return;
      const text = `${objects.slice(0, at)}${member},${objects.slice(at)}`;
      assert.deepEqual(readStrictly(objects), { value: JSON.parse(objects) });
      assert.deepEqual(readStrictly(text), { rule: 'duplicate_key' });
    }),
    { numRuns: 1_000 },
  );
});

test('D3: a whole number that is not written as one is no number, and any other is what it was', () => {
  for (const text of ['1.0', '1e2', '1E+2', '-0.0', '0e0', '9007199254740991.4', '1e-400', '-1.0']) {
    assert.deepEqual(readStrictly(text), { value: Number.NaN }, text);
    assert.deepEqual(readStrictly(`{"e5":[7,${text}]}`), { value: { e5: [7, Number.NaN] } });
  }
  for (const text of ['0', '-0', '7', '-7', '9007199254740993', '1.5', '1e-2', '1e400', '"1.0"', '"7e7"', 'true']) {
    assert.deepEqual(readStrictly(`[${text},1.5]`), { value: JSON.parse(`[${text},1.5]`) }, text);
  }
});

test('D3: what is no JSON, or nested more than 32 deep, is refused with the rule alone', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '}',
    ']',
    '[1,]',
    '{"a":1,}',
    '[01]',
    '[1.]',
    "{'a':1}",
    'NaN',
    '[1]]',
    '"\n"',
    '1 2',
  ]) {
    assert.deepEqual(readStrictly(text), { rule: 'broken_json' }, text);
    assert.equal(parseJson(text), undefined);
  }
  assert.ok('value' in readStrictly('['.repeat(32) + ']'.repeat(32)));
  assert.deepEqual(readStrictly('['.repeat(33) + ']'.repeat(33)), { rule: 'too_deep' });
});
