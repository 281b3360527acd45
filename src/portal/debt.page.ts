import type { Creditor } from '../creditors/creditor.ts';
import type { Loan } from '../creditors/loan.ts';
import { clockTime, dayAndTime, dayShort, money, organisationNumber, percent } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import type { Language } from '../html/language.ts';
import { layout, type Frame } from '../html/layout.ts';
import { daysBetween } from './days.ts';
import { keyOf, loanTypes, shareBar, splitBar } from './debt-chart.ts';
import { unusedOn, type DebtOverview, type DebtRow } from './debt-overview.ts';
import { listed } from './listed.ts';
import { texts, type Texts } from './texts.ts';

/** B1: what a person owes. A warning comes before the sum, and what is unknown is never 0. `at`: when it was looked up. */
export function debtPage(frame: Frame, { overview, at }: { overview: DebtOverview; at: Date }): Html {
  const { language } = frame;
  const text = texts[language];
  const words = text.debt;
  return layout(frame, {
    title: words.title,
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p class="ds-paragraph lead">${words.lead(dayAndTime(language, at))}</p>
${warning(language, overview, at)}
${overview.creditors.length === 0 ? html`<p class="ds-paragraph">${words.empty}</p>` : sums(language, overview)}
<p class="ds-paragraph reference">${words.notHere}</p>
${overview.rows.length > 0 && table(language, overview)}
${
  overview.nothingOwed.length > 0 &&
  html`<p class="ds-paragraph">${words.nothingOwed(listed(language, namesOf(overview.nothingOwed)))}</p>`
}
${overview.creditors.length > 0 && contacts(text, overview.creditors)}`,
  });
}

const namesOf = (creditors: readonly Creditor[]): readonly string[] => creditors.map((creditor) => creditor.name);
const strong = (name: string): Html => html`<strong>${name}</strong>`;

function warning(language: Language, overview: DebtOverview, at: Date): Html | null {
  const { outdated, unknown, creditors } = overview;
  const missing = outdated.length + unknown.length;
  if (missing === 0) return null;
  const { debt: words, ago } = texts[language];
  const lines = [
    ...outdated.map(({ creditor, drawnAt }) => {
      const drawn = new Date(drawnAt);
      return words.outdated(strong(creditor.name), dayAndTime(language, drawn), ago(daysBetween(drawn, at)));
    }),
    ...unknown.map((creditor) => words.nothingKnown(strong(creditor.name))),
  ];
  return html`<div class="ds-alert" data-color="warning">
<h2 class="ds-heading" data-size="2xs">${words.missing(missing, creditors.length)}</h2>
${lines.map((line) => html`<p class="ds-paragraph">${line}</p>`)}
<p class="ds-paragraph">${words.askedAgain}</p>
</div>`;
}

function sums(language: Language, overview: DebtOverview): Html {
  const { debt: words, unknown } = texts[language];
  const { total, byType } = overview;
  const amount = (øre: number): string => money(language, øre);
  return html`<div class="sum">
<p class="ds-paragraph">${words.total}</p>
<p class="total">${total === null ? unknown : amount(total)}</p>
${
  overview.unknown.length > 0 &&
  html`<p class="ds-paragraph">${words.without(listed(language, namesOf(overview.unknown)))}</p>`
}
${overview.joint && html`<p class="ds-paragraph">${words.joint}</p>`}
</div>
${
  total !== null &&
  html`${splitBar({ byType, title: words.split, describe: (type) => `${words.cards[type]}: ${amount(byType[type])}` })}
<dl class="figures">
${loanTypes.map(
  (type) => html`<div>
<dt>${keyOf(type)}${words.cards[type]}</dt>
<dd>${amount(byType[type])}</dd>
</div>
${
  type === 'creditFacility' &&
  html`<div>
<dt>${words.cards.unused}</dt>
<dd>${amount(overview.unused)}</dd>
</div>`
}`,
)}
</dl>`
}`;
}

function table(language: Language, overview: DebtOverview): Html {
  const { debt: words } = texts[language];
  const { columns } = words;
  return html`<section>
<h2 class="ds-heading" data-size="md" id="whom">${words.whom}</h2>
<table class="ds-table stacked debt" aria-labelledby="whom">
<thead>
<tr>
<th scope="col">${columns.creditor}</th>
<th scope="col">${columns.type}</th>
<th scope="col" class="number">${columns.owed}</th>
<th scope="col"><span class="ds-sr-only">${columns.share}</span></th>
<th scope="col" class="number">${columns.limit}</th>
<th scope="col" class="number">${columns.rate}</th>
<th scope="col" class="number">${columns.fee}</th>
</tr>
</thead>
<tbody>
${overview.rows.map((row) => (row.known === null ? unknownRow(language, row) : knownRow(language, overview, row, row.known)))}
</tbody>
</table>
</section>`;
}

/** Small print below what a cell says; null prints nothing. */
const below = (words: Html | string | null): Html | null =>
  words === null ? null : html`<small class="below">${words}</small>`;

function knownRow(
  language: Language,
  overview: DebtOverview,
  { creditor }: DebtRow,
  { loan, owed }: NonNullable<DebtRow['known']>,
): Html {
  const text = texts[language];
  const { debt: words } = text;
  const { columns } = words;
  const amount = (øre: number): string => money(language, øre);
  const none = html`<span aria-hidden="true">–</span><span class="ds-sr-only">${text.notApplicable}</span>`;
  const share = wholePercent(language, overview.total === null || overview.total === 0 ? 0 : owed / overview.total);
  const limit =
    loan.type === 'creditFacility'
      ? html`${amount(loan.creditLimit)}${below(words.unusedOf(amount(unusedOn(loan))))}`
      : none;
  const repayment = loan.type === 'repaymentLoan' ? loan : null;
  return html`<tr>
<th scope="row">${creditor.name}${below(words.drawn(drawnWords(language, new Date(loan.timestamp))))}${
    loan.coBorrower !== 0 && below(words.coBorrower[loan.coBorrower])
  }</th>
<td data-label="${columns.type}"><div>${text.types[loan.type]}${
    repayment !== null &&
    html`${below(words.borrowed(amount(repayment.originalBalance)))}${below(
      repayment.terms === null ? null : words.monthsLeft(repayment.terms),
    )}`
  }</div></td>
<td class="number" data-label="${columns.owed}">${amount(owed)}</td>
<td class="share-of">${shareBar({ type: loan.type, owed, largest: overview.largest, words: words.bar(creditor.name, share) })}</td>
<td class="number" data-label="${columns.limit}"><div>${limit}</div></td>
<td class="number" data-label="${columns.rate}"><div>${loan.type === 'chargeCard' ? none : percent(language, loan.nominalInterestRate)}</div></td>
<td class="number" data-label="${columns.fee}"><div>${loan.type === 'chargeCard' ? none : fee(language, loan)}</div></td>
</tr>
`;
}

/** Date and time, as short as they are clear. */
const drawnWords = (language: Language, at: Date): Html =>
  html`<span class="unbroken">${dayShort(language, at)} ${clockTime(language, at)}</span>`;

function fee(language: Language, loan: Exclude<Loan, { type: 'chargeCard' }>): Html {
  const { debt: words } = texts[language];
  if (loan.installmentCharges === null) return html`${words.noFee}`;
  const period = loan.installmentChargePeriod;
  return html`${money(language, loan.installmentCharges)}${below(period === null ? null : words.per[period])}`;
}

function unknownRow(language: Language, { creditor }: DebtRow): Html {
  const { unknown, debt: words } = texts[language];
  const { columns } = words;
  return html`<tr>
<th scope="row">${creditor.name}</th>
<td data-label="${columns.type}">${unknown}</td>
<td class="number" data-label="${columns.owed}">${unknown}</td>
<td class="share-of"></td>
<td class="number" data-label="${columns.limit}">${unknown}</td>
<td class="number" data-label="${columns.rate}">${unknown}</td>
<td class="number" data-label="${columns.fee}">${unknown}</td>
</tr>
`;
}

/** A share without decimals; what is more than nothing is at least «< 1 %». */
function wholePercent(language: Language, share: number): string {
  const hundredths = Math.round(share * 100);
  const shown = percent(language, Math.max(hundredths, share > 0 ? 1 : 0) * 100).replace(/[,.]00/, '');
  return hundredths === 0 && share > 0 ? `< ${shown}` : shown;
}

function contacts(text: Texts, creditors: readonly Creditor[]): Html {
  const { wrong } = text.debt;
  return html`<section>
<h2 class="ds-heading" data-size="md">${wrong.heading}</h2>
<p class="ds-paragraph">${wrong.text}</p>
<details class="ds-details">
<summary>${wrong.summary}</summary>
<ul class="contacts">
${creditors.map(
  ({ name, id, contact }) => html`<li>
<strong>${name}</strong>
<span>${text.organisationNumber(organisationNumber(id))}</span>
${contact.email !== null && html`<span>${wrong.email}: <a href="mailto:${contact.email}">${contact.email}</a></span>`}
${
  contact.phone !== null &&
  html`<span>${wrong.phone}: <a href="tel:${contact.phone.replaceAll(/[^+\d]/g, '')}">${contact.phone.replaceAll(' ', '\u00A0')}</a></span>`
}
${contact.email === null && contact.phone === null && html`<span>${wrong.noContact}</span>`}
</li>
`,
)}
</ul>
</details>
</section>`;
}
