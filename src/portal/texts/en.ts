import { html } from '../../html/html.ts';
import type { nb } from './nb.ts';

const numbers = [
  'none',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];
const number = (count: number): string => numbers[count] ?? String(count);
const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
const inDays = (days: number): string => (days === 1 ? '1 day' : `${days} days`);

export const en: typeof nb = {
  types: {
    repaymentLoan: 'Consumer loan',
    creditFacility: 'Credit card or credit line',
    chargeCard: 'Charge card',
  },
  purposes: { presentation: 'To show your debt to you', processing: 'To assess your application for credit' },
  unknown: 'Unknown',
  notApplicable: 'Does not apply',
  organisationNumber: (digits) => `Organisation number ${digits}`,
  lenders: (answered, asked) =>
    asked === 0 ? 'No lender had anything registered in your name' : `${answered} of ${asked} lenders answered`,
  older: 'Older',
  newest: 'To the newest',
  pages: 'Pages of the list',
  ago: (days) => (days <= 0 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`),

  debt: {
    title: 'Your debt',
    lead: (when) => `Unsecured debt that lenders have registered in your name, fetched ${when}.`,
    notHere: 'Secured loans, such as a mortgage, and student loans are not shown here.',
    empty: 'No lender has registered any unsecured debt or credit in your name.',
    missing: (missing, asked) => {
      if (asked === 1) return 'The lender did not answer';
      if (missing === asked) return `None of the ${number(asked)} lenders answered`;
      return `${capital(number(missing))} of ${number(asked)} lenders did not answer`;
    },
    outdated: (name, when, ago) => html`The figures from ${name} are from ${when} (${ago}).`,
    nothingKnown: (name) => html`What you owe ${name} is unknown. They have not delivered any figures before either.`,
    askedAgain: 'We will ask again the next time you open this page.',
    total: 'You owe in total',
    without: (names) => `What you may owe ${names} is unknown and not counted.`,
    joint: 'Loans that you share with someone are counted in full.',
    split: 'What you owe, by type',
    cards: {
      repaymentLoan: 'Consumer loans',
      creditFacility: 'Credit cards and credit lines, used',
      unused: 'Credit cards and credit lines, unused',
      chargeCard: 'Charge cards',
    },
    whom: 'Who you owe money to',
    columns: {
      creditor: 'Lender',
      type: 'Type',
      owed: 'You owe',
      share: 'Share',
      limit: 'Credit limit',
      rate: 'Nominal interest',
      fee: 'Instalment fee',
    },
    drawn: (when) => html`Figures from ${when}`,
    coBorrower: { 1: 'You are a co-borrower', 2: 'You have a co-borrower' },
    borrowed: (amount) => `Borrowed ${amount}`,
    monthsLeft: (months) => (months === 1 ? '1 month left' : `${months} months left`),
    unusedOf: (amount) => `${amount} unused`,
    per: { MONTHLY: 'a month', QUARTERLY: 'a quarter', 'HALF-YEARLY': 'every half year', YEARLY: 'a year' },
    noFee: 'Not stated',
    bar: (name, percent) => `${name}: ${percent} of what you owe`,
    nothingOwed: (names) => `${names} answered that you owe nothing there.`,
    wrong: {
      heading: 'Is something wrong?',
      text: 'The lender owns the information and has to correct it. We cannot change it. Contact the lender and say what is wrong.',
      summary: 'How to reach the lenders',
      email: 'Email',
      phone: 'Phone',
      noContact: 'We do not have their contact details. You will find them on their website.',
    },
  },

  consents: {
    title: 'Consents',
    lead: 'Here you can see who you have allowed to see your debt, and each time they have done so.',
    withdrawn: (client) => html`Your consent to ${client} is withdrawn. They can no longer look up your debt with it.`,
    alreadyEnded: (client, when, why) => html`Your consent to ${client} had already ended on ${when}: ${why}.`,
    active: (count) => `Active consents (${count})`,
    noneActive: 'You have no active consents. Nobody can look up your debt by consent now.',
    moreActive: (count) =>
      count === 1
        ? 'You have one more active consent. It will appear here when one of these has ended.'
        : `You have ${count} more active consents. They will appear here when some of these have ended.`,
    ended: (count) => `Ended consents (${count})`,
    noneEnded: 'You have no ended consents.',
    noMore: 'There are no more in the list.',
    isActive: 'Active',
    hasEnded: 'Ended',
    purpose: 'Purpose',
    given: 'Given',
    validTo: 'Valid until',
    daysLeft: (days) => (days <= 0 ? 'ends today' : `${inDays(days)} left`),
    once: (time) => `Once, by ${time} at the latest`,
    lastUsed: 'Last used',
    neverUsed: 'Not used',
    uses: (count, client) =>
      count === 1
        ? `See the one time ${client} has looked up your debt`
        : `See all ${count} times ${client} has looked up your debt`,
    latestUses: (shown, count, client) => `See the latest ${shown} of ${count} times ${client} has looked up your debt`,
    allUses: 'See all under “Who has looked”',
    withdraw: 'Withdraw the consent',
    to: (client) => ` to ${client}`,
    see: 'See what you agreed to',
    who: 'Who',
    endedAt: 'Ended',
    why: 'Why',
    reasons: (client, once) => ({
      used: 'Single use, used up',
      expired: once ? 'Single use, not used in time' : 'The time ran out',
      revoked_by_client: `You withdrew it with ${client}`,
      revoked_by_person: 'You withdrew it here',
      revoked_by_operator: 'We, who run the service, ended it',
    }),
    timesUsed: 'Times used',
    countedSince: (day) => `Use before ${day} is not counted: the log goes back no further.`,
  },

  consent: {
    title: (client) => `Consent to ${client}`,
    withdrawnElsewhere: (client) =>
      `${client} has told us that the consent has ended. They do that when you withdraw it with them, or when they no longer need it.`,
    duration: 'Duration',
    days: inDays,
    once: 'Once, within 10 minutes',
    level: 'Login',
    levels: (level) => {
      if (level.endsWith('-substantial')) return 'Substantial assurance';
      return level.endsWith('-high') ? 'High assurance' : level === '' ? 'Not stated' : level;
    },
    number: 'Consent ID',
    shown: 'What you agreed to',
    shownHow: (version, language, when) =>
      `This is what was on the screen when you said yes. Shown ${when} in ${language}, version ${version} of the text.`,
    languages: { nb: 'Bokmål', nn: 'Nynorsk', en: 'English' },
    unreadable: 'The text is stored in a form that this page cannot show. It is in the file that you can download.',
    elsewhere: (client) =>
      `You gave this consent with ${client}, who registered it here. They have the text that you agreed to. Ask them for it if you want to see it.`,
    events: 'What has happened',
    when: 'When',
    what: 'What',
    gaveHere: 'You gave the consent here.',
    gaveThere: (client) => `${client} registered the consent that you gave with them.`,
    used: (client) => `${client} looked up your debt.`,
    earlierUses: (count) => (count === 1 ? '1 earlier time' : `${count} earlier times`),
    notUsed: 'The consent has not been used yet.',
    receipt: 'Download the receipt (JSON)',
    print: 'If you want it on paper, print this page from your browser.',
    back: 'To all consents',
  },

  withdraw: {
    title: (client) => `Do you want to withdraw your consent to ${client}?`,
    which: (purpose, given) => `Purpose: ${purpose}. Given ${given}.`,
    consequences: (client) => [
      `Once you have withdrawn it, ${client} cannot look up your debt with this consent.`,
      'They keep what they have already fetched. Contact them if you want it deleted.',
      'The consent is moved to “Ended consents”, and you can still see when it was used.',
    ],
    yes: 'Withdraw the consent',
    no: 'Keep the consent',
  },

  accesses: {
    title: 'Who has looked at your debt',
    lead: 'Here you can see each time someone has looked up your debt, yourself included.',
    filter: 'Show only some of them',
    by: 'Who',
    everybody: 'Everybody',
    yourself: 'Yourself',
    year: 'Year',
    allYears: 'All years',
    show: 'Show',
    showAll: 'Show all',
    count: (count) => (count === 1 ? '1 time' : `${count} times`),
    none: 'Nobody has looked up your debt.',
    noneOfThese: 'There is no lookup that matches your choice.',
    noMore: 'There are no more in the list.',
    list: 'Each time your debt was looked up',
    when: 'When',
    who: 'Who',
    ground: 'Ground',
    got: 'What they saw',
    you: 'You',
    ownVisit: 'Your own visit',
    consent: (purpose) => `Consent: ${purpose}`,
    gotNothing: 'That nothing is registered in your name',
    gotAll: 'All loans and credit',
    gotSome: 'Loans and credit, not all up to date',
    gotMeans:
      'Loans and credit are shown with lender, amounts, credit limit, interest and fees. If a lender did not answer, the figures shown are those it last delivered, or “Unknown”.',
    logFrom: (day) => `The log goes back no further than ${day}. Anything older is deleted.`,
    strange: {
      heading: 'Is there something that you do not recognise?',
      withdraw: (link) => html`Withdraw the consent under ${link}. Then they cannot look up any more.`,
      ask: 'Ask the organisation what they have used the information for, and ask them to delete what they should not have.',
      contact: (link) => html`If you did not give the consent yourself, ${link} at once.`,
      contactUs: 'contact us',
    },
    files: {
      heading: 'Take it with you',
      csv: 'Download the list (CSV)',
      all: 'Download your information (JSON)',
      what: 'The CSV file opens in a spreadsheet. The JSON file has your consents, the texts that you said yes to, this list, and your debt as it is now. That is why the download is added to the list as your own visit.',
    },
    csv: {
      name: 'who-has-looked',
      columns: [
        'Time (in Norway)',
        'Who',
        'Organisation number',
        'Ground',
        'Purpose',
        'Consent ID',
        'Lenders asked',
        'Lenders that answered',
      ],
      consent: 'Consent',
    },
  },
};
