import type { ArchiveReason } from '../consent/consent.ts';
import { dayAndTime } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import type { Language } from '../html/language.ts';
import { layout, type Frame } from '../html/layout.ts';
import { texts } from './texts.ts';

/** Why a request goes no further here. `back`: an address of the organisation, if there is one that may be led to. */
export type Stop =
  | { readonly kind: 'expired'; readonly client: string; readonly back: string | null }
  | AlreadyAnswered
  /** The session ended midway; `again` begins a login that comes back to the question. */
  | { readonly kind: 'signed_out'; readonly client: string; readonly again: string }
  /** Another person is logged in than the one who began. */
  /** One that was pushed, and opened twice. */
  | { readonly kind: 'answered_elsewhere'; readonly client: string; readonly back: string | null }
  | { readonly kind: 'someone_else'; readonly client: string; readonly back: string | null }
  /** The link from the organisation is wrong, so nothing in it is to be trusted: nobody is sent anywhere by it. */
  | { readonly kind: 'bad_link'; readonly problem: 'client' | 'redirect' | 'request' | 'other' }
  | { readonly kind: 'login_failed'; readonly client: string; readonly again: string; readonly back: string | null }
  | { readonly kind: 'switched_off'; readonly client: string; readonly back: string | null }
  /** A request that we know nothing of, or not any more. */
  | { readonly kind: 'unknown' };

interface AlreadyAnswered {
  readonly kind: 'already_answered';
  readonly client: string;
  readonly outcome: 'approved' | 'declined' | 'cancelled' | 'failed';
  /** What is true of the consent now; null when there is none. */
  readonly state:
    | { readonly active: true; readonly until: Date }
    | { readonly active: false; readonly reason: ArchiveReason; readonly since: Date }
    | null;
  readonly back: string | null;
  /** The consent on the portal, or the portal. */
  readonly portal: string;
}

/** What one of these pages is made of. Of `ways`, the first is the usual one. */
interface Content {
  readonly title: string;
  readonly body: readonly string[];
  readonly details?: { readonly summary: string; readonly items: readonly Html[] };
  readonly ways: readonly (Way | null)[];
  /** Shows the reference: this is somebody's fault, or nobody's, and the person may want to ask about it. */
  readonly reference: boolean;
}
interface Way {
  readonly href: string;
  readonly words: string;
}

/**
 * A3: a page for each way in which a request ends here: what is true now, what to do, and a way back where there is one. Nothing
 * that was sent to us stands on it.
 */
export function stopPage(frame: Frame, stop: Stop): Html {
  const { title, body, details, ways, reference } = contentOf(frame, stop);
  const text = texts[frame.language];
  const known = ways.filter((way) => way !== null);
  // Nobody is left with a page that leads nowhere.
  const open = known.length > 0 ? known : [{ href: `${frame.portalUrl}/`, words: text.toPortal }];
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
${body.map((words) => html`<p class="ds-paragraph">${words}</p>`)}
${
  details !== undefined &&
  html`<details class="ds-details"><summary>${details.summary}</summary><ul class="ds-list">${details.items.map((item) => html`<li>${item}</li>`)}</ul></details>`
}
${
  open.length > 0 &&
  html`<p class="actions">${open.map(
    ({ href, words }, place) =>
      html`<a class="ds-button"${place > 0 && html` data-variant="secondary"`} href="${href}">${words}</a> `,
  )}</p>`
}
${reference && html`<p class="ds-paragraph reference">${text.reference} <code>${frame.traceId}</code></p>`}`,
  });
}

function contentOf({ language, portalUrl }: Frame, stop: Stop): Content {
  const { stops, toPortal, logIn } = texts[language];
  const toClient = (way: { client: string; back: string | null }): Way | null =>
    way.back === null ? null : { href: way.back, words: texts[language].toClient(way.client) };
  switch (stop.kind) {
    case 'expired':
      return {
        title: stops.expired.title,
        body: stops.expired.body(stop.client),
        ways: [toClient(stop)],
        reference: true,
      };
    case 'already_answered':
      return {
        title: stops.alreadyAnswered.titles[stop.outcome],
        body: answered(language, stop),
        ways: [
          toClient(stop),
          stop.outcome === 'approved' ? { href: stop.portal, words: texts[language].toConsent } : null,
        ],
        reference: stop.outcome === 'failed',
      };
    case 'signed_out':
      return {
        title: stops.signedOut.title,
        body: stops.signedOut.body(stop.client),
        ways: [{ href: stop.again, words: logIn }],
        reference: false,
      };
    case 'answered_elsewhere':
      return {
        title: stops.answeredElsewhere.title,
        body: stops.answeredElsewhere.body(stop.client),
        // Whoever asked has had an answer to this request.
        ways: [{ href: `${portalUrl}/consents`, words: toPortal }],
        reference: false,
      };
    case 'someone_else':
      return {
        title: stops.someoneElse.title,
        body: stops.someoneElse.body(stop.client),
        ways: [toClient(stop)],
        reference: false,
      };
    case 'bad_link':
      return {
        title: stops.badLink.title,
        body: stops.badLink.body,
        details: { summary: stops.badLink.forDevelopers, items: stops.badLink[stop.problem] },
        ways: [],
        reference: true,
      };
    case 'login_failed':
      return {
        title: stops.loginFailed.title,
        body: stops.loginFailed.body(stop.client),
        ways: [{ href: stop.again, words: logIn }, toClient(stop)],
        reference: true,
      };
    case 'switched_off':
      return {
        title: stops.switchedOff.title(stop.client),
        body: stops.switchedOff.body(stop.client),
        ways: [toClient(stop)],
        reference: true,
      };
    case 'unknown':
      return {
        title: stops.unknown.title,
        body: stops.unknown.body,
        ways: [{ href: `${portalUrl}/`, words: toPortal }],
        reference: true,
      };
  }
}

function answered(language: Language, { client, outcome, state }: AlreadyAnswered): readonly string[] {
  const text = texts[language].stops.alreadyAnswered;
  if (outcome !== 'approved') return text[outcome](client);
  if (state === null) return [text.approved(client)];
  return [
    text.approved(client),
    state.active
      ? text.active(dayAndTime(language, state.until))
      : text.ended[state.reason](client, dayAndTime(language, state.since)),
  ];
}
