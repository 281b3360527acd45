import { html } from '../../html/html.ts';
import { link, mail } from './links.ts';
import type { nb } from './nb.ts';

export const en: typeof nb = {
  years: (count) => (count === 1 ? '1\u00A0year' : `${count}\u00A0years`),
  days: (count) => (count === 1 ? '1\u00A0day' : `${count}\u00A0days`),

  front: {
    title: 'See your debt, and who you let see it',
    lead: 'Here you will find the unsecured debt that lenders have registered in your name, in one place. You can see who you have given consent to, and each time somebody has looked up your debt.',
    logIn: 'Log in',
    free: 'It is free. Your debt is shown only after you have logged in.',
    rows: [
      {
        heading: 'Your debt',
        text: 'What you owe and to whom, with credit limits and interest. We ask the lenders each time you open the page.',
      },
      {
        heading: 'Consents',
        text: 'Who you have allowed to look up your debt, what they will use it for, and for how long. You can withdraw a consent whenever you like.',
      },
      {
        heading: 'Who has looked',
        text: 'Every single time somebody has looked up your debt: when it was, who it was, and which consent they used.',
      },
      {
        heading: 'Has somebody asked for your consent?',
        text: 'Then you come here from them and answer on one page. You do not need to log in here first.',
      },
    ],
    notices: {
      cancelled: {
        title: 'You cancelled the login',
        text: 'You are not logged in. You can try again whenever you like.',
      },
      failed: {
        title: 'The login did not work',
        text: 'Something went wrong at the login service, or you used a login that is not secure enough. Try again.',
      },
    },
  },

  help: {
    title: 'Help',
    lead: (to) =>
      html`${to.operatorName} runs the service. If you do not find the answer here, write to us at ${mail(to.operatorEmail)}.`,
    sections: (to) => [
      {
        heading: 'Which debt you see here',
        body: [
          'You see unsecured debt. That is debt for which the lender has no security in anything that you own:',
          {
            points: [
              'consumer loans and other repayment loans without security',
              'credit cards and other credit lines, including the part of the limit that you have not used',
              'charge cards, where you pay the whole amount when the bill comes',
            ],
          },
          'You do not see mortgages, car loans and other loans with security. Nor do you see student loans, taxes, ordinary bills, or what you owe people you know.',
          'A loan that you share with somebody is shown with the whole amount to both of you. We never show who the other one is.',
        ],
      },
      {
        heading: 'When a lender does not answer',
        body: [
          'We ask the lenders each time you open the page. If one of them does not answer, we show the figures that they last delivered, and how old those are. If they have never delivered any, it says “Unknown”.',
        ],
      },
      {
        heading: 'What a consent is',
        body: [
          'A consent is your permission for one organisation to look up your debt, for one purpose and for a set time. You can always say no, and you do not need to say why.',
          html`You give most consents here, on a page that the organisation sends you to. Some you give with the organisation, which then registers them here. You will find both under ${link(to.consents, 'Consents')}.`,
        ],
      },
      {
        heading: 'How to withdraw a consent',
        body: [
          {
            steps: [
              html`Go to ${link(to.consents, 'Consents')}, and choose “Withdraw the consent” on the one in question.`,
              'Choose “Withdraw the consent” on the page that follows.',
            ],
          },
          'It takes effect at once. We cannot take back what the organisation has already looked up. If you want it deleted, you have to ask them.',
        ],
      },
      {
        heading: 'If you do not recognise a lookup',
        body: [
          {
            steps: [
              html`Find it under ${link(to.accesses, 'Who has looked')}, and open the consent that was used. There you can see when it was given, and what it covers.`,
              'Withdraw the consent if you do not want them to look up more.',
              'Ask the organisation why they looked up your debt.',
            ],
          },
          html`If you do not get an answer that you can accept, write to us at ${mail(to.operatorEmail)}. Tell us who it was and when, but do not send your national identity number. If you think that somebody is pretending to be you, tell your bank and the police too.`,
        ],
      },
      {
        heading: 'If the figures are wrong',
        body: [
          html`The lender owns the figures, and corrects them. We cannot change anything. Under ${link(to.debt, 'Your debt')} it says how to reach each lender. When they have corrected the mistake, you will see it the next time you open the page.`,
        ],
      },
    ],
  },

  privacy: {
    title: 'Privacy',
    lead: (name) => `${name} runs the service and is responsible for the information in it.`,
    kept: {
      heading: 'What we keep, and for how long',
      what: 'What',
      howLong: 'How long',
      rows: (periods) => [
        [
          'Your debt',
          'As each lender last delivered it',
          'Until the lender delivers new figures. The old ones are then deleted, so there is no debt history.',
        ],
        [
          'Your consents',
          'Who, purpose, time, how you were logged in, and the text that you saw',
          `As long as the consent is valid, and ${periods.consents} after it has ended.`,
        ],
        [
          'The log',
          'Each time somebody has looked up your debt, and each change of a consent, but never the amounts',
          `For ${periods.log}.`,
        ],
        [
          'Requests that did not become a consent',
          'Who asked, for what, and how it ended, without your name, and without your national identity number in plain text',
          `For ${periods.log}.`,
        ],
        [
          'Messages to organisations',
          'That a consent has been given or has ended, without name and national identity number',
          `For ${periods.events}.`,
        ],
        [
          'Your login',
          'Name and date of birth from the login service; your national identity number and the proof of the login, encrypted',
          'Until you log out. If you do nothing for half an hour it ends by itself, and in any case after two hours.',
        ],
      ],
    },
    sections: (to) => [
      {
        heading: 'Your national identity number',
        body: [
          'We need your national identity number or D-number to ask the lenders. It is stored encrypted. Next to it is a fingerprint of the number, made with a secret key, so that we can find your consents again without reading the number. The number itself never appears in addresses or technical logs.',
        ],
      },
      {
        heading: 'Who gets to see your debt',
        body: [
          'You do, and otherwise only organisations that you have given consent. They get your debt together with your national identity number, so that they know whose it is. They are themselves responsible for what they have looked up.',
          html`Each time somebody looks up your debt, you see it under ${link(to.accesses, 'Who has looked')}.`,
        ],
      },
      {
        heading: 'Why we may hold the information',
        body: [
          'You get to see your debt because you have a right to see information about yourself. Others get to see it because you have consented. We keep the consents and the log to be able to show what you have said yes to, and what has been done with it.',
        ],
      },
      {
        heading: 'Cookies',
        body: [
          'We only use cookies that are needed for what you ask for:',
          {
            points: [
              'one that remembers that you are logged in, until you log out',
              'a few that keep track of the login, and of a request for consent while you are answering it',
              'one that remembers the language that you have chosen, for a year',
            ],
          },
          'None of them is used for statistics or advertising, and nobody else learns anything through them.',
        ],
      },
      {
        heading: 'Your rights',
        body: [
          {
            points: [
              html`<strong>Access:</strong> When you are logged in, you see your debt, your consents and who has looked. You can ${link(to.myData, 'download the same')} as one file (JSON), in which the last five digits of your national identity number are hidden. Requests that did not become a consent are not in it. If you want to know more about what we hold on you, write to us at ${mail(to.operatorEmail)}.`,
              html`<strong>Correction:</strong> The lender corrects mistakes in the debt. ${link(to.help, 'How to go about it')}.`,
              html`<strong>Withdrawing a consent:</strong> You can do that at any time under ${link(to.consents, 'Consents')}. They still have what they looked up before that.`,
              html`<strong>Deletion:</strong> The information is deleted when the time in the table is over. We cannot delete consents and log before that: they are the proof of who got to see your debt, and why.`,
              html`<strong>Complaint:</strong> Please write to us first, at ${mail(to.operatorEmail)}. You can also complain to the Norwegian Data Protection Authority, ${link('https://www.datatilsynet.no/en/', 'Datatilsynet')}.`,
            ],
          },
        ],
      },
    ],
  },

  accessibility: {
    title: 'Accessibility statement',
    lead: 'Everybody should be able to see their debt and to answer a request for consent. Here we say what we do about that, and what we do not know.',
    sections: (to) => [
      {
        heading: 'What we aim for',
        body: [
          html`The aim is that all pages follow the Web Content Accessibility Guidelines, WCAG\u00A02.2, at level\u00A0AA. ${to.operatorName} is responsible for that.`,
        ],
      },
      {
        heading: 'How we test',
        body: [
          'Each time the service is changed, the pages are tested automatically in a real browser, with the tool axe:',
          {
            points: [
              'in Bokmål, Nynorsk and English',
              'on wide and narrow screens, with light and dark colours',
              'with the keyboard only, and without JavaScript',
              'on a screen as narrow as when the page is enlarged four times, without anything having to be scrolled sideways',
            ],
          },
        ],
      },
      {
        heading: 'What we know, and do not know',
        body: [
          'The automatic tests find no breach of the requirements. But such tests find only some of the faults. Nobody has yet tried the pages with a screen reader for us, we have not tested with users, and nobody from outside has reviewed the service. So there may be faults that we do not know of.',
          'The login itself takes place at another service. This statement does not cover it.',
        ],
      },
      {
        heading: 'Tell us about faults',
        body: [
          html`If there is something that you cannot do, write to ${mail(to.operatorEmail)}. Say which page it is about, what you tried to do, and which assistive technology you use, if any.`,
          html`If you are not satisfied with the answer, you can complain to the Norwegian authority for universal design of ICT, ${link('https://www.uutilsynet.no', 'uutilsynet')}.`,
        ],
      },
    ],
  },

  signedOut: {
    title: 'You are logged out',
    text: 'If others use this computer, you should close the browser too.',
    logIn: 'Log in again',
    front: 'To the front page',
  },
};
