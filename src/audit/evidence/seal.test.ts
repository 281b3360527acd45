import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, type Json } from './canonical-json.ts';
import { hashOfRow, listOf, rowsListed, sha256Hex, statementIn, type SealStatement } from './seal.ts';

test('C7: the one text of a value is that of RFC 8785', () => {
  // The example of its section 3.2.2, and the order of its section 3.2.3.
  const example = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  const text = `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`;
  assert.equal(canonicalJson(example), text);
  const inOrder = ['\r', '1', '\u0080', 'ö', '€', '\u{1F600}', '\uFB33'];
  const members = Object.fromEntries(['€', '\r', '\uFB33', '1', '\u{1F600}', '\u0080', 'ö'].map((name) => [name, 0]));
  assert.equal(canonicalJson(members), `{${inOrder.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`);
});

test('C7: the text does not depend on the order in which members were put in, and says the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Json;
      const turned = (it: Json): Json =>
        Array.isArray(it)
          ? it.map(turned)
          : typeof it === 'object' && it !== null
            ? Object.fromEntries(
                Object.entries(it)
                  .toReversed()
                  .map(([name, member]) => [name, turned(member)]),
              )
            : it;
      assert.equal(canonicalJson(turned(json)), canonicalJson(json));
      assert.deepEqual(JSON.parse(canonicalJson(json)), json);
    }),
  );
});

const row = {
  id: 7,
  at: '2026-11-23T10:00:00.123000Z',
  kind: 'debt_disclosed',
  reason: null,
  change: [{ b: 1, a: null }],
};

test('C7: the hash of a row is that of its canonical text; a column that is empty, or comes later, makes no difference', () => {
  const text = '{"at":"2026-11-23T10:00:00.123000Z","change":[{"a":null,"b":1}],"id":7,"kind":"debt_disclosed"}';
  assert.equal(hashOfRow(row), sha256Hex(text));
  assert.equal(hashOfRow({ ...row, new_column: null }), hashOfRow(row));
  for (const changed of [{ reason: '' }, { id: 8 }, { change: [{ b: 1 }] }, { at: '2026-11-23T10:00:00.123001Z' }]) {
    assert.notEqual(hashOfRow({ ...row, ...changed }), hashOfRow(row));
  }
});

test('C7: the list of a seal is text that can be read back, and nothing else passes for one', () => {
  const list = listOf([row, { ...row, id: 9 }]);
  assert.deepEqual(rowsListed(list), [
    { id: 7, at: row.at, hash: hashOfRow(row) },
    { id: 9, at: row.at, hash: hashOfRow({ ...row, id: 9 }) },
  ]);
  assert.deepEqual(rowsListed(''), []);
  for (const bad of [list.slice(0, -1), `${list}\n`, `x${list}`, 'nonsense', list.replace('7 ', '7  ')]) {
    assert.equal(rowsListed(bad), undefined);
  }
});

test('C7: only what has all members of a statement is one', () => {
  const statement: SealStatement = {
    number: 1,
    at: '2026-11-23T10:00:00.000Z',
    previous: null,
    vouched: true,
    rows: 0,
    list: sha256Hex(''),
    from: null,
    until: null,
    upTo: 0,
    keptSince: '2023-11-23T10:00:00.000Z',
  };
  assert.deepEqual(statementIn(JSON.stringify(statement)), statement);
  for (const name of Object.keys(statement)) {
    assert.equal(statementIn(JSON.stringify({ ...statement, [name]: [] })), undefined, name);
    assert.equal(statementIn(JSON.stringify({ ...statement, [name]: undefined })), undefined, name);
  }
  for (const text of ['', 'null', '[]', '7', '{']) assert.equal(statementIn(text), undefined);
});
