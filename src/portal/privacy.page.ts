import { html, type Html } from '../html/html.ts';
import type { Language } from '../html/language.ts';
import { layout, type Frame } from '../html/layout.ts';
import { prose } from '../html/prose.ts';
import { linksOf, type Operator } from './operator.ts';
import { staticTexts } from './static-texts.ts';

/** What an installation's configuration says about how long it keeps what. */
interface Retention {
  readonly consentRetentionDays: number;
  readonly logRetentionDays: number;
  readonly feedRetentionDays: number;
}

/** B7: whose registry this is, what is kept and for how long, cookies, and what a person can demand. */
export function privacyPage(frame: Frame, about: Operator & Retention): Html {
  const { language } = frame;
  const { title, lead, kept, sections } = staticTexts[language].privacy;
  const periods = {
    consents: period(language, about.consentRetentionDays),
    log: period(language, about.logRetentionDays),
    events: period(language, about.feedRetentionDays),
  };
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph lead">${lead(about.operatorName)}</p>
<section>
<h2 class="ds-heading" data-size="sm" id="kept">${kept.heading}</h2>
<table class="ds-table stacked" aria-labelledby="kept">
<thead><tr><th scope="col">${kept.what}</th><th scope="col">${kept.howLong}</th></tr></thead>
<tbody>
${kept.rows(periods).map(
  ([what, more, howLong]) => html`<tr>
<th scope="row">${what}<small class="below">${more}</small></th>
<td>${howLong}</td>
</tr>
`,
)}</tbody>
</table>
</section>
${prose(sections(linksOf(frame, about)))}`,
  });
}

/** Years where that is what is meant (1096 days are three years, one of them a leap year), else days. */
function period(language: Language, days: number): string {
  const text = staticTexts[language];
  const years = Math.round(days / 365.25);
  return years > 0 && Math.abs(days - years * 365.25) <= 1 ? text.years(years) : text.days(days);
}
