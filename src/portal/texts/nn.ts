import { html } from '../../html/html.ts';
import type { nb } from './nb.ts';

const numbers = ['ingen', 'éin', 'to', 'tre', 'fire', 'fem', 'seks', 'sju', 'åtte', 'ni', 'ti', 'elleve', 'tolv'];
const number = (count: number): string => numbers[count] ?? String(count);
const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
const dagar = (days: number): string => (days === 1 ? '1 dag' : `${days} dagar`);

export const nn: typeof nb = {
  types: {
    repaymentLoan: 'Forbrukslån',
    creditFacility: 'Kredittkort eller rammekreditt',
    chargeCard: 'Faktureringskort',
  },
  purposes: { presentation: 'Vise deg gjelda di', processing: 'Vurdere søknaden din om kreditt' },
  unknown: 'Ukjend',
  notApplicable: 'Ikkje aktuelt',
  organisationNumber: (digits) => `Organisasjonsnummer ${digits}`,
  lenders: (answered, asked) =>
    asked === 0 ? 'Ingen långivarar hadde registrert noko på deg' : `${answered} av ${asked} långivarar svarte`,
  older: 'Eldre',
  newest: 'Til dei nyaste',
  pages: 'Sider i lista',
  ago: (days) => (days <= 0 ? 'i dag' : days === 1 ? 'i går' : `for ${days} dagar sidan`),

  debt: {
    title: 'Gjelda di',
    lead: (when) => `Usikra gjeld som långivarar har registrert på deg, henta ${when}.`,
    notHere: 'Lån med sikkerheit, til dømes bustadlån, og studielån blir ikkje viste her.',
    empty: 'Ingen långivarar har registrert usikra gjeld eller kreditt på deg.',
    missing: (missing, asked) => {
      if (asked === 1) return 'Långivaren svarte ikkje';
      if (missing === asked) return `Ingen av dei ${number(asked)} långivarane svarte`;
      return `${capital(number(missing))} av ${number(asked)} långivarar svarte ikkje`;
    },
    outdated: (name, when, ago) => html`Tala frå ${name} er frå ${when} (${ago}).`,
    nothingKnown: (name) => html`Kva du skuldar ${name}, er ukjent. Dei har heller ikkje levert tal tidlegare.`,
    askedAgain: 'Vi spør igjen neste gong du opnar sida.',
    total: 'Du skuldar til saman',
    without: (names) => `Det du kan skulde ${names}, er ukjent og ikkje rekna med.`,
    joint: 'Lån du har saman med nokon, er rekna med i sin heilskap.',
    split: 'Det du skuldar, fordelt på type',
    cards: {
      repaymentLoan: 'Forbrukslån',
      creditFacility: 'Kredittkort og rammekreditt, brukt',
      unused: 'Kredittkort og rammekreditt, ubrukt',
      chargeCard: 'Faktureringskort',
    },
    whom: 'Kven du skuldar pengar',
    columns: {
      creditor: 'Långivar',
      type: 'Type',
      owed: 'Du skuldar',
      share: 'Del',
      limit: 'Kredittgrense',
      rate: 'Nominell rente',
      fee: 'Termingebyr',
    },
    drawn: (when) => html`Tal frå ${when}`,
    coBorrower: { 1: 'Du er medlåntakar', 2: 'Du har ein medlåntakar' },
    borrowed: (amount) => `Lånte ${amount}`,
    monthsLeft: (months) => (months === 1 ? '1 månad igjen' : `${months} månader igjen`),
    unusedOf: (amount) => `${amount} ubrukt`,
    per: { MONTHLY: 'i månaden', QUARTERLY: 'i kvartalet', 'HALF-YEARLY': 'i halvåret', YEARLY: 'i året' },
    noFee: 'Ikkje oppgitt',
    bar: (name, percent) => `${name}: ${percent} av det du skuldar`,
    nothingOwed: (names) => `${names} svarte at du ikkje skuldar noko der.`,
    wrong: {
      heading: 'Er det noko som ikkje stemmer?',
      text: 'Långivaren eig opplysningane og må rette dei. Vi kan ikkje endre dei. Ta kontakt med långivaren og sei kva som er feil.',
      summary: 'Slik når du långivarane',
      email: 'E-post',
      phone: 'Telefon',
      noContact: 'Vi har ingen kontaktopplysningar. Du finn dei på nettsidene til långivaren.',
    },
  },

  consents: {
    title: 'Samtykke',
    lead: 'Her ser du kven du har late sjå gjelda di, og kvar gong dei har gjort det.',
    withdrawn: (client) => html`Samtykket til ${client} er trekt. Dei kan ikkje lenger hente gjelda di med det.`,
    alreadyEnded: (client, when, why) => html`Samtykket til ${client} var alt avslutta ${when}: ${why}.`,
    active: (count) => `Aktive samtykke (${count})`,
    noneActive: 'Du har ingen aktive samtykke. Ingen kan hente gjelda di med samtykke no.',
    moreActive: (count) =>
      count === 1
        ? 'Du har eitt aktivt samtykke til. Det kjem fram her når eit av desse er avslutta.'
        : `Du har ${count} aktive samtykke til. Dei kjem fram her når nokre av desse er avslutta.`,
    ended: (count) => `Avslutta samtykke (${count})`,
    noneEnded: 'Du har ingen avslutta samtykke.',
    noMore: 'Det er ikkje fleire i lista.',
    isActive: 'Aktivt',
    hasEnded: 'Avslutta',
    purpose: 'Formål',
    given: 'Gitt',
    validTo: 'Gjeld til',
    daysLeft: (days) => (days <= 0 ? 'går ut i dag' : `${dagar(days)} igjen`),
    once: (time) => `Éin gong, seinast ${time}`,
    lastUsed: 'Sist brukt',
    neverUsed: 'Ikkje brukt',
    uses: (count, client) =>
      count === 1
        ? `Sjå den eine gongen ${client} har henta gjelda di`
        : `Sjå alle ${count} gongene ${client} har henta gjelda di`,
    latestUses: (shown, count, client) => `Sjå dei ${shown} siste av ${count} gonger ${client} har henta gjelda di`,
    allUses: 'Sjå alle under «Kven har sett»',
    withdraw: 'Trekk samtykket',
    to: (client) => ` til ${client}`,
    see: 'Sjå kva du samtykte til',
    who: 'Kven',
    endedAt: 'Avslutta',
    why: 'Kvifor',
    reasons: (client, once) => ({
      used: 'Eingongssamtykke, brukt opp',
      expired: once ? 'Eingongssamtykke, ikkje brukt i tide' : 'Tida gjekk ut',
      revoked_by_client: `Du trekte det hos ${client}`,
      revoked_by_person: 'Du trekte det her',
      revoked_by_operator: 'Vi som driv tenesta, avslutta det',
    }),
    timesUsed: 'Gonger brukt',
    countedSince: (day) => `Bruk før ${day} er ikkje med: så langt går loggen tilbake.`,
  },

  consent: {
    title: (client) => `Samtykke til ${client}`,
    withdrawnElsewhere: (client) =>
      `${client} har meldt frå om at samtykket er avslutta. Det gjer dei når du trekker det hos dei, eller når dei ikkje treng det lenger.`,
    duration: 'Kor lenge',
    days: dagar,
    once: 'Éin gong, innan 10 minutt',
    level: 'Innlogging',
    levels: (level) => {
      if (level.endsWith('-substantial')) return 'Vesentleg tryggleik';
      return level.endsWith('-high') ? 'Høg tryggleik' : level === '' ? 'Ikkje oppgitt' : level;
    },
    number: 'Nummeret til samtykket',
    shown: 'Det du samtykte til',
    shownHow: (version, language, when) =>
      `Slik stod det på skjermen då du svarte ja. Vist ${when} på ${language}, versjon ${version} av teksten.`,
    languages: { nb: 'bokmål', nn: 'nynorsk', en: 'engelsk' },
    unreadable: 'Teksten er lagra i ei form som denne sida ikkje kan vise. Han er med i fila du kan laste ned.',
    elsewhere: (client) =>
      `Du har gitt dette samtykket hos ${client}, som har registrert det her. Det er dei som har teksten du samtykte til. Be dei om han viss du vil sjå han.`,
    events: 'Det som har hendt',
    when: 'Når',
    what: 'Kva',
    gaveHere: 'Du gav samtykket her.',
    gaveThere: (client) => `${client} registrerte samtykket som du gav hos dei.`,
    used: (client) => `${client} henta gjelda di.`,
    earlierUses: (count) => (count === 1 ? '1 tidlegare gong' : `${count} tidlegare gonger`),
    notUsed: 'Samtykket er ikkje brukt enno.',
    receipt: 'Last ned kvitteringa (JSON)',
    print: 'Vil du ha henne på papir, skriv du ut denne sida frå nettlesaren.',
    back: 'Til alle samtykka',
  },

  withdraw: {
    title: (client) => `Vil du trekke samtykket til ${client}?`,
    which: (purpose, given) => `Formål: ${purpose}. Gitt ${given}.`,
    consequences: (client) => [
      `Når du har trekt det, kan ikkje ${client} hente gjelda di med dette samtykket.`,
      'Dei beheld det dei alt har henta. Ta kontakt med dei viss du vil ha det sletta.',
      'Samtykket blir flytta til «Avslutta samtykke», og du ser framleis når det vart brukt.',
    ],
    yes: 'Trekk samtykket',
    no: 'Behald samtykket',
  },

  accesses: {
    title: 'Kven har sett gjelda di',
    lead: 'Her står kvar gong nokon har henta gjelda di, også når du har gjort det sjølv.',
    filter: 'Vis berre nokre av dei',
    by: 'Kven',
    everybody: 'Alle',
    yourself: 'Deg sjølv',
    year: 'År',
    allYears: 'Alle år',
    show: 'Vis',
    showAll: 'Vis alle',
    count: (count) => (count === 1 ? '1 gong' : `${count} gonger`),
    none: 'Ingen har henta gjelda di.',
    noneOfThese: 'Ingen oppslag passar til det du har valt.',
    noMore: 'Det er ikkje fleire i lista.',
    list: 'Kvar gong gjelda di er henta',
    when: 'Når',
    who: 'Kven',
    ground: 'Grunnlag',
    got: 'Kva dei fekk sjå',
    you: 'Du',
    ownVisit: 'Ditt eige innsyn',
    consent: (purpose) => `Samtykke: ${purpose}`,
    gotNothing: 'At ingen har registrert noko på deg',
    gotAll: 'Alle lån og kredittar',
    gotSome: 'Lån og kredittar, ikkje alt oppdatert',
    gotMeans:
      'Lån og kredittar er viste med långivar, beløp, kredittgrense, rente og gebyr. Svarte ein långivar ikkje, er det tala dei sist leverte som er viste, eller «Ukjend».',
    logFrom: (day) => `Loggen går ikkje lenger tilbake enn til ${day}. Det som er eldre, blir sletta.`,
    strange: {
      heading: 'Er det noko du ikkje kjenner igjen?',
      withdraw: (link) => html`Trekk samtykket under ${link}. Då kan dei ikkje hente meir.`,
      ask: 'Spør organisasjonen kva dei har brukt opplysningane til, og be dei slette det dei ikkje skulle hatt.',
      contact: (link) => html`Har du ikkje gitt samtykket sjølv, ${link} med ein gong.`,
      contactUs: 'ta kontakt med oss',
    },
    files: {
      heading: 'Ta det med deg',
      csv: 'Last ned lista (CSV)',
      all: 'Last ned opplysningane dine (JSON)',
      what: 'CSV-fila opnar du i eit rekneark. JSON-fila har samtykka, tekstane du svarte ja til, denne lista, og gjelda di slik ho er no. Difor blir nedlastinga ståande i lista som ditt eige innsyn.',
    },
    csv: {
      name: 'kven-har-sett',
      columns: [
        'Tidspunkt (norsk tid)',
        'Kven',
        'Organisasjonsnummer',
        'Grunnlag',
        'Formål',
        'Nummeret til samtykket',
        'Långivarar spurde',
        'Långivarar som svarte',
      ],
      consent: 'Samtykke',
    },
  },
};
