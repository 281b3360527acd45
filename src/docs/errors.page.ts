import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { errorNames, explained } from './error-names.ts';
import { withCode } from './error.page.ts';

/** The page of all errors. */
export function errorsPage(frame: Frame): Html {
  const ofApis = errorNames.filter((name) => explained(name)?.ours !== undefined);
  const ofOAuth = errorNames.filter((name) => explained(name)?.oauth !== undefined);
  return layout(frame, {
    title: 'Errors',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">Errors</h1>
<p class="ds-paragraph lead">Each API spells errors in its own way, as the published interface does. The names here are the same everywhere: an answer leads to the page of its error.</p>
<p class="ds-paragraph">The APIs have a header, <code>Link: &lt;…/docs/errors/consent_used&gt;; rel="help"</code>. Problem details have the same address as <code>type</code>, and OAuth’s errors as <code>error_uri</code>. Every answer has an <code>X-Trace-ID</code>, which finds its lines in the log: send it along when you ask for help.</p>
<section>
<h2 class="ds-heading" data-size="md">Of the APIs</h2>
${table('Errors of the agreement API, the debt API, the feed, webhooks and deliveries', ofApis, 'ours')}</section>
<section>
<h2 class="ds-heading" data-size="md">Of OAuth</h2>
${table('Errors of the token endpoint, and of the way back from the consent screen', ofOAuth, 'oauth')}</section>`,
  });
}

function table(caption: string, names: readonly string[], kind: 'ours' | 'oauth'): Html {
  const row = (name: string): Html => {
    const { title, meaning } = explained(name)?.[kind] ?? { title: '', meaning: [] };
    return html`<tr><th scope="row"><a class="ds-link" href="/docs/errors/${name}"><code>${breakable(name)}</code></a></th><td data-label="What">${title}<span class="below">${withCode(meaning[0] ?? '')}</span></td></tr>\n`;
  };
  return html`<table class="ds-table stacked">
<caption class="reference">${caption}</caption>
<thead><tr><th scope="col">Error</th><th scope="col">What it means</th></tr></thead>
<tbody>
${names.map(row)}</tbody>
</table>
`;
}

/** A long name may go on in another line after an underscore. */
const breakable = (name: string): Html =>
  html`${name.split('_').map((word, place) => (place === 0 ? word : html`_<wbr>${word}`))}`;
