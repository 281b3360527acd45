import type { Access } from '../audit/access-log.ts';
import type { GivenConsent } from '../consent/list.ts';
import type { Shown } from '../consent-request/read-shown.ts';
import { parseConsentText, shownReceipt } from '../consent-request/shown-text.ts';
import { dayAndTime, organisationNumber } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import { isLanguage, type Language } from '../html/language.ts';
import { layout, type Frame } from '../html/layout.ts';
import { endWords, purposeWords, validToWords } from './consent-words.ts';
import { texts } from './texts.ts';

export interface ConsentShown {
  readonly given: GivenConsent;
  /** What was shown when it was given here; undefined: it was given elsewhere, and registered by the organisation. */
  readonly shown: Shown | undefined;
  /** The latest uses; there may be more of them. */
  readonly uses: readonly Access[];
  readonly now: Date;
}

/** B3: one consent. Exactly the text that was shown, then what has happened with it; and the way to keep both. */
export function consentPage(frame: Frame, view: ConsentShown): Html {
  const { language } = frame;
  const text = texts[language];
  const { consent: words } = text;
  const { given, shown } = view;
  const { client } = given;
  const title = words.title(client.name);
  const address = `/consents/${given.consent.id}`;
  return layout(frame, {
    title,
    main: html`<div class="head">
<h1 class="ds-heading" data-size="lg">${title}</h1>
<span class="ds-tag" data-color="${given.state.active ? 'success' : 'neutral'}">${
      given.state.active ? text.consents.isActive : text.consents.hasEnded
    }</span>
</div>
${facts(language, view)}
${
  given.state.active &&
  html`<p class="actions no-paper"><a class="ds-button" data-variant="secondary" data-color="danger" href="${address}/withdraw">${
    text.consents.withdraw
  }</a></p>`
}
<section>
<h2 class="ds-heading" data-size="md">${words.shown}</h2>
${shown === undefined ? html`<p class="ds-paragraph">${words.elsewhere(client.name)}</p>` : asShown(language, shown)}
</section>
<section>
<h2 class="ds-heading" data-size="md" id="events">${words.events}</h2>
${events(language, view)}
</section>
<section class="no-paper">
<p class="actions"><a class="ds-button" data-variant="secondary" href="${address}/receipt.json" download>${words.receipt}</a></p>
<p class="ds-paragraph">${words.print}</p>
<p class="ds-paragraph"><a class="ds-link" href="/consents">${words.back}</a></p>
</section>`,
  });
}

function facts(language: Language, { given, shown, now }: ConsentShown): Html {
  const text = texts[language];
  const { consent: words, consents } = text;
  const { consent, client } = given;
  const end = endWords(language, given);
  const rows: readonly (readonly [string, Html | string] | null)[] = [
    [
      consents.who,
      html`${client.name}<small class="below">${text.organisationNumber(organisationNumber(client.organisationNumber))}</small>`,
    ],
    [consents.purpose, purposeWords(language, consent.purpose)],
    [words.duration, consent.duration.kind === 'days' ? words.days(consent.duration.days) : words.once],
    [consents.given, dayAndTime(language, consent.createdAt)],
    end === null
      ? [consents.validTo, validToWords(language, given, now)]
      : [consents.endedAt, html`${dayAndTime(language, end.since)}<br>${end.why}`],
    shown === undefined ? null : [words.level, words.levels(shown.level)],
    [words.number, html`<span class="id">${consent.id}</span>`],
  ];
  return html`<dl class="facts">
${rows.map((row) => row !== null && html`<div><dt>${row[0]}</dt><dd>${row[1]}</dd></div>\n`)}
</dl>`;
}

function asShown(language: Language, shown: Shown): Html {
  const { consent: words } = texts[language];
  const text = parseConsentText(shown.text);
  const name = isLanguage(shown.language) ? words.languages[shown.language] : shown.language;
  return html`<p class="ds-paragraph">${words.shownHow(shown.version, name, dayAndTime(language, shown.shownAt))}</p>
${
  text === null
    ? html`<p class="ds-paragraph">${words.unreadable}</p>`
    : html`<div class="ds-card receipt">${shownReceipt(text)}</div>`
}`;
}

function events(language: Language, { given, shown, uses }: ConsentShown): Html {
  const { consent: words, lenders } = texts[language];
  const { consent, client } = given;
  const end = endWords(language, given);
  const earlier = given.uses - uses.length;
  const row = (when: string | Html, what: string, more: string | null = null): Html =>
    html`<tr><th scope="row"><span class="unbroken">${when}</span></th><td><div>${what}${
      more !== null && html`<small class="below">${more}</small>`
    }</div></td></tr>\n`;
  return html`<table class="ds-table stacked" aria-labelledby="events">
<thead>
<tr><th scope="col">${words.when}</th><th scope="col">${words.what}</th></tr>
</thead>
<tbody>
${row(dayAndTime(language, consent.createdAt), shown === undefined ? words.gaveThere(client.name) : words.gaveHere)}
${
  earlier > 0 &&
  row(
    html`<a class="ds-link" href="/accesses?by=${consent.clientId}">${words.earlierUses(earlier)}</a>`,
    words.used(client.name),
  )
}
${uses.toReversed().map((use) => row(dayAndTime(language, use.at), words.used(client.name), lenders(use.creditorsAnswered, use.creditorsAsked)))}
${end !== null && row(dayAndTime(language, end.since), `${end.why}.`)}
</tbody>
</table>
${given.uses === 0 && given.state.active && html`<p class="ds-paragraph">${words.notUsed}</p>`}
${
  !given.state.active &&
  given.state.reason === 'revoked_by_client' &&
  html`<p class="ds-paragraph">${words.withdrawnElsewhere(client.name)}</p>`
}`;
}
