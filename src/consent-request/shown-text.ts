import { html, type Html } from '../html/html.ts';
import { isLanguage } from '../html/language.ts';
import { sectionIds, type ConsentSection, type ConsentText } from './consent-text.ts';
import { texts } from './texts.ts';

/**
 * The sections of a text as HTML. On the consent screen `durationField` is where the duration is chosen, and what stands above
 * the choices is its legend, so that it is left to it. Without it this is the receipt: what could be chosen is told, and nothing
 * is folded away, so that paper has it too. `headingLevel` is that of the sections' headings.
 */
export function shownText(
  text: ConsentText,
  options: { readonly durationField?: Html; readonly headingLevel?: 2 | 3 } = {},
): Html {
  const { durationField, headingLevel = 2 } = options;
  return html`<div class="shown" lang="${text.language}">
${text.sections.map(
  (section) => html`<section class="row">
<h${headingLevel} class="ds-heading" data-size="2xs">${section.heading}</h${headingLevel}>
<div>
${paragraphs(section, durationField !== undefined)}
${section.id === 'duration' && (durationField ?? offered(text))}
${section.details !== null && details(section.details, durationField === undefined)}
</div>
</section>
`,
)}</div>`;
}

/** Everything that was shown, from the question to the last line, as the person's receipt. For a page that has an h1 already. */
export function shownReceipt(text: ConsentText): Html {
  const words = texts[text.language].receipt;
  return html`<div lang="${text.language}">
<h2 class="ds-heading" data-size="sm">${text.title}</h2>
<p class="ds-paragraph">${text.lead}</p>
${shownText(text, { headingLevel: 3 })}
<p class="ds-paragraph">${words.answers}</p>
${list([text.yes, text.no])}
<p class="ds-paragraph">${text.next}</p>
<p class="ds-paragraph">${text.answerBy}</p>
</div>`;
}

function paragraphs(section: ConsentSection, onScreen: boolean): Html {
  return html`${section.paragraphs.map(
    // Who is asking stands out.
    (words, place) =>
      html`<p class="ds-paragraph">${section.id === 'who' && place === 0 ? html`<strong>${words}</strong>` : words}</p>`,
  )}
${section.bullets.length > 0 && list(section.bullets)}
${!(onScreen && section.id === 'duration') && section.after.map((words) => html`<p class="ds-paragraph">${words}</p>`)}`;
}

const list = (items: readonly string[]): Html =>
  html`<ul class="ds-list">${items.map((item) => html`<li>${item}</li>`)}</ul>`;

const offered = (text: ConsentText): Html | null =>
  text.durations.length > 1 ? list(text.durations.map(({ label }) => label)) : null;

const details = ({ summary, items }: NonNullable<ConsentSection['details']>, open: boolean): Html =>
  html`<details class="ds-details"${open && html` open`}><summary>${summary}</summary>${list(items)}</details>`;

/** What the database kept of a text, checked. null: it is none, of no version that there ever was. */
export function parseConsentText(value: unknown): ConsentText | null {
  return isConsentText(value) ? value : null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
const isString = (value: unknown): value is string => typeof value === 'string';
const isListOf =
  <T>(isItem: (item: unknown) => item is T) =>
  (value: unknown): value is readonly T[] =>
    Array.isArray(value) && value.every(isItem);
const areStrings = isListOf(isString);

const isDetails = (value: unknown): value is ConsentSection['details'] =>
  value === null || (isRecord(value) && isString(value['summary']) && areStrings(value['items']));

const isSection = (value: unknown): value is ConsentSection =>
  isRecord(value) &&
  sectionIds.some((id) => id === value['id']) &&
  isString(value['heading']) &&
  areStrings(value['paragraphs']) &&
  areStrings(value['bullets']) &&
  areStrings(value['after']) &&
  isDetails(value['details']);

const isDuration = (value: unknown): value is ConsentText['durations'][number] =>
  isRecord(value) && (value['days'] === null || Number.isInteger(value['days'])) && isString(value['label']);

const isConsentText = (value: unknown): value is ConsentText =>
  isRecord(value) &&
  isLanguage(value['language']) &&
  (['version', 'title', 'lead', 'yes', 'no', 'next', 'answerBy'] as const).every((name) => isString(value[name])) &&
  isListOf(isSection)(value['sections']) &&
  isListOf(isDuration)(value['durations']);
