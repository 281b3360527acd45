import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { staticTexts } from './static-texts.ts';

/** B9: where signing out ends. */
export function signedOutPage(frame: Frame): Html {
  const { title, text, logIn, front } = staticTexts[frame.language].signedOut;
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph">${text}</p>
<p class="actions">
<a class="ds-button" href="${frame.portalUrl}/login">${logIn}</a>
<a class="ds-link" href="${frame.portalUrl}/">${front}</a>
</p>`,
  });
}
