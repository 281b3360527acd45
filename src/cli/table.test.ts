import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain, table, type Column } from './table.ts';

const columns: readonly Column[] = [
  { title: 'number' },
  { title: 'name', fits: true },
  { title: 'loans', align: 'right' },
  { title: 'address', fits: true },
];
const rows = [
  ['210437185', 'Lyngtind Kredittbank ASA', '12', 'https://data.lyngtind.example/gjeld'],
  ['217468132', 'Multebær', '3 400', 'https://m.example'],
];

test('R3: a table that nobody looks at is not cut', () => {
  assert.equal(
    table(columns, rows, { width: undefined, colours: false }),
    [
      'number     name                      loans  address\n',
      '210437185  Lyngtind Kredittbank ASA     12  https://data.lyngtind.example/gjeld\n',
      '217468132  Multebær                  3 400  https://m.example\n',
    ].join(''),
  );
});

test('R3: a table fits the terminal: the widest of what may be cut is cut, and says so; numbers never are', () => {
  for (const width of [75, 60, 45]) {
    const lines = table(columns, rows, { width, colours: false }).trimEnd().split('\n');
    for (const line of lines) assert.ok(line.length <= width, `${width}: ${line}`);
    assert.match(lines[1] ?? '', /^210437185 .*…/);
    assert.match(lines[2] ?? '', /^217468132 .*3 400/);
  }
  const narrow = table(columns, rows, { width: 10, colours: false });
  assert.match(narrow, /^210437185 {2}Lyngt… {5}12 {2}https…$/m);
});

test('R3: a table without rows is its titles', () => {
  assert.equal(table(columns, [], { width: 80, colours: false }), 'number  name  loans  address\n');
});

test('R3: letters that are written with two signs count once', () => {
  const text = table([{ title: 'a' }, { title: 'b' }], [['e\u0301e\u0301', 'x']], { width: undefined, colours: false });
  assert.equal(text, 'a   b\ne\u0301e\u0301  x\n');
});

test('R3: what came from elsewhere cannot steer the terminal', () => {
  assert.equal(plain('\u001B[31mred\u001B[0m\u0007\r\nnext\u202E'), 'red   next ');
  assert.ok(!table([{ title: 'a' }], [['\u001B]0;title\u0007x']], { width: 80, colours: false }).includes('\u001B'));
});

test('R3: only where there are colours a table has any', () => {
  assert.ok(table(columns, rows, { width: 80, colours: true }).startsWith('\u001B[1m'));
  assert.ok(!table(columns, rows, { width: 80, colours: false }).includes('\u001B'));
});
