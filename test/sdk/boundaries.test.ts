import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInCode, importsOf, listed, readSources, type Breach, type Source } from '../support/sources.ts';

/** What keeps the package a package: it knows nothing of ours, and of no runtime. */

const ofPackage = readSources('sdk/src/*.ts');
const ofOthers = readSources('{src,sandbox,bench}/**/*.ts');
type Check = (source: Source) => readonly Breach[];

/** A test that the sources keep a rule, and that `check` sees each planted breach. */
function rule(title: string, sources: readonly Source[], check: Check, planted: readonly string[]): void {
  test(title, () => {
    assert.ok(sources.length > 0);
    for (const text of planted) assert.ok(check({ path: 'sdk/src/planted.ts', text }).length > 0, text);
    const breaches = sources.flatMap(check);
    assert.equal(breaches.length, 0, listed(breaches));
  });
}

rule(
  'SDK: the package imports itself and oauth4webapi, and hands on from its entry only',
  ofPackage,
  (source) =>
    importsOf(source).flatMap(({ line, specifier, handedOn }) => {
      const breach = { path: source.path, line };
      const own = /^\.\/[\w-]+\.ts$/.test(specifier) || specifier === 'oauth4webapi';
      return [
        ...(own ? [] : [{ ...breach, what: `imports ${specifier}` }]),
        ...(handedOn && source.path !== 'sdk/src/entry.ts' ? [{ ...breach, what: 'exports from another file' }] : []),
      ];
    }),
  [
    "import { x } from '../../src/consent/consent.ts';",
    "import { join } from 'node:path';",
    "export { x } from './feed.ts';",
  ],
);

rule(
  'SDK: the package uses what every runtime of the web has',
  ofPackage,
  (source) =>
    findInCode(
      source,
      /\bprocess\b\s*[.[]|\bBuffer\b|\b(?:Deno|Bun)\s*\.|\brequire\(|\bwindow\b|\bdocument\b/,
      'is of one runtime only',
    ),
  ["if (process.env['X']) x();", "Buffer.from('x');", "document.title = 'x';"],
);

rule(
  'SDK: nothing of the platform knows the package',
  ofOthers,
  (source) =>
    importsOf(source).flatMap(({ line, specifier, target }) =>
      target?.startsWith('sdk/') === true || specifier.startsWith('@samtykke/')
        ? [{ path: source.path, line, what: `imports ${specifier}` }]
        : [],
    ),
  ["import { Samtykke } from '@samtykke/client';", "import { x } from '../../sdk/src/feed.ts';"],
);

rule(
  'SDK: no file is longer than 400 lines',
  ofPackage,
  (source) =>
    source.text.split('\n').length > 401
      ? [{ path: source.path, line: 401, what: 'find the second thing that it does' }]
      : [],
  ['\n'.repeat(402)],
);
