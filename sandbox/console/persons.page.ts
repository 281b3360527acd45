import { money, percent } from '../../src/html/format.ts';
import { html, type Html } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';
import type { Loan } from '../../src/creditors/loan.ts';
import { texts } from '../testid/texts.ts';
import type { OwedRow, PersonShown } from './owed.ts';
import { spaced } from './site.ts';

export interface PersonsShown {
  readonly persons: readonly PersonShown[];
  /** How many others the generator has made. */
  readonly generated: number;
  /** Where somebody with this number is logged in at the portal, and where a client asks them. */
  readonly portalAs: (nin: string) => string;
  readonly flowAs: (nin: string) => string;
}

const kinds: Readonly<Record<Loan['type'], string>> = {
  repaymentLoan: 'Consumer loan',
  creditFacility: 'Credit line',
  chargeCard: 'Charge card',
};

/** The ready test persons, what they owe and to whom, and how to be them. */
export const personsPage = (frame: Frame, shown: PersonsShown): Html =>
  layout(frame, {
    title: 'Test persons',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">Test persons</h1>
<p class="ds-paragraph lead">Be any of them: there are no passwords. Each owes something else, so that each shows something else.</p>
<p class="ds-paragraph">Any other synthetic number may log in too${
      shown.generated > 0 && `, and ${shown.generated} generated persons owe something`
    }. A link that logs in does it by <code>login_hint=testid:</code> and the number; your own requests can have that too.</p>
${shown.persons.map((person) => card(person, shown))}`,
  });

function card({ person, rows, total, creditors }: PersonShown, { portalAs, flowAs }: PersonsShown): Html {
  const { nin, name, shows } = person;
  const id = `owes-${nin.slice(0, 6)}`;
  return html`<article class="ds-card">
<div class="head">
<h2 class="ds-heading" data-size="xs">${name}</h2>
<span class="unbroken number">${spaced(nin)}</span>
</div>
<p class="ds-paragraph">${texts.en.shows[nin] ?? shows}</p>
<dl class="facts">
<div><dt>Owes in all</dt><dd>${money('en', total)}</dd></div>
<div><dt>Creditors</dt><dd>${creditors === 0 ? 'None' : creditors}</dd></div>
</dl>
${
  rows.length > 0 &&
  html`<details class="ds-details">
<summary id="${id}">What ${name} owes, by creditor</summary>
${table(rows, id)}
</details>`
}
<p class="actions">
<a class="ds-button" data-variant="secondary" href="${portalAs(nin)}">Portal<span class="ds-sr-only"> as ${name}</span></a>
<a class="ds-link" href="${flowAs(nin)}">Be asked for a consent<span class="ds-sr-only"> as ${name}</span></a>
</p>
</article>
`;
}

const table = (
  rows: readonly OwedRow[],
  id: string,
): Html => html`<table class="ds-table stacked" aria-labelledby="${id}">
<thead><tr><th scope="col">Creditor</th><th scope="col">Kind</th><th scope="col" class="number">Owed</th><th scope="col" class="number">Limit</th><th scope="col" class="number">Interest</th></tr></thead>
<tbody>
${rows.map(
  ({ creditorName, loan, owed, ...conduct }) => html`<tr>
<th scope="row">${creditorName}<span class="below">${conductWords(conduct)}</span></th>
<td data-label="Kind">${kinds[loan.type]}</td>
<td data-label="Owed" class="number">${money('en', owed)}</td>
<td data-label="Limit" class="number">${loan.type === 'creditFacility' ? money('en', loan.creditLimit) : '–'}</td>
<td data-label="Interest" class="number">${loan.type === 'chargeCard' ? '–' : percent('en', loan.nominalInterestRate)}</td>
</tr>
`,
)}</tbody>
</table>`;

function conductWords({ live, delivered, behaviour }: Pick<OwedRow, 'live' | 'delivered' | 'behaviour'>): string {
  if (!live)
    return delivered
      ? 'Never answers for this person; has delivered'
      : 'Never answers for this person; has delivered nothing';
  return behaviour === 'normal' ? 'Answers' : `Is ${conductNames[behaviour]} now`;
}

/** As the end of a sentence. */
export const conductNames = {
  normal: 'normal',
  slow: 'slow',
  failing: 'failing',
  silent: 'silent',
  nonsense: 'answering nonsense',
} as const;
