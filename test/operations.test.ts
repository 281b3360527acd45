import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeProgram } from './support/describe-program.ts';
import { ROOT } from './support/sources.ts';
import { withVariables } from './support/variables-table.ts';

const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

test('R4: the table of variables in docs/operations.md is what the code reads', () => {
  assert.equal(text, withVariables(text), 'run `npm run variables`, and commit what it writes');
  assert.notEqual(withVariables(text.replace('| `PORT` ', '| `PROT` ')), text.replace('| `PORT` ', '| `PROT` '));
});

test('R4: every command and flag that docs/operations.md tells operators to type is there', () => {
  const commands = describeProgram();
  const told = [...text.matchAll(/\bsamtykke ((?:[a-z-]+ ?)+)([^`\n]*)/g)]
    .map(([, words = '', rest = '']) => ({ words: words.trim().split(' '), flags: rest.match(/--[a-z-]+/g) ?? [] }))
    .filter(({ words }) => commands.some(({ path }) => path[0] === words[0]));
  assert.ok(told.length > 15, `${told.length} commands`);
  for (const { words, flags } of told) {
    const found = commands.findLast(({ path }) => path.every((word, place) => words[place] === word));
    assert.ok(found !== undefined, `samtykke ${words.join(' ')}`);
    assert.deepEqual(flags.filter((flag) => !found.flags.includes(flag)), [], `samtykke ${found.path.join(' ')}`);
  }
});
