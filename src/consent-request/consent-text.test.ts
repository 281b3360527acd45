import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { expiryOf, maxDays, purposes } from '../consent/consent.ts';
import { DebtInformationBody } from '../debt/wire.ts';
import { languages, type Language } from '../html/language.ts';
import { texts as framing } from '../html/texts.ts';
import { TEXT_VERSION, consentText, durationChoices, type Ask, type ConsentText } from './consent-text.ts';

const usual: Ask = {
  language: 'nb',
  client: { name: 'Fjordbanken ASA', organisationNumber: '314159276' },
  purpose: 'processing',
  askedDays: 28,
  now: new Date('2026-11-22T13:17:00.000Z'),
  answerBy: new Date('2026-11-22T13:32:59.000Z'),
};
const textOf = (changes: Partial<Ask> = {}): ConsentText => consentText({ ...usual, ...changes });
const at = (text: string): Pick<Ask, 'now' | 'answerBy'> => {
  const now = new Date(text);
  return { now, answerBy: new Date(now.getTime() + 15 * 60_000) };
};

/** All that somebody reads, a line for each piece, with ordinary spaces. */
const read = ({ title, lead, sections, durations, yes, no, next, answerBy }: ConsentText): string =>
  [
    title,
    lead,
    ...sections.flatMap((it) => [
      it.heading,
      ...it.paragraphs,
      ...it.bullets,
      ...it.after,
      it.details?.summary ?? '',
      ...(it.details?.items ?? []),
    ]),
    ...durations.map(({ label }) => label),
    yes,
    no,
    next,
    answerBy,
  ]
    .join('\n')
    .replaceAll('\u00A0', ' ');

const askedDays = [null, 1, 7, 28, 365];
const times = [
  '2026-03-28T12:00:00Z', // the night before summer time begins
  '2026-03-29T00:59:59Z', // the second before it does
  '2026-10-24T21:30:00Z', // the evening before it ends
  '2026-10-25T00:30:00Z', // the hour that comes twice, the first time
  '2026-12-31T22:30:00Z', // 23.30 in Oslo
  '2026-12-31T23:30:00Z', // the new year has begun in Oslo and not in UTC
];
const every: readonly Ask[] = languages.flatMap((language) =>
  purposes.flatMap((purpose) =>
    askedDays.flatMap((askedDays) => times.map((time) => ({ ...usual, language, purpose, askedDays, ...at(time) }))),
  ),
);

/**
 * SHA-256 of what each version says. A line here is what people have agreed to since that version was released: consents refer to
 * it by its number.
 */
const versions: Readonly<Record<string, string>> = {
  '1': 'c26c7c98e0209e433ae3203ca9a0e0278b812732f3464bc25c9df188cf2c1b06',
};

test('C10: other words are another version', () => {
  const asks = languages.flatMap((language) =>
    purposes.flatMap((purpose) => askedDays.map((askedDays) => ({ ...usual, language, purpose, askedDays }))),
  );
  const rendered = asks.map((ask) => ({ ...consentText(ask), version: '' }));
  const hash = createHash('sha256').update(JSON.stringify(rendered)).digest('hex');
  assert.equal(
    versions[TEXT_VERSION],
    hash,
    `What people read before they say yes is no longer what version ${TEXT_VERSION} says. If that version has never been ` +
      `released, put the new hash on its line in this file: ${hash}. If it has, people have agreed to it: leave its line as it ` +
      `is, raise TEXT_VERSION in consent-text.ts, and add a line for the new version with that hash.`,
  );
  assert.equal(new Set(Object.values(versions)).size, Object.keys(versions).length, 'each version says something else');
});

test('C10: every text is whole and in order, for every language, purpose and duration, at every odd time', () => {
  for (const ask of every) {
    const text = consentText(ask);
    assert.deepEqual(
      text.sections.map(({ id }) => id),
      ['who', 'use', 'see', 'duration', 'change_mind', 'say_no'],
    );
    assert.equal(text.version, TEXT_VERSION);
    assert.equal(text.language, ask.language);
    assert.deepEqual(
      text.durations.map(({ days }) => days),
      durationChoices(ask.askedDays),
    );
    const words = read(text);
    assert.doesNotMatch(words, /undefined|NaN|Invalid Date|null|\[object|\$\{/);
    assert.deepEqual(JSON.parse(JSON.stringify(text)), text, 'it is plain JSON');
    assert.equal(words.split('\n').filter((line) => line.includes('Fjordbanken ASA')).length >= 6, true);
  }
});

test('C10: the languages say the same things in other words', () => {
  for (const purpose of purposes) {
    for (const askedDays of [null, 1, 28]) {
      const [source, ...others] = languages.map((language) => textOf({ language, purpose, askedDays }));
      const shape = (text: ConsentText | undefined) =>
        text?.sections.map((it) => [
          it.paragraphs.length,
          it.bullets.length,
          it.after.length,
          it.details?.items.length,
        ]);
      for (const other of others) {
        assert.deepEqual(shape(other), shape(source));
        const same = read(other)
          .split('\n')
          .filter((line) => line.length > 40 && read(source ?? other).includes(line));
        assert.deepEqual(
          same,
          purpose === 'processing' && other.language === 'nn' ? sameInBoth : [],
          'left untranslated',
        );
      }
    }
  }
});
const sameInBoth = ['Fjordbanken ASA skal vurdere søknaden din om kreditt.'];

test('A10: the question, who asks, and what for are told in words of ours', () => {
  assert.equal(textOf().title, 'Vil du dele gjeldsopplysningene dine med Fjordbanken ASA?');
  assert.equal(textOf({ language: 'nn' }).title, 'Vil du dele gjeldsopplysningane dine med Fjordbanken ASA?');
  assert.equal(textOf({ language: 'en' }).title, 'Do you want to share your debt information with Fjordbanken ASA?');
  assert.match(read(textOf()), /\nFjordbanken ASA\nOrganisasjonsnummer 314 159 276\n/);
  assert.match(read(textOf()), /\nFjordbanken ASA skal vurdere søknaden din om kreditt\.\n.*ikke.*reklame/);
  assert.match(
    read(textOf({ purpose: 'presentation' })),
    /\nFjordbanken ASA skal vise deg gjelden din\.\n.*ikke.*reklame/,
  );
});

test('A10: the answers speak as the person', () => {
  assert.deepEqual([textOf().yes, textOf().no], ['Ja, jeg samtykker', 'Nei, jeg samtykker ikke']);
});

test('A7: the duration is dated, and the first choice is what was asked for', () => {
  const text = textOf();
  assert.match(
    read(text),
    /\nI 28 dager, til og med 20\. desember 2026\. .*\nDe kan hente opplysningene flere ganger\. Du ser hver gang/,
  );
  assert.deepEqual(
    text.durations.map(({ label }) => label.replaceAll('\u00A0', ' ')),
    [
      '28 dager, til og med 20. desember 2026 (det de ber om)',
      '7 dager, til og med 29. november 2026',
      '1 dag, til og med 23. november 2026',
    ],
  );
});

test('A7: whoever may choose between nothing is asked to choose nothing', () => {
  for (const language of languages) {
    for (const days of [null, 1]) {
      const section = textOf({ language, askedDays: days }).sections.find(({ id }) => id === 'duration');
      assert.deepEqual(section?.after, []);
    }
  }
});

test('A7: a duration can be made shorter, never longer, and once stays once', () => {
  assert.deepEqual(durationChoices(null), [null]);
  assert.deepEqual(durationChoices(1), [1]);
  assert.deepEqual(durationChoices(2), [2, 1]);
  assert.deepEqual(durationChoices(7), [7, 1]);
  assert.deepEqual(durationChoices(maxDays.processing), [28, 7, 1]);
  assert.deepEqual(durationChoices(100), [100, 90, 30, 7]);
  assert.deepEqual(durationChoices(maxDays.presentation), [365, 180, 90, 30]);
});

test('C2: the last day is that of the instant N × 24 hours later, in Oslo, over both clock changes and new year', () => {
  const cases: readonly (readonly [now: string, days: number, lastDay: string])[] = [
    // 23.30 the evening before summer time: 24 hours later is half past midnight, the day after the next.
    ['2026-03-28T22:30:00Z', 1, '30. mars 2026'],
    ['2026-03-28T21:30:00Z', 1, '29. mars 2026'],
    // Half past midnight on the day on which summer time ends: 24 hours later is 23.30 on that same day.
    ['2026-10-24T22:30:00Z', 1, '25. oktober 2026'],
    ['2026-10-25T22:30:00Z', 1, '26. oktober 2026'],
    ['2026-10-01T22:30:00Z', 28, '29. oktober 2026'],
    ['2026-12-30T23:30:00Z', 1, '1. januar 2027'],
    ['2026-12-30T22:30:00Z', 1, '31. desember 2026'],
    ['2026-12-31T23:30:00Z', 365, '1. januar 2028'],
    ['2027-12-31T23:30:00Z', 365, '31. desember 2028'], // a leap year
  ];
  for (const [now, askedDays, lastDay] of cases) {
    const words = read(textOf({ purpose: 'presentation', askedDays, ...at(now) }));
    assert.ok(words.includes(`til og med ${lastDay}.`), `${askedDays} days from ${now}: ${lastDay}`);
  }
});

test('C2: a single use is told with the latest time that it can have, and how long it has after the yes', () => {
  assert.match(
    read(textOf({ askedDays: null })),
    /\nÉn gang, senest kl\. 14\.42\.\n.* innen 10 minutter etter at du har svart ja/,
  );
  assert.match(
    read(textOf({ askedDays: null, language: 'nn' })),
    /\nÉin gong, seinast kl\. 14\.42\.\n.* innan 10 minutt /,
  );
  assert.match(
    read(textOf({ askedDays: null, language: 'en' })),
    /\nOnce, by 14:42 at the latest\.\n.* within 10 minutes /,
  );
  // Whenever somebody answers, the consent is over by then.
  const latest = expiryOf(usual.answerBy, { kind: 'single_use' });
  assert.ok(expiryOf(usual.now, { kind: 'single_use' }) < latest);
  const midnight = textOf({
    askedDays: null,
    now: new Date('2026-12-31T22:50:00Z'),
    answerBy: new Date('2026-12-31T23:05:00Z'),
  });
  assert.match(read(midnight), /senest kl\. 00\.15\./);
  assert.match(midnight.answerBy, /frem til kl\.\u00A000\.05\./);
});

test('A10: until when one can answer is told, as the clock is in Oslo', () => {
  assert.match(textOf().answerBy, /kl\.\u00A014\.32\./);
  assert.match(textOf({ language: 'en' }).answerBy, /14:32\./);
  assert.match(textOf(at('2026-07-01T10:00:00Z')).answerBy, /kl\.\u00A012\.15\./);
});

test('A10: what can be seen names every field that is given out, and none that is not', () => {
  const told: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
    ssn: {
      nb: 'Fødselsnummeret eller D-nummeret',
      nn: 'Fødselsnummeret eller D-nummeret',
      en: 'national identity number',
    },
    creditorName: { nb: 'Navnet på hver långiver', nn: 'Namnet på kvar långivar', en: 'name of each lender' },
    type: { nb: 'hvilken type', nn: 'kva type', en: 'which type' },
    timestamp: {
      nb: 'når långiveren hentet ut tallene',
      nn: 'når långivaren henta ut tala',
      en: 'when the lender extracted',
    },
    coBorrower: { nb: 'medlåntaker', nn: 'medlåntakar', en: 'co-borrower' },
    creditLimit: { nb: 'kredittgrensen', nn: 'kredittgrensa', en: 'credit limit' },
    interestBearingBalance: {
      nb: 'saldoen som det løper rente på',
      nn: 'saldoen som det går rente på',
      en: 'balance that bears interest',
    },
    nonInterestBearingBalance: { nb: 'saldoen uten rente', nn: 'saldoen utan rente', en: 'balance without interest' },
    originalBalance: { nb: 'opprinnelige lånebeløpet', nn: 'opphavlege lånebeløpet', en: 'original amount' },
    balance: { nb: ', saldoen,', nn: ', saldoen,', en: ', the balance,' },
    terms: { nb: 'måneder som er igjen', nn: 'månader som er att', en: 'months remain' },
    nominalInterestRate: { nb: 'nominelle renten', nn: 'nominelle renta', en: 'nominal interest rate' },
    installmentCharges: { nb: 'termingebyret', nn: 'termingebyret', en: 'instalment fee' },
    installmentChargePeriod: { nb: 'hvor ofte det kommer', nn: 'kor ofte det kjem', en: 'how often it is charged' },
    numberOfCreditorsAnswered: { nb: 'långivere som svarte', nn: 'långivarar som svarte', en: 'lenders answered' },
    numberOfcreditorsMissing: { nb: 'som ikke svarte', nn: 'som ikkje svarte', en: 'how many did not' },
    id: { nb: 'nummeret det har hos oss', nn: 'nummeret det har hos oss', en: 'number it has with us' },
    exp: { nb: 'når det går ut', nn: 'når det går ut', en: 'when it ends' },
    scope: { nb: 'hva det kan brukes til', nn: 'kva det kan brukast til', en: 'what it can be used for' },
  };
  const published = fieldsOf(DebtInformationBody);
  assert.deepEqual([...published].sort(), Object.keys(told).sort(), 'a field that is given out is told of here');
  for (const language of languages) {
    const items =
      textOf({ language })
        .sections.find(({ id }) => id === 'see')
        ?.details?.items.join('\n') ?? '';
    for (const words of Object.values(told)) assert.ok(items.includes(words[language]), words[language]);
    assert.doesNotMatch(items, /kontonummer|account/i, 'the id of an account is not given out');
  }
});

/** The names of a described body that hold a value, however deep. */
function fieldsOf(schema: object): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (name: string | undefined, described: unknown): void => {
    const it = described as { properties?: object; items?: unknown; anyOf?: readonly unknown[] };
    if (it.properties !== undefined) for (const [inner, of] of Object.entries(it.properties)) visit(inner, of);
    else if (it.items !== undefined) visit(undefined, it.items);
    else if (it.anyOf !== undefined) for (const one of it.anyOf) visit(undefined, one);
    else if (name !== undefined) names.add(name);
  };
  visit(undefined, schema);
  return names;
}

test('A10: interest is nominal and is never called anything else; nobody says that a law requires it', () => {
  for (const ask of every) assert.doesNotMatch(read(consentText(ask)), /effekti|effective|\blov\b|\bloven\b|\blaw\b/i);
});

test('A10: a person who changes their mind is led to what the portal is called, in each language', () => {
  for (const language of languages) {
    const { serviceName, sections } = framing[language];
    for (const askedDays of [null, 28]) {
      const words = textOf({ language, askedDays })
        .sections.find(({ id }) => id === 'change_mind')
        ?.paragraphs.join(' ');
      assert.match(words ?? '', new RegExp(`[«“]${sections.consents}[»”].* ${serviceName}[.,]`));
    }
  }
});

test('C10: what an organisation is called is data, and stays as it is', () => {
  const name = `<b>Bank & "Sønner" 'AS'</b>\${x}`;
  for (const language of languages) {
    const text = textOf({ language, client: { name, organisationNumber: '314159276' } });
    assert.ok(text.title.includes(name));
    assert.equal(text.sections[0]?.paragraphs[0], name);
  }
});

test('A10: a foreign organisation number stands as it is', () => {
  const text = textOf({ client: { name: 'Bank AB', organisationNumber: 'SE5560001111' } });
  assert.match(read(text), /Organisasjonsnummer SE5560001111/);
});
