import type { Access } from '../audit/access-log.ts';
import type { GivenConsent, GivenConsents } from '../consent/list.ts';
import { day, dayAndTime, dayShort } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import type { Language } from '../html/language.ts';
import { layout, type Frame } from '../html/layout.ts';
import { endWords, purposeWords, validToWords } from './consent-words.ts';
import { texts } from './texts.ts';

export interface ConsentsShown {
  readonly consents: GivenConsents;
  /** The latest uses of each active consent. */
  readonly uses: ReadonlyMap<string, readonly Access[]>;
  readonly now: Date;
  /** How far back the log goes, which uses are counted from. */
  readonly logFrom: Date;
  /** A consent that the person has just asked to withdraw, as it is now; nothing is said of one that is active. */
  readonly asked: GivenConsent | undefined;
  /** Addresses of the ended consents before these, and of the last ones, where there are such pages. */
  readonly older: string | null;
  readonly newest: string | null;
}

/** B2: the consents that are active, and those that have ended, with why. */
export function consentsPage(frame: Frame, shown: ConsentsShown): Html {
  const { language } = frame;
  const { consents: words } = texts[language];
  const { active, ended, count } = shown.consents;
  return layout(frame, {
    title: words.title,
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p class="ds-paragraph lead">${words.lead}</p>
${shown.asked !== undefined && status(language, shown.asked)}
<section>
<h2 class="ds-heading" data-size="md">${words.active(count.active)}</h2>
${active.length === 0 && html`<p class="ds-paragraph">${words.noneActive}</p>`}
${active.map((given) => card(language, given, shown))}
${count.active > active.length && html`<p class="ds-paragraph">${words.moreActive(count.active - active.length)}</p>`}
</section>
<section>
<h2 class="ds-heading" data-size="md" id="ended">${words.ended(count.ended)}</h2>
${
  ended.length === 0
    ? html`<p class="ds-paragraph">${count.ended === 0 ? words.noneEnded : words.noMore}</p>`
    : table(language, ended)
}
${
  [...active, ...ended].some(({ consent }) => consent.createdAt < shown.logFrom) &&
  html`<p class="ds-paragraph reference">${words.countedSince(day(language, shown.logFrom))}</p>`
}
${otherPages(language, shown)}
</section>`,
  });
}

/** What became of the withdrawal, read from the consent itself: an address that was made up says nothing that is not so. */
function status(language: Language, given: GivenConsent): Html | null {
  const { consents: words } = texts[language];
  const end = endWords(language, given);
  if (given.state.active || end === null) return null;
  const client = html`<strong>${given.client.name}</strong>`;
  const byPerson = given.state.reason === 'revoked_by_person';
  return html`<div class="ds-alert" data-color="${byPerson ? 'success' : 'info'}" role="status">
<p class="ds-paragraph">${
    byPerson ? words.withdrawn(client) : words.alreadyEnded(client, dayAndTime(language, end.since), end.why)
  }</p>
</div>`;
}

function card(language: Language, given: GivenConsent, { now, uses }: ConsentsShown): Html {
  const { consents: words } = texts[language];
  const { consent, client, lastUsedAt } = given;
  const address = `/consents/${consent.id}`;
  const to = html`<span class="ds-sr-only">${words.to(client.name)}</span>`;
  return html`<article class="ds-card">
<div class="head">
<h3 class="ds-heading" data-size="xs">${client.name}</h3>
<span class="ds-tag" data-color="success">${words.isActive}</span>
</div>
<dl class="facts">
<div><dt>${words.purpose}</dt><dd>${purposeWords(language, consent.purpose)}</dd></div>
<div><dt>${words.given}</dt><dd>${dayAndTime(language, consent.createdAt)}</dd></div>
<div><dt>${words.validTo}</dt><dd>${validToWords(language, given, now)}</dd></div>
<div><dt>${words.lastUsed}</dt><dd>${lastUsedAt === null ? words.neverUsed : dayAndTime(language, lastUsedAt)}</dd></div>
</dl>
${usesOfCard(language, given, uses.get(consent.id) ?? [])}
<p class="actions">
<a class="ds-button" data-variant="secondary" data-color="danger" href="${address}/withdraw">${words.withdraw}${to}</a>
<a class="ds-link" href="${address}">${words.see}<span class="ds-sr-only">, ${client.name}</span></a>
</p>
</article>
`;
}

function usesOfCard(
  language: Language,
  { consent, client, uses }: GivenConsent,
  latest: readonly Access[],
): Html | null {
  const { consents: words, lenders } = texts[language];
  if (uses === 0) return null;
  const summary =
    latest.length < uses ? words.latestUses(latest.length, uses, client.name) : words.uses(uses, client.name);
  return html`<details class="ds-details">
<summary>${summary}</summary>
<ul>
${latest.map(
  ({ at, creditorsAnswered, creditorsAsked }) =>
    html`<li>${`${dayAndTime(language, at)}: ${lenders(creditorsAnswered, creditorsAsked)}`}</li>
`,
)}
${latest.length < uses && html`<li><a class="ds-link" href="/accesses?by=${consent.clientId}">${words.allUses}</a></li>`}
</ul>
</details>`;
}

function table(language: Language, ended: readonly GivenConsent[]): Html {
  const { consents: words } = texts[language];
  return html`<table class="ds-table stacked ended" aria-labelledby="ended">
<thead>
<tr>
<th scope="col">${words.who}</th>
<th scope="col">${words.purpose}</th>
<th scope="col">${words.given}</th>
<th scope="col">${words.endedAt}</th>
<th scope="col">${words.why}</th>
<th scope="col" class="number">${words.timesUsed}</th>
</tr>
</thead>
<tbody>
${ended.map((given) => {
  const { consent, client, uses } = given;
  const end = endWords(language, given);
  return html`<tr>
<th scope="row"><a class="ds-link" href="/consents/${consent.id}">${client.name}</a></th>
<td data-label="${words.purpose}">${purposeWords(language, consent.purpose)}</td>
<td data-label="${words.given}">${dayShort(language, consent.createdAt)}</td>
<td data-label="${words.endedAt}">${end !== null && dayShort(language, end.since)}</td>
<td data-label="${words.why}">${end !== null && end.why}</td>
<td data-label="${words.timesUsed}" class="number">${uses}</td>
</tr>
`;
})}
</tbody>
</table>`;
}

function otherPages(language: Language, { older, newest }: ConsentsShown): Html | null {
  const text = texts[language];
  if (older === null && newest === null) return null;
  return html`<nav class="actions no-paper" aria-label="${text.pages}">
${newest !== null && html`<a class="ds-link" href="${newest}">${text.newest}</a>`}
${older !== null && html`<a class="ds-link" href="${older}">${text.older}</a>`}
</nav>`;
}
