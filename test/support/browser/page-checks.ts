import assert from 'node:assert/strict';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import type { Page } from 'playwright-core';
import { languages, type Language } from '../../../src/html/language.ts';
import { maskNins } from '../../../src/person/nin.ts';
import { axeViolations, inPage, type RunOnly } from './in-page.ts';
import { isThorough } from '../thorough.ts';
import { screenshot, takesPictures } from './screenshot.ts';
import { documentOf, troublesOf } from './visitor.ts';

/** What a page is to be held against. */
export interface Expected {
  /** For failures and pictures. */
  readonly name: string;
  readonly language?: Language;
  /** The name of the part of the installation that the page belongs to; the portal's unless told. */
  readonly site?: string;
  /** The page is there to show synthetic numbers: TestID's list of persons. */
  readonly numbers?: boolean;
  /** The page is another one with other words, which is checked by itself: two of the four windows will do. */
  readonly variant?: boolean;
}

/** The windows in which people meet a page. The first two of them have both widths and both schemes. */
const surroundings = [
  { width: 1280, scheme: 'light' },
  { width: 390, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
] as const;
/** The narrowest window, in which nothing may reach out; and one in the middle, where columns are about to change. */
const WIDTHS = [320, 840];

/** Asserts that the page in a window, as it is now, keeps all rules for pages. Leaves it as it was, but with its details open. */
export async function checkPage(page: Page, expected: Expected): Promise<void> {
  assert.deepEqual(await problemsOf(page, expected), [], expected.name);
}

/** The same in wide and narrow windows, light and dark, without loading it again. */
export async function checkPageAllOver(page: Page, expected: Expected): Promise<void> {
  const before = page.viewportSize();
  const problems: string[] = [];
  for (const [place, { width, scheme }] of windowsFor(expected).entries()) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme });
    // What it says and how it is written is the same in all of them, and but for colours so is all that light and dark share.
    const rules = place < 2 ? ALL_RULES : COLOUR_RULES;
    const found = place === 0 ? await problemsOf(page, expected) : await axeViolations(page, rules);
    problems.push(...found.map((problem) => `${width} ${scheme}: ${problem}`));
    await screenshot(page, `${expected.name}-${expected.language ?? 'nb'}-${width}-${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  if (before !== null) await page.setViewportSize(before);
  assert.deepEqual(problems, [], `${expected.name}, ${expected.language ?? ''}`);
}

/**
 * What shows in some windows only is so in all languages, as the words are nearly of the same length: Bokmål is looked at wide and
 * narrow, light and dark, and the others in one window, unless somebody wants it thorough, or pictures.
 */
function windowsFor({ language = 'nb', variant }: Expected): readonly (typeof surroundings)[number][] {
  if (isThorough || takesPictures) return variant === true ? surroundings.slice(0, 2) : surroundings;
  return surroundings.slice(0, language === 'nb' ? 2 : 1);
}

/** The same in all languages: the address of the window is opened in each. Leaves it in the last, which is English. */
export async function checkPageEverywhere(page: Page, expected: Omit<Expected, 'language'>): Promise<void> {
  for (const language of languages) {
    const address = new URL(page.url());
    address.searchParams.set('lang', language);
    await page.goto(address.href);
    await checkPageAllOver(page, { ...expected, language });
  }
}

/** What is wrong with a page, a line for each, begun by the check's name; empty when nothing is. */
export async function problemsOf(page: Page, expected: Expected): Promise<string[]> {
  const problems: string[] = [];
  for (const [name, check] of Object.entries(checks)) {
    // The slowest of them, and what it looks at is in other languages as it is in Bokmål, but for the words.
    const isOther = expected.language === 'nn' || (expected.language === 'en' && expected.variant === true);
    if (name === 'axe' && isOther && !isThorough) continue;
    problems.push(...(await check(page, expected)).map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

type Check = (page: Page, expected?: Partial<Expected>) => string[] | Promise<string[]>;

const ALL_RULES: RunOnly = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
};

/** Those of them that depend on colours. */
const COLOUR_RULES: RunOnly = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/** Each of the checks, for one rule: a line for each breach of it. */
export const checks = {
  /** Nothing went wrong since the last check: no policy violation, no error in the console, no request to elsewhere. */
  seen: troublesOf,
  axe: (page) => axeViolations(page, ALL_RULES),
  policy,
  inline: (page) => inPage(page, 'inline()'),
  words,
  frame,
  markup,
  sideways,
} as const satisfies Readonly<Record<string, Check>>;

export const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** The strict policy is there at all: a page without it would break nothing. */
function policy(page: Page): string[] {
  const found = documentOf(page).headers()['content-security-policy'];
  return found === POLICY ? [] : [found ?? 'there is none'];
}

interface Words {
  readonly read: string;
  readonly code: readonly string[];
  readonly address: string;
  readonly links: readonly string[];
}

/** What shows that a value was missing or that a text was not looked up. `Null` may begin a sentence. */
const MACHINE = /undefined|\bNaN\b|Invalid Date|\[object|\{\{|\$\{|=>|\bnull\b/g;
/** As keys of catalogues and codes are written, and no word of our languages is. */
const KEY = /\b[a-z]+(?:[A-Z][a-z]+|\.[a-z]\w+|_[a-z]+)+\b/g;
const ADDRESS = /\S+@\S+|https?:\S+|\b[\w-]+(\.[\w-]+)*\.(no|com|org|net|eu|example|json|csv)\b/g;

/** Where the machine shows through the words; and numbers of persons where there should be none. */
async function words(page: Page, { numbers }: Partial<Expected> = {}): Promise<string[]> {
  const { read, code, address, links } = await inPage<Words>(page, 'words()');
  // The longest first: what a short one takes out may be part of a longer one.
  const snippets = code.toSorted((a, b) => b.length - a.length);
  const prose = snippets.reduce((text, snippet) => text.replaceAll(snippet, ' '), read).replaceAll(ADDRESS, ' ');
  const problems = [...(read.match(MACHINE) ?? []), ...(prose.match(KEY) ?? [])];
  if (numbers === true) return problems;
  const places = { text: read, address, links: links.join('\n') };
  for (const [where, text] of Object.entries(places)) {
    const plain = decoded(text).replaceAll(/(?<!\d)(\d{6})[ \u00A0\u202F](\d{5})(?!\d)/g, '$1$2');
    if (maskNins(plain) !== plain) problems.push(`a national identity number in the ${where}`);
  }
  return problems;
}

/** Without the escapes of addresses. */
function decoded(text: string): string {
  return text.replaceAll(/(%[\dA-Fa-f]{2})+/g, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

const serviceNames: Readonly<Record<Language, string>> = { nb: 'Min gjeld', nn: 'Mi gjeld', en: 'My debt' };

/** One h1, a title that is that and the service's name, and the language that was wanted. */
async function frame(page: Page, { language: wanted, site }: Partial<Expected> = {}): Promise<string[]> {
  const { h1, title, language } = await inPage<{ h1: string[]; title: string; language: string }>(page, 'frame()');
  const known = languages.find((it) => it === language);
  const problems: string[] = [];
  if (h1.length !== 1) problems.push(`${h1.length} h1`);
  if (known === undefined || (wanted ?? known) !== known) problems.push(`the language is '${language}'`);
  else if (title !== `${h1[0] ?? ''} – ${site ?? serviceNames[known]}`) problems.push(`the title is '${title}'`);
  return problems;
}

// Its rules of correctness and access; not those of how HTML is laid out, nor of what comes from elsewhere, as nothing does. A title
// is as long as the page's question, and begins with what tells pages apart.
const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:document'],
    elements: ['html5'],
    rules: { 'doctype-style': 'off', 'no-trailing-whitespace': 'off', 'require-sri': 'off', 'long-title': 'off' },
  }),
);

/** The document as it was served, before a browser mended it. */
async function markup(page: Page): Promise<string[]> {
  const report = await validator.validateString(await documentOf(page).text());
  return report.results.flatMap(({ messages }) =>
    messages.map(({ ruleId, line, message }) => `${ruleId}, line ${line}: ${message}`),
  );
}

/** Nothing has to be scrolled sideways to be read. */
async function sideways(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  const problems: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const { beyond, widest } = await inPage<{ beyond: number; widest: string }>(page, 'sideways()');
    if (beyond > 0) problems.push(`${beyond} px at ${width} px: ${widest}`);
  }
  if (before !== null) await page.setViewportSize(before);
  return problems;
}
