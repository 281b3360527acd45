import { html } from '../../html/html.ts';
import type { Section } from '../../html/prose.ts';
import { link, mail, type Links } from './links.ts';

/** How long each kind of information is kept, in words: `3 år`. */
export interface Periods {
  readonly consents: string;
  readonly log: string;
  readonly events: string;
}

/** Bokmål, the source of the other languages. */
export const nb = {
  years: (count: number) => `${count}\u00A0år`,
  days: (count: number) => `${count}\u00A0dager`,

  front: {
    title: 'Se gjelden din, og hvem du lar se den',
    lead: 'Her finner du den usikrede gjelden som långivere har registrert på deg, samlet på ett sted. Du ser hvem du har gitt samtykke, og hver gang noen har hentet gjelden din.',
    logIn: 'Logg inn',
    free: 'Det er gratis. Gjelden din vises først når du har logget inn.',
    rows: [
      {
        heading: 'Gjelden din',
        text: 'Hva du skylder og hvem du skylder det, med kredittgrenser og renter. Vi spør långiverne hver gang du åpner siden.',
      },
      {
        heading: 'Samtykker',
        text: 'Hvem du har latt hente gjelden din, hva de skal bruke den til, og hvor lenge. Du kan trekke et samtykke når du vil.',
      },
      {
        heading: 'Hvem har sett',
        text: 'Hver eneste gang noen har hentet gjelden din: når det var, hvem det var, og hvilket samtykke de brukte.',
      },
      {
        heading: 'Har noen bedt om samtykke?',
        text: 'Da kommer du hit fra dem og svarer på én side. Du trenger ikke å logge inn her først.',
      },
    ],
    notices: {
      cancelled: { title: 'Du avbrøt innloggingen', text: 'Du er ikke logget inn. Prøv gjerne igjen.' },
      failed: {
        title: 'Innloggingen lyktes ikke',
        text: 'Noe gikk galt hos innloggingstjenesten, eller du brukte en innlogging som ikke er sikker nok. Prøv igjen.',
      },
    },
  },

  help: {
    title: 'Hjelp',
    lead: (to: Links) =>
      html`${to.operatorName} driver tjenesten. Finner du ikke svaret her, skriv til oss på ${mail(to.operatorEmail)}.`,
    sections: (to: Links): readonly Section[] => [
      {
        heading: 'Hvilken gjeld du ser her',
        body: [
          'Du ser usikret gjeld. Det er gjeld der långiveren ikke har sikkerhet i noe du eier:',
          {
            points: [
              'forbrukslån og andre nedbetalingslån uten sikkerhet',
              'kredittkort og annen rammekreditt, også den delen av rammen du ikke har brukt',
              'faktureringskort, der du betaler hele beløpet når regningen kommer',
            ],
          },
          'Du ser ikke boliglån, billån og andre lån med sikkerhet. Du ser heller ikke studielån, skatt, vanlige regninger eller det du skylder folk du kjenner.',
          'Et lån du har sammen med noen, står med hele beløpet hos dere begge. Vi viser aldri hvem den andre er.',
        ],
      },
      {
        heading: 'Når en långiver ikke svarer',
        body: [
          'Vi spør långiverne hver gang du åpner siden. Svarer en av dem ikke, viser vi tallene de sist leverte, og hvor gamle de er. Har de aldri levert noe, står det «Ukjent».',
        ],
      },
      {
        heading: 'Hva et samtykke er',
        body: [
          'Et samtykke er din tillatelse til at én organisasjon henter gjelden din, til ett formål og i en bestemt tid. Du kan alltid si nei, og du trenger ikke å si hvorfor.',
          html`De fleste samtykker gir du her, på en side som organisasjonen sender deg til. Noen gir du hos organisasjonen, som så registrerer det her. Du finner begge deler under ${link(to.consents, 'Samtykker')}.`,
        ],
      },
      {
        heading: 'Slik trekker du et samtykke',
        body: [
          {
            steps: [
              html`Gå til ${link(to.consents, 'Samtykker')}, og velg «Trekk samtykket» der det gjelder.`,
              'Velg «Trekk samtykket» på siden du kommer til.',
            ],
          },
          'Det virker med en gang. Det organisasjonen allerede har hentet, kan vi ikke ta tilbake. Vil du ha det slettet, må du be dem om det.',
        ],
      },
      {
        heading: 'Hvis du ikke kjenner igjen et oppslag',
        body: [
          {
            steps: [
              html`Finn oppslaget under ${link(to.accesses, 'Hvem har sett')}, og åpne samtykket det ble gjort med. Der ser du når det ble gitt, og hva det gjelder.`,
              'Trekk samtykket hvis du ikke vil at de skal hente mer.',
              'Spør organisasjonen hvorfor de hentet gjelden din.',
            ],
          },
          html`Får du ikke et svar du kan godta, skriv til oss på ${mail(to.operatorEmail)}. Fortell hvem det var og når, men ikke send fødselsnummeret ditt. Tror du at noen utgir seg for å være deg, si fra til banken din og til politiet også.`,
        ],
      },
      {
        heading: 'Hvis tallene er feil',
        body: [
          html`Det er långiveren som eier tallene, og som retter dem. Vi kan ikke endre noe. Under ${link(to.debt, 'Gjelden din')} står det hvordan du når hver långiver. Når de har rettet feilen, ser du det neste gang du åpner siden.`,
        ],
      },
    ],
  },

  privacy: {
    title: 'Personvern',
    lead: (name: string) => `${name} driver tjenesten og er ansvarlig for opplysningene i den.`,
    kept: {
      heading: 'Hva vi lagrer, og hvor lenge',
      what: 'Hva',
      howLong: 'Hvor lenge',
      rows: (periods: Periods): readonly (readonly [what: string, more: string, howLong: string])[] => [
        [
          'Gjelden din',
          'Slik hver långiver sist leverte den',
          'Til långiveren leverer nye tall. De gamle slettes da, så det finnes ingen gjeldshistorikk.',
        ],
        [
          'Samtykkene dine',
          'Hvem, formål, tid, hvordan du var logget inn, og teksten du så',
          `Så lenge samtykket gjelder, og ${periods.consents} etter at det er avsluttet.`,
        ],
        [
          'Loggen',
          'Hver gang noen har hentet gjelden din, og hver endring av et samtykke, men aldri beløpene',
          `I ${periods.log}.`,
        ],
        [
          'Forespørsler som ikke ble til samtykke',
          'Hvem som spurte, om hva, og hva det endte med, uten navnet ditt og uten fødselsnummeret i klartekst',
          `I ${periods.log}.`,
        ],
        [
          'Beskjeder til organisasjoner',
          'Om at et samtykke er gitt eller avsluttet, uten navn og fødselsnummer',
          `I ${periods.events}.`,
        ],
        [
          'Innloggingen din',
          'Navn og fødselsdato fra innloggingstjenesten; fødselsnummeret og beviset på innloggingen, kryptert',
          'Til du logger ut. Gjør du ikke noe på en halvtime, tar den slutt av seg selv, og uansett etter to timer.',
        ],
      ],
    },
    sections: (to: Links): readonly Section[] => [
      {
        heading: 'Fødselsnummeret ditt',
        body: [
          'Vi trenger fødselsnummeret eller D-nummeret ditt for å spørre långiverne. Det er lagret kryptert. Ved siden av ligger et fingeravtrykk av nummeret, laget med en hemmelig nøkkel, slik at vi kan finne igjen samtykkene dine uten å lese nummeret. Fødselsnummeret står aldri i adresser eller tekniske logger.',
        ],
      },
      {
        heading: 'Hvem som får se gjelden din',
        body: [
          'Det gjør du, og ellers bare organisasjoner som du har gitt samtykke. De får gjelden din sammen med fødselsnummeret, så de vet hvem den gjelder. De har selv ansvaret for det de har hentet.',
          html`Hver gang noen henter gjelden din, ser du det under ${link(to.accesses, 'Hvem har sett')}.`,
        ],
      },
      {
        heading: 'Hvorfor vi kan ha opplysningene',
        body: [
          'Du får se gjelden din fordi du har rett til å se opplysninger om deg selv. Andre får se den fordi du har samtykket. Samtykkene og loggen tar vi vare på for å kunne vise hva du har sagt ja til, og hva som er gjort med det.',
        ],
      },
      {
        heading: 'Informasjonskapsler',
        body: [
          'Vi bruker bare informasjonskapsler som trengs for det du ber om:',
          {
            points: [
              'én som husker at du er logget inn, til du logger ut',
              'noen få som holder styr på innloggingen, og på en forespørsel om samtykke mens du svarer på den',
              'én som husker språket du har valgt, i et år',
            ],
          },
          'Ingen av dem brukes til statistikk eller reklame, og ingen andre får vite noe gjennom dem.',
        ],
      },
      {
        heading: 'Rettighetene dine',
        body: [
          {
            points: [
              html`<strong>Innsyn:</strong> Når du er logget inn, ser du gjelden, samtykkene og hvem som har sett. Du kan ${link(to.myData, 'laste ned det samme')} som én fil (JSON), der de fem siste sifrene i fødselsnummeret er skjult. Forespørsler som ikke ble til samtykke, er ikke med. Vil du vite mer om hva vi har om deg, skriv til oss på ${mail(to.operatorEmail)}.`,
              html`<strong>Retting:</strong> Det er långiveren som retter feil i gjelden. ${link(to.help, 'Slik går du frem')}.`,
              html`<strong>Trekke samtykke:</strong> Det kan du gjøre når som helst under ${link(to.consents, 'Samtykker')}. Det de har hentet før det, har de fortsatt.`,
              html`<strong>Sletting:</strong> Opplysningene slettes når tiden i tabellen er ute. Vi kan ikke slette samtykker og logg før det, for de er beviset på hvem som fikk se gjelden din, og hvorfor.`,
              html`<strong>Klage:</strong> Skriv gjerne til oss først, på ${mail(to.operatorEmail)}. Du kan også klage til ${link('https://www.datatilsynet.no', 'Datatilsynet')}.`,
            ],
          },
        ],
      },
    ],
  },

  accessibility: {
    title: 'Tilgjengelighetserklæring',
    lead: 'Alle skal kunne se gjelden sin og svare på en forespørsel om samtykke. Her står det hva vi gjør for det, og hva vi ikke vet.',
    sections: (to: Links): readonly Section[] => [
      {
        heading: 'Hva vi sikter mot',
        body: [
          html`Målet er at alle sidene følger retningslinjene for tilgjengelig webinnhold, <span lang="en">WCAG</span>\u00A02.2, på nivå AA. ${to.operatorName} har ansvaret for det.`,
        ],
      },
      {
        heading: 'Hvordan vi tester',
        body: [
          'Hver gang tjenesten endres, blir sidene testet automatisk i en ekte nettleser, med verktøyet axe:',
          {
            points: [
              'på bokmål, nynorsk og engelsk',
              'på bred og smal skjerm, med lyse og mørke farger',
              'med bare tastatur, og uten JavaScript',
              'på en skjerm så smal som når siden er forstørret fire ganger, uten at noe må rulles sidelengs',
            ],
          },
        ],
      },
      {
        heading: 'Hva vi vet, og ikke vet',
        body: [
          'De automatiske testene finner ingen brudd på kravene. Men slike tester finner bare en del av feilene. Ingen har ennå prøvd sidene med skjermleser for oss, vi har ikke testet med brukere, og ingen utenfra har gått gjennom tjenesten. Det kan derfor være feil vi ikke kjenner til.',
          'Selve innloggingen skjer hos en annen tjeneste. Denne erklæringen gjelder ikke den.',
        ],
      },
      {
        heading: 'Si fra om feil',
        body: [
          html`Er det noe du ikke får til, skriv til ${mail(to.operatorEmail)}. Si hvilken side det gjelder, hva du prøvde på, og hvilket hjelpemiddel du eventuelt bruker.`,
          html`Er du ikke fornøyd med svaret, kan du klage til ${link('https://www.uutilsynet.no', 'Tilsynet for universell utforming av ikt')}.`,
        ],
      },
    ],
  },

  signedOut: {
    title: 'Du er logget ut',
    text: 'Er det andre som bruker denne maskinen, bør du lukke nettleseren også.',
    logIn: 'Logg inn igjen',
    front: 'Til forsiden',
  },
};
