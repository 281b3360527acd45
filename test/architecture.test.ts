import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { ROOT, findInCode, importsOf, listed, readSources, type Breach, type Source } from './support/sources.ts';

/** What a folder of src may import, besides itself. The same table stands in ARCHITECTURE.md. */
const GROUND = ['person', 'errors', 'platform'];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  person: [],
  errors: ['person'],
  platform: ['person', 'errors'],
  operations: GROUND,
  html: GROUND,
  'sign-in': [...GROUND, 'html'],
  clients: GROUND,
  creditors: GROUND,
  // What is under old keys is whatever features keep under keys.
  keys: [...GROUND, 'audit', 'sign-in'],
  delivery: [...GROUND, 'creditors', 'keys'],
  cli: [
    ...GROUND,
    'clients',
    'creditors',
    'delivery',
    'audit',
    'consent',
    'consent-request',
    'feed',
    'webhooks',
    'keys',
    'portal',
  ],
  audit: [...GROUND, 'clients'],
  consent: [...GROUND, 'clients', 'audit'],
  'consent-request': [...GROUND, 'html', 'clients', 'audit', 'consent'],
  feed: [...GROUND, 'clients', 'consent'],
  webhooks: [...GROUND, 'clients', 'consent', 'feed'],
  debt: [...GROUND, 'clients', 'audit', 'creditors', 'consent'],
  'authorization-server': [...GROUND, 'html', 'sign-in', 'clients', 'consent', 'consent-request'],
  docs: [...GROUND, 'html', 'clients', 'delivery'],
  portal: [...GROUND, 'html', 'sign-in', 'clients', 'audit', 'creditors', 'consent', 'consent-request', 'debt'],
};

/** Files of src itself: they put the house together, may import all of it, and are imported by no folder. */
const entries = ['app.ts', 'serve.ts', 'main.ts', 'jobs.ts', 'openapi.ts', 'command-line.ts'];

/** Rules are pure: what is true, without doing anything. A new file of rules is added here. */
const rulesFiles = [
  'src/audit/evidence/canonical-json.ts',
  'src/audit/place.ts',
  'src/authorization-server/scopes.ts',
  'src/clients/audience.ts',
  'src/clients/client.ts',
  'src/clients/public-keys.ts',
  'src/clients/registration.ts',
  'src/consent/consent.ts',
  'src/consent/refusal.ts',
  'src/consent-request/consent-request.ts',
  'src/consent-request/consent-text.ts',
  'src/consent-request/texts.ts',
  'src/consent-request/texts/en.ts',
  'src/consent-request/texts/nb.ts',
  'src/consent-request/texts/nn.ts',
  'src/creditors/address.ts',
  'src/creditors/certificate.ts',
  'src/creditors/creditor.ts',
  'src/creditors/json-scan.ts',
  'src/creditors/loan-rules.ts',
  'src/creditors/loan.ts',
  'src/creditors/registration.ts',
  'src/creditors/strict-json.ts',
  'src/debt/debt-information.ts',
  'src/delivery/certificate.ts',
  'src/delivery/delivery-rules.ts',
  'src/delivery/delivery-run.ts',
  'src/feed/consent-as-of.ts',
  'src/html/format.ts',
  'src/html/language.ts',
  'src/person/fast-nin.ts',
  'src/keys/rotation.ts',
  'src/person/nin.ts',
  'src/platform/keys-kinds.ts',
  'src/person/organisation-number.ts',
  'src/platform/address-ranges.ts',
  'src/portal/debt-overview.ts',
  'src/sign-in/identity.ts',
  'src/sign-in/session.ts',
  'src/webhooks/attempt.ts',
  'src/webhooks/subscription.ts',
];
const packagesOfRules: Readonly<Record<string, readonly string[]>> = {
  'src/person/nin.ts': ['node:util', '@navikt/fnrvalidator'],
  'src/platform/address-ranges.ts': ['node:net'],
};

/** Files that hold SQL, by their names; and those that hold a little for a reason of their own. */
const sqlFiles = /(^|\/)(store|session-store|adapter|[\w-]+-log|[\w-]+-registry)\.ts$/;
const sqlExceptions: Readonly<Record<string, string>> = {
  'src/clients/access-token.ts': 'the token check, which other statements splice in',
  'src/operations/routes.ts': 'whether the migrations are in, which no feature owns',
  'src/platform/db.ts': 'begin, commit, rollback',
  'src/platform/db-gather.ts': 'one statement for many of the same',
  'src/platform/db-statement.ts': 'makes statements of what others say',
  'src/platform/db-pooler.ts': 'asks a pooler what it can',
  'src/platform/db-primary.ts': 'asks a connection where it leads, and as whom',
  'src/platform/db-session.ts': 'rollback, and how soon the server notices that we are gone',
  'src/platform/embedded-postgres.ts': 'asks the server whether it answers',
  'src/platform/migrate.ts': 'the migrations, the roles',
};

const clockExceptions = {
  'src/cli/store.ts': 'samtykke doctor compares the clock of the database with this one',
  'src/platform/clock.ts': 'the clock',
  'src/platform/ids.ts': 'UUIDs of version 7 begin with the time',
};
const randomExceptions = {
  'src/platform/ids.ts': 'ids and secrets',
  'src/platform/keys.ts': 'keys',
  'src/platform/crypto.ts': 'nonces',
  'src/platform/embedded-postgres.ts': 'chooses a free port',
  'src/platform/jobs.ts': 'spreads the turns of many nodes',
  'src/consent/store.ts': 'gen_random_uuid: one statement makes the ids of many events',
};
const MOST_LINES = 400;

/** Tests and measurements: what runs nowhere but with those who work on this. */
const isTest = ({ path }: Source): boolean => path.endsWith('.test.ts') || /^(test|bench)\//.test(path);
const inSrc = ({ path }: Source): boolean => path.startsWith('src/');
/** The feature that a file belongs to; what lies in folders below it (texts) belongs to it too. */
const folderOf = (path: string): string => path.split('/').slice(1, -1)[0] ?? '';
const isFace = (path: string): boolean => /(^|[/-])routes\.ts$|\.page\.ts$|\/wire\.ts$/.test(path);

type Check = (sources: readonly Source[]) => readonly Breach[];
type Planted = Readonly<Record<string, string>>;

// This file breaks every rule on purpose.
const everything = readSources('{src,sandbox,test,bench}/**/*.ts').filter(
  ({ path }) => path !== 'test/architecture.test.ts',
);

/** A test that the house keeps a rule, and that `check` sees every file of `planted`, each of which breaks it. */
function rule(title: string, check: Check, planted: Planted): void {
  test(title, () => {
    const broken = Object.entries(planted).map(([path, text]) => ({ path, text }));
    const seen = new Set(check([...everything, ...broken]).map((breach) => breach.path));
    for (const { path } of broken) assert.ok(seen.has(path), `the check must see the planted breach in ${path}`);
    const breaches = check(everything);
    assert.equal(breaches.length, 0, listed(breaches));
  });
}

/** A check of each import of each file that `covers` fits. `judge` says what is wrong, or undefined. */
const ofImports =
  (
    covers: (source: Source) => boolean,
    judge: (source: Source, target: string | undefined, specifier: string) => string | undefined,
  ): Check =>
  (sources) =>
    sources.filter(covers).flatMap((source) =>
      importsOf(source).flatMap(({ line, specifier, target }) => {
        const what = judge(source, target, specifier);
        return what === undefined ? [] : [{ path: source.path, line, what }];
      }),
    );

const ofCode =
  (covers: (source: Source) => boolean, pattern: RegExp, what: string): Check =>
  (sources) =>
    sources.filter(covers).flatMap((source) => findInCode(source, pattern, what));

const production = (source: Source): boolean => !isTest(source);
const productionSrc = (source: Source): boolean => inSrc(source) && !isTest(source);
const notIn = (exceptions: Readonly<Record<string, string>>) => (source: Source) =>
  production(source) && !(source.path in exceptions);

rule(
  'a folder of src imports only the folders that the table allows it',
  ofImports(productionSrc, ({ path }, target) => {
    const from = folderOf(path);
    if (from === '') return entries.includes(basename(path)) ? undefined : 'is no entry: move it into a folder';
    const allowed = mayImport[from];
    if (allowed === undefined) return `the folder ${from} is not in the table: add a row here and in ARCHITECTURE.md`;
    if (target === undefined || !target.startsWith('src/')) return undefined;
    const to = folderOf(target);
    if (to === '') return `imports the entry ${basename(target)}: entries import folders, never the other way round`;
    if (to === from || allowed.includes(to)) return undefined;
    return `${from} may not import ${to}: move what both need further down, or move a wall with an ADR`;
  }),
  {
    'src/clients/planted.ts': "import { x } from '../consent/consent.ts';",
    'src/person/planted.ts': "import type {\n  Clock,\n} from '../platform/clock.ts';",
    'src/debt/planted.ts': "import { buildApp } from '../app.ts';",
    'src/nowhere/planted.ts': "import { inspect } from 'node:util';",
    'src/planted.ts': "import './consent/consent.ts';",
  },
);

test('ARCHITECTURE.md has the same table of who may import whom', () => {
  const [, text = ''] = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').split('## Who may import whom');
  const rows = [...text.matchAll(/^\| +`([\w-]+)\/` +\| +([^|]+) \|$/gm)].map(([, folder, allowed]) => [
    folder,
    [...(allowed ?? '').matchAll(/`([\w-]+)\/`/g)].map(([, name = '']) => name).toSorted((a, b) => a.localeCompare(b)),
  ]);
  const table = Object.entries(mayImport).map(([folder, allowed]) => [
    folder,
    (GROUND.includes(folder) ? [...allowed] : allowed.filter((name) => !GROUND.includes(name))).sort(),
  ]);
  assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(table));
});

rule(
  'rules import only rules, person/ and errors/',
  ofImports(
    ({ path }) => rulesFiles.includes(path) || path === 'src/planted/consent-rules.ts',
    ({ path }, target, specifier) => {
      if (target === undefined)
        return packagesOfRules[path]?.includes(specifier) === true
          ? undefined
          : `rules import no packages, not ${specifier}`;
      if (rulesFiles.includes(target) || /^src\/(person|errors)\//.test(target)) return undefined;
      return `rules may not import ${target}: hand in what they need to know, as a value`;
    },
  ),
  { 'src/planted/consent-rules.ts': "import type { Platform } from '../platform/platform.ts';" },
);

rule(
  'rules wait for nothing',
  ofCode(
    ({ path }) => rulesFiles.includes(path) || path === 'src/planted/consent-rules.ts',
    /\basync\b|\bawait\b|\bPromise\b/,
    'has something asynchronous: that is work for a verb',
  ),
  { 'src/planted/consent-rules.ts': 'export const decide = async () => true;' },
);

test('the list of rules names files that exist', () => {
  const paths = new Set(everything.map((source) => source.path));
  const lists = [...rulesFiles, ...Object.keys({ ...sqlExceptions, ...clockExceptions, ...randomExceptions })];
  assert.deepEqual(
    lists.filter((path) => !paths.has(path)),
    [],
    'take what is gone off the lists in this file',
  );
});

rule(
  'store.ts, wire.ts, routes and pages are private to their folder',
  ofImports(production, ({ path }, target) => {
    if (target === undefined || !target.startsWith('src/')) return undefined;
    if (!isFace(target) && !target.endsWith('/store.ts')) return undefined;
    const entryToRoutes = folderOf(path) === '' && inSrc({ path, text: '' }) && isFace(target);
    if (entryToRoutes || (inSrc({ path, text: '' }) && folderOf(path) === folderOf(target))) return undefined;
    return `${target} is private to its folder: call a verb of that folder instead`;
  }),
  {
    'src/debt/planted.ts': "import { FIND } from '../consent/store.ts';",
    'src/feed/planted.ts': "import { scopeOf } from '../consent/wire.ts';",
    'src/debt/planted2.ts': "import { consentRoutes } from '../consent/consent-routes.ts';",
    'sandbox/planted.ts': "import { FIND } from '../src/consent/store.ts';",
    'src/jobs-planted.ts': "import { FIND } from './consent/store.ts';",
  },
);

rule(
  'SQL is only in stores, logs, registries and adapters',
  (sources) =>
    sources
      .filter((source) => productionSrc(source) && !sqlFiles.test(source.path) && !(source.path in sqlExceptions))
      .flatMap((source) =>
        findInCode(
          source,
          /\bsql\s*[<(]|['"`]\s*(?:select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s|merge\s+into\s|truncate\s|begin\b|commit\b|rollback\b|(?:create|alter|drop)\s+(?:table|role|database|schema|function|index|type)\s)/i,
          'has SQL: move it to the store.ts of its folder',
        ),
      ),
  {
    'src/debt/planted.ts': "const FIND = sql<Row>('find', 'select 1');",
    'src/debt/planted2.ts': 'await client.query(`\n  delete from consent`);',
  },
);

rule(
  'the state of a consent is changed by src/consent/store.ts and by nothing else',
  (sources) =>
    [...sources.filter(production), ...readSources('db/migrations/*.sql')]
      .filter((source) => source.path !== 'src/consent/store.ts')
      .flatMap((source) =>
        findInCode(
          source,
          /\bupdate\s+(?:only\s+)?(?:public\.)?"?consent"?(?![\w-])/i,
          'changes consents: each change has its event and its log row, so use a verb of src/consent',
        ),
      ),
  { 'sandbox/planted.ts': "const END = sql('end', 'update consent set archived_at = $1');" },
);

rule(
  'the environment is read in src/platform/config.ts only',
  ofCode(
    (source) => production(source) && source.path !== 'src/platform/config.ts',
    /\bprocess\s*\.\s*env\b|\benv\s*\}\s*=\s*process\b/,
    'reads the environment: add a variable to src/platform/config.ts and read the Config',
  ),
  { 'src/debt/planted.ts': "const deadline = process.env['DEADLINE'];" },
);

rule(
  'the time is read in src/platform/clock.ts only',
  ofCode(
    notIn(clockExceptions),
    /\bnew Date\(\s*\)|\bDate\.now\b|\bperformance\.now\b|\bhrtime\b|\b(?:clock|statement|transaction)_timestamp\b(?=[^]*\bsql)|\bcurrent_timestamp\b/,
    'reads the time by itself: use platform.clock, once at the top of a verb, and pass it on',
  ),
  { 'src/debt/planted.ts': 'const now = new Date();', 'sandbox/planted.ts': 'const now = Date.now();' },
);

rule(
  'chance is drawn in src/platform/ids.ts, keys.ts and crypto.ts only',
  ofCode(
    notIn(randomExceptions),
    /\brandom(?:UUID|Bytes|Int|FillSync)\b|\bMath\.random\b|\bgetRandomValues\b|\bgen_random_uuid\b/,
    'draws chance: use newId, newSecret or newTraceId of src/platform/ids.ts',
  ),
  { 'src/debt/planted.ts': "import { randomUUID } from 'node:crypto';" },
);

rule(
  'database driver and HTTP client are used in src/platform only',
  (sources) =>
    sources
      .filter((source) => productionSrc(source) && !source.path.startsWith('src/platform/'))
      .flatMap((source) => [
        ...ofImports(
          () => true,
          (_source, _target, specifier) =>
            /^(pg|undici|node:https?)$/.test(specifier)
              ? `imports ${specifier}: use platform.db or platform.http`
              : undefined,
        )([source]),
        ...findInCode(source, /(?<![.\w])fetch\(/, 'calls fetch: use platform.http'),
      ]),
  { 'src/debt/planted.ts': "import pg from 'pg';", 'src/debt/planted2.ts': "await fetch('https://example.org');" },
);

rule(
  'no file hands on what another one exports',
  (sources) =>
    sources.flatMap((source) => [
      ...(/(^|\/)index\.ts$/.test(source.path) ? [{ path: source.path, line: 1, what: 'is called index.ts' }] : []),
      ...importsOf(source)
        .filter((it) => it.handedOn)
        .map(({ line }) => ({
          path: source.path,
          line,
          what: 'exports from another file: import it where it is made',
        })),
    ]),
  { 'src/debt/index.ts': '', 'src/debt/planted.ts': "export { lookUpDebt } from './look-up.ts';" },
);

rule(
  'relative imports name a file, with .ts',
  ofImports(
    () => true,
    (_source, target, specifier) =>
      target === undefined || target.endsWith('.ts')
        ? undefined
        : `imports '${specifier}': write the file's name with .ts`,
  ),
  { 'src/debt/planted.ts': "import { x } from './look-up';", 'src/debt/planted2.ts': "await import('./look-up.js');" },
);

rule(
  'src never imports sandbox, test or bench, and the sandbox never imports test or bench',
  ofImports(production, ({ path }, target) => {
    const [to] = (target ?? '').split('/');
    if (to === 'test' || to === 'bench') return `imports ${to}, which is not there in production`;
    return path.startsWith('src/') && to === 'sandbox' ? 'imports sandbox, which is a world around src' : undefined;
  }),
  {
    'src/debt/planted.ts': "import { testPersons } from '../../sandbox/people.ts';",
    'src/debt/planted2.ts': "import { compare } from '../../bench/support/compare.ts';",
    'sandbox/planted.ts': "import { world } from '../test/support/world.ts';",
  },
);

rule('no imports go round in a circle', circles, {
  'src/debt/planted-a.ts': "import type { B } from './planted-b.ts';",
  'src/debt/planted-b.ts': "import type { C } from './planted-c.ts';",
  'src/debt/planted-c.ts': "import type { A } from './planted-a.ts';",
});

function circles(sources: readonly Source[]): readonly Breach[] {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const done = new Set<string>();
  const breaches: Breach[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    for (const { target, line } of imports.get(path) ?? []) {
      if (target === undefined || !imports.has(target)) continue;
      const begin = way.indexOf(target);
      if (begin >= 0) {
        const circle = way.slice(begin);
        for (const member of circle)
          breaches.push({ path: member, line, what: `is in a circle: ${[...circle, target].join(' → ')}` });
      } else if (!done.has(target)) visit(target, [...way, target]);
    }
    done.add(path);
  };
  for (const { path } of sources) if (!done.has(path)) visit(path, [path]);
  return breaches;
}

rule(
  `no file is longer than ${MOST_LINES} lines`,
  (sources) =>
    sources.flatMap((source) => {
      const lines = linesOf(source);
      const what = `has ${lines} lines: find the second thing that it does`;
      return lines > MOST_LINES ? [{ path: source.path, line: MOST_LINES, what }] : [];
    }),
  { 'src/debt/planted.ts': '\n'.repeat(401), 'test/planted.test.ts': '\n'.repeat(401) },
);

const linesOf = ({ text }: Source): number => text.replace(/\n$/, '').split('\n').length;

rule(
  'no folder is named for what does not belong anywhere',
  (sources) =>
    sources.flatMap(({ path }) => {
      const name = path
        .split('/')
        .slice(0, -1)
        .find((part) => /^(utils?|common|shared|helpers?|lib|types|services?|models?|core|misc)$/.test(part));
      return name === undefined ? [] : [{ path, line: 1, what: `is in a folder named ${name}: name what it is about` }];
    }),
  { 'src/utils/planted.ts': '', 'test/helpers/planted.ts': '' },
);

test('an import, a comment and a string are told apart', () => {
  const source = {
    path: 'src/consent/planted.ts',
    text: [
      "import { a, type B } from './a.ts'; // import { no } from './no.ts';",
      '/* update consent',
      " * import { no } from './no.ts'; */",
      "const url = 'http://example.org'; const c = await import('../errors/c.ts');",
      'const quote = /[\'"]/; const after = new Date();',
    ].join('\n'),
  };
  assert.deepEqual(
    importsOf(source).map(({ line, target }) => [line, target]),
    [
      [1, 'src/consent/a.ts'],
      [4, 'src/errors/c.ts'],
    ],
  );
  assert.deepEqual(findInCode(source, /update consent/, ''), []);
  assert.equal(findInCode(source, /new Date\(\)/, '')[0]?.line, 5);
});
