import type { Access, AccessFilter } from '../audit/access-log.ts';
import { day, dayAndTime } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import type { Language } from '../html/language.ts';
import { layout, type Frame } from '../html/layout.ts';
import { purposeWords } from './consent-words.ts';
import { texts } from './texts.ts';

export interface AccessesShown {
  readonly accesses: readonly Access[];
  /** How many are meant in all. */
  readonly count: number;
  readonly filter: AccessFilter;
  /** What can be filtered by: null is the person. */
  readonly choices: {
    readonly by: readonly ({ readonly clientId: string; readonly name: string } | null)[];
    readonly years: readonly number[];
  };
  readonly logFrom: Date;
  /** Addresses of the accesses before these, of the newest ones, and of all that are meant as a file. */
  readonly older: string | null;
  readonly newest: string | null;
  readonly csv: string;
}

/** B5: who has looked, when, on which ground, and what they were shown. */
export function accessesPage(frame: Frame, shown: AccessesShown): Html {
  const { language } = frame;
  const text = texts[language];
  const { accesses: words } = text;
  return layout(frame, {
    title: words.title,
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p class="ds-paragraph lead">${words.lead}</p>
${(shown.choices.by.length > 0 || isFiltered(shown.filter)) && filterForm(language, shown)}
<section>
<h2 class="ds-heading" data-size="md" id="list">${words.list}</h2>
${shown.accesses.length === 0 ? html`<p class="ds-paragraph">${emptyWords(language, shown)}</p>` : list(language, shown)}
${
  (shown.older !== null || shown.newest !== null) &&
  html`<nav class="actions no-paper" aria-label="${text.pages}">
${shown.newest !== null && html`<a class="ds-link" href="${shown.newest}">${text.newest}</a>`}
${shown.older !== null && html`<a class="ds-link" href="${shown.older}">${text.older}</a>`}
</nav>`
}
<p class="ds-paragraph reference">${words.logFrom(day(language, shown.logFrom))}</p>
</section>
<section>
<h2 class="ds-heading" data-size="md">${words.strange.heading}</h2>
<ul class="ds-list">
<li>${words.strange.withdraw(html`<a class="ds-link" href="/consents">${text.consents.title}</a>`)}</li>
<li>${words.strange.ask}</li>
<li>${words.strange.contact(html`<a class="ds-link" href="/help">${words.strange.contactUs}</a>`)}</li>
</ul>
</section>
<section class="no-paper">
<h2 class="ds-heading" data-size="md">${words.files.heading}</h2>
<p class="actions">
<a class="ds-button" data-variant="secondary" href="${shown.csv}" download>${words.files.csv}</a>
<a class="ds-button" data-variant="secondary" href="/my-data.json" download>${words.files.all}</a>
</p>
<p class="ds-paragraph">${words.files.what}</p>
</section>`,
  });
}

const isFiltered = (filter: AccessFilter): boolean => filter.by !== undefined || filter.year !== undefined;

function emptyWords(language: Language, { filter, newest }: AccessesShown): string {
  const { accesses: words } = texts[language];
  if (newest !== null) return words.noMore;
  return isFiltered(filter) ? words.noneOfThese : words.none;
}

/** A form that only reads: what was chosen is in the address, and can be kept and sent. */
function filterForm(language: Language, { filter, choices }: AccessesShown): Html {
  const { accesses: words } = texts[language];
  const option = (value: string, label: string | number, chosen: boolean): Html =>
    html`<option value="${value}"${chosen && html` selected`}>${label}</option>`;
  const clientId = filter.by === undefined || filter.by === 'person' ? undefined : filter.by.clientId;
  return html`<form method="get" action="/accesses" class="filter no-paper" aria-label="${words.filter}">
<div class="ds-field">
<label class="ds-label" for="by">${words.by}</label>
<select class="ds-input" id="by" name="by">
${option('', words.everybody, filter.by === undefined)}
${choices.by.map((looker) =>
  looker === null
    ? option('me', words.yourself, filter.by === 'person')
    : option(looker.clientId, looker.name, looker.clientId === clientId),
)}
</select>
</div>
<div class="ds-field">
<label class="ds-label" for="year">${words.year}</label>
<select class="ds-input" id="year" name="year">
${option('', words.allYears, filter.year === undefined)}
${choices.years.map((year) => option(String(year), year, year === filter.year))}
</select>
</div>
<div class="actions">
<button type="submit" class="ds-button" data-variant="secondary">${words.show}</button>
${isFiltered(filter) && html`<a class="ds-link" href="/accesses">${words.showAll}</a>`}
</div>
</form>`;
}

function list(language: Language, { accesses, count }: AccessesShown): Html {
  const { accesses: words } = texts[language];
  return html`<p class="ds-paragraph">${words.count(count)}</p>
<table class="ds-table stacked" aria-labelledby="list">
<thead>
<tr>
<th scope="col">${words.when}</th>
<th scope="col">${words.who}</th>
<th scope="col">${words.ground}</th>
<th scope="col">${words.got}</th>
</tr>
</thead>
<tbody>
${accesses.map(
  (access) => html`<tr>
<th scope="row"><span class="unbroken">${dayAndTime(language, access.at)}</span></th>
<td data-label="${words.who}"><div>${access.by === null ? words.you : access.by.name}</div></td>
<td data-label="${words.ground}"><div>${ground(language, access)}</div></td>
<td data-label="${words.got}"><div>${got(language, access)}</div></td>
</tr>
`,
)}
</tbody>
</table>
<p class="ds-paragraph reference">${words.gotMeans}</p>`;
}

function ground(language: Language, { by, consentId, purpose }: Access): Html | string {
  const { accesses: words } = texts[language];
  if (by === null || consentId === null) return words.ownVisit;
  return html`<a class="ds-link" href="/consents/${consentId}">${words.consent(purposeWords(language, purpose))}</a>`;
}

function got(language: Language, { creditorsAsked, creditorsAnswered }: Access): Html {
  const { accesses: words, lenders } = texts[language];
  if (creditorsAsked === 0) return html`${words.gotNothing}`;
  const what = creditorsAnswered === creditorsAsked ? words.gotAll : words.gotSome;
  return html`${what}<small class="below">${lenders(creditorsAnswered, creditorsAsked)}</small>`;
}
