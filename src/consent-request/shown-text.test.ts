import assert from 'node:assert/strict';
import { test } from 'node:test';
import { purposes } from '../consent/consent.ts';
import { html } from '../html/html.ts';
import { languages } from '../html/language.ts';
import { consentText, type Ask, type ConsentText } from './consent-text.ts';
import { parseConsentText, shownReceipt, shownText } from './shown-text.ts';

const usual: Ask = {
  language: 'nb',
  client: { name: 'Fjordbanken ASA', organisationNumber: '314159276' },
  purpose: 'processing',
  askedDays: 28,
  now: new Date('2026-11-22T13:17:00.000Z'),
  answerBy: new Date('2026-11-22T13:32:00.000Z'),
};
const texts: readonly ConsentText[] = languages.flatMap((language) =>
  purposes.flatMap((purpose) =>
    [null, 1, 28].map((askedDays) => consentText({ ...usual, language, purpose, askedDays })),
  ),
);
const stored = (text: ConsentText): unknown => JSON.parse(JSON.stringify(text));

/** The words of a text as HTML, in order. */
const words = (text: string): string =>
  text
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim();

test('C10: a receipt says everything that was shown, in the order in which it was, in the language in which it was', () => {
  for (const text of texts) {
    const receipt = shownReceipt(text).text;
    assert.ok(receipt.startsWith(`<div lang="${text.language}">`));
    const lines = words(receipt).split('\n');
    const shown = [
      text.title,
      text.lead,
      ...text.sections.flatMap((it) => [
        it.heading,
        ...it.paragraphs,
        ...it.bullets,
        ...it.after,
        ...(it.id === 'duration' && text.durations.length > 1 ? text.durations.map(({ label }) => label) : []),
        ...(it.details === null ? [] : [it.details.summary, ...it.details.items]),
      ]),
      text.yes,
      text.no,
      text.next,
      text.answerBy,
    ];
    const [, ...ofOurs] = lines.filter((line) => !shown.includes(line));
    assert.deepEqual(ofOurs, [], 'but for the words above the answers, nothing is added');
    assert.deepEqual(
      lines.filter((line) => shown.includes(line)),
      shown,
    );
    assert.match(receipt, /<details class="ds-details" open>/, 'paper has what was folded away');
  }
});

test('C10: on the screen, the choice of a duration stands where it belongs, and its legend is not said twice', () => {
  const text = consentText(usual);
  const onScreen = shownText(text, { durationField: html`<fieldset>here</fieldset>` }).text;
  assert.match(onScreen, /Du ser hver gang på Min gjeld\.<\/p>\s*<fieldset>here<\/fieldset>\s*<\/div>/);
  assert.doesNotMatch(onScreen, /Velg hvor lenge/);
  assert.doesNotMatch(onScreen, /<details[^>]* open/);
});

test('C10: what was stored is read back as it was', () => {
  for (const text of texts) assert.deepEqual(parseConsentText(stored(text)), text);
});

test('C10: a text that the first version stored can be read for ever', () => {
  const first: unknown = {
    version: '1',
    language: 'nb',
    title: 'Vil du dele gjeldsopplysningene dine med Fjordbanken ASA?',
    lead: 'Fjordbanken ASA ber om å få se den usikrede gjelden din. Du bestemmer selv.',
    sections: [
      { id: 'who', heading: 'Hvem spør', paragraphs: ['Fjordbanken ASA'], bullets: [], after: [], details: null },
      { id: 'use', heading: 'Hva', paragraphs: ['…'], bullets: [], after: [], details: null },
      {
        id: 'see',
        heading: 'Hva de får se',
        paragraphs: [],
        bullets: ['Hvem du skylder penger'],
        after: ['De får ikke se boliglån.'],
        details: { summary: 'Se alle', items: ['Fødselsnummeret'] },
      },
      { id: 'duration', heading: 'Hvor lenge', paragraphs: ['…'], bullets: [], after: ['Velg'], details: null },
      { id: 'change_mind', heading: 'Hvis', paragraphs: ['…'], bullets: [], after: [], details: null },
      { id: 'say_no', heading: 'Hvis du sier nei', paragraphs: ['…'], bullets: [], after: [], details: null },
    ],
    durations: [
      { days: 28, label: '28 dager' },
      { days: null, label: 'Én gang' },
    ],
    yes: 'Ja, jeg samtykker',
    no: 'Nei, jeg samtykker ikke',
    next: 'Uansett hva du svarer, kommer du tilbake til Fjordbanken ASA.',
    answerBy: 'Du kan svare frem til kl. 14.32.',
  };
  const text = parseConsentText(first);
  assert.deepEqual(text, first);
  assert.ok(text !== null && shownReceipt(text).text.includes('28 dager'));
});

test('C10: what is no such text is told apart, whatever it is', () => {
  const good = stored(consentText(usual)) as Record<string, unknown>;
  for (const name of Object.keys(good)) {
    for (const wrong of [undefined, null, 7, {}, [{}], [null]])
      assert.equal(parseConsentText({ ...good, [name]: wrong }), null, name);
  }
  const [section] = good['sections'] as readonly Record<string, unknown>[];
  for (const name of Object.keys(section ?? {})) {
    assert.equal(parseConsentText({ ...good, sections: [{ ...section, [name]: 7 }] }), null, name);
  }
  for (const wrong of [undefined, null, '', 'text', 7, [], {}]) assert.equal(parseConsentText(wrong), null);
});

test('E1: markup in what an organisation is called is text on the page', () => {
  const client = { name: `<img src=x onerror="alert('1')">&amp;`, organisationNumber: '<i>1</i>' };
  const text = shownReceipt(consentText({ ...usual, client })).text;
  assert.doesNotMatch(text, /<img|<i>|onerror="/);
  assert.match(text, /&lt;img src=x onerror=&quot;alert\(&#39;1&#39;\)&quot;&gt;&amp;amp;/);
});
