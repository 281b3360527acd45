import type { nb } from './nb.ts';

export const nn: typeof nb = {
  serviceName: 'Mi gjeld',
  skip: 'Hopp til innhaldet',
  sandbox: 'Testmiljø: alle personar, bankar og beløp er oppdikta.',
  navigation: 'Sidene dine',
  sections: { debt: 'Gjelda di', consents: 'Samtykke', accesses: 'Kven har sett' },
  signedInAs: 'Logga inn som',
  signedIn: 'Logga inn',
  born: 'f.',
  signOut: 'Logg ut',
  signingOut: {
    title: 'Vi loggar deg ut',
    text: 'Du er logga ut her. No loggar vi deg ut av innloggingstenesta også.',
    next: 'Gå vidare viss det ikkje skjer av seg sjølv',
  },
  languages: 'Språk',
  about: 'Om tenesta',
  help: 'Hjelp',
  privacy: 'Personvern',
  accessibility: 'Tilgjengeerklæring',
  errors: {
    badRequest: {
      title: 'Vi kan ikkje vise sida',
      what: 'Noko stemmer ikkje i adressa, eller i skjemaet viss du sende eit. Ingenting er endra.',
      doThis: 'Gå tilbake, last sida på nytt og prøv igjen. Har du skrive inn adressa sjølv, sjekk at heile er med.',
    },
    tooLarge: {
      title: 'Det du sende, er for stort',
      what: 'Vi tok ikkje imot det. Ingenting er endra.',
      doThis: 'Gå tilbake, last sida på nytt og prøv igjen.',
    },
    form: {
      title: 'Skjemaet er for gammalt',
      what: 'Sida du sende skjemaet frå, gjeld ikkje lenger. Det skjer når du har logga ut eller inn sidan du opna henne. Ingenting er endra.',
      doThis: 'Gå tilbake, last sida på nytt og prøv igjen.',
    },
    signedOut: {
      title: 'Du er ikkje logga inn',
      what: 'Dette er berre for den som er logga inn. Loggar du ikkje ut sjølv, gjer vi det for deg når det har gått ei stund. Ingenting er endra.',
      doThis: 'Logg inn for å halde fram.',
    },
    login: {
      title: 'Innlogginga vart ikkje fullført',
      what: 'Ho vart starta i ein annan nettlesar, tok for lang tid eller var fullført frå før. Ingenting er endra.',
      doThis: 'Start innlogginga på nytt.',
    },
    forbidden: {
      title: 'Dette har du ikkje tilgang til',
      what: 'Sida finst, men ikkje for den som er logga inn her.',
      doThis: 'Gå til framsida og finn fram derifrå.',
    },
    consentEnded: {
      title: 'Samtykket gjeld ikkje lenger',
      what: 'Det er brukt opp, trekt eller gått ut, så det kan ikkje brukast til å hente gjeld.',
      doThis: 'Du finn alle samtykka dine, også dei som er avslutta, når du loggar inn.',
    },
    notFound: {
      title: 'Vi finn ikkje sida',
      what: 'Ho kan vere flytta, eller adressa kan vere feil.',
      doThis: 'Sjekk at adressa er rett, eller gå til framsida og finn fram derifrå.',
    },
    tooMany: {
      title: 'Det kom for mange førespurnader',
      what: 'Vi har stoppa opp litt, for at tenesta skal verke for alle.',
      doThis: 'Vent eit minutt, og last sida på nytt.',
    },
    unavailable: {
      title: 'Tenesta er nede akkurat no',
      what: 'Feilen er hos oss. Opplysningane og samtykka dine er der framleis.',
      doThis: 'Prøv igjen om nokre minutt.',
    },
    ourFault: {
      title: 'Noko gjekk gale hos oss',
      what: 'Feilen er vår, ikkje din. Han er notert i loggen vår.',
      doThis:
        'Prøv igjen. Skjer det fleire gonger, skriv til oss og oppgi referansen under. Adressa står på hjelpesida.',
    },
  },
  toFrontPage: 'Gå til framsida',
  logInAgain: 'Logg inn',
  backToQuestion: 'Tilbake til spørsmålet',
  reference: 'Referanse',
};
