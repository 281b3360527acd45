/** The languages of all pages: Bokmål (the source), Nynorsk, English. */
export const languages = ['nb', 'nn', 'en'] as const;
export type Language = (typeof languages)[number];

/** What each is called by those who speak it. */
export const ownNames: Readonly<Record<Language, string>> = { nb: 'Bokmål', nn: 'Nynorsk', en: 'English' };

export const isLanguage = (word: unknown): word is Language => languages.some((language) => language === word);

/**
 * The first of the wanted languages that pages have, or undefined. `tags` are language tags in order of preference, with spaces
 * or commas between (`ui_locales`, `Accept-Language`; weights are left out of account). `no` is Bokmål; regions do not matter.
 */
export function languageAmong(tags: string | undefined): Language | undefined {
  for (const tag of (tags ?? '')
    .slice(0, 500)
    .toLowerCase()
    .split(/[\s,]+/)) {
    const [primary = ''] = tag.split(/[-_;]/, 1);
    if (primary === 'no') return 'nb';
    if (isLanguage(primary)) return primary;
  }
  return undefined;
}
