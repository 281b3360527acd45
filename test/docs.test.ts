import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { test } from 'node:test';
import { sandboxClients } from '../sandbox/clients.ts';
import { testPersons } from '../sandbox/people.ts';
import { variables } from '../src/platform/config.ts';
import { ROOT, filesThatFit, lineAt, listed, readSources, type Breach, type Source } from './support/sources.ts';

const documents = readSources(['*.md', '{docs,src,sandbox,test,bench,db,sdk}/**/*.md']);
const readme = documents.find((document) => document.path === 'README.md');

const files = filesThatFit(['*', '.*', '.ci/**', '{docs,src,sandbox,test,bench,db,sdk}/**']);
const fileNames = new Set(files.map((path) => basename(path)));

/** Files that are made by running something, and so are in no checkout. */
const made = new Set(['keys.json', 'owner.json', 'postgres.json', 'samtykke.log', 'postgres.log', 'postmaster.pid']);

/** Words in capitals that are no variables of ours: of the wire, and of those who start us. */
const otherWords = new Set(['SAMTYKKE_OPPRETTET', 'SAMTYKKE_ARKIVERT', 'NODE_ENV', 'NODE_OPTIONS', 'CHROME_PATH']);

type Check = (document: Source) => readonly Breach[];

/** A test that all documents keep a rule, and that `check` sees what is wrong with `planted`. */
function rule(title: string, check: Check, planted: readonly string[]): void {
  test(title, () => {
    for (const text of planted)
      assert.ok(check({ path: 'docs/planted.md', text }).length > 0, `the check must see what is wrong with: ${text}`);
    const breaches = documents.flatMap(check);
    assert.equal(breaches.length, 0, listed(breaches));
  });
}

/** What stands between backticks in running text, and the targets of links. Blocks of code are left out. */
function mentionsOf({ text }: Source): readonly { kind: 'code' | 'link'; what: string; line: number }[] {
  const prose = text.replaceAll(/^```[^]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ' '));
  const code = [...prose.matchAll(/`([^`\n]+)`/g)].map((found) => ({ kind: 'code' as const, found }));
  const links = [...prose.matchAll(/\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)/g)].map((found) => ({
    kind: 'link' as const,
    found,
  }));
  return [...code, ...links].map(({ kind, found }) => ({
    kind,
    what: found[1] ?? '',
    line: lineAt(text, found.index),
  }));
}

const exists = (path: string): boolean => {
  const wanted = posix.normalize(path).replace(/\/$/, '');
  if (/[*{]/.test(wanted)) return filesThatFit(wanted).length > 0;
  return wanted === '.' || files.includes(wanted) || files.some((file) => file.startsWith(`${wanted}/`));
};

const isPath = (words: string): boolean =>
  /^[\w.@*{},-]+(\/[\w.@*{},-]+)*\/?$/.test(words) &&
  (/^(docs|src|sandbox|test|bench|db|sdk|\.ci)\//.test(words) || /.\.(ts|md|sql|ya?ml|json)$/.test(words));

rule(
  'every file that the documents name exists',
  (document) =>
    mentionsOf(document).flatMap(({ kind, what, line }) => {
      const folder = posix.dirname(document.path);
      const breach = { path: document.path, line };
      if (kind === 'link') {
        if (/^(https?:|mailto:|#)/.test(what)) return [];
        const path = posix.join(folder, what.replace(/#.*$/, ''));
        return exists(path) ? [] : [{ ...breach, what: `links to ${what}, which is not there` }];
      }
      if (!isPath(what) || made.has(basename(what))) return [];
      const bare = !what.includes('/') && (/[*{]/.test(what) ? exists(`**/${what}`) : fileNames.has(what));
      const found = bare || [what, `src/${what}`, posix.join(folder, what)].some((path) => exists(path));
      return found ? [] : [{ ...breach, what: `names \`${what}\`, which is not there` }];
    }),
  [
    'See `src/consent/gone.ts`.',
    'See `gone.ts`.',
    'See `src/gone/`.',
    'See [there](gone.md).',
    'See [there](../src/gone/).',
    'See `*-gone.ts`.',
  ],
);

test('every section that a link names exists', () => {
  const headings = (text: string) =>
    new Set(
      [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
          .replaceAll(' ', '-'),
      ),
    );
  const breaches = documents.flatMap((document) =>
    mentionsOf(document).flatMap(({ kind, what, line }) => {
      if (kind === 'code' || /^\w+:/.test(what) || !what.includes('#')) return [];
      const [path = '', section = ''] = what.split('#', 2);
      const target = path === '' ? document.path : posix.join(posix.dirname(document.path), path);
      const text = documents.find((candidate) => candidate.path === target)?.text;
      return text === undefined || headings(text).has(section)
        ? []
        : [{ path: document.path, line, what: `links to a section that is not there: ${what}` }];
    }),
  );
  assert.equal(breaches.length, 0, listed(breaches));
});

test('ARCHITECTURE.md names every file of src, and none that is gone', () => {
  const text = documents.find((document) => document.path === 'ARCHITECTURE.md')?.text ?? '';
  const missing = filesThatFit('src/**/*.ts').filter(
    (path) => !path.endsWith('.test.ts') && !text.includes(`\`${path}\``),
  );
  assert.deepEqual(missing, [], 'add a line for each of these to its layout');
});

const names = new Set(variables.map((variable) => variable.name));
const ownConstants = new Set(
  readSources('{src,sandbox,test,bench}/**/*.ts').flatMap(({ text }) => [
    ...[...text.matchAll(/\bconst ([A-Z][A-Z0-9_]+)\b/g)].map((found) => found[1]),
    // What tests hand to each other and to the scripts of continuous integration.
    ...[...text.matchAll(/\b(SAMTYKKE_TEST_\w+|NGI_OPENAPI|FUZZ_\w+)\b/g)].map((found) => found[1]),
    // What measurements are told.
    ...[...text.matchAll(/process\.env\['(BENCH_\w+)'\]/g)].map((found) => found[1]),
  ]),
);

rule(
  'every variable of the environment that the documents name is one of src/platform/config.ts',
  (document) =>
    [...document.text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].flatMap(({ 0: word, index }) => {
      // A variable of the shell that an example sets and uses is its own.
      const ofExample = new RegExp(`\\$\\{?${word}\\b`).test(document.text);
      return names.has(word) || otherWords.has(word) || ownConstants.has(word) || ofExample
        ? []
        : [{ path: document.path, line: lineAt(document.text, index), what: `names ${word}, which nothing reads` }];
    }),
  ['Set `DATABASE_URI`.', '```sh\nDATA_DIRECTORY=x npm start\n```'],
);

/** The names in the first cells of the tables of these documents. */
const tabulated = (from: readonly Source[]): ReadonlySet<string | undefined> =>
  new Set(
    from.flatMap(({ text }) =>
      [...text.matchAll(/^\|\s*([^|]+)\|/gm)].flatMap(([, cell = '']) =>
        [...cell.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map((found) => found[1]),
      ),
    ),
  );

test('every variable of the environment is in a table of the README or of docs/', () => {
  const told = tabulated(documents.filter(({ path }) => path === 'README.md' || path.startsWith('docs/')));
  assert.deepEqual(
    variables.map((variable) => variable.name).filter((name) => !told.has(name)),
    [],
    'add these to the table of variables',
  );
});

test('a table of variables is read by its first column', () => {
  assert.deepEqual(
    [
      ...tabulated([
        { path: 'planted.md', text: '| name | what |\n| --- | --- |\n| `PORT`, `HOST` | not `LOG_FILE` |' },
      ]),
    ],
    ['PORT', 'HOST'],
  );
});

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

rule(
  'every npm script that the documents name exists',
  (document) =>
    [...document.text.matchAll(/\bnpm (?:(start|test)\b|run ((?:--?[\w-]+ )*)([\w:-]+))/g)].flatMap((found) => {
      const script = found[1] ?? found[3] ?? '';
      return script in scripts
        ? []
        : [
            {
              path: document.path,
              line: lineAt(document.text, found.index),
              what: `names the script '${script}', which is not in package.json`,
            },
          ];
    }),
  ['Run `npm run gone`.', 'Run `npm run --silent gone`.'],
);

test('the scripts of package.json run files that exist', () => {
  const named = Object.values(scripts).flatMap((script) => script.match(/[\w./-]+\.ts\b/g) ?? []);
  assert.deepEqual(
    named.filter((path) => !exists(path)),
    [],
  );
});

test('the README names the clients of the sandbox with their secrets, and no others (X1)', () => {
  const text = readme?.text ?? '';
  const clients = sandboxClients('http://localhost:4000');
  for (const { client, secret } of clients) {
    const line = text
      .split('\n')
      .find((it) => it.includes(client.name) && it.includes(client.id) && it.includes(secret));
    assert.ok(line !== undefined, `a line with ${client.name}, ${client.id} and ${secret}`);
  }
  const known: readonly string[] = clients.map(({ client }) => client.id);
  const told = new Set(text.match(/\ba0000000-0000-4000-8000-[0-9a-f]{12}\b/g) ?? []);
  assert.deepEqual([...told].sort(), [...known].sort());
});

test('the README names the persons of the sandbox, and nobody else (X2)', () => {
  const told = new Set(readme?.text.match(/(?<!\d)\d{11}(?!\d)/g) ?? []);
  assert.deepEqual([...told].sort(), testPersons.map((person) => person.nin).sort());
});

test('no document names a person who is not of the sandbox', () => {
  const known = new Set(testPersons.map((person) => person.nin));
  const breaches = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/(?<![\d.-])\d{11}(?![\d.-])/g)]
      .filter(([digits]) => !known.has(digits))
      .map(({ 0: digits, index }) => ({ path, line: lineAt(text, index), what: `names ${digits}` })),
  );
  assert.equal(breaches.length, 0, listed(breaches));
});
