import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitPage } from '../../test/support/split-page.ts';
import { DeliveryError, pageSplitter } from './page-splitter.ts';

const envelope = (elements: string): string => `{"providerID":"9908:315739268","customers":[${elements}]}`;
const refused = (rule: string, record?: number) => ({ rule, record });

test('D3: a page that is cut off anywhere is refused', () => {
  const bytes = Buffer.from(envelope('{"a":"€\\"","b":[1,2]},{},[]'));
  for (let length = 0; length < bytes.length; length++) {
    assert.deepEqual(splitPage(bytes.subarray(0, length)), refused('broken_json'), String(length));
  }
});

test('D3: broken JSON is refused, with the first record that is broken', () => {
  for (const [elements, record] of [
    ['{},{},{"a":1', 2],
    ['{"a":tru}', 0],
    ['{},{"a":01},{"a":02}', 1],
    ['{},{"a":1]', 1],
    ['{} {}', 0],
    [',{}', 0],
    [',', 0],
    ['{},', 1],
    ['{},,{}', 1],
    ['{},{"a":1,}', 1],
    ['{},{"a" 1}', 1],
    ['{},"a\nb"', 1],
    ["{},{'a':1}", 1],
    ['{},NaN', 1],
    ['{},\uFEFF{}', 1],
  ] as const) {
    for (const batchBytes of [1, 1_000]) {
      assert.deepEqual(splitPage(envelope(elements), [3], { batchBytes }), refused('broken_json', record), elements);
    }
  }
  for (const text of [
    '',
    ' ',
    '<html></html>',
    '1f\r\n{"providerID"',
    envelope('').replace(']', '}'),
    envelope('{}').replace(']', '}'),
    envelope('').replace(']}', ']]'),
    envelope('').replace(':[', '['),
    envelope('').replace(':[', '::['),
    envelope('').replace('"customers":[', '"customers":1[,'),
    `["customers":[]]`,
    `\uFEFF${envelope('')}`,
    `]${envelope('')}`,
  ]) {
    const result = splitPage(text);
    assert.equal('rule' in result && result.rule, 'broken_json', text);
  }
});

test('D3: anything behind the end is refused, but for space', () => {
  assert.ok('customers' in splitPage(`${envelope('{}')} \r\n\t`));
  for (const more of ['x', '{}', ',', ']', '}', envelope('{}'), '\u0000', '\uFEFF']) {
    assert.deepEqual(splitPage(envelope('{}') + more), refused('broken_json'), more);
  }
});

test('D3: bytes that are no UTF-8 are refused, wherever they are, with the record', () => {
  const sound = '{"a":"å€💰"}';
  for (const bad of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    const broken = joined(['{"a":"', Buffer.from(bad), '"}']);
    for (const [record, elements] of [
      [0, [broken, sound]],
      [1, [sound, broken, sound]],
      [2, [sound, sound, broken]],
    ] as const) {
      const [before = '', after = ''] = envelope('_').split('_');
      const bytes = joined([
        before,
        ...elements.flatMap((element, index) => (index > 0 ? [',', element] : [element])),
        after,
      ]);
      for (const batchBytes of [1, 1_000]) {
        assert.deepEqual(splitPage(bytes, [1, 2], { batchBytes }), refused('not_utf8', record));
      }
    }
    for (const place of [15, envelope('{}').length]) {
      const text = envelope('{}').replace('}]}', '}],"x":"_____"}');
      assert.deepEqual(
        splitPage(joined([text.slice(0, place), Buffer.from(bad), text.slice(place)])),
        refused('not_utf8'),
      );
    }
  }
  assert.ok('rule' in splitPage(Buffer.from(envelope('{}'), 'utf16le')));
});

test('D3: a key that comes twice is refused, in an element and around the list', () => {
  for (const [element, batchBytes] of [
    ['{"a":1,"a":1}', 1],
    ['{"a":1,"\\u0061":2}', 1_000],
    ['{"a":{},"b":[[{"c":0,"d":"","c":{"c":"x"}}]]}', 1_000],
    ['{"__proto__":1,"__proto__":{}}', 1],
    ['{"":1,"":2}', 1_000],
  ] as const) {
    assert.deepEqual(
      splitPage(envelope(`{},{},${element},{}`), [5], { batchBytes }),
      refused('duplicate_key', 2),
      element,
    );
  }
  for (const text of [
    '{"providerID":"a","providerID":"a","customers":[{}]}',
    '{"providerID":"a","customers":[{}],"providerID":"a"}',
    '{"providerID":"a","customers":[{}],"customers":[{}]}',
    '{"providerID":"a","customers":[{}],"customers":[]}',
    '{"providerID":"a","customers":[{}],"cust\\u006fmers":7}',
    '{"providerID":"a","customers":7,"customers":[{}]}',
    '{"providerID":"a","customers":[{}],"x":{"y":1,"y":1}}',
  ]) {
    assert.deepEqual(splitPage(text), refused('duplicate_key'), text);
  }
});

test('D3: the list is the one whose key is customers at the top, in whatever spelling and place, and no other', () => {
  const found = { customers: [{ a: 1 }], providerId: 'p' };
  for (const text of [
    '{"customers":[{"a":1}],"providerID":"p"}',
    '{"providerID":"p","x":{"customers":[7]},"y":[{"customers":[8]}],"z":[],"customers":[{"a":1}]}',
    '{"providerID":"p","x":"\\"customers\\":[7]","customers" \n : [ {"a":1} ] , "y":[[1],[2]]}',
    '{"providerID":"p","customer\\u0073":[{"a":1}]}',
    '{"providerID":"p","x":"customers","customers":[{"a":1}]}',
    '{"providerID":"p","\\"customers":[7],"customers":[{"a":1}]}',
  ]) {
    for (const sizes of [[1], [1_000]]) assert.deepEqual(splitPage(text, sizes), found, text);
  }
  for (const text of [
    '{"providerID":"p"}',
    '{"providerID":"p","customers":{}}',
    '{"providerID":"p","customers":null}',
    '{"providerID":"p","customers":"[]"}',
    '{"providerID":"p","Customers":[]}',
    '{"providerID":"p","x":{"customers":[{}]}}',
    '[{"providerID":"p","customers":[]}]',
    '[]',
    '7',
    '"customers"',
    'null',
  ]) {
    assert.deepEqual(splitPage(text), refused('customers_missing'), text);
  }
  for (const provider of [
    '',
    '"x":"",',
    '"providerID":7,',
    '"providerID":null,',
    '"providerID":"",',
    '"providerID":["p"],',
  ]) {
    assert.deepEqual(splitPage(`{${provider}"customers":[{}]}`), refused('provider_missing'), provider);
  }
});

test('D3: a list may be empty, and have anything as elements', () => {
  for (const [elements, customers] of [
    ['', []],
    [' \n ', []],
    ['null', [null]],
    ['1, "]" ,[[],[]],{}', [1, ']', [[], []], {}]],
  ] as const) {
    for (const batchBytes of [1, 1_000]) {
      assert.deepEqual(splitPage(envelope(elements), [2], { batchBytes }), { customers, providerId: '9908:315739268' });
    }
  }
});

test('D3: a page without end is refused after a bounded number of bytes, whatever it consists of', () => {
  const limit = 100_000;
  const head = '{"providerID":"9908:315739268","customers":[{},';
  for (const [start, endless, rule, most] of [
    ['', ' ', 'envelope_too_large', 65_536],
    ['', 'x', 'envelope_too_large', 65_536],
    ['{"', '\\', 'envelope_too_large', 65_536],
    ['{"a":', '[', 'too_deep', 65_536],
    ['{"a":[', '[],', 'envelope_too_large', 65_536],
    ['{"a":[],', '"customer":[],', 'envelope_too_large', 65_536],
    [head, ' ', 'element_too_large', limit],
    [head, '1', 'element_too_large', limit],
    [head, '"\\"', 'element_too_large', limit],
    [`${head}"`, '\\\\', 'element_too_large', limit],
    [`${head}"`, 'æ', 'element_too_large', limit],
    [`${head}[`, '{"a":"b"},', 'element_too_large', limit],
    [head, '[{"a":', 'too_deep', limit],
    [head, ',', 'broken_json', 20_000],
    [`${head}{}]`, ' ', 'envelope_too_large', 65_536],
    [`${head}{}],"x":"`, 'x', 'envelope_too_large', 65_536],
    [`${head}{}],"x":[`, '{},', 'envelope_too_large', 65_536],
  ] as const) {
    for (const size of [1_000, 300_000]) {
      const splitter = pageSplitter({ batchBytes: 10_000, maxElementBytes: limit });
      const chunk = Buffer.from(endless.repeat(size));
      let taken = 0;
      let refusal: unknown;
      try {
        splitter.push(Buffer.from(start));
        for (; taken < 10_000_000; taken += chunk.length) splitter.push(chunk);
      } catch (error) {
        refusal = error;
      }
      assert.ok(refusal instanceof DeliveryError, `${start}${endless}`);
      assert.equal(refusal.rule, rule, `${start}${endless}`);
      assert.ok(taken <= most, `${start}${endless}: ${taken}`);
    }
  }
});

test('D3: an element may be as large as the limit, in whatever chunks it comes', () => {
  for (const [size, taken] of [
    [1_000, true],
    [1_001, false],
  ] as const) {
    const element = `"${'x'.repeat(size - 2)}"`;
    for (const elements of [element, `1,${element}`, `${element},1`, `1,2,${element},3`]) {
      for (const sizes of [[1], [13], [999], [100_000]]) {
        const result = splitPage(envelope(elements), sizes, { maxElementBytes: 1_000, batchBytes: 64 });
        if (taken) assert.ok('customers' in result);
        else assert.deepEqual(result, refused('element_too_large', elements.split(',').indexOf(element)));
      }
    }
  }
});

test('D3: 32 levels are read, and not one more', () => {
  // The page is one, its list another.
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const nested = (levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
    assert.ok('customers' in splitPage(envelope(nested(30))));
    assert.deepEqual(splitPage(envelope(`{},${nested(31)}`)), refused('too_deep', 1));
    assert.deepEqual(splitPage(`{"x":${nested(32)},"customers":[]}`), refused('too_deep'));
  }
});

test('D3: batches come as soon as they are full, and together are the list', () => {
  const elements = Array.from({ length: 1_000 }, (_, index) => ({ a: index, b: 'x'.repeat(index % 50) }));
  const splitter = pageSplitter({ batchBytes: 2_000 });
  const bytes = Buffer.from(envelope(elements.map((element) => JSON.stringify(element)).join(',')));
  const seen: unknown[] = [];
  for (let at = 0; at < bytes.length; at += 500) {
    for (const batch of splitter.push(bytes.subarray(at, at + 500))) seen.push(...batch);
    assert.ok(at - Buffer.byteLength(JSON.stringify(seen)) < 4_000);
  }
  assert.deepEqual([...seen, ...splitter.end().rest], elements);
});

test('E1: a refusal holds nothing of the page, and stays', () => {
  const splitter = pageSplitter({ batchBytes: 10 });
  const bytes = Buffer.from(envelope('{"customerID":"14842249091"},{"customerID":"14842249091" "x"},{}'));
  let first: unknown;
  assert.throws(
    () => splitter.push(bytes),
    (error) => {
      first = error;
      return error instanceof DeliveryError && error.rule === 'broken_json' && error.record === 1;
    },
  );
  assert.ok(first instanceof DeliveryError);
  assert.equal(first.message, 'rule of delivery: broken_json, record 1');
  assert.doesNotMatch(`${first.stack}${JSON.stringify(first)}`, /14842|49091/);
  assert.equal(first.cause, undefined);
  for (const again of [() => splitter.push(Buffer.from(']}')), () => splitter.end()]) {
    assert.throws(again, (error) => error === first);
  }
});

const joined = (parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
