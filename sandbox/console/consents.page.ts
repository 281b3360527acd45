import type { ArchiveReason } from '../../src/consent/consent.ts';
import type { ConsentOverview } from '../../src/consent/overview.ts';
import { dayAndTime } from '../../src/html/format.ts';
import { html, type Html } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';
import { proof, status, type Said } from './site.ts';

export interface ConsentShown extends ConsentOverview {
  /** Whose it is: a test person's name, or the first digits of another number. */
  readonly person: string;
  /** Its page on the portal, for that person. */
  readonly portal: string;
}

export interface ConsentsShown {
  readonly csrf: string;
  readonly said: Said | null;
  readonly consents: readonly ConsentShown[];
  /** Whether there are older ones than these. */
  readonly more: boolean;
}

export const reasonWords: Readonly<Record<ArchiveReason, string>> = {
  used: 'Used up',
  expired: 'Expired',
  revoked_by_client: 'Revoked by the client',
  revoked_by_person: 'Withdrawn by the person',
  revoked_by_operator: 'Revoked by the operator',
};

/** All consents, the newest first, with what is true of them now. */
export const consentsPage = (frame: Frame, { csrf, said, consents, more }: ConsentsShown): Html =>
  layout(frame, {
    title: 'Consents',
    width: 'wide',
    main: html`<h1 class="ds-heading" data-size="lg">Consents</h1>
<p class="ds-paragraph lead">Of all clients and all persons, the newest first.</p>
${status(said)}
${
  consents.length === 0
    ? html`<p class="ds-paragraph">There are none yet. <a class="ds-link" href="/sandbox/clients">Begin a client’s flow</a>, or register an agreement.</p>`
    : html`<table class="ds-table stacked" aria-label="Consents">
<thead><tr><th scope="col">Person</th><th scope="col">Client</th><th scope="col">State</th><th scope="col">Until</th><th scope="col"><span class="ds-sr-only">What can be done</span></th></tr></thead>
<tbody>
${consents.map((consent) => row(consent, csrf))}</tbody>
</table>`
}
${more && html`<p class="ds-paragraph reference">Older ones are listed by <code>npx samtykke consent list --state all</code>.</p>`}`,
  });

function row({ consent, clientName, state, uses, person, portal }: ConsentShown, csrf: string): Html {
  return html`<tr>
<th scope="row"><a class="ds-link" href="${portal}">${person}<span class="ds-sr-only">: this consent on the portal</span></a></th>
<td data-label="Client"><span>${clientName}<span class="below">${consent.purpose}</span></span></td>
<td data-label="State"><span><span class="ds-tag" data-size="sm" data-color="${state.active ? 'success' : 'neutral'}">${state.active ? 'Active' : reasonWords[state.reason]}</span><span class="below">${usesWords(uses)}</span></span></td>
<td data-label="Until"><span>${dayAndTime('en', state.active ? consent.expiresAt : state.since)}<span class="below">${
    consent.duration.kind === 'single_use' && 'once, '
  }given ${dayAndTime('en', consent.createdAt)}</span></span></td>
<td>${
    state.active &&
    html`<form method="post" action="/sandbox/console/consents/${consent.id}/revoke">
<button type="submit" class="ds-button" data-variant="tertiary" data-color="danger" data-size="sm">Revoke<span class="ds-sr-only"> the consent of ${person} to ${clientName}, as the operator</span></button>
${proof(csrf)}
</form>`
  }</td>
</tr>
`;
}

function usesWords(uses: number): string {
  if (uses === 0) return 'never used';
  return uses === 1 ? 'used once' : `used ${uses} times`;
}
