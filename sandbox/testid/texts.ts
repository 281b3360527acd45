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
  shows: {
    '14842249091': 'Har lån eller kreditt hos seks långivere, av alle tre slag. Alle svarer.',
    '29868099311':
      'Skylder seks långivere penger: fire svarer, én svarer aldri, men har levert opplysninger, og én svarer aldri og har ikke levert noe.',
    '07857193886': 'Skylder ingen noe.',
    '19828891203': 'Har et lån sammen med Samstemt Selje, vist i sin helhet for hver av dem, og et kort alene.',
    '23879191211': 'Er medlåntaker på lånet til Samstemt Svane, vist i sin helhet for hver av dem.',
    '05886791269': 'Har lån eller kreditt hos tolv långivere, og alle svarer: slik ser en lang liste ut.',
    '48918391250': 'Har D-nummer (40 lagt til dagen), og skylder to långivere penger.',
  } as Readonly<Partial<Record<string, string>>>,
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
  shows: {
    '14842249091': 'Har lån eller kreditt hos seks långivarar, av alle tre slag. Alle svarer.',
    '29868099311':
      'Skuldar seks långivarar pengar: fire svarer, éin svarer aldri, men har levert opplysningar, og éin svarer aldri og har ikkje levert noko.',
    '07857193886': 'Skuldar ingen noko.',
    '19828891203': 'Har eit lån saman med Samstemt Selje, vist i sin heilskap for kvar av dei, og eit kort åleine.',
    '23879191211': 'Er medlåntakar på lånet til Samstemt Svane, vist i sin heilskap for kvar av dei.',
    '05886791269': 'Har lån eller kreditt hos tolv långivarar, og alle svarer: slik ser ei lang liste ut.',
    '48918391250': 'Har D-nummer (40 lagt til dagen), og skuldar to långivarar pengar.',
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
  shows: {
    '14842249091': 'Has loans or credit with six lenders, of all three kinds. All of them answer.',
    '29868099311':
      'Owes six lenders money: four answer, one never answers but has delivered information, and one never answers and has delivered nothing.',
    '07857193886': 'Owes nobody anything.',
    '19828891203': 'Has a loan together with Samstemt Selje, shown in full for each of them, and a card alone.',
    '23879191211': 'Is the co-borrower on the loan of Samstemt Svane, shown in full for each of them.',
    '05886791269':
      'Has loans or credit with twelve lenders, and all of them answer: this is what a long list looks like.',
    '48918391250': 'Has a D-number (40 added to the day), and owes two lenders money.',
  },
  back: 'You are being sent back',
  backBody: 'If it does not happen by itself, use the link.',
  goOn: 'Go on',
};

/** What TestID says. Bokmål is the source: a language that lacks a text does not compile. */
export type TestIdTexts = typeof nb;

export const texts: Readonly<Record<Language, TestIdTexts>> = { nb, nn, en };

export const isRefusal = (word: unknown): word is NinRefusal => typeof word === 'string' && word in nb.refusals;
