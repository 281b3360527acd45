const dager = (days: number) => (days === 1 ? '1 dag' : `${days} dager`);

export const nb = {
  title: (client: string) => `Vil du dele gjeldsopplysningene dine med ${client}?`,
  lead: (client: string) => `${client} ber om å få se den usikrede gjelden din. Du bestemmer selv.`,
  who: {
    heading: 'Hvem spør',
    organisationNumber: (number: string) => `Organisasjonsnummer ${number}`,
  },
  use: {
    heading: 'Hva de skal bruke opplysningene til',
    presentation: (client: string) => `${client} skal vise deg gjelden din.`,
    processing: (client: string) => `${client} skal vurdere søknaden din om kreditt.`,
    nothingElse:
      'De skal ikke bruke opplysningene til noe annet, for eksempel reklame, og ikke gi dem videre til andre.',
  },
  see: {
    heading: 'Hva de får se',
    bullets: [
      'Forbrukslån, kredittkort, annen rammekreditt og faktureringskort i ditt navn',
      'Hvem du skylder penger, og hvem du har kreditt hos',
      'Saldo, kredittgrense, rente og gebyrer',
      'Om du har lån sammen med noen, men ikke hvem',
    ],
    notSeen:
      'De får ikke se lån med sikkerhet, for eksempel boliglån. De får heller ikke se studielån, bankkontoer, kjøp eller andre samtykker du har gitt.',
    summary: 'Se alle opplysningene som kan bli delt',
    fields: [
      'Fødselsnummeret eller D-nummeret ditt',
      'Navnet på hver långiver',
      'Om hvert lån og hver kreditt: hvilken type det er, om du er medlåntaker eller har en medlåntaker, og når långiveren hentet ut tallene',
      'Om kredittkort og annen rammekreditt: kredittgrensen, saldoen som det løper rente på, saldoen uten rente, den nominelle renten, termingebyret og hvor ofte det kommer',
      'Om forbrukslån og andre nedbetalingslån: det opprinnelige lånebeløpet, saldoen, hvor mange måneder som er igjen, den nominelle renten, termingebyret og hvor ofte det kommer',
      'Om faktureringskort: saldoen som det løper rente på, og saldoen uten rente',
      'Hvor mange långivere som svarte, og hvor mange som ikke svarte',
      'Om dette samtykket: nummeret det har hos oss, hva det kan brukes til, og når det går ut',
    ],
  },
  duration: {
    heading: 'Hvor lenge',
    forDays: (days: number, lastDay: string) => `I ${dager(days)}, til og med ${lastDay}.`,
    shorter: 'Du kan velge kortere tid.',
    manyTimes: 'De kan hente opplysningene flere ganger. Du ser hver gang på Min gjeld.',
    choose: 'Velg hvor lenge',
    choice: (days: number, lastDay: string) => `${dager(days)}, til og med ${lastDay}`,
    asked: (choice: string) => `${choice} (det\u00A0de\u00A0ber\u00A0om)`,
    once: (latest: string) => `Én gang, senest ${latest}`,
    onceWithin: (minutes: number) =>
      `De må hente opplysningene innen ${minutes}\u00A0minutter etter at du har svart ja. Du ser på Min gjeld om de gjorde det.`,
  },
  changeMind: {
    heading: 'Hvis du ombestemmer deg',
    days: 'Du kan trekke samtykket når som helst under «Samtykker» på Min gjeld. Da kan de ikke hente mer.',
    once: 'Du kan trekke samtykket under «Samtykker» på Min gjeld, helt til de har brukt det. Da kan de ikke hente noe.',
    alreadyFetched: (client: string) => `Det de allerede har hentet, må du ta opp med ${client}.`,
  },
  sayNo: {
    heading: 'Hvis du sier nei',
    nothing: (client: string) => `Ingenting blir delt. Du kommer tilbake til ${client}, som får vite at du svarte nei.`,
    presentation: 'Du kan gi dem opplysningene på en annen måte, og du kan alltid se gjelden din selv på Min gjeld.',
    processing: 'De kan be deg dokumentere gjelden din på en annen måte.',
  },
  yes: 'Ja, jeg samtykker',
  no: 'Nei, jeg samtykker ikke',
  next: (client: string) => `Uansett hva du svarer, kommer du tilbake til ${client}.`,
  answerBy: (client: string, time: string) =>
    `Du kan svare frem til ${time}. Etter det må du starte på nytt hos ${client}.`,
  receipt: { answers: 'Du kunne svare' },
};
