import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { prose } from '../html/prose.ts';
import { linksOf, type Operator } from './operator.ts';
import { staticTexts } from './static-texts.ts';

/** B6: what is shown here, what a consent is and how to withdraw it, and what to do when something is strange or wrong. */
export function helpPage(frame: Frame, operator: Operator): Html {
  const { title, lead, sections } = staticTexts[frame.language].help;
  const links = linksOf(frame, operator);
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph lead">${lead(links)}</p>
${prose(sections(links))}`,
  });
}
