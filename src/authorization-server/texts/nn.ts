import { html } from '../../html/html.ts';
import type { nb } from './nb.ts';

export const nn: typeof nb = {
  textChanged: {
    title: 'Teksten er endra etter at du opna sida',
    body: 'Svaret ditt er ikkje registrert, og ingenting er delt. Les teksten på nytt, sjå kor lenge samtykket skal gjelde, og svar igjen.',
  },
  toClient: (client) => `Gå til ${client}`,
  toConsent: 'Sjå samtykket på Mi gjeld',
  toPortal: 'Gå til Mi gjeld',
  logIn: 'Logg inn igjen',
  reference: 'Referanse viss du tek kontakt:',
  handOver: {
    returning: (client) => `Du blir no send tilbake til ${client}.`,
    stuck: 'Skjer det ingenting, bruk knappen.',
    approved: {
      title: 'Du har samtykt',
      what: (client) =>
        `${client} kan no hente gjeldsopplysningane dine. Du finn samtykket på Mi gjeld, og kan trekke det der.`,
    },
    declined: {
      title: 'Du svarte nei',
      what: (client) => `Ingenting er delt. ${client} får vite at du svarte nei, og ikkje noko meir.`,
    },
    cancelled: {
      title: 'Du avbraut innlogginga',
      what: (client) => `Ingenting er delt. ${client} får vite at du avbraut, og ikkje noko meir.`,
    },
    failed: {
      title: 'Noko gjekk gale hos oss',
      what: (client) =>
        `Vi kunne ikkje gjere ferdig førespurnaden. Ingenting er delt. Du kan starte på nytt hos ${client}.`,
    },
    expired: {
      title: 'Tida for å svare er ute',
      what: (client) => `Ingenting er delt. Vil du framleis svare, kan du starte på nytt hos ${client}.`,
    },
  },
  stops: {
    expired: {
      title: 'Førespurnaden er gått ut',
      body: (client) => [
        'Det gjekk for lang tid utan svar. Ingenting er delt.',
        `Gå tilbake til ${client} og start på nytt viss du framleis vil.`,
      ],
    },
    alreadyAnswered: {
      titles: {
        approved: 'Du har alt svart ja',
        declined: 'Du har alt svart nei',
        cancelled: 'Du har alt avbrote',
        failed: 'Førespurnaden er avslutta',
      },
      approved: (client) => `Du har gitt ${client} eitt samtykke. Det blir ikkje fleire av å svare på nytt.`,
      active: (until) => `Samtykket gjeld til ${until}. Du kan trekke det på Mi gjeld.`,
      ended: {
        used: (_client, since) =>
          `Samtykket vart brukt ${since}. Det galdt berre éin gong, og kan ikkje brukast igjen.`,
        expired: (_client, since) => `Samtykket gjekk ut ${since}, og kan ikkje brukast lenger.`,
        revoked_by_client: (client, since) => `${client} trekte samtykket ${since}, og det kan ikkje brukast lenger.`,
        revoked_by_person: (_client, since) => `Du trekte samtykket ${since}, og det kan ikkje brukast lenger.`,
        revoked_by_operator: (_client, since) => `Vi avslutta samtykket ${since}, og det kan ikkje brukast lenger.`,
      },
      declined: (client) => ['Ingenting er delt.', `Vil du svare noko anna, må du starte på nytt hos ${client}.`],
      cancelled: (client) => [
        'Du avbraut innlogginga, og ingenting er delt.',
        `Gå tilbake til ${client} og start på nytt viss du framleis vil.`,
      ],
      failed: (client) => [
        'Noko gjekk gale hos oss, så førespurnaden kunne ikkje gjerast ferdig. Ingenting er delt.',
        `Gå tilbake til ${client} og start på nytt viss du framleis vil.`,
      ],
    },
    signedOut: {
      title: 'Du er ikkje logga inn lenger',
      body: (client) => [
        `Du har ikkje svart ${client} enno, og ingenting er delt.`,
        'Logg inn igjen, så kjem du tilbake til spørsmålet.',
      ],
    },
    answeredElsewhere: {
      title: 'Du har svart i eit anna vindauge',
      body: (client) => [
        `Denne førespurnaden frå ${client} er svara på i eit anna vindauge eller ei anna fane, og det svaret gjeld.`,
        'Ingenting nytt er delt her. Samtykka dine finn du på Mi gjeld.',
      ],
    },
    someoneElse: {
      title: 'Ein annan person er logga inn',
      body: (client) => [
        'Førespurnaden vart opna av ein annan enn den som er logga inn no. Berre den som opna han, kan svare. Ingenting om deg er delt.',
        `Gå tilbake til ${client} og start på nytt, så gjeld førespurnaden deg.`,
      ],
    },
    badLink: {
      title: 'Lenkja hit er feil',
      body: [
        'Lenkja du følgde hit, er ikkje gyldig. Du har ikkje gjort noko gale, og ingenting er delt.',
        'Gå tilbake til organisasjonen du kom frå. Sei frå til dei viss det skjer igjen, for det er dei som må rette lenkja.',
      ],
      forDevelopers: 'For utviklarar hos organisasjonen: kva som er feil',
      client: [
        html`<code>client_id</code> er ikkje registrert her, eller klienten er slått av.`,
        html`Sjekk at det er klient-ID-en de fekk, og at han høyrer til dette miljøet.`,
      ],
      redirect: [
        html`<code>redirect_uri</code> er ikkje ei av adressene som er registrerte for klienten.`,
        html`Ho må vere heilt lik ei av dei, teikn for teikn: skjema, store og små bokstavar, vertsnamn, port, stig og ein eventuell skråstrek til slutt.`,
      ],
      request: [
        html`<code>request_uri</code> eller <code>request</code> er ikkje gyldig her: brukt, utgått, signert med ein nøkkel som ikkje er registrert, eller laga for ein annan klient.`,
        html`Ein <code>request_uri</code> kjem frå <code>/oauth2/par</code>, varer i 60 sekund og gjeld for éin førespurnad. Frå andre adresser hentar vi ingenting.`,
      ],
      other: [
        html`Førespurnaden kan ikkje lesast: ein parameter manglar, er gjenteken eller har ei ugyldig form. Difor sender vi heller ikkje noko svar tilbake.`,
        html`Sjekk <code>client_id</code>, <code>redirect_uri</code>, <code>response_type</code> og <code>state</code>. Kvar av dei skal vere med nøyaktig éin gong.`,
      ],
    },
    loginFailed: {
      title: 'Innlogginga lukkast ikkje',
      body: (client) => [
        `Vi fekk ikkje stadfesta kven du er. Du har ikkje svart ${client}, og ingenting er delt.`,
        'Prøv igjen, og vel ei innlogging med høgt nok tryggleiksnivå.',
      ],
    },
    switchedOff: {
      title: (client) => `${client} kan ikkje be om dette no`,
      body: (client) => [
        `Vi har slått av høvet til å gi ${client} samtykke til dette. Du kan ikkje svare, og ingenting er delt.`,
        `Spør ${client} kva du kan gjere i staden.`,
      ],
    },
    unknown: {
      title: 'Vi finn ikkje førespurnaden',
      body: [
        'Han kan vere svart på eller gått ut for ei stund sidan, eller opna i ein annan nettlesar.',
        'Har du svart ja, finn du samtykket på Mi gjeld. Vil du svare no, gå tilbake til organisasjonen du kom frå, og start på nytt.',
      ],
    },
  },
};
