import type { nb } from './nb.ts';

const inDays = (days: number) => (days === 1 ? '1 day' : `${days} days`);

export const en: typeof nb = {
  title: (client) => `Do you want to share your debt information with ${client}?`,
  lead: (client) => `${client} is asking to see your unsecured debt. The choice is yours.`,
  who: {
    heading: 'Who is asking',
    organisationNumber: (number) => `Organisation number ${number}`,
  },
  use: {
    heading: 'What they will use it for',
    presentation: (client) => `${client} will show your debt to you.`,
    processing: (client) => `${client} will assess your application for credit.`,
    nothingElse:
      'They are not to use the information for anything else, such as advertising, nor to pass it on to others.',
  },
  see: {
    heading: 'What they will see',
    bullets: [
      'Consumer loans, credit cards, other credit lines and charge cards in your name',
      'Who you owe money to, and who you have credit with',
      'Balances, credit limits, interest and fees',
      'Whether you share a loan with someone, but not with whom',
    ],
    notSeen:
      'They will not see secured loans, such as a mortgage. Nor will they see student loans, bank accounts, purchases or other consents that you have given.',
    summary: 'See all the information that can be shared',
    fields: [
      'Your national identity number or D-number',
      'The name of each lender',
      'For each loan and credit: which type it is, whether you are a co-borrower or have one, and when the lender extracted the figures',
      'For credit cards and other credit lines: the credit limit, the balance that bears interest, the balance without interest, the nominal interest rate, the instalment fee and how often it is charged',
      'For consumer loans and other repayment loans: the original amount, the balance, how many months remain, the nominal interest rate, the instalment fee and how often it is charged',
      'For charge cards: the balance that bears interest, and the balance without interest',
      'How many lenders answered, and how many did not',
      'About this consent: the number it has with us, what it can be used for, and when it ends',
    ],
  },
  duration: {
    heading: 'For how long',
    forDays: (days, lastDay) => `For ${inDays(days)}, up to and including ${lastDay}.`,
    shorter: 'You can choose a shorter time.',
    manyTimes: 'They can fetch the information several times. You will see each time on My debt.',
    choose: 'Choose for how long',
    choice: (days, lastDay) => `${inDays(days)}, up to and including ${lastDay}`,
    asked: (choice) => `${choice} (what\u00A0they\u00A0ask\u00A0for)`,
    once: (latest) => `Once, by ${latest} at the latest`,
    onceWithin: (minutes) =>
      `They have to fetch the information within ${minutes}\u00A0minutes of your yes. You will see on My debt whether they did.`,
  },
  changeMind: {
    heading: 'If you change your mind',
    days: 'You can withdraw your consent at any time under “Consents” on My debt. Then they cannot fetch any more.',
    once: 'You can withdraw your consent under “Consents” on My debt, until they have used it. Then they cannot fetch anything.',
    alreadyFetched: (client) => `What they have already fetched is for you to take up with ${client}.`,
  },
  sayNo: {
    heading: 'If you say no',
    nothing: (client) => `Nothing is shared. You go back to ${client}, who will be told that you said no.`,
    presentation:
      'You can give them the information in another way, and you can always see your debt yourself on My debt.',
    processing: 'They can ask you to document your debt in another way.',
  },
  yes: 'Yes, I consent',
  no: 'No, I do not consent',
  next: (client) => `Whatever you answer, you go back to ${client}.`,
  answerBy: (client, time) => `You can answer until ${time}. After that you have to start again with ${client}.`,
  receipt: { answers: 'You could answer' },
};
