import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRows } from './csv.ts';

test('B5: what a spreadsheet would take for a formula is text, whatever stands before the sign', () => {
  const formulas = [
    '=1+1',
    '=HYPERLINK("https://x.example","Fjordbanken")',
    '+47 00 70 10 01',
    '-2+3',
    '@SUM(A1)',
    '|calc',
    '%x',
    ' =1+1',
    '\t=1+1',
    '\r=1+1',
    '\n=1+1',
    '\u00A0=1+1',
    '\u200B=1+1',
    '\uFEFF=1+1',
    '＝1+1',
    '＋1',
    '－1',
    '＠x',
    '\tplain',
  ];
  for (const formula of formulas)
    assert.equal(csvRows([[formula]]), `"'${formula.replaceAll('"', '""')}"\r\n`, formula);
});

test('B5: other text, and numbers of ours, are as they are, and nothing in them ends their cell or row', () => {
  assert.equal(
    csvRows([
      ['Fjordbanken ASA', '314159276', 5, -1],
      ['a;b', 'say "no"', 'two\r\nlines', ''],
    ]),
    '"Fjordbanken ASA";"314159276";"5";"-1"\r\n"a;b";"say ""no""";"two\r\nlines";""\r\n',
  );
});
