import type { Access } from '../../src/audit/access-log.ts';
import { archiveReasons, expiryOf, type ArchiveReason, type Duration } from '../../src/consent/consent.ts';
import type { GivenConsent } from '../../src/consent/list.ts';
import { consentText } from '../../src/consent-request/consent-text.ts';
import type { Loan } from '../../src/creditors/loan.ts';
import type { CreditorDebt } from '../../src/debt/debt-information.ts';
import type { Html } from '../../src/html/html.ts';
import { type Language } from '../../src/html/language.ts';
import type { Frame } from '../../src/html/layout.ts';
import { accessesPage } from '../../src/portal/accesses.page.ts';
import { consentPage } from '../../src/portal/consent.page.ts';
import { consentsPage } from '../../src/portal/consents.page.ts';
import { overviewOf } from '../../src/portal/debt-overview.ts';
import { debtPage } from '../../src/portal/debt.page.ts';
import { signingOutPage } from '../../src/html/signing-out-page.ts';
import { withdrawPage } from '../../src/portal/withdraw.page.ts';

export const now = new Date('2026-11-24T08:41:00.000Z');
const given = new Date('2026-11-22T13:17:00.000Z');
const ID = '01a206a3-a2c2-70bb-8e96-f2f17e76cab8';
const CLIENT = 'a0000000-0000-4000-8000-000000000002';
export const CSRF = 'proof-of-where-it-comes-from';

export const frameIn = (language: Language): Frame => ({
  language,
  address: '/consents',
  sandbox: true,
  portalUrl: 'http://localhost:4000',
  traceId: '0198c1f2a3b44d5e9f60718293a4b5c6',
  signedIn: { name: 'Lise Fjell', born: '02.11.1984', signOut: { action: '/logout', csrf: CSRF } },
  section: 'consents',
});

const loanBase = { accountId: 'a', timestamp: '2026-11-24T03:00:00.000Z' };
export const loans: readonly Loan[] = [
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

export const says = (name: string, answered: boolean, held: readonly Loan[] | null, told = true): CreditorDebt => ({
  creditor: {
    id: '210437185',
    name,
    providerId: 'p',
    baseUrl: 'http://x',
    clientCertificate: null,
    contact: told ? { email: `${name}@bank.example`, phone: '+47 00 70 10 01' } : { email: null, phone: null },
  },
  answered,
  loans: held,
  drawnAt: held?.[0]?.timestamp ?? null,
});

export function consentOf(
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

export const useBy = (client: string | null, more: Partial<Access> = {}): Access => ({
  at: now,
  by: client === null ? null : { clientId: CLIENT, name: client, organisationNumber: '314159276' },
  consentId: client === null ? null : ID,
  purpose: client === null ? null : 'processing',
  creditorsAsked: 6,
  creditorsAnswered: 4,
  ...more,
});

export const shownIn = (language: Language, client: string) => ({
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

export const debtIn = (language: Language, debts: readonly CreditorDebt[]): Html =>
  debtPage(frameIn(language), { overview: overviewOf(debts), at: now });

/** Every page of oneself, in each of its states, by a name for failures. */
export function pagesIn(language: Language, name: string): Readonly<Record<string, Html>> {
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

/** A page's words, without those of graphics, with ordinary spaces. */
export const wordsIn = (page: Html): string =>
  page.text
    .replaceAll(/<head>.*?<\/head>|<svg.*?<\/svg>|<[^>]*>/gs, ' ')
    .replaceAll('\u00A0', ' ')
    .replaceAll(/\s+/g, ' ');
