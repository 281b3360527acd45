import type { nb } from './nb.ts';

const dagar = (days: number) => (days === 1 ? '1 dag' : `${days} dagar`);

export const nn: typeof nb = {
  title: (client) => `Vil du dele gjeldsopplysningane dine med ${client}?`,
  lead: (client) => `${client} ber om å få sjå den usikra gjelda di. Du bestemmer sjølv.`,
  who: {
    heading: 'Kven spør',
    organisationNumber: (number) => `Organisasjonsnummer ${number}`,
  },
  use: {
    heading: 'Kva dei skal bruke opplysningane til',
    presentation: (client) => `${client} skal vise deg gjelda di.`,
    processing: (client) => `${client} skal vurdere søknaden din om kreditt.`,
    nothingElse:
      'Dei skal ikkje bruke opplysningane til noko anna, til dømes reklame, og ikkje gi dei vidare til andre.',
  },
  see: {
    heading: 'Kva dei får sjå',
    bullets: [
      'Forbrukslån, kredittkort, annan rammekreditt og faktureringskort i ditt namn',
      'Kven du skuldar pengar, og kven du har kreditt hos',
      'Saldo, kredittgrense, rente og gebyr',
      'Om du har lån saman med nokon, men ikkje kven',
    ],
    notSeen:
      'Dei får ikkje sjå lån med sikkerheit, til dømes bustadlån. Dei får heller ikkje sjå studielån, bankkontoar, kjøp eller andre samtykke du har gitt.',
    summary: 'Sjå alle opplysningane som kan bli delte',
    fields: [
      'Fødselsnummeret eller D-nummeret ditt',
      'Namnet på kvar långivar',
      'Om kvart lån og kvar kreditt: kva type det er, om du er medlåntakar eller har ein medlåntakar, og når långivaren henta ut tala',
      'Om kredittkort og annan rammekreditt: kredittgrensa, saldoen som det går rente på, saldoen utan rente, den nominelle renta, termingebyret og kor ofte det kjem',
      'Om forbrukslån og andre nedbetalingslån: det opphavlege lånebeløpet, saldoen, kor mange månader som er att, den nominelle renta, termingebyret og kor ofte det kjem',
      'Om faktureringskort: saldoen som det går rente på, og saldoen utan rente',
      'Kor mange långivarar som svarte, og kor mange som ikkje svarte',
      'Om dette samtykket: nummeret det har hos oss, kva det kan brukast til, og når det går ut',
    ],
  },
  duration: {
    heading: 'Kor lenge',
    forDays: (days, lastDay) => `I ${dagar(days)}, til og med ${lastDay}.`,
    shorter: 'Du kan velje kortare tid.',
    manyTimes: 'Dei kan hente opplysningane fleire gonger. Du ser kvar gong på Mi gjeld.',
    choose: 'Vel kor lenge',
    choice: (days, lastDay) => `${dagar(days)}, til og med ${lastDay}`,
    asked: (choice) => `${choice} (det\u00A0dei\u00A0ber\u00A0om)`,
    once: (latest) => `Éin gong, seinast ${latest}`,
    onceWithin: (minutes) =>
      `Dei må hente opplysningane innan ${minutes}\u00A0minutt etter at du har svart ja. Du ser på Mi gjeld om dei gjorde det.`,
  },
  changeMind: {
    heading: 'Viss du ombestemmer deg',
    days: 'Du kan trekke samtykket når som helst under «Samtykke» på Mi gjeld. Då kan dei ikkje hente meir.',
    once: 'Du kan trekke samtykket under «Samtykke» på Mi gjeld, heilt til dei har brukt det. Då kan dei ikkje hente noko.',
    alreadyFetched: (client) => `Det dei alt har henta, må du ta opp med ${client}.`,
  },
  sayNo: {
    heading: 'Viss du seier nei',
    nothing: (client) => `Ingenting blir delt. Du kjem tilbake til ${client}, som får vite at du svarte nei.`,
    presentation: 'Du kan gi dei opplysningane på ein annan måte, og du kan alltid sjå gjelda di sjølv på Mi gjeld.',
    processing: 'Dei kan be deg dokumentere gjelda di på ein annan måte.',
  },
  yes: 'Ja, eg samtykker',
  no: 'Nei, eg samtykker ikkje',
  next: (client) => `Same kva du svarer, kjem du tilbake til ${client}.`,
  answerBy: (client, time) => `Du kan svare fram til ${time}. Etter det må du starte på nytt hos ${client}.`,
  receipt: { answers: 'Du kunne svare' },
};
