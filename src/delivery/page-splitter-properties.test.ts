import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { type SplitPage, splitPage } from '../../test/support/split-page.ts';
import { parseExactly } from '../creditors/strict-json.ts';

const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/gs;
const stringsOf = (json: string): number => json.match(STRINGS)?.length ?? 0;

/** What `JSON.parse` of the whole page says; undefined for what is to be refused. Written another way than the splitter. */
function whole(page: Buffer): SplitPage | undefined {
  if (!isUtf8(page)) return undefined;
  const text = page.toString('utf8');
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('customers' in value) || !('providerID' in value))
    return undefined;
  const { customers, providerID } = value;
  if (!Array.isArray(customers) || typeof providerID !== 'string' || providerID === '') return undefined;
  // Of two members with the same key, one is lost.
  if (stringsOf(text) !== stringsOf(JSON.stringify(value))) return undefined;
  return { customers, providerId: providerID };
}

/** V8 may read a key with an escape as another key (nodejs/node#63785), and differently in the whole and in a part of it. */
const hasEscapedKey = (page: Buffer): boolean =>
  [...page.toString('latin1').matchAll(/"(?:[^"\\]|\\.)*"(?=\s*:)/gs)].some(([key]) => key.includes('\\'));

const space = fc.constantFrom('', '', '', ' ', '\n', '\r\n\t');
const key = fc.oneof(
  fc.stringMatching(/^[a-z{}[\]:,. æ€]{0,5}$/),
  fc.constantFrom('customers', 'providerID', 'loans', '💰'),
);
const string = fc
  .tuple(
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\\"', '"}],', '[{"', 'é€💰')),
    fc.boolean(),
  )
  .map(([text, escaped]) => (escaped ? asEscapes(text) : JSON.stringify(text)));

function asEscapes(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}

const list = (open: string, close: string, items: readonly string[], between: string): string =>
  `${open}${between}${items.join(`${between},${between}`)}${between}${close}`;

/** JSON texts: with spaces and escapes of all kinds, and no equal keys in one object. */
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
    ),
    fc.constantFrom('true', 'false', 'null', '0.0', '1e3', '-0'),
    string,
    fc.tuple(fc.array(tie('value'), { maxLength: 4 }), space).map(([items, between]) => list('[', ']', items, between)),
    fc
      .tuple(fc.uniqueArray(fc.tuple(key, tie('value')), { selector: ([name]) => name, maxLength: 4 }), space)
      .map(([members, between]) => objectOf(members, between)),
  ),
}));

const objectOf = (members: readonly (readonly [string, string])[], between: string): string =>
  list(
    '{',
    '}',
    members.map(([name, text]) => `${JSON.stringify(name)}${between}:${between}${text}`),
    between,
  );

/** Pages, with `customers` and `providerID` in any place among other members. */
const page = fc
  .tuple(
    fc.array(value, { maxLength: 6 }),
    fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 3 }),
    fc.nat(3),
    fc.nat(4),
    space,
  )
  .map(([elements, others, one, two, between]) => {
    const members = others.filter(([name]) => name !== 'customers' && name !== 'providerID');
    const placed = members
      .toSpliced(one, 0, ['customers', list('[', ']', elements, between)])
      .toSpliced(two, 0, ['providerID', '"9908:315739268"']);
    return Buffer.from(`${between}${objectOf(placed, between)}${between}`);
  });

const sizes = fc.array(fc.integer({ min: 1, max: 13 }), { minLength: 1, maxLength: 8 });
const batchBytes = fc.constantFrom(1, 5, 30, 200, 4_000);

test('D3: a page in chunks of 1 to 13 bytes is read as JSON.parse reads the whole', () => {
  fc.assert(
    fc.property(page, sizes, batchBytes, (bytes, sizes, batchBytes) => {
      const expected = whole(bytes);
      assert.ok(expected !== undefined);
      assert.deepEqual(splitPage(bytes, sizes, { batchBytes }), expected);
    }),
    { numRuns: 3_000 },
  );
});

test('D3: a page with a piece cut off, changed, lost, doubled or put in is refused, or is what JSON.parse says', () => {
  const piece = fc.oneof(
    fc.constantFrom(...'"\\,:[]{} 0-.eEu', '[]', ',{}', '"customers":[', '],"customers":[', ']}', '"a":1,', '\u0000'),
    fc.uint8Array({ minLength: 1, maxLength: 2 }),
  );
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      page,
      sizes,
      batchBytes,
      fc.nat(),
      fc.nat(12),
      piece,
      fc.nat(4),
      (bytes, sizes, batchBytes, at, length, piece, way) => {
        const from = at % (bytes.length + 1);
        const before = bytes.subarray(0, from);
        const after = bytes.subarray(Math.min(from + length, bytes.length));
        const mutated =
          [
            () => before,
            () => Buffer.concat([before, Buffer.from(piece), after]),
            () => Buffer.concat([before, after]),
            () => Buffer.concat([bytes.subarray(0, from + length), bytes.subarray(from)]),
            () => Buffer.concat([before, Buffer.from(piece), bytes.subarray(from)]),
          ][way]?.() ?? before;
        if (hasEscapedKey(mutated)) return;
        const expected = whole(mutated);
        const result = splitPage(mutated, sizes, { batchBytes });
        if (expected === undefined) {
          assert.ok('rule' in result, mutated.toString());
          refused += 1;
        } else {
          assert.deepEqual(result, expected);
          accepted += 1;
        }
      },
    ),
    { numRuns: 10_000 },
  );
  assert.ok(accepted > 300 && refused > 3_000, `${accepted} accepted, ${refused} refused`);
});
