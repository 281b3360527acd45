import { html, type Html } from '../../src/html/html.ts';
import { layout, type Frame } from '../../src/html/layout.ts';
import type { NinRefusal } from '../../src/person/nin.ts';
import { testPersons, type TestPerson } from '../people.ts';
import { texts, type TestIdTexts } from './texts.ts';

/**
 * A0: who to be. A ready test person is chosen by its place in the list (field `person`), anybody else by the number (field `nin`);
 * `cancel` leaves. `refused`: why the number that was written last was not taken; the number itself is not kept.
 */
export function signInPage(frame: Frame, ask: { action: string; refused: NinRefusal | null }): Html {
  const text = texts[frame.language];
  const { refused } = ask;
  return layout(frame, {
    title: text.title,
    main: html`<h1 class="ds-heading" data-size="lg">${text.title}</h1>
<p class="ds-paragraph lead">${text.lead}</p>
<form method="post" action="${ask.action}">
<h2 class="ds-heading" data-size="sm">${text.choose}</h2>
${testPersons.map((person, place) => card(person, place, text))}
</form>
<form method="post" action="${ask.action}">
<h2 class="ds-heading" data-size="sm">${text.another}</h2>
<div class="ds-field">
<label class="ds-label" for="nin">${text.number}</label>
<p class="ds-paragraph" data-field="description" id="nin-description">${text.description}</p>
<input class="ds-input" type="text" id="nin" name="nin" inputmode="numeric" autocomplete="off" maxlength="20" aria-describedby="nin-description${refused !== null && ' nin-refused'}"${refused !== null && html` aria-invalid="true" autofocus`}>
${refused !== null && html`<p class="ds-validation-message" id="nin-refused">${text.refusals[refused]}</p>`}
</div>
<div class="actions">
<button type="submit" class="ds-button">${text.logIn}</button>
<button type="submit" class="ds-button" data-variant="secondary" name="cancel" value="yes">${text.cancel}</button>
</div>
</form>`,
  });
}

/** The number is shown in two parts, as people write it. */
const card = ({ nin, name, shows }: TestPerson, place: number, text: TestIdTexts): Html =>
  html`<div class="ds-card">
<div class="head"><h3 class="ds-heading" data-size="2xs">${name}</h3><span class="unbroken">${nin.slice(0, 6)} ${nin.slice(6)}</span></div>
<p class="ds-paragraph">${text.shows[nin] ?? shows}</p>
<p><button type="submit" class="ds-button" data-variant="secondary" name="person" value="${place}">${text.logInAs(name)}</button></p>
</div>
`;

/**
 * What a form is answered with. A redirect from a form to another origin, which the portal may have, is stopped by browsers under our
 * policy (`form-action`); this leads on from there.
 */
export function onwardPage(frame: Frame, next: string): Html {
  const text = texts[frame.language];
  return layout(frame, {
    title: text.back,
    refresh: next,
    main: html`<h1 class="ds-heading" data-size="lg">${text.back}</h1>
<p class="ds-paragraph">${text.backBody}</p>
<p class="actions"><a class="ds-button" href="${next}">${text.goOn}</a></p>`,
  });
}
