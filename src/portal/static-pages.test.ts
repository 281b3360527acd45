import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import { languages, type Language } from '../html/language.ts';
import type { Frame } from '../html/layout.ts';
import { texts as everywhere } from '../html/texts.ts';
import { accessibilityPage } from './accessibility.page.ts';
import { frontPage } from './front.page.ts';
import { helpPage } from './help.page.ts';
import { privacyPage } from './privacy.page.ts';
import { signedOutPage } from './signed-out.page.ts';
import { texts } from './texts.ts';

const PORTAL = 'http://localhost:4000';
const about = {
  operatorName: 'Registeret & Sønn AS',
  operatorEmail: 'personvern@registeret.example',
  consentRetentionDays: 1096,
  logRetentionDays: 1826,
  feedRetentionDays: 30,
};
const frameIn = (language: Language): Frame => ({
  language,
  address: '/help',
  sandbox: true,
  portalUrl: PORTAL,
  traceId: '0198c1f2a3b44d5e9f60718293a4b5c6',
  signedIn: null,
  section: 'none',
});

const pagesIn = (language: Language): Readonly<Record<string, string>> => {
  const frame = frameIn(language);
  return {
    front: frontPage(frame).text,
    'front, cancelled': frontPage(frame, { login: 'cancelled' }).text,
    'front, failed': frontPage(frame, { login: 'failed', to: '/consents?lang=nb&x=<b>' }).text,
    help: helpPage(frame, about).text,
    privacy: privacyPage(frame, about).text,
    accessibility: accessibilityPage(frame, about).text,
    'signed out': signedOutPage(frame).text,
  };
};

const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:document', 'html-validate:a11y'],
    elements: ['html5'],
    rules: { 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
  }),
);

test('B6, B7, B8, B9: these pages are sound HTML in every language, with one h1 that is the title, and nothing inline', async () => {
  for (const language of languages) {
    for (const [name, text] of Object.entries(pagesIn(language))) {
      const report = await validator.validateString(text);
      const problems = report.results.flatMap(({ messages }) =>
        messages.map(({ line, message }) => `${line}: ${message}`),
      );
      assert.deepEqual(problems, [], `${name} ${language}`);
      assert.doesNotMatch(text, /<script|<style|\sstyle=|<b>|undefined|NaN|\[object/, `${name} ${language}`);
      const [, title = ''] = /<h1[^>]*>([^<]+)<\/h1>/.exec(text) ?? [];
      assert.ok(text.includes(`<title>${title} – ${everywhere[language].serviceName}</title>`), `${name} ${language}`);
    }
  }
});

/** Words that one written Norwegian has and the other has not, and that English has not either. */
const BOKMÅL =
  /(?<!\p{L})(ikke|hva|hvem|hvor|hvordan|hvorfor|hvis|hver|hvilken|hvilket|fra|noe|noen|være|jeg|gjelden|ble)(?!\p{L})/giu;
const NYNORSK =
  /(?<!\p{L})(ikkje|kva|kven|kor|korleis|kvifor|viss|kvar|frå|noko|nokon|vere|eg|dei|gjelda|vart)(?!\p{L})/giu;
const EITHER = /(?<!\p{L})(og|ikke|ikkje|du|som|er|vi)(?!\p{L})/giu;

test('B6, B7, B8, B9: Bokmål is Bokmål, Nynorsk is Nynorsk and English is English, part for part', () => {
  const foreign = { nb: NYNORSK, nn: BOKMÅL, en: EITHER } as const;
  for (const language of languages) {
    for (const [name, text] of Object.entries(pagesIn(language))) {
      const main = (/<main[^]*<\/main>/.exec(text)?.[0] ?? '').replaceAll(/<[^>]*>/g, ' ');
      assert.deepEqual(main.match(foreign[language]) ?? [], [], `${name} ${language}`);
    }
  }
  for (const name of Object.keys(pagesIn('nb'))) {
    const counts = languages.map((language) => pagesIn(language)[name]?.match(/<(p|li|h2|tr|a)\b/g)?.length);
    assert.equal(new Set(counts).size, 1, name);
  }
});

test('B6: withdrawing is told in two steps, by the words that stand on the buttons and in the navigation', () => {
  for (const language of languages) {
    const { help = '' } = pagesIn(language);
    const { consents, withdraw } = texts[language];
    const [, steps = ''] = /<ol[^>]*>(<li>[^]*?)<\/ol>/.exec(help) ?? [];
    assert.equal(steps.match(/<li>/g)?.length, 2);
    assert.ok(steps.includes(consents.withdraw) && steps.includes(withdraw.yes), language);
    const { sections } = everywhere[language];
    for (const [address, words] of [
      ['/consents', sections.consents],
      ['/accesses', sections.accesses],
      ['/', sections.debt],
    ])
      assert.ok(help.includes(`<a href="${PORTAL}${address}">${words}</a>`), `${language} ${words}`);
  }
});

test('B7: it says whose registry it is, how long things are kept here, and where to complain', () => {
  const { privacy = '' } = pagesIn('nb');
  for (const words of [
    'Registeret &amp; Sønn AS driver tjenesten',
    'mailto:personvern@registeret.example',
    '3\u00A0år etter at det er avsluttet',
    'I 5\u00A0år.',
    'I 30\u00A0dager.',
    'ingen gjeldshistorikk',
    `href="${PORTAL}/my-data.json"`,
    'href="https://www.datatilsynet.no"',
  ])
    assert.ok(privacy.includes(words), words);
});

test('B7: a time is told in years only where it is whole years', () => {
  const told = (days: number) => {
    const { text } = privacyPage(frameIn('en'), { ...about, consentRetentionDays: days });
    return /and (\d+\s\w+) after it has ended/.exec(text)?.[1]?.replace('\u00A0', ' ');
  };
  assert.deepEqual([30, 365, 366, 367, 730, 1095, 1096, 1100, 3652].map(told), [
    '30 days',
    '1 year',
    '1 year',
    '367 days',
    '2 years',
    '3 years',
    '3 years',
    '1100 days',
    '10 years',
  ]);
});

test('B8: the statement claims no more than what is tested', () => {
  for (const language of languages) {
    const { accessibility = '' } = pagesIn(language);
    assert.ok(accessibility.includes('mailto:personvern@registeret.example'));
    assert.ok(accessibility.includes('href="https://www.uutilsynet.no"'));
  }
  assert.ok(pagesIn('en')['accessibility']?.includes('Nobody has yet tried the pages with a screen reader'));
});

test('A9: the way in leads to the page that was wanted', () => {
  const { text } = frontPage(frameIn('nb'), { to: '/consents?a=1&b="' });
  assert.ok(text.includes(`href="${PORTAL}/login?to=%2Fconsents%3Fa%3D1%26b%3D%22"`));
  assert.ok(pagesIn('nb')['front']?.includes(`href="${PORTAL}/login"`));
});
