import { html, type Html } from '../html/html.ts';
import { layout, type Frame } from '../html/layout.ts';
import { prose } from '../html/prose.ts';
import { linksOf, type Operator } from './operator.ts';
import { staticTexts } from './static-texts.ts';

/** B8: what is aimed at, what is tested, what is not known, and where to complain. It claims no more than the tests show. */
export function accessibilityPage(frame: Frame, operator: Operator): Html {
  const { title, lead, sections } = staticTexts[frame.language].accessibility;
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph lead">${lead}</p>
${prose(sections(linksOf(frame, operator)))}`,
  });
}
