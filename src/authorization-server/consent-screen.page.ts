import type { ConsentText } from '../consent-request/consent-text.ts';
import { shownText } from '../consent-request/shown-text.ts';
import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { texts } from './texts.ts';

/** What the consent screen shows, and where its answer goes. */
interface ConsentScreen {
  readonly text: ConsentText;
  readonly action: string;
  readonly csrf: string;
  /** Hash of the text, which comes back with the answer: an answer counts for the text that was read. */
  readonly shown: string;
  /** `text_changed`: an answer was sent to a text that is no longer right, so it was not taken. */
  readonly notice: 'text_changed' | null;
}

/**
 * A1: one form with the fields `csrf`, `shown`, `days` (`once` or a number) and `answer` (`yes` or `no`). Yes and no differ in
 * value and words only. Nothing is ticked in advance but the duration that was asked for.
 */
export function consentScreen(frame: Frame, { text, action, csrf, shown, notice }: ConsentScreen): Html {
  const changed = texts[frame.language].textChanged;
  return layout(frame, {
    title: text.title,
    main: html`${
      notice === 'text_changed' &&
      html`<div class="ds-alert" data-color="warning">
<p class="ds-paragraph"><strong>${changed.title}</strong></p>
<p class="ds-paragraph">${changed.body}</p>
</div>
`
    }<h1 class="ds-heading" data-size="lg">${text.title}</h1>
<p class="ds-paragraph lead">${text.lead}</p>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="shown" value="${shown}">
${shownText(text, { durationField: durationField(text) })}
<div class="actions equal">
${answer('yes', text.yes)}
${answer('no', text.no)}
</div>
</form>
<p class="ds-paragraph">${text.next}</p>
<p class="ds-paragraph reference">${text.answerBy}</p>`,
  });
}

const answer = (value: 'yes' | 'no', words: string): Html =>
  html`<button type="submit" class="ds-button" data-size="lg" name="answer" value="${value}">${words}</button>`;

/** Where the duration is chosen, if there is a choice. */
function durationField({ durations, sections }: ConsentText): Html {
  const [asked, ...shorter] = durations;
  const value = (days: number | null) => days ?? 'once';
  if (asked === undefined) throw new Error('a consent text without a duration');
  if (shorter.length === 0) return html`<input type="hidden" name="days" value="${value(asked.days)}">`;
  // Enter on a choice presses the first button of a form, which must not be yes. So one that nobody sees stands before it: outside
  // a <dialog> its method does nothing. (A disabled one is passed over.)
  return html`<fieldset class="ds-fieldset">
<legend class="ds-label">${sections.find(({ id }) => id === 'duration')?.after ?? []}</legend>
<button type="submit" formmethod="dialog" hidden></button>
${[asked, ...shorter].map(
  ({ days, label }, place) => html`<div class="ds-field">
<input type="radio" class="ds-input" id="days-${value(days)}" name="days" value="${value(days)}"${place === 0 && html` checked`}>
<label class="ds-label" for="days-${value(days)}">${label}</label>
</div>
`,
)}</fieldset>`;
}
