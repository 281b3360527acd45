import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { texts } from './texts.ts';

/**
 * A2: what was decided, and the way back to the organisation, which the browser takes at once by itself. A page of ours, and not
 * a redirect: browsers do not let the answer to a form lead to another origin under our policy. Send it with `no-referrer`.
 */
export function handOver(
  frame: Frame,
  ask: {
    readonly client: string;
    readonly what: 'approved' | 'declined' | 'cancelled' | 'failed' | 'expired';
    readonly next: string;
  },
): Html {
  const { handOver: text, toClient } = texts[frame.language];
  const { title, what } = text[ask.what];
  return layout(frame, {
    title,
    refresh: ask.next,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph">${what(ask.client)}</p>
<p class="ds-paragraph">${text.returning(ask.client)} ${text.stuck}</p>
<p class="actions"><a class="ds-button" href="${ask.next}">${toClient(ask.client)}</a></p>`,
  });
}
