import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { samtykkeHere } from './support/command-here.ts';
import { ROOT } from './support/sources.ts';
import { withVariables } from './support/variables-table.ts';

const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

test('R4: the table of variables in docs/operations.md is what the code reads', () => {
  assert.equal(text, withVariables(text), 'run `npm run variables`, and commit what it writes');
  const planted = text.replace('| `PORT` ', '| `PROT` ');
  assert.notEqual(planted, withVariables(planted));
});

/** What is wrong with a command as a document tells it; undefined: nothing. */
async function wrongWith(words: readonly string[]): Promise<string | undefined> {
  const flags = words.filter((word) => word.startsWith('--')).map((flag) => flag.split('=', 1)[0] ?? '');
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const path = words.slice(0, end < 0 ? words.length : end);
  const { code, stdout } = await samtykkeHere({}, [...path, '--help']);
  const [, usage = ''] = /^Usage: samtykke ([a-z -]+?) \[/.exec(stdout) ?? [];
  if (code !== 0 || usage === '' || !path.join(' ').startsWith(usage)) return 'there is no such command';
  if (stdout.includes('\nCommands:\n')) return 'it lacks what to do';
  const unknown = flags.filter((flag) => !new RegExp(`^ +${flag}\\b`, 'm').test(stdout));
  return unknown.length > 0 ? `it has no ${unknown.join()}` : undefined;
}

test('R4: every command and flag that docs/operations.md tells operators to type is there', async () => {
  for (const planted of ['keys bogus', 'keys', 'bogus', 'keys rotate cookies --bogus']) {
    assert.ok((await wrongWith(planted.split(' '))) !== undefined, planted);
  }
  const told = [...text.matchAll(/(?:^|`|&& |\| )samtykke ((?:[^\s`|&>#]+ ?)+)/gm)].map(([, words = '']) =>
    words.trim().split(' '),
  );
  assert.ok(told.length > 15, `${told.length} commands`);
  for (const words of told) assert.equal(await wrongWith(words), undefined, `samtykke ${words.join(' ')}`);
});
