import type { ArchiveReason } from '../../consent/consent.ts';
import { html, type Html } from '../../html/html.ts';

const numbers = ['ingen', 'én', 'to', 'tre', 'fire', 'fem', 'seks', 'sju', 'åtte', 'ni', 'ti', 'elleve', 'tolv'];
const number = (count: number): string => numbers[count] ?? String(count);
const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
const dager = (days: number): string => (days === 1 ? '1 dag' : `${days} dager`);

const reasons = (client: string, once: boolean): Readonly<Record<ArchiveReason, string>> => ({
  used: 'Engangssamtykke, brukt opp',
  expired: once ? 'Engangssamtykke, ikke brukt i tide' : 'Tiden gikk ut',
  revoked_by_client: `Du trakk det hos ${client}`,
  revoked_by_person: 'Du trakk det her',
  revoked_by_operator: 'Vi som driver tjenesten, avsluttet det',
});

/** Bokmål, the source of the other languages. */
export const nb = {
  types: {
    repaymentLoan: 'Forbrukslån',
    creditFacility: 'Kredittkort eller rammekreditt',
    chargeCard: 'Faktureringskort',
  },
  purposes: { presentation: 'Vise deg gjelden din', processing: 'Vurdere søknaden din om kreditt' },
  unknown: 'Ukjent',
  notApplicable: 'Ikke aktuelt',
  organisationNumber: (digits: string) => `Organisasjonsnummer ${digits}`,
  lenders: (answered: number, asked: number) =>
    asked === 0 ? 'Ingen långivere hadde registrert noe på deg' : `${answered} av ${asked} långivere svarte`,
  older: 'Eldre',
  newest: 'Til de nyeste',
  pages: 'Sider i listen',
  ago: (days: number) => (days <= 0 ? 'i dag' : days === 1 ? 'i går' : `for ${days} dager siden`),

  debt: {
    title: 'Gjelden din',
    lead: (when: string) => `Usikret gjeld som långivere har registrert på deg, hentet ${when}.`,
    notHere: 'Lån med sikkerhet, for eksempel boliglån, og studielån vises ikke her.',
    empty: 'Ingen långivere har registrert usikret gjeld eller kreditt på deg.',
    missing: (missing: number, asked: number) => {
      if (asked === 1) return 'Långiveren svarte ikke';
      if (missing === asked) return `Ingen av de ${number(asked)} långiverne svarte`;
      return `${capital(number(missing))} av ${number(asked)} långivere svarte ikke`;
    },
    outdated: (name: Html, when: string, ago: string) => html`Tallene fra ${name} er fra ${when} (${ago}).`,
    nothingKnown: (name: Html) => html`Hva du skylder ${name}, er ukjent. De har heller ikke levert tall tidligere.`,
    askedAgain: 'Vi spør igjen neste gang du åpner siden.',
    total: 'Du skylder til sammen',
    without: (names: string) => `Det du kan skylde ${names}, er ukjent og ikke regnet med.`,
    joint: 'Lån du har sammen med noen, er regnet med i sin helhet.',
    split: 'Det du skylder, fordelt på type',
    cards: {
      repaymentLoan: 'Forbrukslån',
      creditFacility: 'Kredittkort og rammekreditt, brukt',
      unused: 'Kredittkort og rammekreditt, ubrukt',
      chargeCard: 'Faktureringskort',
    },
    whom: 'Hvem du skylder penger',
    columns: {
      creditor: 'Långiver',
      type: 'Type',
      owed: 'Du skylder',
      share: 'Andel',
      limit: 'Kredittgrense',
      rate: 'Nominell rente',
      fee: 'Termingebyr',
    },
    drawn: (when: Html) => html`Tall fra ${when}`,
    coBorrower: { 1: 'Du er medlåntaker', 2: 'Du har en medlåntaker' },
    borrowed: (amount: string) => `Lånte ${amount}`,
    monthsLeft: (months: number) => (months === 1 ? '1 måned igjen' : `${months} måneder igjen`),
    unusedOf: (amount: string) => `${amount} ubrukt`,
    per: { MONTHLY: 'i måneden', QUARTERLY: 'i kvartalet', 'HALF-YEARLY': 'i halvåret', YEARLY: 'i året' },
    noFee: 'Ikke oppgitt',
    bar: (name: string, percent: string) => `${name}: ${percent} av det du skylder`,
    nothingOwed: (names: string) => `${names} svarte at du ikke skylder noe der.`,
    wrong: {
      heading: 'Er det noe som ikke stemmer?',
      text: 'Långiveren eier opplysningene og må rette dem. Vi kan ikke endre dem. Ta kontakt med långiveren og si hva som er feil.',
      summary: 'Slik når du långiverne',
      email: 'E-post',
      phone: 'Telefon',
      noContact: 'Vi har ingen kontaktopplysninger. Du finner dem på nettsidene til långiveren.',
    },
  },

  consents: {
    title: 'Samtykker',
    lead: 'Her ser du hvem du har latt se gjelden din, og hver gang de har gjort det.',
    withdrawn: (client: Html) =>
      html`Samtykket til ${client} er trukket. De kan ikke lenger hente gjelden din med det.`,
    alreadyEnded: (client: Html, when: string, why: string) =>
      html`Samtykket til ${client} var allerede avsluttet ${when}: ${why}.`,
    active: (count: number) => `Aktive samtykker (${count})`,
    noneActive: 'Du har ingen aktive samtykker. Ingen kan hente gjelden din med samtykke nå.',
    moreActive: (count: number) =>
      count === 1
        ? 'Du har ett aktivt samtykke til. Det kommer frem her når et av disse er avsluttet.'
        : `Du har ${count} aktive samtykker til. De kommer frem her når noen av disse er avsluttet.`,
    ended: (count: number) => `Avsluttede samtykker (${count})`,
    noneEnded: 'Du har ingen avsluttede samtykker.',
    noMore: 'Det er ikke flere i listen.',
    isActive: 'Aktivt',
    hasEnded: 'Avsluttet',
    purpose: 'Formål',
    given: 'Gitt',
    validTo: 'Gjelder til',
    daysLeft: (days: number) => (days <= 0 ? 'går ut i dag' : `${dager(days)} igjen`),
    once: (time: string) => `Én gang, senest ${time}`,
    lastUsed: 'Sist brukt',
    neverUsed: 'Ikke brukt',
    uses: (count: number, client: string) =>
      count === 1
        ? `Se den ene gangen ${client} har hentet gjelden din`
        : `Se alle ${count} gangene ${client} har hentet gjelden din`,
    latestUses: (shown: number, count: number, client: string) =>
      `Se de ${shown} siste av ${count} ganger ${client} har hentet gjelden din`,
    allUses: 'Se alle under «Hvem har sett»',
    withdraw: 'Trekk samtykket',
    to: (client: string) => ` til ${client}`,
    see: 'Se hva du samtykket til',
    who: 'Hvem',
    endedAt: 'Avsluttet',
    why: 'Hvorfor',
    reasons,
    timesUsed: 'Ganger brukt',
    countedSince: (day: string) => `Bruk før ${day} er ikke med: så langt går loggen tilbake.`,
  },

  consent: {
    title: (client: string) => `Samtykke til ${client}`,
    withdrawnElsewhere: (client: string) =>
      `${client} har meldt fra om at samtykket er avsluttet. Det gjør de når du trekker det hos dem, eller når de ikke trenger det lenger.`,
    duration: 'Hvor lenge',
    days: dager,
    once: 'Én gang, innen 10 minutter',
    level: 'Innlogging',
    levels: (level: string) => {
      if (level.endsWith('-substantial')) return 'Betydelig sikkerhet';
      return level.endsWith('-high') ? 'Høy sikkerhet' : level === '' ? 'Ikke oppgitt' : level;
    },
    number: 'Samtykkets nummer',
    shown: 'Det du samtykket til',
    shownHow: (version: string, language: string, when: string) =>
      `Slik sto det på skjermen da du svarte ja. Vist ${when} på ${language}, versjon ${version} av teksten.`,
    languages: { nb: 'bokmål', nn: 'nynorsk', en: 'engelsk' },
    unreadable: 'Teksten er lagret i en form som denne siden ikke kan vise. Den er med i filen du kan laste ned.',
    elsewhere: (client: string) =>
      `Du har gitt dette samtykket hos ${client}, som har registrert det her. Det er de som har teksten du samtykket til. Be dem om den hvis du vil se den.`,
    events: 'Det som har skjedd',
    when: 'Når',
    what: 'Hva',
    gaveHere: 'Du ga samtykket her.',
    gaveThere: (client: string) => `${client} registrerte samtykket som du ga hos dem.`,
    used: (client: string) => `${client} hentet gjelden din.`,
    earlierUses: (count: number) => (count === 1 ? '1 tidligere gang' : `${count} tidligere ganger`),
    notUsed: 'Samtykket er ikke brukt ennå.',
    receipt: 'Last ned kvitteringen (JSON)',
    print: 'Vil du ha den på papir, skriver du ut denne siden fra nettleseren.',
    back: 'Til alle samtykkene',
  },

  withdraw: {
    title: (client: string) => `Vil du trekke samtykket til ${client}?`,
    which: (purpose: string, given: string) => `Formål: ${purpose}. Gitt ${given}.`,
    consequences: (client: string) => [
      `Når du har trukket det, kan ikke ${client} hente gjelden din med dette samtykket.`,
      'De beholder det de allerede har hentet. Ta kontakt med dem hvis du vil ha det slettet.',
      'Samtykket flyttes til «Avsluttede samtykker», og du ser fortsatt når det ble brukt.',
    ],
    yes: 'Trekk samtykket',
    no: 'Behold samtykket',
  },

  accesses: {
    title: 'Hvem har sett gjelden din',
    lead: 'Her står hver gang noen har hentet gjelden din, også når du har gjort det selv.',
    filter: 'Vis bare noen av dem',
    by: 'Hvem',
    everybody: 'Alle',
    yourself: 'Deg selv',
    year: 'År',
    allYears: 'Alle år',
    show: 'Vis',
    showAll: 'Vis alle',
    count: (count: number) => (count === 1 ? '1 gang' : `${count} ganger`),
    none: 'Ingen har hentet gjelden din.',
    noneOfThese: 'Ingen oppslag passer til det du har valgt.',
    noMore: 'Det er ikke flere i listen.',
    list: 'Hver gang gjelden din er hentet',
    when: 'Når',
    who: 'Hvem',
    ground: 'Grunnlag',
    got: 'Hva de fikk se',
    you: 'Du',
    ownVisit: 'Ditt eget innsyn',
    consent: (purpose: string) => `Samtykke: ${purpose}`,
    gotNothing: 'At ingen har registrert noe på deg',
    gotAll: 'Alle lån og kreditter',
    gotSome: 'Lån og kreditter, ikke alt oppdatert',
    gotMeans:
      'Lån og kreditter er vist med långiver, beløp, kredittgrense, rente og gebyr. Svarte en långiver ikke, er det tallene de sist leverte som er vist, eller «Ukjent».',
    logFrom: (day: string) => `Loggen går ikke lenger tilbake enn til ${day}. Det som er eldre, blir slettet.`,
    strange: {
      heading: 'Er det noe du ikke kjenner igjen?',
      withdraw: (link: Html) => html`Trekk samtykket under ${link}. Da kan de ikke hente mer.`,
      ask: 'Spør organisasjonen hva de har brukt opplysningene til, og be dem slette det de ikke skulle hatt.',
      contact: (link: Html) => html`Har du ikke gitt samtykket selv, ${link} med en gang.`,
      contactUs: 'ta kontakt med oss',
    },
    files: {
      heading: 'Ta det med deg',
      csv: 'Last ned listen (CSV)',
      all: 'Last ned opplysningene dine (JSON)',
      what: 'CSV-filen åpner du i et regneark. JSON-filen har samtykkene, tekstene du svarte ja til, denne listen, og gjelden din slik den er nå. Derfor blir nedlastingen stående i listen som ditt eget innsyn.',
    },
    csv: {
      name: 'hvem-har-sett',
      columns: [
        'Tidspunkt (norsk tid)',
        'Hvem',
        'Organisasjonsnummer',
        'Grunnlag',
        'Formål',
        'Samtykkets nummer',
        'Långivere spurt',
        'Långivere som svarte',
      ],
      consent: 'Samtykke',
    },
  },
};
