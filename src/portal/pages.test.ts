import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { CSRF, consentOf, frameIn, now, pagesIn, shownIn, useBy, wordsIn } from '../../test/support/portal-pages.ts';
import { archiveReasons } from '../consent/consent.ts';
import type { Html } from '../html/html.ts';
import { languages } from '../html/language.ts';
import { receiptOf } from './receipt.ts';
import { texts } from './texts.ts';
import { withdrawPage } from './withdraw.page.ts';

const MARKUP = `<b onclick="x()">Bank</b> & 'Sønner' "AS"`;

const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:document'],
    elements: ['html5'],
    rules: { 'doctype-style': 'off', 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
  }),
);

for (const language of languages) {
  test(`B1–B5: every page of oneself is valid HTML with one h1 that is its title, and whole words, in ${language}`, async () => {
    for (const [name, page] of Object.entries(pagesIn(language, 'Fjordbanken ASA'))) {
      const report = await validator.validateString(page.text);
      const messages = report.results.flatMap((result) => result.messages);
      assert.deepEqual(
        messages.map(({ ruleId, message, line }) => `${ruleId}, line ${line}: ${message}`),
        [],
        name,
      );
      const titles = [...page.text.matchAll(/<h1[^>]*>([^<]*)<\/h1>/g)].map(([, title]) => title);
      assert.equal(titles.length, 1, name);
      assert.ok(page.text.includes(`<title>${titles[0]} – `), name);
      const said = page.text.replaceAll(/<[^>]*>/g, ' ');
      assert.doesNotMatch(said, /undefined|\bNaN\b|Invalid Date|\[object|\bnull\b|\$\{|=>/, name);
      assert.doesNotMatch(page.text, /<script|\sstyle=|\son\w+=/, name);
    }
  });

  test(`E1: markup in what a creditor or an organisation is called is text on every page, in ${language}`, () => {
    for (const [name, page] of Object.entries(pagesIn(language, MARKUP))) {
      assert.doesNotMatch(page.text, /<b onclick|<\/b>/, name);
      if (name.startsWith('no ') || ['none of these', 'signing out', 'asked of an active one'].includes(name)) continue;
      assert.ok(page.text.includes('&lt;b onclick=&quot;x()&quot;&gt;Bank&lt;/b&gt; &amp; &#39;Sønner&#39;'), name);
    }
  });
}

test('B2: why a consent has ended is told for each reason, and once is told apart from days', () => {
  const page = wordsIn(pagesIn('nb', 'Fjordbanken ASA')['consents'] as Html);
  for (const why of [
    'Du trakk det her',
    'Du trakk det hos Fjordbanken ASA',
    'Tiden gikk ut',
    'Engangssamtykke, brukt opp',
    'Vi som driver tjenesten, avsluttet det',
  ]) {
    assert.ok(page.includes(why), why);
  }
  for (const language of languages) {
    const { reasons } = texts[language].consents;
    assert.notEqual(reasons('A', true).expired, reasons('A', false).expired);
    assert.equal(new Set(Object.values(reasons('A', false))).size, archiveReasons.length, language);
  }
});

test('B2: a page that says that a consent was withdrawn says what is true: nothing of an active one, and why one had ended before', () => {
  const pages = pagesIn('nb', 'Fjordbanken ASA');
  const said = (name: string) => wordsIn(pages[name] as Html);
  assert.match(said('asked to withdraw: revoked_by_person'), /Samtykket til Fjordbanken ASA er trukket\./);
  assert.match(
    said('asked to withdraw: expired'),
    /var allerede avsluttet 24\. november 2026 kl\. 09\.41: Tiden gikk ut\./,
  );
  assert.doesNotMatch(said('asked to withdraw: expired'), /er trukket/);
  assert.doesNotMatch(said('asked of an active one'), /er trukket|allerede avsluttet/);
});

test('B4: withdrawing is a question with three consequences and two answers, and asks for nothing', () => {
  for (const language of languages) {
    const page = withdrawPage(frameIn(language), { given: consentOf('A'), csrf: CSRF }).text;
    const main = /<main.*<\/main>/s.exec(page)?.[0] ?? '';
    assert.equal([...main.matchAll(/<li>/g)].length, 3);
    assert.equal([...main.matchAll(/<button/g)].length, 1);
    assert.deepEqual(
      [...main.matchAll(/<(input|select|textarea)[^>]*>/g)].map(([field]) => field),
      [`<input type="hidden" name="csrf" value="${CSRF}">`],
    );
  }
});

test('B3: the receipt holds the text as it was shown, and all that happened, in order', () => {
  const shown = shownIn('nn', 'Fjordbanken ASA');
  const uses = [
    useBy('A', { at: new Date('2026-11-23T09:00:00Z') }),
    useBy('A', { at: new Date('2026-11-22T14:00:00Z') }),
  ];
  const receipt = receiptOf({ given: consentOf('A', { ended: 'expired', uses: 2 }), shown, uses, madeAt: now });
  const read = JSON.parse(JSON.stringify(receipt)) as {
    shown: { text: unknown; loginLevel: string };
    events: { at: string; what: string }[];
  };
  assert.deepEqual(read.shown.text, JSON.parse(JSON.stringify(shown.text)));
  assert.equal(read.shown.loginLevel, 'idporten-loa-substantial');
  assert.deepEqual(
    read.events.map(({ at, what }) => [at, what]),
    [
      ['2026-11-22T13:17:00.000Z', 'given'],
      ['2026-11-22T14:00:00.000Z', 'debt_disclosed'],
      ['2026-11-23T09:00:00.000Z', 'debt_disclosed'],
      ['2026-11-24T08:41:00.000Z', 'ended'],
    ],
  );
});
