import { isPurpose } from '../consent/consent.ts';
import type { GivenConsent } from '../consent/list.ts';
import { clockTime, dayAndTime } from '../html/format.ts';
import { html, type Html } from '../html/html.ts';
import type { Language } from '../html/language.ts';
import { daysBetween } from './days.ts';
import { texts } from './texts.ts';

/** What a consent is for, in words; the log may hold a purpose that there is no more. */
export const purposeWords = (language: Language, purpose: string | null): string =>
  purpose !== null && isPurpose(purpose) ? texts[language].purposes[purpose] : (purpose ?? '');

/** Why a consent has ended, or null for one that is active. */
export function endWords(
  language: Language,
  given: GivenConsent,
): { readonly why: string; readonly since: Date } | null {
  if (given.state.active) return null;
  const once = given.consent.duration.kind === 'single_use';
  const why = texts[language].consents.reasons(given.client.name, once)[given.state.reason];
  return { why, since: given.state.since };
}

/** Until when an active consent is good, as exactly as it is: to the minute, and below it how many days that are. */
export function validToWords(language: Language, { consent }: GivenConsent, now: Date): Html | string {
  const { consents: words } = texts[language];
  return consent.duration.kind === 'single_use'
    ? words.once(clockTime(language, consent.expiresAt))
    : html`${dayAndTime(language, consent.expiresAt)}<small class="below">${words.daysLeft(daysBetween(now, consent.expiresAt))}</small>`;
}
