import assert from 'node:assert/strict';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import type { Page } from 'playwright-core';
import { languages, type Language } from '../../../src/html/language.ts';
import { maskNins } from '../../../src/person/nin.ts';
import { axeViolations, inPage } from './in-page.ts';
import { screenshot } from './screenshot.ts';
import { documentOf, troublesOf } from './visitor.ts';

/** What a page is to be held against. */
export interface Expected {
  /** For failures and pictures. */
  readonly name: string;
  readonly language?: Language;
  /** The page is there to show synthetic numbers (TestID's list of persons), or has them in its address on purpose. */
  readonly numbers?: boolean | undefined;
}

const serviceNames: Readonly<Record<Language, string>> = { nb: 'Min gjeld', nn: 'Mi gjeld', en: 'My debt' };

export const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The window's widths and colours in which people meet a page. */
const surroundings = [1280, 390].flatMap((width) => (['light', 'dark'] as const).map((scheme) => ({ width, scheme })));
const NARROWEST = 320;

/** Asserts that the page in a window, as it is now, keeps all rules for pages. Leaves it as it was, but with its details open. */
export async function checkPage(page: Page, expected: Expected): Promise<void> {
  assert.deepEqual(await problemsOf(page, expected), [], expected.name);
}

/** The same in wide and narrow windows, light and dark, without loading it again. */
export async function checkPageAllOver(page: Page, expected: Expected): Promise<void> {
  const before = page.viewportSize();
  const problems: string[] = [];
  for (const { width, scheme } of surroundings) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    // What the page says is the same in all of them.
    const found =
      problems.length === 0 && width === 1280 && scheme === 'light' ? problemsOf(page, expected) : axe(page);
    problems.push(...(await found).map((problem) => `${width} ${scheme}: ${problem}`));
    await screenshot(page, `${expected.name}-${expected.language ?? 'nb'}-${width}-${scheme}`);
  }
  if (before !== null) await page.setViewportSize(before);
  assert.deepEqual(problems, [], expected.name);
}

/** The same in all languages: the address of the window is opened in each. */
export async function checkPageEverywhere(page: Page, expected: Omit<Expected, 'language'>): Promise<void> {
  for (const language of languages) {
    const address = new URL(page.url());
    address.searchParams.set('lang', language);
    await page.goto(address.href);
    await checkPageAllOver(page, { ...expected, language });
  }
}

/** What is wrong with a page, a line for each; empty when nothing is. */
export async function problemsOf(page: Page, expected: Expected): Promise<string[]> {
  return [
    ...troublesOf(page),
    ...(await axe(page)),
    ...policyProblems(page),
    ...(await inPage<string[]>(page, 'inline()')).map((what) => `inline: ${what}`),
    ...(await wordProblems(page, expected)),
    ...(await frameProblems(page, expected)),
    ...(await markupProblems(page)),
    ...(await sidewaysProblems(page)),
  ];
}

/** The strict policy is there at all: without it nothing above would be reported. */
function policyProblems(page: Page): string[] {
  const policy = documentOf(page).headers()['content-security-policy'];
  return policy === POLICY ? [] : [`policy: the page has ${policy === undefined ? 'none' : `'${policy}'`}`];
}

async function axe(page: Page): Promise<string[]> {
  return (await axeViolations(page, AXE_TAGS)).map((violation) => `axe: ${violation}`);
}

interface Words {
  readonly read: string;
  readonly code: readonly string[];
  readonly address: string;
  readonly links: readonly string[];
}

/** Where the machine shows through the words; and numbers of persons where there should be none. */
export async function wordProblems(page: Page, { numbers }: Pick<Expected, 'numbers'>): Promise<string[]> {
  const { read, code, address, links } = await inPage<Words>(page, 'words()');
  const problems: string[] = [];
  for (const [, word = ''] of read.matchAll(/(undefined|\bNaN\b|Invalid Date|\[object|\{\{|\$\{|=>|\bnull\b)/g)) {
    problems.push(`words: ${word}`);
  }
  // Keys of catalogues are written like this, and no word of our languages is.
  const prose = code.reduce((text, snippet) => text.replaceAll(snippet, ' '), read);
  const addresses = /\S+@\S+|https?:\S+|\b[\w-]+(\.[\w-]+)*\.(no|com|org|net|eu|example|json|csv)\b/g;
  for (const [word] of prose.replaceAll(addresses, ' ').matchAll(/\b[a-z]+(?:[A-Z][a-z]+|\.[a-z]\w+|_[a-z]+)+\b/g)) {
    problems.push(`words: the key ${word}`);
  }
  if (numbers !== true) {
    for (const [where, text] of [
      ['text', read],
      ['address', address],
      ['links', links.join('\n')],
    ] as const) {
      const joined = text.replaceAll(/(?<!\d)(\d{6})[ \u00A0\u202F](\d{5})(?!\d)/g, '$1$2');
      if (maskNins(decoded(joined)) !== decoded(joined))
        problems.push(`words: a national identity number in the ${where}`);
    }
  }
  return problems;
}

function decoded(text: string): string {
  return text.replaceAll(/(%[\dA-Fa-f]{2})+/g, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

async function frameProblems(page: Page, expected: Expected): Promise<string[]> {
  const { h1, title, language } = await inPage<{ h1: string[]; title: string; language: string }>(page, 'frame()');
  const wanted = expected.language ?? languages.find((it) => it === language);
  const problems: string[] = [];
  if (h1.length !== 1) problems.push(`frame: ${h1.length} h1`);
  if (wanted === undefined || language !== wanted) problems.push(`frame: the language is '${language}'`);
  else if (title !== `${h1[0] ?? ''} – ${serviceNames[wanted]}`) problems.push(`frame: the title is '${title}'`);
  return problems;
}

// Rules of html-validate are about correctness and access; those about how HTML is laid out are left to whoever writes it.
// Titles may be long: they hold the question, and the question an organisation's name.
const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:document'],
    elements: ['html5'],
    rules: { 'doctype-style': 'off', 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
  }),
);

/** Of the document as it was served, before a browser mended it. */
async function markupProblems(page: Page): Promise<string[]> {
  const report = await validator.validateString(await documentOf(page).text());
  return report.results.flatMap(({ messages }) =>
    messages.map(({ ruleId, line, message }) => `markup: ${ruleId}, line ${line}: ${message}`),
  );
}

async function sidewaysProblems(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: NARROWEST, height: 900 });
  const { beyond, widest } = await inPage<{ beyond: number; widest: string }>(page, 'sideways()');
  if (before !== null) await page.setViewportSize(before);
  return beyond > 0 ? [`sideways: ${beyond} px at ${NARROWEST} px: ${widest}`] : [];
}
