import type { Language } from '../../src/html/language.ts';
import type { NinRefusal } from '../../src/person/nin.ts';

const nb = {
  title: 'Logg inn med TestID',
  lead: 'TestID er innloggingen i testmiljøet. Her er det ingen passord: Velg hvem du vil være. Alle personer, banker og beløp er oppdiktet.',
  choose: 'Velg en testperson',
  logInAs: (name: string) => `Logg inn som ${name}`,
  another: 'Eller skriv et annet syntetisk nummer',
  number: 'Fødselsnummer eller D-nummer',
  description: '11 siffer, der 80 eller 40 er lagt til måneden. Nummer til virkelige personer blir ikke tatt imot.',
  logIn: 'Logg inn',
  cancel: 'Avbryt',
  refusals: {
    not_eleven_digits: 'Skriv 11 siffer.',
    wrong_check_digits: 'Kontrollsifrene stemmer ikke. Se om du har skrevet feil.',
    not_a_date: 'Nummeret begynner ikke med en gyldig dato. Se om du har skrevet feil.',
    real_number: 'Dette ser ut som nummeret til en virkelig person. Her kan du bare bruke syntetiske nummer.',
    synthetic_number: 'Her kan du bare bruke nummer til virkelige personer.',
  } satisfies Record<NinRefusal, string>,
  back: 'Du blir sendt tilbake',
  backBody: 'Går det ikke av seg selv, bruker du lenken.',
  goOn: 'Gå videre',
};

const nn: typeof nb = {
  title: 'Logg inn med TestID',
  lead: 'TestID er innlogginga i testmiljøet. Her er det ingen passord: Vel kven du vil vere. Alle personar, bankar og beløp er oppdikta.',
  choose: 'Vel ein testperson',
  logInAs: (name) => `Logg inn som ${name}`,
  another: 'Eller skriv eit anna syntetisk nummer',
  number: 'Fødselsnummer eller D-nummer',
  description: '11 siffer, der 80 eller 40 er lagt til månaden. Nummer til verkelege personar blir ikkje tekne imot.',
  logIn: 'Logg inn',
  cancel: 'Avbryt',
  refusals: {
    not_eleven_digits: 'Skriv 11 siffer.',
    wrong_check_digits: 'Kontrollsiffera stemmer ikkje. Sjå om du har skrive feil.',
    not_a_date: 'Nummeret byrjar ikkje med ein gyldig dato. Sjå om du har skrive feil.',
    real_number: 'Dette ser ut som nummeret til ein verkeleg person. Her kan du berre bruke syntetiske nummer.',
    synthetic_number: 'Her kan du berre bruke nummer til verkelege personar.',
  },
  back: 'Du blir send tilbake',
  backBody: 'Går det ikkje av seg sjølv, bruker du lenkja.',
  goOn: 'Gå vidare',
};

const en: typeof nb = {
  title: 'Log in with TestID',
  lead: 'TestID is the login of the test environment. There are no passwords: choose who you want to be. All people, banks and amounts are made up.',
  choose: 'Choose a test person',
  logInAs: (name) => `Log in as ${name}`,
  another: 'Or enter another synthetic number',
  number: 'National identity number or D-number',
  description: '11 digits, with 80 or 40 added to the month. Numbers of real people are not accepted.',
  logIn: 'Log in',
  cancel: 'Cancel',
  refusals: {
    not_eleven_digits: 'Enter 11 digits.',
    wrong_check_digits: 'The check digits do not match. See if you have mistyped.',
    not_a_date: 'The number does not begin with a valid date. See if you have mistyped.',
    real_number: 'This looks like the number of a real person. Only synthetic numbers can be used here.',
    synthetic_number: 'Only numbers of real people can be used here.',
  },
  back: 'You are being sent back',
  backBody: 'If it does not happen by itself, use the link.',
  goOn: 'Go on',
};

/** What TestID says. Bokmål is the source: a language that lacks a text does not compile. */
export type TestIdTexts = typeof nb;

export const texts: Readonly<Record<Language, TestIdTexts>> = { nb, nn, en };

export const isRefusal = (word: unknown): word is NinRefusal => typeof word === 'string' && word in nb.refusals;
