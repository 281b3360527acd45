import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { DomainError, type ErrorCode } from '../errors/domain-error.ts';
import { statusOf } from '../errors/status.ts';
import { errorPage } from './error-page.ts';
import { html, type Html } from './html.ts';
import { languages, ownNames, type Language } from './language.ts';
import { layout, type Frame, type Page } from './layout.ts';
import { prose } from './prose.ts';
import { texts } from './texts.ts';

const PORTAL = 'http://localhost:4000';
const TRACE = '0198c1f2-a3b4-4d5e-8f60-718293a4b5c6';
const MARKUP = `<b onclick="x()">Bank</b> & 'Sønner' "AS"`;

const frameIn = (language: Language, more: Partial<Frame> = {}): Frame => ({
  language,
  address: '/consents?before=1&lang=nb',
  sandbox: true,
  portalUrl: PORTAL,
  traceId: TRACE,
  signedIn: { name: 'Lise Fjell', born: '02.11.1984', signOut: { action: '/logout', csrf: 'proof' } },
  section: 'consents',
  ...more,
});
const page: Page = {
  title: 'Tittel & mer',
  main: html`<h1 class="ds-heading" data-size="lg">${'Tittel & mer'}</h1>
${prose([
  {
    heading: 'Overskrift',
    body: ['Avsnitt', html`<a href="/x">Lenke</a>`, { points: ['a', html`<em>b</em>`] }, { steps: ['én', 'to'] }],
  },
])}`,
};
const pageIn = (language: Language, more: Partial<Frame> = {}): string => layout(frameIn(language, more), page).text;

// Off: where lines end and how the doctype is written, which nobody reads; hashes of styles whose address is their hash; and the
// length of titles, which hold a question, and that an organisation's name.
const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:document', 'html-validate:a11y'],
    elements: ['html5'],
    rules: { 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
  }),
);

async function assertSound(text: string, name: string): Promise<void> {
  const report = await validator.validateString(text);
  const problems = report.results.flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`));
  assert.deepEqual(problems, [], name);
  assert.doesNotMatch(text, /<script|<style|\sstyle=|\son\w+=|undefined|NaN|\[object|Invalid Date/, name);
  assert.equal(text.match(/<h1\b/g)?.length, 1, name);
}

test('B8: every page is sound HTML in its language, with nothing inline, whoever is signed in', async () => {
  for (const language of languages) {
    for (const more of [{}, { signedIn: null, section: null }, { sandbox: false, section: 'none' as const }]) {
      const text = pageIn(language, more);
      await assertSound(text, `${language} ${JSON.stringify(more)}`);
      assert.match(text, new RegExp(`^<!DOCTYPE html>\n<html lang="${language}" data-color-scheme="auto">`));
      assert.ok(text.includes(`<title>Tittel &amp; mer – ${texts[language].serviceName}</title>`));
    }
  }
});

test('B8: everything stands in the same order on every page', () => {
  for (const language of languages) {
    const text = pageIn(language);
    const words = texts[language];
    const order = [
      'href="#main"',
      '<header',
      words.sandbox,
      `>${words.serviceName}</a>`,
      words.sections.debt,
      words.sections.accesses,
      'Lise Fjell',
      language === 'en' ? '02/11/1984' : '02.11.1984',
      words.signOut,
      '</header>',
      '<main id="main"',
      '<h1',
      '<footer',
      ...languages.map((other) => `>${ownNames[other]}</a>`),
      `${PORTAL}/help`,
      `${PORTAL}/privacy`,
      `${PORTAL}/accessibility`,
    ].map((part) => [part, text.indexOf(part)] as const);
    assert.deepEqual(
      order.filter(([, place]) => place < 0),
      [],
    );
    assert.deepEqual(
      order,
      order.toSorted(([, a], [, b]) => a - b),
    );
  }
});

test('B8: every page leads to itself in each language, and marks the one that it is in', () => {
  const text = pageIn('nn');
  for (const language of languages) {
    const current = language === 'nn' ? ' aria-current="true"' : '';
    assert.ok(
      text.includes(
        `<a href="/consents?before=1&amp;lang=${language}" lang="${language}" hreflang="${language}"${current}>`,
      ),
    );
  }
  assert.equal(text.match(/aria-current="true"/g)?.length, 1);
});

test('E1: an address that looks like another site leads nowhere else', () => {
  for (const address of ['//evil.example/x', '/\\evil.example/x', '\\\\evil.example/x', '///evil.example/x'])
    assert.ok(pageIn('nb', { address }).includes('href="/evil.example/x?lang=nb"'), address);
  assert.ok(pageIn('nb', { address: '/x?a=1?b=2' }).includes('href="/x?a=1%3Fb%3D2&amp;lang=nb"'));
});

test('B9: signing out is a form with its proof, and nobody who is not signed in is shown one', () => {
  assert.match(
    pageIn('nb'),
    /<form method="post" action="\/logout">\s*<input type="hidden" name="csrf" value="proof">/,
  );
  const text = pageIn('nb', { signedIn: null });
  assert.doesNotMatch(text, /<form/);
  assert.doesNotMatch(text, new RegExp(texts.nb.signedIn));
});

test('A9: somebody whose name the login did not tell is shown the date of birth alone', () => {
  const signedIn = { name: null, born: '02.11.84', signOut: { action: '/logout', csrf: 'proof' } };
  assert.match(pageIn('nb', { signedIn }), /<p>Logget inn, <span class="unbroken">f\. 02\.11\.84<\/span><\/p>/);
});

test('B2: the navigation marks the page that one is on, and is left out where there is none', () => {
  const current = (section: Frame['section']) => pageIn('en', { section }).match(/[^>]+(?=<\/a><\/li>)/g)?.[0];
  assert.match(pageIn('en'), /<a href="[^"]*\/consents" aria-current="page">Consents<\/a>/);
  assert.doesNotMatch(pageIn('en', { section: 'none' }), /aria-current="page"/);
  assert.equal(current('none'), 'Your debt');
  assert.equal(current(null), 'Bokmål');
});

test('X7: production does not say that it is a test', () => {
  assert.ok(pageIn('nb').includes(texts.nb.sandbox));
  assert.ok(!pageIn('nb', { sandbox: false }).includes(texts.nb.sandbox));
});

test('E1: markup in a name, a title or a trace id is text', () => {
  const frame = frameIn('nb', {
    traceId: MARKUP,
    address: `/${MARKUP}`,
    signedIn: { name: MARKUP, born: MARKUP, signOut: { action: MARKUP, csrf: MARKUP } },
  });
  const shown: readonly Html[] = [
    layout(frame, { title: MARKUP, main: html`<h1>${MARKUP}</h1>`, refresh: `https://bank.example/?"><b>` }),
    errorPage(frame, new DomainError('server_error', MARKUP)),
  ];
  for (const { text } of shown) assert.doesNotMatch(text, /<b[ >]/);
});

test('A8: a page that leads on does so at once', () => {
  const refresh = 'http://localhost:8766/callback?code=a&state=b%22';
  assert.ok(
    layout(frameIn('nb'), { ...page, refresh }).text.includes(
      '<meta http-equiv="refresh" content="0; url=http://localhost:8766/callback?code=a&amp;state=b%22">',
    ),
  );
});

test('E1, E2, E3: every error has a page that says what happened and what to do, with a way on and a reference, and no detail', async () => {
  for (const language of languages) {
    for (const code of Object.keys(statusOf) as ErrorCode[]) {
      const { text } = errorPage(frameIn(language), new DomainError(code, 'for developers only'));
      await assertSound(text, `${code} ${language}`);
      assert.ok(text.includes(TRACE), code);
      assert.ok(text.includes(`<code>${TRACE}</code>`), code);
      assert.match(text, new RegExp(`<a class="ds-button" href="${PORTAL}/(login)?">`), code);
      assert.ok(!text.includes('for developers only') && !text.includes(code), code);
      assert.doesNotMatch(text, /oops|uff|the law|loven krev/i, code);
    }
  }
});

test('B8: an error is told in the language of the page', () => {
  const foreign = {
    nb: /\b(ikkje|noko|frå|vere|kva)\b/i,
    nn: /\b(ikke|noe|fra|være|hva)\b/i,
    en: /\b(og|du|er|vi)\b/i,
  };
  for (const language of languages) {
    const told = Object.values(texts[language].errors).flatMap(({ title, what, doThis }) => [title, what, doThis]);
    assert.deepEqual(
      told.filter((words) => foreign[language].test(words)),
      [],
    );
  }
});

test('C3: another person’s consent looks exactly like one that does not exist', () => {
  const shown = (code: ErrorCode) => errorPage(frameIn('nb'), new DomainError(code, '')).text;
  assert.equal(shown('no_valid_consent'), shown('not_found'));
});
