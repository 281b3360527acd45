/** One page of an error: what happened, and what the reader can do. */
export interface ErrorText {
  readonly title: string;
  readonly what: string;
  readonly doThis: string;
}

/** The kinds of trouble that a person can meet. Many error codes of interfaces are one and the same to a person. */
type Trouble =
  | 'badRequest'
  | 'tooLarge'
  | 'form'
  | 'signedOut'
  | 'login'
  | 'forbidden'
  | 'consentEnded'
  | 'notFound'
  | 'tooMany'
  | 'unavailable'
  | 'ourFault';

const errors: Readonly<Record<Trouble, ErrorText>> = {
  badRequest: {
    title: 'Vi kan ikke vise siden',
    what: 'Noe stemmer ikke i adressen, eller i skjemaet hvis du sendte et. Ingenting er endret.',
    doThis: 'Gå tilbake, last siden på nytt og prøv igjen. Har du skrevet inn adressen selv, sjekk at hele er med.',
  },
  tooLarge: {
    title: 'Det du sendte, er for stort',
    what: 'Vi tok ikke imot det. Ingenting er endret.',
    doThis: 'Gå tilbake, last siden på nytt og prøv igjen.',
  },
  form: {
    title: 'Skjemaet er for gammelt',
    what: 'Siden du sendte skjemaet fra, gjelder ikke lenger. Det skjer når du har logget ut eller inn siden du åpnet den. Ingenting er endret.',
    doThis: 'Gå tilbake, last siden på nytt og prøv igjen.',
  },
  signedOut: {
    title: 'Du er ikke logget inn',
    what: 'Dette er bare for den som er logget inn. Logger du ikke ut selv, gjør vi det for deg når det har gått en stund. Ingenting er endret.',
    doThis: 'Logg inn for å fortsette.',
  },
  login: {
    title: 'Innloggingen ble ikke fullført',
    what: 'Den ble startet i en annen nettleser, tok for lang tid eller var fullført fra før. Ingenting er endret.',
    doThis: 'Start innloggingen på nytt.',
  },
  forbidden: {
    title: 'Dette har du ikke tilgang til',
    what: 'Siden finnes, men ikke for den som er logget inn her.',
    doThis: 'Gå til forsiden og finn frem derfra.',
  },
  consentEnded: {
    title: 'Samtykket gjelder ikke lenger',
    what: 'Det er brukt opp, trukket eller gått ut, så det kan ikke brukes til å hente gjeld.',
    doThis: 'Du finner alle samtykkene dine, også de som er avsluttet, når du logger inn.',
  },
  notFound: {
    title: 'Vi finner ikke siden',
    what: 'Den kan være flyttet, eller adressen kan være feil.',
    doThis: 'Sjekk at adressen er riktig, eller gå til forsiden og finn frem derfra.',
  },
  tooMany: {
    title: 'Det kom for mange forespørsler',
    what: 'Vi har stoppet opp litt, for at tjenesten skal virke for alle.',
    doThis: 'Vent et minutt, og last siden på nytt.',
  },
  unavailable: {
    title: 'Tjenesten er nede akkurat nå',
    what: 'Feilen er hos oss. Opplysningene og samtykkene dine er der fortsatt.',
    doThis: 'Prøv igjen om noen minutter.',
  },
  ourFault: {
    title: 'Noe gikk galt hos oss',
    what: 'Feilen er vår, ikke din. Den er notert i loggen vår.',
    doThis:
      'Prøv igjen. Skjer det flere ganger, skriv til oss og oppgi referansen under. Adressen står på hjelpesiden.',
  },
};

/** Bokmål, the source of the other languages. */
export const nb = {
  serviceName: 'Min gjeld',
  skip: 'Hopp til innholdet',
  sandbox: 'Testmiljø: alle personer, banker og beløp er oppdiktet.',
  navigation: 'Sidene dine',
  sections: { debt: 'Gjelden din', consents: 'Samtykker', accesses: 'Hvem har sett' },
  signedInAs: 'Logget inn som',
  signedIn: 'Logget inn',
  born: 'f.',
  signOut: 'Logg ut',
  signingOut: {
    title: 'Vi logger deg ut',
    text: 'Du er logget ut her. Nå logger vi deg ut av innloggingstjenesten også.',
    next: 'Gå videre hvis det ikke skjer av seg selv',
  },
  languages: 'Språk',
  about: 'Om tjenesten',
  help: 'Hjelp',
  privacy: 'Personvern',
  accessibility: 'Tilgjengelighetserklæring',
  errors,
  toFrontPage: 'Gå til forsiden',
  logInAgain: 'Logg inn',
  backToQuestion: 'Tilbake til spørsmålet',
  reference: 'Referanse',
};
