import type { ConsentEvent } from '../../src/consent/event-log.ts';
import { dayAndTime } from '../../src/html/format.ts';
import { html, type Html } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';
import { reasonWords } from './consents.page.ts';

export interface FeedOfClient {
  readonly client: { readonly id: string; readonly name: string };
  /** The newest first. */
  readonly events: readonly ConsentEvent[];
  /** The last number that was given; 1: none yet (F3). */
  readonly last: number;
}

export interface FeedShown {
  readonly feeds: readonly FeedOfClient[];
  /** Whose consent each event is about, by the consent's id; not there: the consent is gone. */
  readonly persons: ReadonlyMap<string, string>;
  /** Seconds after which this page comes anew; null: it stays as it is. */
  readonly refresh: number | null;
  readonly urls: { readonly accessUrl: string; readonly apiUrl: string };
}

/** How often the page comes anew, for whoever wants that. */
export const REFRESH_SECONDS = 5;

/** What each client's feed says, the newest first. It stays as it is for whoever reads, until asked to follow (WCAG 2.2.1, 2.2.2). */
export const feedPage = (frame: Frame, shown: FeedShown): Html =>
  layout(frame, {
    title: 'Feed',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">Feed</h1>
<p class="ds-paragraph lead">One event when a consent begins and one when it ends, in each client’s own order. Clients ask for them, hold a request open, take a stream, or have them sent.</p>
${follow(shown.refresh)}
${shown.feeds.map((feed) => section(feed, shown.persons))}
${stream(shown)}`,
  });

const follow = (refresh: number | null): Html =>
  refresh === null
    ? html`<p class="actions"><a class="ds-button" data-variant="secondary" href="/sandbox/feed?refresh=${REFRESH_SECONDS}">Follow: refresh every ${REFRESH_SECONDS} seconds</a></p>`
    : html`<div class="ds-alert" data-color="info">
<p class="ds-paragraph">This page refreshes itself every ${refresh} seconds. <a class="ds-link" href="/sandbox/feed">Pause</a></p>
</div>`;

function section({ client, events, last }: FeedOfClient, persons: FeedShown['persons']): Html {
  const id = `feed-${client.id}`;
  return html`<section>
<h2 class="ds-heading" data-size="md" id="${id}">${client.name}</h2>
${
  events.length === 0
    ? html`<p class="ds-paragraph">${last > 1 ? `Nothing that can still be read. The last number was ${last}.` : 'Nothing has happened yet.'}</p>`
    : html`<table class="ds-table stacked" aria-labelledby="${id}">
<thead><tr><th scope="col" class="number">Number</th><th scope="col">Event</th><th scope="col">Person</th><th scope="col">When</th><th scope="col">Consent</th></tr></thead>
<tbody>
${events.map((event) => row(event, persons))}</tbody>
</table>`
}
</section>`;
}

const row = (event: ConsentEvent, persons: FeedShown['persons']): Html => html`<tr>
<td data-label="Number" class="number">${event.sequenceNr}</td>
<td data-label="Event"><span>${event.type === 'created' ? 'Began' : reasonWords[event.reason]}<span class="below"><code>${
  event.type === 'created' ? 'SAMTYKKE_OPPRETTET' : 'SAMTYKKE_ARKIVERT'
}</code></span></span></td>
<td data-label="Person">${persons.get(event.consentId) ?? 'Of a consent that is gone'}</td>
<td data-label="When">${dayAndTime('en', event.occurredAt)}</td>
<td data-label="Consent"><code class="id">${event.consentId}</code></td>
</tr>
`;

function stream({ urls: { accessUrl, apiUrl } }: FeedShown): Html {
  return html`<section>
<h2 class="ds-heading" data-size="md">As it comes, in a terminal</h2>
<p class="ds-paragraph">The same for a client’s own code: server-sent events, each told the moment that it happens. <a class="ds-link" href="/sandbox/clients">Id and secret</a> are those of any client that may read its feed.</p>
<pre class="code" tabindex="0"><code>TOKEN=$(curl -s ${accessUrl}/oauth2/token -u $CLIENT_ID:$SECRET -d grant_type=client_credentials -d audience=${apiUrl}/feed/v1/consent -d scope=client.access.consent.events | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
curl -N "${apiUrl}/feed/v1/consent/stream?fromSequenceNr=2" -H "Authorization: Bearer $TOKEN"</code></pre>
</section>`;
}
