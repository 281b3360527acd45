import type { DomainError, ErrorCode } from '../errors/domain-error.ts';
import { html, type Html } from './html.ts';
import { layout, type Frame } from './layout.ts';
import { texts, type Texts } from './texts.ts';

/** What each error is to a person. Most of these codes belong to interfaces, and reach no person unless something is wrong. */
const troubles = {
  invalid_request: 'badRequest',
  missing_authorization: 'forbidden',
  invalid_token: 'forbidden',
  wrong_audience: 'forbidden',
  insufficient_scope: 'forbidden',
  purpose_not_permitted: 'forbidden',
  // Another person's consent is answered exactly like one that does not exist.
  no_valid_consent: 'notFound',
  consent_expired: 'consentEnded',
  consent_used: 'consentEnded',
  consent_revoked: 'consentEnded',
  consent_conflict: 'badRequest',
  webhook_conflict: 'badRequest',
  form_refused: 'form',
  login_unfinished: 'login',
  certificate_refused: 'forbidden',
  signed_out: 'signedOut',
  not_found: 'notFound',
  method_not_allowed: 'notFound',
  payload_too_large: 'tooLarge',
  unsupported_media_type: 'badRequest',
  rate_limited: 'tooMany',
  unavailable: 'unavailable',
  server_error: 'ourFault',
} as const satisfies Record<ErrorCode, keyof Texts['errors']>;

/**
 * The page of an error: what happened, what to do, a way back, and the reference that finds its log lines. The error's own
 * detail is for developers and is not shown.
 */
export function errorPage(frame: Frame, error: DomainError): Html {
  const text = texts[frame.language];
  const trouble = troubles[error.code];
  const { title, what, doThis } = text.errors[trouble];
  const { href, words } = wayOn(frame, trouble);
  return layout(frame, {
    title,
    main: html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p class="ds-paragraph">${what}</p>
<p class="ds-paragraph">${doThis}</p>
<p class="actions"><a class="ds-button" href="${href}">${words}</a></p>
<p class="reference">${text.reference}: <code>${frame.traceId}</code></p>`,
  });
}

function wayOn(frame: Frame, trouble: keyof Texts['errors']): { readonly href: string; readonly words: string } {
  const text = texts[frame.language];
  if (frame.wayBack !== undefined) return { href: frame.wayBack, words: text.backToQuestion };
  const login = trouble === 'signedOut' || trouble === 'login';
  return { href: `${frame.portalUrl}${login ? '/login' : '/'}`, words: login ? text.logInAgain : text.toFrontPage };
}
