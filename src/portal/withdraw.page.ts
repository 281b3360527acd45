import type { GivenConsent } from '../consent/list.ts';
import { dayAndTime } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { purposeWords } from './consent-words.ts';
import { texts } from './texts.ts';

/** B4: the question, what follows from it, and two answers. Nothing is asked about why. */
export function withdrawPage(frame: Frame, { given, csrf }: { given: GivenConsent; csrf: string }): Html {
  const { language } = frame;
  const { withdraw: words } = texts[language];
  const { consent, client } = given;
  const title = words.title(client.name);
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph">${words.which(purposeWords(language, consent.purpose), dayAndTime(language, consent.createdAt))}</p>
<ul class="ds-list">
${words.consequences(client.name).map((consequence) => html`<li>${consequence}</li>\n`)}
</ul>
<form method="post" action="/consents/${consent.id}/withdraw" class="actions">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" class="ds-button" data-color="danger">${words.yes}</button>
<a class="ds-button" data-variant="secondary" href="/consents">${words.no}</a>
</form>`,
  });
}
