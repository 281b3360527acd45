import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HtmlValidate, StaticConfigLoader } from 'html-validate';
import type { Access } from '../audit/access-log.ts';
import { archiveReasons, expiryOf, type ArchiveReason, type Duration } from '../consent/consent.ts';
import type { GivenConsent } from '../consent/list.ts';
import { consentText } from '../consent-request/consent-text.ts';
import type { Loan } from '../creditors/loan.ts';
import type { CreditorDebt } from '../debt/debt-information.ts';
import { money } from '../html/format.ts';
import type { Html } from '../html/html.ts';
import { languages, type Language } from '../html/language.ts';
import type { Frame } from '../html/layout.ts';
import { accessesPage } from './accesses.page.ts';
import { consentPage } from './consent.page.ts';
import { consentsPage } from './consents.page.ts';
import { overviewOf } from './debt-overview.ts';
import { debtPage } from './debt.page.ts';
import { receiptOf } from './receipt.ts';
import { signingOutPage } from './sign-out.page.ts';
import { texts } from './texts.ts';
import { withdrawPage } from './withdraw.page.ts';

const MARKUP = `<b onclick="x()">Bank</b> & 'Sønner' "AS"`;
const now = new Date('2026-11-24T08:41:00.000Z');
const given = new Date('2026-11-22T13:17:00.000Z');
const ID = '01a206a3-a2c2-70bb-8e96-f2f17e76cab8';
const CLIENT = 'a0000000-0000-4000-8000-000000000002';
const CSRF = 'proof-of-where-it-comes-from';

const frameIn = (language: Language): Frame => ({
  language,
  address: '/consents',
  sandbox: true,
  portalUrl: 'http://localhost:4000',
  traceId: '0198c1f2a3b44d5e9f60718293a4b5c6',
  signedIn: { name: 'Lise Fjell', born: '02.11.1984', signOut: { action: '/logout', csrf: CSRF } },
  section: 'consents',
});

const loanBase = { accountId: 'a', timestamp: '2026-11-24T03:00:00.000Z' };
const loans: readonly Loan[] = [
  {
    ...loanBase,
    type: 'repaymentLoan',
    coBorrower: 1,
    originalBalance: 250_000_00,
    balance: 182_400_00,
    terms: 43,
    nominalInterestRate: 1190,
    installmentCharges: 50_00,
    installmentChargePeriod: 'MONTHLY',
  },
  {
    ...loanBase,
    type: 'creditFacility',
    coBorrower: 2,
    creditLimit: 75_000_00,
    interestBearingBalance: 41_275_50,
    nonInterestBearingBalance: 0,
    nominalInterestRate: 2290,
    installmentCharges: 45_00,
    installmentChargePeriod: null,
  },
  {
    ...loanBase,
    type: 'creditFacility',
    coBorrower: 0,
    creditLimit: 10_000_00,
    interestBearingBalance: 0,
    nonInterestBearingBalance: 0,
    nominalInterestRate: 0,
    installmentCharges: null,
    installmentChargePeriod: null,
  },
  { ...loanBase, type: 'chargeCard', coBorrower: 0, interestBearingBalance: 0, nonInterestBearingBalance: 6_410_90 },
];

const says = (name: string, answered: boolean, held: readonly Loan[] | null, told = true): CreditorDebt => ({
  creditor: {
    id: '210437185',
    name,
    providerId: 'p',
    baseUrl: 'http://x',
    contact: told ? { email: `${name}@bank.example`, phone: '+47 00 70 10 01' } : { email: null, phone: null },
  },
  answered,
  loans: held,
  drawnAt: held?.[0]?.timestamp ?? null,
});

function consentOf(
  client: string,
  more: { duration?: Duration; ended?: ArchiveReason; uses?: number } = {},
): GivenConsent {
  const { duration = { kind: 'days', days: 28 }, ended, uses = 0 } = more;
  const archived = ended === undefined ? null : { at: now, reason: ended };
  return {
    consent: {
      id: ID,
      clientId: CLIENT,
      personId: 'p',
      purpose: 'processing',
      duration,
      externalId: null,
      createdAt: given,
      expiresAt: expiryOf(given, duration),
      archived,
    },
    client: { name: client, organisationNumber: '314159276' },
    state: ended === undefined ? { active: true } : { active: false, reason: ended, since: now },
    uses,
    lastUsedAt: uses === 0 ? null : now,
  };
}

const once: Duration = { kind: 'single_use' };

const useBy = (client: string | null, more: Partial<Access> = {}): Access => ({
  at: now,
  by: client === null ? null : { clientId: CLIENT, name: client, organisationNumber: '314159276' },
  consentId: client === null ? null : ID,
  purpose: client === null ? null : 'processing',
  creditorsAsked: 6,
  creditorsAnswered: 4,
  ...more,
});

const shownIn = (language: Language, client: string) => ({
  text: consentText({
    language,
    client: { name: client, organisationNumber: '314159276' },
    purpose: 'processing',
    askedDays: 28,
    now: given,
    answerBy: given,
  }),
  version: '1',
  language,
  shownAt: given,
  level: 'idporten-loa-substantial',
});

const debtIn = (language: Language, debts: readonly CreditorDebt[]): Html =>
  debtPage(frameIn(language), { overview: overviewOf(debts), at: now });

/** Every page of oneself, in each of its states, by a name for failures. */
function pagesIn(language: Language, name: string): Readonly<Record<string, Html>> {
  const frame = frameIn(language);
  const list = {
    uses: new Map([[ID, [useBy(name), useBy(name)]]]),
    now,
    logFrom: new Date('2023-11-24T08:41:00.000Z'),
    asked: undefined,
    older: null,
    newest: null,
  };
  const none = { active: [], ended: [], count: { active: 0, ended: 0 }, next: undefined };
  const ended = archiveReasons.map((reason) => consentOf(name, { ended: reason, uses: 1 }));
  const active = [consentOf(name), consentOf(name, { uses: 2 }), consentOf(name, { uses: 30, duration: once })];
  const accesses = {
    accesses: [
      useBy(name),
      useBy(null),
      useBy(name, { creditorsAsked: 0, creditorsAnswered: 0 }),
      useBy(name, { creditorsAnswered: 6, purpose: 'gone' }),
    ],
    count: 30,
    filter: {},
    choices: { by: [{ clientId: CLIENT, name }, null], years: [2026, 2025] },
    logFrom: given,
    older: '/accesses?before=1-1',
    newest: '/accesses',
    csv: '/accesses.csv',
  };
  const consent = (of: GivenConsent, shown = true) =>
    consentPage(frame, {
      given: of,
      shown: shown ? shownIn(language, name) : undefined,
      uses: of.uses > 0 ? [useBy(name)] : [],
      now,
    });
  return {
    'debt of all kinds': debtIn(language, [
      says(name, true, loans),
      says(`${name} 2`, false, loans, false),
      says(`${name} 3`, false, null),
      says(`${name} 4`, true, []),
    ]),
    'no debt': debtIn(language, []),
    'nothing owed': debtIn(language, [says(name, true, [])]),
    'all unknown': debtIn(language, [says(name, false, null)]),
    'one creditor, outdated': debtIn(language, [says(name, false, loans)]),
    'no consents': consentsPage(frame, { ...list, consents: none }),
    'no more consents': consentsPage(frame, {
      ...list,
      consents: { ...none, count: { active: 0, ended: 3 } },
      newest: '/consents#ended',
    }),
    consents: consentsPage(frame, {
      ...list,
      consents: { active, ended, count: { active: 300, ended: 60 }, next: undefined },
      logFrom: now,
      older: '/consents?before=1-1#ended',
    }),
    ...Object.fromEntries(
      ended.map((asked) => [
        `asked to withdraw: ${asked.consent.archived?.reason}`,
        consentsPage(frame, { ...list, consents: none, asked }),
      ]),
    ),
    'asked of an active one': consentsPage(frame, { ...list, consents: none, asked: consentOf(name) }),
    consent: consent(consentOf(name)),
    'consent, once, much used': consent(consentOf(name, { duration: once, uses: 200 })),
    'consent given elsewhere': consent(consentOf(name, { uses: 2 }), false),
    'consent whose text cannot be read': consentPage(frame, {
      given: consentOf(name),
      shown: { ...shownIn(language, name), text: { of: 'another kind' }, language: 'se', level: '' },
      uses: [],
      now,
    }),
    ...Object.fromEntries(ended.map((of) => [`consent ended: ${of.consent.archived?.reason}`, consent(of)])),
    withdraw: withdrawPage(frame, { given: consentOf(name), csrf: CSRF }),
    accesses: accessesPage(frame, accesses),
    'accesses of one': accessesPage(frame, { ...accesses, filter: { by: { clientId: CLIENT }, year: 2025 } }),
    'own accesses': accessesPage(frame, { ...accesses, filter: { by: 'person' } }),
    'no accesses': accessesPage(frame, {
      ...accesses,
      accesses: [],
      choices: { by: [], years: [] },
      older: null,
      newest: null,
    }),
    'none of these': accessesPage(frame, { ...accesses, accesses: [], filter: { year: 2025 }, newest: null }),
    'no more accesses': accessesPage(frame, { ...accesses, accesses: [] }),
    'signing out': signingOutPage(frame, 'http://localhost:4000/testid/session/end?a=1&b=2'),
  };
}

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

const words = (page: Html): string =>
  page.text
    .replaceAll(/<head>.*?<\/head>|<svg.*?<\/svg>|<[^>]*>/gs, ' ')
    .replaceAll('\u00A0', ' ')
    .replaceAll(/\s+/g, ' ');

test('B1: what is unknown is told as unknown, before the sum and in the table, and is nowhere 0', () => {
  const page = words(debtIn('nb', [says('Svarer', true, [loans[0] as Loan]), says('Tier', false, null)]));
  assert.match(page, /Én av to långivere svarte ikke/);
  assert.ok(page.indexOf('svarte ikke') < page.indexOf('Du skylder til sammen'));
  assert.match(page, /Hva du skylder Tier ?, er ukjent\./);
  assert.match(page, /Du skylder til sammen 182 400 kr Uten det du kan skylde Tier, som er ukjent\./);
  assert.match(page, /Tier (Ukjent ){5}/);
  const unknown = words(debtIn('nb', [says('Tier', false, null)]));
  assert.match(unknown, /Långiveren svarte ikke/);
  assert.match(unknown, /Du skylder til sammen Ukjent/);
  assert.doesNotMatch(unknown, /\b0 kr/);
});

test('B1: of a creditor that did not answer it is told how old its figures are, before the sum', () => {
  const page = words(debtIn('en', [says('Silent', false, loans)]));
  assert.match(page, /The figures from Silent are from 24 November 2026 at 04:00 \(today\)/);
  assert.ok(page.indexOf('(today)') < page.indexOf('You owe in total'));
  const all = words(debtIn('nb', [says('A', false, loans), says('B', false, loans)]));
  assert.match(all, /Ingen av de to långiverne svarte/);
  assert.doesNotMatch(words(debtIn('nb', [says('A', true, loans)])), /svarte ikke/);
});

test('B1: interest is nominal, is told of what has it, and is never called effective', () => {
  for (const language of languages) {
    const page = words(debtIn(language, [says('A', true, loans)]));
    assert.match(page, language === 'en' ? /Nominal interest/ : /Nominell rente/);
    assert.doesNotMatch(page, /effekti|effecti/i);
  }
});

test('B1: co-borrowers are told in words, and that joint debt is counted in full, only where there is any', () => {
  const joint = words(debtIn('nb', [says('A', true, loans)]));
  for (const sentence of ['Du er medlåntaker', 'Du har en medlåntaker', 'er regnet med i sin helhet']) {
    assert.ok(joint.includes(sentence), sentence);
  }
  assert.doesNotMatch(words(debtIn('nb', [says('A', true, [loans[3] as Loan])])), /medlåntaker|i sin helhet/);
});

test('B1: the bars say in words what they show, the largest is as long as the space, and the smallest can be seen', () => {
  const page = debtIn('nb', [
    says('A', true, [...loans, { ...(loans[3] as Loan), nonInterestBearingBalance: 1 } as Loan]),
  ]);
  const bars = [...page.text.matchAll(/<svg class="share".*?<\/svg>/gs)].map(([bar]) => bar);
  const widths = bars.map((bar) => Number(/width="([\d.]+)"/.exec(bar)?.[1]));
  assert.deepEqual(widths, [1000, 226.3, 35.1, 6]);
  assert.match(bars[0] ?? '', /<title>A: 79\s% av det du skylder<\/title>/);
  assert.match(bars[3] ?? '', /<title>A: &lt; 1\s% av det du skylder<\/title>/);
  const split = /<svg class="split".*?<\/svg>/s.exec(page.text)?.[0] ?? '';
  const parts = [...split.matchAll(/x="([\d.]+)"\s+width="([\d.]+)"/g)].map(([, x, width]) => [
    Number(x),
    Number(width),
  ]);
  const [[x1 = 0, w1 = 0] = [], [x2 = 0, w2 = 0] = [], [x3 = 0, w3 = 0] = []] = parts;
  assert.equal(parts.length, 3);
  assert.ok(x1 === 0 && x1 + w1 < x2 && x2 + w2 < x3, 'the parts follow each other with a gap between them');
  assert.ok(Math.abs(x3 + w3 - 1000) < 0.5, 'and fill the whole');
  assert.match(split, new RegExp(`<desc>Forbrukslån: ${money('nb', 182_400_00)}\\. `));
});

test('B2: why a consent has ended is told for each reason, and once is told apart from days', () => {
  const page = words(pagesIn('nb', 'Fjordbanken ASA')['consents'] as Html);
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
  const said = (name: string) => words(pages[name] as Html);
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
