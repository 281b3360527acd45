import { html } from '../../html/html.ts';
import { link, mail } from './links.ts';
import type { nb } from './nb.ts';

export const nn: typeof nb = {
  years: (count) => `${count}\u00A0år`,
  days: (count) => `${count}\u00A0dagar`,

  front: {
    title: 'Sjå gjelda di, og kven du lèt sjå henne',
    lead: 'Her finn du den usikra gjelda som långivarar har registrert på deg, samla på éin stad. Du ser kven du har gitt samtykke, og kvar gong nokon har henta gjelda di.',
    logIn: 'Logg inn',
    free: 'Det er gratis. Gjelda di blir først vist når du har logga inn.',
    rows: [
      {
        heading: 'Gjelda di',
        text: 'Kva du skuldar og kven du skuldar det, med kredittgrenser og renter. Vi spør långivarane kvar gong du opnar sida.',
      },
      {
        heading: 'Samtykke',
        text: 'Kven du har late hente gjelda di, kva dei skal bruke henne til, og kor lenge. Du kan trekke eit samtykke når du vil.',
      },
      {
        heading: 'Kven har sett',
        text: 'Kvar einaste gong nokon har henta gjelda di: når det var, kven det var, og kva samtykke dei brukte.',
      },
      {
        heading: 'Har nokon bede om samtykke?',
        text: 'Då kjem du hit frå dei og svarer på éi side. Du treng ikkje å logge inn her først.',
      },
    ],
    notices: {
      cancelled: { title: 'Du avbraut innlogginga', text: 'Du er ikkje logga inn. Prøv gjerne igjen.' },
      failed: {
        title: 'Innlogginga lukkast ikkje',
        text: 'Noko gjekk gale hos innloggingstenesta, eller du brukte ei innlogging som ikkje er sikker nok. Prøv igjen.',
      },
    },
  },

  help: {
    title: 'Hjelp',
    lead: (to) =>
      html`${to.operatorName} driv tenesta. Finn du ikkje svaret her, skriv til oss på ${mail(to.operatorEmail)}.`,
    sections: (to) => [
      {
        heading: 'Kva gjeld du ser her',
        body: [
          'Du ser usikra gjeld. Det er gjeld der långivaren ikkje har sikkerheit i noko du eig:',
          {
            points: [
              'forbrukslån og andre nedbetalingslån utan sikkerheit',
              'kredittkort og annan rammekreditt, også den delen av ramma du ikkje har brukt',
              'faktureringskort, der du betaler heile beløpet når rekninga kjem',
            ],
          },
          'Du ser ikkje bustadlån, billån og andre lån med sikkerheit. Du ser heller ikkje studielån, skatt, vanlege rekningar eller det du skuldar folk du kjenner.',
          'Eit lån du har saman med nokon, står med heile beløpet hos dykk begge. Vi viser aldri kven den andre er.',
        ],
      },
      {
        heading: 'Når ein långivar ikkje svarer',
        body: [
          'Vi spør långivarane kvar gong du opnar sida. Svarer ein av dei ikkje, viser vi tala dei sist leverte, og kor gamle dei er. Har dei aldri levert noko, står det «Ukjend».',
        ],
      },
      {
        heading: 'Kva eit samtykke er',
        body: [
          'Eit samtykke er di tillating til at éin organisasjon hentar gjelda di, til eitt formål og i ei bestemt tid. Du kan alltid seie nei, og du treng ikkje å seie kvifor.',
          html`Dei fleste samtykke gir du her, på ei side som organisasjonen sender deg til. Nokre gir du hos organisasjonen, som så registrerer det her. Du finn begge delar under ${link(to.consents, 'Samtykke')}.`,
        ],
      },
      {
        heading: 'Slik trekker du eit samtykke',
        body: [
          {
            steps: [
              html`Gå til ${link(to.consents, 'Samtykke')}, og vel «Trekk samtykket» der det gjeld.`,
              'Vel «Trekk samtykket» på sida du kjem til.',
            ],
          },
          'Det verkar med ein gong. Det organisasjonen alt har henta, kan vi ikkje ta tilbake. Vil du ha det sletta, må du be dei om det.',
        ],
      },
      {
        heading: 'Viss du ikkje kjenner igjen eit oppslag',
        body: [
          {
            steps: [
              html`Finn oppslaget under ${link(to.accesses, 'Kven har sett')}, og opne samtykket det vart gjort med. Der ser du når det vart gitt, og kva det gjeld.`,
              'Trekk samtykket viss du ikkje vil at dei skal hente meir.',
              'Spør organisasjonen kvifor dei henta gjelda di.',
            ],
          },
          html`Får du ikkje eit svar du kan godta, skriv til oss på ${mail(to.operatorEmail)}. Fortel kven det var og når, men ikkje send fødselsnummeret ditt. Trur du at nokon gir seg ut for å vere deg, sei frå til banken din og til politiet også.`,
        ],
      },
      {
        heading: 'Viss tala er feil',
        body: [
          html`Det er långivaren som eig tala, og som rettar dei. Vi kan ikkje endre noko. Under ${link(to.debt, 'Gjelda di')} står det korleis du når kvar långivar. Når dei har retta feilen, ser du det neste gong du opnar sida.`,
        ],
      },
    ],
  },

  privacy: {
    title: 'Personvern',
    lead: (name) => `${name} driv tenesta og er ansvarleg for opplysningane i henne.`,
    kept: {
      heading: 'Kva vi lagrar, og kor lenge',
      what: 'Kva',
      howLong: 'Kor lenge',
      rows: (periods) => [
        [
          'Gjelda di',
          'Slik kvar långivar sist leverte henne',
          'Til långivaren leverer nye tal. Dei gamle blir sletta då, så det finst ingen gjeldshistorikk.',
        ],
        [
          'Samtykka dine',
          'Kven, formål, tid, korleis du var logga inn, og teksten du såg',
          `Så lenge samtykket gjeld, og ${periods.consents} etter at det er avslutta.`,
        ],
        [
          'Loggen',
          'Kvar gong nokon har henta gjelda di, og kvar endring av eit samtykke, men aldri beløpa',
          `I ${periods.log}.`,
        ],
        [
          'Førespurnader som ikkje vart til samtykke',
          'Kven som spurde, om kva, og kva det enda med, utan namnet ditt og utan fødselsnummeret i klartekst',
          `I ${periods.log}.`,
        ],
        [
          'Meldingar til organisasjonar',
          'Om at eit samtykke er gitt eller avslutta, utan namn og fødselsnummer',
          `I ${periods.events}.`,
        ],
        [
          'Innlogginga di',
          'Namn og fødselsdato frå innloggingstenesta; fødselsnummeret og beviset på innlogginga, kryptert',
          'Til du loggar ut. Gjer du ikkje noko på ein halvtime, tek ho slutt av seg sjølv, og uansett etter to timar.',
        ],
      ],
    },
    sections: (to) => [
      {
        heading: 'Fødselsnummeret ditt',
        body: [
          'Vi treng fødselsnummeret eller D-nummeret ditt for å spørje långivarane. Det er lagra kryptert. Ved sida av ligg eit fingeravtrykk av nummeret, laga med ein hemmeleg nøkkel, slik at vi kan finne igjen samtykka dine utan å lese nummeret. Fødselsnummeret står aldri i adresser eller tekniske loggar.',
        ],
      },
      {
        heading: 'Kven som får sjå gjelda di',
        body: [
          'Det gjer du, og elles berre organisasjonar som du har gitt samtykke. Dei får gjelda di saman med fødselsnummeret, så dei veit kven ho gjeld. Dei har sjølve ansvaret for det dei har henta.',
          html`Kvar gong nokon hentar gjelda di, ser du det under ${link(to.accesses, 'Kven har sett')}.`,
        ],
      },
      {
        heading: 'Kvifor vi kan ha opplysningane',
        body: [
          'Du får sjå gjelda di fordi du har rett til å sjå opplysningar om deg sjølv. Andre får sjå henne fordi du har samtykt. Samtykka og loggen tek vi vare på for å kunne vise kva du har sagt ja til, og kva som er gjort med det.',
        ],
      },
      {
        heading: 'Informasjonskapslar',
        body: [
          'Vi bruker berre informasjonskapslar som trengst for det du ber om:',
          {
            points: [
              'éin som hugsar at du er logga inn, til du loggar ut',
              'nokre få som held styr på innlogginga, og på ein førespurnad om samtykke medan du svarer på han',
              'éin som hugsar språket du har valt, i eit år',
            ],
          },
          'Ingen av dei blir brukte til statistikk eller reklame, og ingen andre får vite noko gjennom dei.',
        ],
      },
      {
        heading: 'Rettane dine',
        body: [
          {
            points: [
              html`<strong>Innsyn:</strong> Når du er logga inn, ser du gjelda, samtykka og kven som har sett. Du kan ${link(to.myData, 'laste ned det same')} som éi fil (JSON), der dei fem siste siffera i fødselsnummeret er skjulte. Førespurnader som ikkje vart til samtykke, er ikkje med. Vil du vite meir om kva vi har om deg, skriv til oss på ${mail(to.operatorEmail)}.`,
              html`<strong>Retting:</strong> Det er långivaren som rettar feil i gjelda. ${link(to.help, 'Slik går du fram')}.`,
              html`<strong>Trekke samtykke:</strong> Det kan du gjere når som helst under ${link(to.consents, 'Samtykke')}. Det dei har henta før det, har dei framleis.`,
              html`<strong>Sletting:</strong> Opplysningane blir sletta når tida i tabellen er ute. Vi kan ikkje slette samtykke og logg før det, for dei er beviset på kven som fekk sjå gjelda di, og kvifor.`,
              html`<strong>Klage:</strong> Skriv gjerne til oss først, på ${mail(to.operatorEmail)}. Du kan også klage til ${link('https://www.datatilsynet.no', 'Datatilsynet')}.`,
            ],
          },
        ],
      },
    ],
  },

  accessibility: {
    title: 'Tilgjengeerklæring',
    lead: 'Alle skal kunne sjå gjelda si og svare på ein førespurnad om samtykke. Her står det kva vi gjer for det, og kva vi ikkje veit.',
    sections: (to) => [
      {
        heading: 'Kva vi siktar mot',
        body: [
          html`Målet er at alle sidene følgjer retningslinjene for tilgjengeleg webinnhald, <span lang="en">WCAG</span>\u00A02.2, på nivå AA. ${to.operatorName} har ansvaret for det.`,
        ],
      },
      {
        heading: 'Korleis vi testar',
        body: [
          'Kvar gong tenesta blir endra, blir sidene testa automatisk i ein ekte nettlesar, med verktøyet axe:',
          {
            points: [
              'på bokmål, nynorsk og engelsk',
              'på brei og smal skjerm, med lyse og mørke fargar',
              'med berre tastatur, og utan JavaScript',
              'på ein skjerm så smal som når sida er forstørra fire gonger, utan at noko må rullast sidelengs',
            ],
          },
        ],
      },
      {
        heading: 'Kva vi veit, og ikkje veit',
        body: [
          'Dei automatiske testane finn ingen brot på krava. Men slike testar finn berre ein del av feila. Ingen har enno prøvd sidene med skjermlesar for oss, vi har ikkje testa med brukarar, og ingen utanfrå har gått gjennom tenesta. Det kan difor vere feil vi ikkje kjenner til.',
          'Sjølve innlogginga skjer hos ei anna teneste. Denne erklæringa gjeld ikkje for henne.',
        ],
      },
      {
        heading: 'Sei frå om feil',
        body: [
          html`Er det noko du ikkje får til, skriv til ${mail(to.operatorEmail)}. Sei kva side det gjeld, kva du prøvde på, og kva hjelpemiddel du eventuelt bruker.`,
          html`Er du ikkje nøgd med svaret, kan du klage til ${link('https://www.uutilsynet.no', 'Tilsynet for universell utforming av ikt')}.`,
        ],
      },
    ],
  },

  signedOut: {
    title: 'Du er logga ut',
    text: 'Er det andre som bruker denne maskina, bør du lukke nettlesaren også.',
    logIn: 'Logg inn igjen',
    front: 'Til framsida',
  },
};
