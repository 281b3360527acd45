import type { RegisteredClient } from '../../src/clients/client-registry.ts';
import { organisationNumber } from '../../src/html/format.ts';
import { html, type Html, type HtmlValue } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';

export interface ClientShown {
  readonly client: RegisteredClient;
  /** Null: it is not of the sandbox, so only whoever registered it knows it. */
  readonly secret: string | null;
  /** Where the regular flow begins, for each purpose for which a link can begin it. */
  readonly flows: readonly { readonly purpose: string; readonly address: string }[];
}

const purposeWords: Readonly<Record<string, string>> = {
  presentation: 'Ask to show the debt',
  processing: 'Ask to assess an application',
};

/** The clients, what they authenticate with, what they may do, and a link that begins the regular flow of each. */
export const clientsPage = (frame: Frame, clients: readonly ClientShown[]): Html =>
  layout(frame, {
    title: 'Clients',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">Clients</h1>
<p class="ds-paragraph lead">Organisations that ask for consents and look up debt. Use their ids and secrets in your own code: they are the same at every start, and work in no production.</p>
<p class="ds-paragraph">A flow leads back to the client’s redirect address. The first client’s is a page of this sandbox; for the others, let a server of yours listen there. <code>npx samtykke client add</code> registers one of your own.</p>
${clients.map(card)}`,
  });

function card({ client, secret, flows }: ClientShown): Html {
  const { id, name } = client;
  return html`<article class="ds-card">
<div class="head">
<h2 class="ds-heading" data-size="xs">${name}</h2>
<span class="ds-tag" data-color="${client.enabled ? 'success' : 'danger'}">${client.enabled ? 'Enabled' : 'Disabled'}</span>
</div>
<dl class="facts">
<div><dt>Client id</dt><dd><code>${id}</code></dd></div>
<div><dt>Secret</dt><dd>${secretWords(client, secret)}</dd></div>
<div><dt>Organisation number</dt><dd>${organisationNumber(client.organisationNumber)}</dd></div>
</dl>
<dl class="facts">
<div><dt>May look up debt</dt><dd>${listed(client.purposes.map((purpose) => html`<code>${purpose}</code>`))}</dd></div>
<div><dt>May register agreements</dt><dd>${yesOrNo(client.mayRegisterAgreements)}</dd></div>
<div><dt>May read its feed</dt><dd>${yesOrNo(client.mayReadEvents)}</dd></div>
<div><dt>May use OpenID Connect</dt><dd>${yesOrNo(client.mayUseOpenid)}</dd></div>
</dl>
<dl class="facts">
<div><dt>Redirect addresses</dt><dd>${listed(client.redirectUris.map((address) => html`<code>${address}</code>`))}</dd></div>
</dl>
${
  flows.length === 0
    ? html`<p class="ds-paragraph">No link begins its flow: ${noFlow(client)}.</p>`
    : html`<p class="actions">
${flows.map(
  ({ purpose, address }) =>
    html`<a class="ds-button" data-variant="secondary" href="${address}">${purposeWords[purpose] ?? purpose}<span class="ds-sr-only"> as ${name}</span></a>\n`,
)}</p>`
}
</article>
`;
}

function secretWords(client: RegisteredClient, secret: string | null): Html | string {
  if (client.authentication === 'private_key_jwt') return 'None: it signs with keys of its own';
  return secret === null ? 'Known to whoever registered it' : html`<code>${secret}</code>`;
}

function noFlow({ enabled, redirectUris, purposes, profile }: RegisteredClient): string {
  if (!enabled) return 'it is disabled';
  if (redirectUris.length === 0) return 'it has no redirect address';
  if (purposes.length === 0) return 'it may ask for nothing';
  if (profile.par) return 'its requests are pushed first';
  return profile.signedRequests ? 'its requests are signed' : 'its requests have a challenge of its own';
}

const yesOrNo = (yes: boolean): string => (yes ? 'Yes' : 'No');

const listed = (items: readonly HtmlValue[]): HtmlValue =>
  items.length === 0 ? '–' : items.map((item, place) => html`${place > 0 && html`<br>`}${item}`);
