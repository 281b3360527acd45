import { dayAndTime, organisationNumber } from '../../src/html/format.ts';
import { html, type Html } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';
import type { RecordedRun } from '../../src/delivery/run-log.ts';
import { remarkOn } from '../../src/cli/describe-run.ts';
import { behaviours, type Behaviour } from '../creditor-servers.ts';
import type { TestPerson } from '../people.ts';
import { proof, status, type Said } from './site.ts';

export interface CreditorShown {
  readonly id: string;
  readonly name: string;
  readonly behaviour: Behaviour;
  /** Its last collection; undefined: none yet. */
  readonly last: RecordedRun | undefined;
}

export interface CreditorsShown {
  readonly csrf: string;
  readonly said: Said | null;
  readonly creditors: readonly CreditorShown[];
  readonly persons: readonly Pick<TestPerson, 'name'>[];
  /** What was written as an amount to push was none. */
  readonly refused: boolean;
  /** Where creditors push; undefined: nowhere. */
  readonly pushPort: number | undefined;
}

/** The most that is pushed, in kroner. */
export const MOST_KRONER = 10_000_000;

const does: Readonly<Record<Behaviour, string>> = {
  normal: 'answers at once',
  slow: 'answers after a second',
  failing: 'answers with status 500',
  silent: 'takes the question and never answers',
  nonsense: 'breaks a rule of the delivery interface, each time another one',
};

const labels: Readonly<Record<Behaviour, string>> = {
  normal: 'Normal',
  slow: 'Slow',
  failing: 'Failing',
  silent: 'Silent',
  nonsense: 'Nonsense',
};

/** What each creditor does, with a switch; what it delivered last; and a push in its name. */
export const creditorsPage = (frame: Frame, shown: CreditorsShown): Html =>
  layout(frame, {
    title: 'Creditors',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">Creditors</h1>
<p class="ds-paragraph lead">Real servers beside the app, over mutual TLS. Each is asked when somebody looks up, and collected once a day. Change what one does, and the next question meets it.</p>
${status(shown.said)}
<ul class="ds-list">
${behaviours.map((behaviour) => html`<li><strong>${labels[behaviour]}</strong>: ${does[behaviour]}</li>\n`)}</ul>
${
  shown.creditors.some(({ behaviour }) => behaviour !== 'normal') &&
  html`<form method="post" action="/sandbox/console/creditors/normal" class="actions">
${proof(shown.csrf)}
<button type="submit" class="ds-button" data-variant="secondary">Make all of them normal</button>
</form>`
}
<section>
<h2 class="ds-heading" data-size="md" id="all">All ${shown.creditors.length}</h2>
<table class="ds-table stacked" aria-labelledby="all">
<thead><tr><th scope="col">Creditor</th><th scope="col">What it does</th><th scope="col">Last collected</th><th scope="col"><span class="ds-sr-only">Collect</span></th></tr></thead>
<tbody>
${shown.creditors.map((creditor) => row(creditor, shown.csrf))}</tbody>
</table>
</section>
${push(shown)}`,
  });

function row({ id, name, behaviour, last }: CreditorShown, csrf: string): Html {
  const address = `/sandbox/console/creditors/${id}`;
  return html`<tr>
<th scope="row">${name}<span class="below">${organisationNumber(id)}</span>${
    behaviour !== 'normal' && html`<span class="ds-tag" data-color="warning" data-size="sm">${labels[behaviour]}</span>`
  }</th>
<td data-label="What it does"><form method="post" action="${address}/behaviour" class="filter">
<select class="ds-input" data-size="sm" data-width="auto" name="behaviour" aria-label="What ${name} does">
${behaviours.map((choice) => html`<option value="${choice}"${choice === behaviour && SELECTED}>${labels[choice]}</option>`)}
</select>
<button type="submit" class="ds-button" data-variant="secondary" data-size="sm">Set<span class="ds-sr-only"> what ${name} does</span></button>
${proof(csrf)}
</form></td>
<td data-label="Last collected">${collected(last)}</td>
<td><form method="post" action="${address}/collect">
<button type="submit" class="ds-button" data-variant="tertiary" data-size="sm">Collect now<span class="ds-sr-only"> from ${name}</span></button>
${proof(csrf)}
</form></td>
</tr>
`;
}

const SELECTED = html` selected`;

function collected(run: RecordedRun | undefined): Html | string {
  if (run === undefined) return 'Not yet';
  return html`<span>${dayAndTime('en', run.startedAt)}<span class="below">${outcomeWords(run)}</span></span>`;
}

/** What became of a delivery, as a sentence without its full stop. */
export function outcomeWords(run: RecordedRun): string {
  const remark = remarkOn(run);
  const more = remark === '' ? '' : `: ${remark}`;
  switch (run.outcome) {
    case null:
      return 'Under way, or cut off';
    case 'applied':
      return `Applied, ${counted(run.customers ?? 0, 'customer')} and ${counted(run.loans ?? 0, 'loan')}${more}`;
    case 'rejected':
      return `Rejected${more}`;
    case 'failed':
      return `Failed${more}`;
  }
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

function push({ csrf, creditors, persons, refused, pushPort }: CreditorsShown): Html {
  const fields = html`<form method="post" action="/sandbox/console/push">
<div class="filter">
<div class="ds-field">
<label class="ds-label" for="creditor">Creditor</label>
<select class="ds-input" id="creditor" name="creditor">
${creditors.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}
</select>
</div>
<div class="ds-field">
<label class="ds-label" for="person">Person</label>
<select class="ds-input" id="person" name="person">
${persons.map(({ name }, place) => html`<option value="${place}">${name}</option>`)}
</select>
</div>
<div class="ds-field">
<label class="ds-label" for="kroner">Amount in kroner</label>
<input class="ds-input" type="text" id="kroner" name="kroner" inputmode="numeric" autocomplete="off" maxlength="12"${refused && html` aria-invalid="true" aria-describedby="kroner-refused"`}>
</div>
<button type="submit" class="ds-button" data-variant="secondary">Push it</button>
</div>
${refused && html`<p class="ds-validation-message" id="kroner-refused">Write whole kroner, from 0 to ${MOST_KRONER}.</p>`}
${proof(csrf)}
</form>`;
  return html`<section>
<h2 class="ds-heading" data-size="md" id="push">Push a loan</h2>
<p class="ds-paragraph">As a creditor does when a person draws credit during the day: by mutual TLS to the port for deliveries, with the certificate of the organisation that delivers. The credit line counts from the next lookup on; pushing 0 closes it.</p>
${pushPort === undefined ? html`<p class="ds-paragraph">This node listens for no pushes.</p>` : fields}
</section>`;
}
