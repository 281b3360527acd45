import type { Language } from './language.ts';

/**
 * Money, dates and times as people read them. All pure: the zone is Oslo's whatever the machine's, and the language is asked
 * for. Spaces inside a number, and between a number and what it counts, are hard (U+00A0), so that no line breaks there.
 */

const HARD_SPACE = '\u00A0';
const ZONE = 'Europe/Oslo';
const locales: Readonly<Record<Language, string>> = { nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' };

// Making a formatter costs a thousand times what using it does.
const formattersOf = (locale: string) => ({
  kroner: new Intl.NumberFormat(locale, { style: 'currency', currency: 'NOK', maximumFractionDigits: 0 }),
  øre: new Intl.NumberFormat(locale, { style: 'currency', currency: 'NOK', minimumFractionDigits: 2 }),
  percent: new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  day: new Intl.DateTimeFormat(locale, { timeZone: ZONE, day: 'numeric', month: 'long', year: 'numeric' }),
  dayShort: new Intl.DateTimeFormat(locale, { timeZone: ZONE, day: '2-digit', month: '2-digit', year: 'numeric' }),
  time: new Intl.DateTimeFormat(locale, { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
});
const formatters = {
  nb: formattersOf(locales.nb),
  nn: formattersOf(locales.nn),
  en: formattersOf(locales.en),
} as const satisfies Record<Language, unknown>;

const hard = (text: string): string => text.replaceAll(/\s/g, HARD_SPACE);

/** `182 400,50 kr`, and without decimals when there are no øre; in English `NOK 182,400.50`. Never a minus before nothing. */
export function money(language: Language, øre: number): string {
  const { kroner, øre: exact } = formatters[language];
  const amount = øre === 0 ? 0 : øre / 100;
  return hard((øre % 100 === 0 ? kroner : exact).format(amount)).replace('-', '−');
}

/** Hundredths of a per cent: `1020` is `10,20 %`. */
export const percent = (language: Language, hundredths: number): string =>
  hard(formatters[language].percent.format(hundredths === 0 ? 0 : hundredths / 10_000)).replace('-', '−');

/** `22. november 2026`; in English `22 November 2026`. The line may break before the year. */
export const day = (language: Language, at: Date): string =>
  formatters[language].day
    .format(at)
    .replace(/\s/, HARD_SPACE)
    .replace(/\s(?=\d{4}$)/, ' ');

/** `22.11.2026`; in English `22/11/2026`. */
export const dayShort = (language: Language, at: Date): string => formatters[language].dayShort.format(at);

/** `kl. 14.32`; in English `14:32`. */
export function clockTime(language: Language, at: Date): string {
  const time = formatters[language].time.format(at);
  return language === 'en' ? time : `kl.${HARD_SPACE}${time.replace(':', '.')}`;
}

/** `22. november 2026 kl. 14.17`; in English `22 November 2026 at 14:17`. */
export const dayAndTime = (language: Language, at: Date): string =>
  `${day(language, at)} ${language === 'en' ? `at${HARD_SPACE}` : ''}${clockTime(language, at)}`;

/** `314 159 268`. A foreign number, which has another form, stays as it is. */
export const organisationNumber = (digits: string): string =>
  /^\d{9}$/.test(digits) ? digits.replaceAll(/\d{3}(?=\d)/g, `$&${HARD_SPACE}`) : digits;
