import { html, type Html, type HtmlValue } from './html.ts';

/** A part of a running text: a paragraph, a list of points, or steps that are done in order. */
export type Block =
  string | Html | { readonly points: readonly HtmlValue[] } | { readonly steps: readonly HtmlValue[] };

export interface Section {
  readonly heading: string;
  readonly body: readonly Block[];
}

/** A running text below the h1 of a page. */
export const prose = (sections: readonly Section[]): Html =>
  html`${sections.map(
    ({ heading, body }) => html`<section>
<h2 class="ds-heading" data-size="sm">${heading}</h2>
${body.map(blockOf)}</section>
`,
  )}`;

function blockOf(block: Block): Html {
  if (typeof block === 'object' && 'points' in block)
    return html`<ul class="ds-list">${block.points.map((point) => html`<li>${point}</li>`)}</ul>\n`;
  if (typeof block === 'object' && 'steps' in block)
    return html`<ol class="ds-list">${block.steps.map((step) => html`<li>${step}</li>`)}</ol>\n`;
  return html`<p class="ds-paragraph">${block}</p>\n`;
}
