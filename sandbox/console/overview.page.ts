import { dayAndTime } from '../../src/html/format.ts';
import { html, type Html } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';
import { proof, status, type Said } from './site.ts';

/** How far the field for days takes the clock at a time. */
export const MOST_DAYS = 3_650;

export interface OverviewShown {
  readonly csrf: string;
  readonly said: Said | null;
  /** What was written in the field for days was no number of days. */
  readonly refused: boolean;
  readonly now: Date;
  /** How far business time is ahead of real time. */
  readonly aheadSeconds: number;
  readonly count: {
    readonly persons: number;
    readonly creditors: number;
    readonly notNormal: number;
    readonly clients: number;
    readonly consents: string;
  };
  /** Where the regular flow of the sandbox's own client begins. */
  readonly flow: string;
  readonly portalUrl: string;
  readonly apiUrl: string;
}

const steps = [
  { seconds: 3_600, words: '+ 1 hour' },
  { seconds: 86_400, words: '+ 1 day' },
  { seconds: 7 * 86_400, words: '+ 7 days' },
  { seconds: 365 * 86_400, words: '+ 365 days' },
] as const;

/** The first page of the console: the clock, where to begin, and what there is. */
export function overviewPage(frame: Frame, shown: OverviewShown): Html {
  return layout(frame, {
    title: 'The sandbox',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">The sandbox</h1>
<p class="ds-paragraph lead">A whole consent service with a world around it. All people, banks and amounts are made up: see what is there, change it, and watch what follows.</p>
${status(shown.said)}
<dl class="figures">
${figure('Test persons', shown.count.persons, '/sandbox/persons')}
${figure('Creditors', shown.count.creditors, '/sandbox/creditors', shown.count.notNormal)}
${figure('Clients', shown.count.clients, '/sandbox/clients')}
${figure('Active consents', shown.count.consents, '/sandbox/consents')}
</dl>
${begin(shown)}
${clock(shown)}
${more(shown)}`,
  });
}

const figure = (name: string, number: number | string, href: string, notNormal = 0): Html =>
  html`<div><dt>${name}</dt><dd><a class="ds-link" href="${href}">${number}</a>${
    notNormal > 0 && html`<span class="below">${notNormal} not as usual</span>`
  }</dd></div>`;

const begin = ({ flow, portalUrl }: OverviewShown): Html => html`<section>
<h2 class="ds-heading" data-size="md">Begin here</h2>
<ol class="ds-list">
<li><a class="ds-link" href="${flow}">Answer a client’s question</a>: log in as a test person, say yes, and see what the client receives</li>
<li><a class="ds-link" href="${portalUrl}/consents">See the consent as the person</a> on the portal, and withdraw it there</li>
<li><a class="ds-link" href="/sandbox/feed">See both in the client’s feed</a>: one event when it began, one when it ended</li>
</ol>
</section>`;

function clock({ csrf, refused, now, aheadSeconds }: OverviewShown): Html {
  return html`<section>
<h2 class="ds-heading" data-size="md" id="clock">The clock</h2>
<div class="ds-card">
<p class="ds-paragraph" id="now">Here it is <strong>${dayAndTime('en', now)}</strong>, ${aheadWords(aheadSeconds)}.</p>
<p class="ds-paragraph">Move it forward, and what is due by then is done before the next page comes: consents expire, feeds age, creditors are collected. It never goes back. Logins and tokens keep real time.</p>
<form method="post" action="/sandbox/console/clock" aria-label="Move the clock by a step">
<div class="actions">
${steps.map(
  ({ seconds, words }) =>
    html`<button type="submit" class="ds-button" data-variant="secondary" name="seconds" value="${seconds}">${words}</button>\n`,
)}</div>
${proof(csrf)}
</form>
<form method="post" action="/sandbox/console/clock" class="filter" aria-label="Move the clock by days">
${proof(csrf)}
<div class="ds-field">
<label class="ds-label" for="days">Or a number of days</label>
<input class="ds-input" type="text" id="days" name="days" inputmode="numeric" autocomplete="off" maxlength="5"${refused && html` aria-invalid="true" aria-describedby="days-refused"`}>
${refused && html`<p class="ds-validation-message" id="days-refused">Write a whole number of days, from 1 to ${MOST_DAYS}.</p>`}
</div>
<button type="submit" class="ds-button" data-variant="secondary">Move the clock</button>
</form>
</div>
</section>`;
}

const more = ({ apiUrl, portalUrl }: OverviewShown): Html => html`<section>
<h2 class="ds-heading" data-size="md">Go on</h2>
<ul class="ds-list">
<li><a class="ds-link" href="/docs">API reference</a>, with samples to copy; and <a class="ds-link" href="/docs/errors">what each error means</a></li>
<li><a class="ds-link" href="${portalUrl}/">The portal</a>, where people see their debt and their consents</li>
<li><a class="ds-link" href="/sandbox/callback">The page that stands for a client’s server</a></li>
<li><code>README.md</code> beside the program has all of this as text, and <code>npx samtykke</code> is the operator’s command line</li>
</ul>
<p class="ds-paragraph">Programs move the world too:</p>
<pre class="code" tabindex="0"><code>curl -X POST ${apiUrl}/sandbox/clock -H 'Content-Type: application/json' -d '{"advanceSeconds": 86400}'
curl -X POST ${apiUrl}/sandbox/creditors/210437185 -H 'Content-Type: application/json' -d '{"behaviour": "silent"}' # or normal, slow, failing, nonsense</code></pre>
</section>`;

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

/** How business time lies to real time; less than a minute is nothing. */
export function aheadWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return 'the same as real time';
  const parts = [
    { number: Math.floor(minutes / 1_440), what: 'day' },
    { number: Math.floor((minutes % 1_440) / 60), what: 'hour' },
    { number: minutes % 60, what: 'minute' },
  ].filter(({ number }) => number > 0);
  return `${parts.map(({ number, what }) => counted(number, what)).join(' and ')} ahead of real time`;
}
