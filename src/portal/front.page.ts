import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { staticTexts } from './static-texts.ts';

/**
 * The front page for somebody who is not signed in: what this is, and the way in. `login`: how a login that led back here ended;
 * `to`: the page that the next one is to lead to.
 */
export function frontPage(
  frame: Frame,
  ask: { readonly login?: 'cancelled' | 'failed' | undefined; readonly to?: string } = {},
): Html {
  const { title, lead, logIn, free, rows, notices } = staticTexts[frame.language].front;
  const notice = ask.login === undefined ? null : notices[ask.login];
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
${
  notice !== null &&
  html`<div class="ds-alert" data-color="${ask.login === 'failed' ? 'warning' : 'info'}">
<h2 class="ds-heading" data-size="2xs">${notice.title}</h2>
<p class="ds-paragraph">${notice.text}</p>
</div>`
}
<p class="ds-paragraph lead">${lead}</p>
<p class="actions"><a class="ds-button" href="${frame.portalUrl}/login${ask.to !== undefined && html`?to=${encodeURIComponent(ask.to)}`}">${logIn}</a></p>
<p class="ds-paragraph reference">${free}</p>
<div class="shown">
${rows.map(
  ({ heading, text }) => html`<section class="row">
<h2 class="ds-heading" data-size="2xs">${heading}</h2>
<div><p class="ds-paragraph">${text}</p></div>
</section>
`,
)}</div>`,
  });
}
