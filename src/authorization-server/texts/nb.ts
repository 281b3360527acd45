import { html } from '../../html/html.ts';

export const nb = {
  textChanged: {
    title: 'Teksten er endret etter at du åpnet siden',
    body: 'Svaret ditt er ikke registrert, og ingenting er delt. Les teksten på nytt, se hvor lenge samtykket skal gjelde, og svar igjen.',
  },
  toClient: (client: string) => `Gå til ${client}`,
  toConsent: 'Se samtykket på Min gjeld',
  toPortal: 'Gå til Min gjeld',
  logIn: 'Logg inn igjen',
  reference: 'Referanse hvis du tar kontakt:',
  handOver: {
    returning: (client: string) => `Du blir nå sendt tilbake til ${client}.`,
    stuck: 'Skjer det ingenting, bruk knappen.',
    approved: {
      title: 'Du har samtykket',
      what: (client: string) =>
        `${client} kan nå hente gjeldsopplysningene dine. Du finner samtykket på Min gjeld, og kan trekke det der.`,
    },
    declined: {
      title: 'Du svarte nei',
      what: (client: string) => `Ingenting er delt. ${client} får vite at du svarte nei, og ikke noe mer.`,
    },
    cancelled: {
      title: 'Du avbrøt innloggingen',
      what: (client: string) => `Ingenting er delt. ${client} får vite at du avbrøt, og ikke noe mer.`,
    },
    failed: {
      title: 'Noe gikk galt hos oss',
      what: (client: string) =>
        `Vi kunne ikke gjøre ferdig forespørselen. Ingenting er delt. Du kan starte på nytt hos ${client}.`,
    },
    expired: {
      title: 'Tiden for å svare er ute',
      what: (client: string) => `Ingenting er delt. Vil du fortsatt svare, kan du starte på nytt hos ${client}.`,
    },
  },
  stops: {
    expired: {
      title: 'Forespørselen er utløpt',
      body: (client: string) => [
        'Det gikk for lang tid uten svar. Ingenting er delt.',
        `Gå tilbake til ${client} og start på nytt hvis du fortsatt vil.`,
      ],
    },
    alreadyAnswered: {
      titles: {
        approved: 'Du har allerede svart ja',
        declined: 'Du har allerede svart nei',
        cancelled: 'Du har allerede avbrutt',
        failed: 'Forespørselen er avsluttet',
      },
      approved: (client: string) => `Du har gitt ${client} ett samtykke. Det blir ikke flere av å svare på nytt.`,
      active: (until: string) => `Samtykket gjelder til ${until}. Du kan trekke det på Min gjeld.`,
      ended: {
        used: (_client: string, since: string) =>
          `Samtykket ble brukt ${since}. Det gjaldt bare én gang, og kan ikke brukes igjen.`,
        expired: (_client: string, since: string) => `Samtykket gikk ut ${since}, og kan ikke brukes lenger.`,
        revoked_by_client: (client: string, since: string) =>
          `${client} trakk samtykket ${since}, og det kan ikke brukes lenger.`,
        revoked_by_person: (_client: string, since: string) =>
          `Du trakk samtykket ${since}, og det kan ikke brukes lenger.`,
        revoked_by_operator: (_client: string, since: string) =>
          `Vi avsluttet samtykket ${since}, og det kan ikke brukes lenger.`,
      },
      declined: (client: string) => [
        'Ingenting er delt.',
        `Vil du svare noe annet, må du starte på nytt hos ${client}.`,
      ],
      cancelled: (client: string) => [
        'Du avbrøt innloggingen, og ingenting er delt.',
        `Gå tilbake til ${client} og start på nytt hvis du fortsatt vil.`,
      ],
      failed: (client: string) => [
        'Noe gikk galt hos oss, så forespørselen kunne ikke gjøres ferdig. Ingenting er delt.',
        `Gå tilbake til ${client} og start på nytt hvis du fortsatt vil.`,
      ],
    },
    signedOut: {
      title: 'Du er ikke logget inn lenger',
      body: (client: string) => [
        `Du har ikke svart ${client} ennå, og ingenting er delt.`,
        'Logg inn igjen, så kommer du tilbake til spørsmålet.',
      ],
    },
    answeredElsewhere: {
      title: 'Du har svart i et annet vindu',
      body: (client: string) => [
        `Denne forespørselen fra ${client} er besvart i et annet vindu eller en annen fane, og det svaret gjelder.`,
        'Ingenting nytt er delt her. Samtykkene dine finner du på Min gjeld.',
      ],
    },
    someoneElse: {
      title: 'En annen person er logget inn',
      body: (client: string) => [
        'Forespørselen ble åpnet av en annen enn den som er logget inn nå. Bare den som åpnet den, kan svare. Ingenting om deg er delt.',
        `Gå tilbake til ${client} og start på nytt, så gjelder forespørselen deg.`,
      ],
    },
    badLink: {
      title: 'Lenken hit er feil',
      body: [
        'Lenken du fulgte hit, er ikke gyldig. Du har ikke gjort noe galt, og ingenting er delt.',
        'Gå tilbake til organisasjonen du kom fra. Si fra til dem hvis det skjer igjen, for det er de som må rette lenken.',
      ],
      forDevelopers: 'For utviklere hos organisasjonen: hva som er feil',
      client: [
        html`<code>client_id</code> er ikke registrert her, eller klienten er slått av.`,
        html`Sjekk at det er klient-ID-en dere fikk, og at den hører til dette miljøet.`,
      ],
      redirect: [
        html`<code>redirect_uri</code> er ikke en av adressene som er registrert for klienten.`,
        html`Den må være helt lik en av dem, tegn for tegn: skjema, store og små bokstaver, vertsnavn, port, sti og en eventuell skråstrek til slutt.`,
      ],
      request: [
        html`<code>request_uri</code> eller <code>request</code> er ikke gyldig her: brukt, utløpt, signert med en nøkkel som ikke er registrert, eller laget for en annen klient.`,
        html`En <code>request_uri</code> kommer fra <code>/oauth2/par</code>, varer i 60 sekunder og gjelder for én forespørsel. Andre adresser henter vi ingenting fra.`,
      ],
      other: [
        html`Forespørselen kan ikke leses: en parameter mangler, er gjentatt eller har en ugyldig form. Derfor sender vi heller ikke noe svar tilbake.`,
        html`Sjekk <code>client_id</code>, <code>redirect_uri</code>, <code>response_type</code> og <code>state</code>. Hver av dem skal være med nøyaktig én gang.`,
      ],
    },
    loginFailed: {
      title: 'Innloggingen lyktes ikke',
      body: (client: string) => [
        `Vi fikk ikke bekreftet hvem du er. Du har ikke svart ${client}, og ingenting er delt.`,
        'Prøv igjen, og velg en innlogging med høyt nok sikkerhetsnivå.',
      ],
    },
    switchedOff: {
      title: (client: string) => `${client} kan ikke be om dette nå`,
      body: (client: string) => [
        `Vi har slått av muligheten til å gi ${client} samtykke til dette. Du kan ikke svare, og ingenting er delt.`,
        `Spør ${client} hva du kan gjøre i stedet.`,
      ],
    },
    unknown: {
      title: 'Vi finner ikke forespørselen',
      body: [
        'Den kan være besvart eller utløpt for en stund siden, eller åpnet i en annen nettleser.',
        'Har du svart ja, finner du samtykket på Min gjeld. Vil du svare nå, gå tilbake til organisasjonen du kom fra, og start på nytt.',
      ],
    },
  },
};
