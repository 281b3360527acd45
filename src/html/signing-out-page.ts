import { html, type Html } from './html.ts';
import { layout, type Frame } from './layout.ts';
import { texts } from './texts.ts';

/**
 * On the way from signing out here to signing out at the login provider. It is a page of ours that sends the browser there: a form
 * whose answer redirects to another origin is blocked by our own policy, in silence.
 */
export function signingOutPage(frame: Frame, next: string): Html {
  const { signingOut: words } = texts[frame.language];
  return layout(frame, {
    title: words.title,
    refresh: next,
    main: html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p class="ds-paragraph">${words.text}</p>
<p class="ds-paragraph"><a class="ds-link" href="${next}">${words.next}</a></p>`,
  });
}
