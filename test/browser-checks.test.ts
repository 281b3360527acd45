import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from './support/browser/chromium.ts';
import { keyboardProblems } from './support/browser/keyboard.ts';
import { differences } from './support/browser/likeness.ts';
import { POLICY, problemsOf, wordProblems } from './support/browser/page-checks.ts';
import { newVisitor, type Visitor } from './support/browser/visitor.ts';

/** The checks of pages must themselves be able to fail: here they are shown pages with one fault each, in a real browser. */

const browser = useBrowser();

interface Served {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
}
const pages = new Map<string, Served>();
const server = createServer((request, response) => {
  const served = pages.get(new URL(request.url ?? '/', 'http://localhost').pathname);
  response.writeHead(served?.status ?? (served === undefined ? 404 : 200), {
    'content-type': request.url?.endsWith('.css') === true ? 'text/css' : 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    ...served?.headers,
  });
  response.end(served?.body ?? 'nothing here');
});
let origin = '';
let visitor: Visitor;
let noScripts: Visitor;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  visitor = await newVisitor(await browser(), { origins: [origin] });
  noScripts = await newVisitor(await browser(), { origins: [origin], scripts: false });
  pages.set('/style.css', { body: STYLE });
});
after(async () => {
  await visitor.leave();
  await noScripts.leave();
  await new Promise((resolve) => server.close(resolve));
});

const STYLE = `body { font: 16px sans-serif; color: #222; background: #fff } a { color: #00f }
@media (prefers-color-scheme: dark) { .pale { color: #333 } }
.pale { color: #ddd } .wide { width: 400px } .same { width: 120px; height: 40px; color: #fff; background: #00f; border: 0 }
.blind:focus { outline: none } .red { background: #900 } .bold { font-weight: bold } .big { font-size: 17px }
.turned p { display: flex; flex-direction: row-reverse }
.cover { position: fixed; inset: 0; background: #fff }`;

/** A page without a fault, but for what differs. */
const pageWith = (changes: { main?: string; head?: string; title?: string; html?: string } = {}): string =>
  `<!doctype html>
<html lang="nb"${changes.html ?? ''}>
<head>
<meta charset="utf-8">
<title>${changes.title ?? 'Gjelden din – Min gjeld'}</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
${changes.head ?? ''}
</head>
<body>
<main>
<h1>Gjelden din</h1>
<p>Du skylder <a href="/#mer">fem banker</a> penger.</p>
${changes.main ?? ''}
</main>
</body>
</html>
`;

async function open(page: Page, served: string | Served, path = '/'): Promise<void> {
  pages.set(new URL(path, origin).pathname, typeof served === 'string' ? { body: served } : served);
  await page.goto(origin + path);
}

/** The kinds of problems that are found on a page: the words before the colon. */
async function found(served: string | Served, options: { path?: string; page?: Page } = {}): Promise<string[]> {
  const page = options.page ?? visitor.page;
  await open(page, served, options.path);
  const problems = await problemsOf(page, { name: 'planted', language: 'nb' });
  return problems;
}

const kinds = (problems: readonly string[]): string[] => [
  ...new Set(problems.map((problem) => problem.split(':', 1)[0] ?? '')),
];

test('a page without a fault passes all checks, with scripts and without, and so does one that says 404', async () => {
  assert.deepEqual(await found(pageWith()), []);
  assert.deepEqual(await found(pageWith(), { page: noScripts.page }), []);
  assert.deepEqual(await found({ body: pageWith(), status: 404 }), []);
});

test('a fault is found', async (t) => {
  const cases: readonly (readonly [what: string, fault: Parameters<typeof pageWith>[0], kind: string])[] = [
    ['too little contrast', { main: '<p class="pale">Vanskelig å lese</p>' }, 'axe'],
    [
      'inside details that are closed',
      { main: '<details><summary>Mer</summary><p class="pale">Hm</p></details>' },
      'axe',
    ],
    ['a picture without words', { main: '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">' }, 'axe'],
    ['content outside of landmarks', { main: '</main><p>Utenfor</p><main hidden>' }, 'axe'],
    ['a script', { main: '<script>document.title = "x"</script>' }, 'policy'],
    ['a style on an element', { main: '<p style="color: red">Rød</p>' }, 'policy'],
    ['a handler on an element', { main: '<p onclick="alert(1)">Klikk</p>' }, 'inline'],
    ['a link that is a script', { main: '<p><a href="javascript:alert(1)">Klikk</a></p>' }, 'inline'],
    ['something from elsewhere', { main: '<p><img alt="logo" src="http://127.0.0.1:9/logo.png"></p>' }, 'policy'],
    ['a style that is not there', { head: '<link rel="stylesheet" href="/gone.css">' }, 'console'],
    ['a number in the title', { title: '14842249091 – Min gjeld' }, 'words'],
    ['a number in a link', { main: '<p><a href="/?x=%31%34842249091">Her</a></p>' }, 'words'],
    ['two headings', { main: '<h1>Enda en</h1>' }, 'frame'],
    ['another title', { title: 'Min gjeld' }, 'frame'],
    ['a tag that is not closed', { main: '<p>Hei <div>på deg</div>' }, 'markup'],
    ['an id twice', { main: '<p id="a">1</p><p id="a">2</p>' }, 'markup'],
    ['something too wide for narrow windows', { main: '<p class="wide">bredt</p>' }, 'sideways'],
  ];
  for (const [what, fault, kind] of cases) {
    await t.test(what, async () => {
      const problems = await found(pageWith(fault));
      assert.ok(kinds(problems).includes(kind), `${kind} among ${problems.join('\n')}`);
    });
  }
  await t.test('another language than the page was asked for', async () => {
    const problems = await found(pageWith().replace('lang="nb"', 'lang="nn"'));
    assert.ok(kinds(problems).includes('frame'), problems.join('\n'));
  });
  await t.test('no policy, and another one', async () => {
    for (const policy of ["default-src 'self'", ''])
      assert.deepEqual(kinds(await found({ body: pageWith(), headers: { 'content-security-policy': policy } })), [
        'policy',
      ]);
  });
  await t.test('a number of a person in the address', async () => {
    assert.deepEqual(kinds(await found(pageWith(), { path: '/?nin=14842249091' })), ['words']);
  });
  await t.test('what is only dark in the dark', async () => {
    const body = pageWith({ main: '<p class="pale">Blek</p>' }).replace('"pale"', '"pale light"');
    await visitor.page.emulateMedia({ colorScheme: 'dark' });
    const problems = await found(body);
    await visitor.page.emulateMedia({ colorScheme: 'light' });
    assert.ok(kinds(problems).includes('axe'), problems.join('\n'));
  });
  await t.test('too little contrast, in a window without scripts', async () => {
    const problems = await found(pageWith({ main: '<p class="pale">Blek</p>' }), { page: noScripts.page });
    assert.deepEqual(kinds(problems), ['axe']);
  });
});

test('a form whose answer leads to another origin is stopped by the policy, which is found', async () => {
  for (const who of [visitor, noScripts]) {
    pages.set('/answer', { body: '', status: 303, headers: { location: origin.replace('localhost', '127.0.0.1') } });
    await open(
      who.page,
      pageWith({ main: '<form method="post" action="/answer"><button type="submit">Ja</button></form>' }),
    );
    const told = who.page.waitForEvent('console');
    await who.page.getByRole('button', { name: 'Ja' }).click();
    await told;
    const problems = await problemsOf(who.page, { name: 'planted' });
    assert.ok(
      problems.some((problem) => problem.startsWith('policy: form-action')),
      problems.join('\n'),
    );
  }
});

test('keyboard: a focus that is not seen, an order that is not the page’s, and what lies behind something are found', async () => {
  const problems = async (main: string): Promise<string> => {
    await open(visitor.page, pageWith({ main }));
    return (await keyboardProblems(visitor.page)).join('\n');
  };
  const form = '<p><button type="button">Ja</button> <button type="button">Nei</button></p>';
  assert.equal(await problems(form), '');
  assert.match(await problems(form.replace('<button', '<button class="blind"')), /focus on <button «Ja»> is not seen/);
  assert.match(await problems(form.replace('<button', '<button tabindex="2"')), /«Ja»> is not reached/);
  assert.match(
    await problems(`<div class="turned">${form}</div>`),
    /after <button «Ja»> comes <button «Nei»>, which is before it/,
  );
  assert.match(await problems(`${form}<div class="cover">foran</div>`), /lies behind something/);
  assert.match(await problems(`${form}<p tabindex="0">Bare tekst</p>`), /^$/);
});

test('likeness: size, colour, weight and font are told apart, and nothing is between two that are alike', async () => {
  const inQuestion = async (other: string, around = ''): Promise<string[]> => {
    const buttons = `<button class="same">Ja</button><span class="${around}"><button class="same ${other}">Nei</button></span>`;
    await open(visitor.page, pageWith({ main: `<p>${buttons}</p>` }));
    const button = (name: string) => visitor.page.getByRole('button', { name });
    return differences(button('Ja'), button('Nei'));
  };
  assert.deepEqual(await inQuestion(''), []);
  for (const [name, property] of [
    ['red', 'background-color'],
    ['bold', 'font-weight'],
    ['big', 'font-size'],
    ['wide', 'width'],
  ] as const) {
    const found = await inQuestion(name);
    assert.ok(
      found.some((difference) => difference.startsWith(`${property}: `)),
      `${name}: ${found.join(', ')}`,
    );
  }
});
