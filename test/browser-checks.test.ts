import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from './support/browser/chromium.ts';
import { keyboardProblems } from './support/browser/keyboard.ts';
import { differences } from './support/browser/likeness.ts';
import { POLICY, checks, problemsOf } from './support/browser/page-checks.ts';
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
  server.close();
  await visitor.leave();
  await noScripts.leave();
});

const STYLE = `body { font: 16px sans-serif; color: #222; background: #fff } a { color: #00f }
@media (prefers-color-scheme: dark) { .dim { color: #ddd } }
.pale { color: #ddd } .broad { width: 400px } .same { width: 120px; height: 40px; color: #fff; background: #00f; border: 0 }
.blind:focus { outline: none } .same.wide { width: 121px } .red { background: #900 } .bold { font-weight: bold } .big { font-size: 17px }
.turned p { display: flex; flex-direction: row-reverse }
.cover { position: fixed; inset: 0; background: #fff }`;

/** A page without a fault, but for what differs. */
const pageWith = (changes: { main?: string; head?: string; title?: string; language?: string } = {}): string =>
  `<!doctype html>
<html lang="${changes.language ?? 'nb'}">
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

/** What one of the checks says of a page. */
async function found(kind: keyof typeof checks, served: string | Served, page = visitor.page): Promise<string[]> {
  await open(page, served);
  return checks[kind](page, { language: 'nb' });
}

test('a page without a fault passes all checks, with scripts and without, and so does one that says 404', async () => {
  for (const { page } of [visitor, noScripts]) {
    await open(page, pageWith());
    assert.deepEqual(await problemsOf(page, { name: 'good', language: 'nb' }), []);
  }
  assert.deepEqual(await found('seen', { body: pageWith(), status: 404 }), []);
});

const machineWords = [
  'undefined',
  'NaN kr',
  'Invalid Date',
  '[object Object]',
  '{{name}}',
  '${name}',
  '() =&gt; 1',
  'null kr',
].concat(['portal.debtTotal', 'whoIsAsking', 'consent_denied']);

test('each check finds the faults that it is for', async (t) => {
  const faults: readonly (readonly [keyof typeof checks, what: string, fault: Parameters<typeof pageWith>[0]])[] = [
    ['axe', 'too little contrast', { main: '<p class="pale">Blek</p>' }],
    ['axe', 'inside closed details', { main: '<details><summary>Mer</summary><p class="pale">Blek</p></details>' }],
    ['axe', 'a picture without words', { main: '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">' }],
    ['axe', 'content outside of landmarks', { main: '</main><p>Utenfor</p><main hidden>' }],
    ['seen', 'a script', { main: '<script>document.title = "x"</script>' }],
    ['seen', 'a style on an element', { main: '<p style="color: red">Rød</p>' }],
    ['seen', 'something from elsewhere', { main: '<p><img alt="logo" src="http://127.0.0.1:9/logo.png"></p>' }],
    ['seen', 'a style that is not there', { head: '<link rel="stylesheet" href="/gone.css">' }],
    ['inline', 'a handler on an element', { main: '<p onclick="alert(1)">Klikk</p>' }],
    ['inline', 'a style on an element', { main: '<p style="color: red">Rød</p>' }],
    ['inline', 'a script that the browser does not run', { main: '<script type="text/plain">x</script>' }],
    ['inline', 'a link that is a script', { main: '<p><a href="javascript:alert(1)">Klikk</a></p>' }],
    ['words', 'a number of a person', { main: '<p>14842249091</p>' }],
    ['words', 'a number in two parts', { main: '<p>148422 49091</p>' }],
    ['words', 'a number in the title', { title: '14842249091 – Min gjeld' }],
    ['words', 'a number in a link', { main: '<p><a href="/?x=%31%34842249091">Her</a></p>' }],
    ['words', 'something that is read aloud', { main: '<p><img alt="undefined" src="data:,"></p>' }],
    ...machineWords.map((word) => ['words', word, { main: `<p>${word}</p>` }] as const),
    ['frame', 'two headings', { main: '<h1>Enda en</h1>' }],
    ['frame', 'another title', { title: 'Min gjeld' }],
    ['frame', 'another language', { language: 'nn' }],
    ['frame', 'no language', { language: '' }],
    ['markup', 'a tag that is not closed', { main: '<p>Hei <div>på deg</div>' }],
    ['markup', 'an id twice', { main: '<p id="a">1</p><p id="a">2</p>' }],
    ['sideways', 'something too wide for narrow windows', { main: '<p class="broad">bredt</p>' }],
  ];
  for (const [kind, what, fault] of faults) {
    await t.test(`${kind}: ${what}`, async () => {
      assert.notDeepEqual(await found(kind, pageWith(fault)), []);
      checks.seen(visitor.page);
    });
  }
  await t.test('words: no more than that', async () => {
    const good = 'Null kr. Skriv til post@example.no eller se norskgjeld.no: <code>consent_denied</code>.';
    assert.deepEqual(await found('words', pageWith({ main: `<p>${good}</p>` })), []);
  });
  await t.test('words: a number in the address', async () => {
    await open(visitor.page, pageWith(), '/?nin=14842249091');
    assert.equal((await checks.words(visitor.page)).length, 1);
  });
  await t.test('policy: another one', async () => {
    const headers = { 'content-security-policy': "default-src 'self'; img-src data:" };
    assert.equal((await found('policy', { body: pageWith(), headers })).length, 1);
  });
  await t.test('axe: what is pale in the dark only, and in a window without scripts', async () => {
    const dim = pageWith({ main: '<p class="dim">Blek</p>' });
    assert.deepEqual(await found('axe', dim), []);
    for (const { page } of [visitor, noScripts]) {
      await page.emulateMedia({ colorScheme: 'dark' });
      assert.equal((await found('axe', dim, page)).length, 1);
      await page.emulateMedia({ colorScheme: 'light' });
    }
  });
});

test('a form whose answer leads to another origin is stopped by the policy, and that is found', async () => {
  const form = '<form method="post" action="/answer"><button type="submit">Ja</button></form>';
  pages.set('/answer', { body: '', status: 303, headers: { location: origin.replace('localhost', '127.0.0.1') } });
  for (const { page } of [visitor, noScripts]) {
    await open(page, pageWith({ main: form }));
    const told = page.waitForEvent('console');
    await page.getByRole('button', { name: 'Ja' }).click();
    await told;
    const [problem = 'nothing'] = checks.seen(page);
    assert.match(problem, /^policy: .*form-action/);
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
