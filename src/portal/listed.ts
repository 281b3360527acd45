import type { Language } from '../html/language.ts';

const lists: Readonly<Record<Language, Intl.ListFormat>> = {
  nb: new Intl.ListFormat('nb', { type: 'conjunction' }),
  nn: new Intl.ListFormat('nn', { type: 'conjunction' }),
  en: new Intl.ListFormat('en-GB', { type: 'conjunction' }),
};

/** Names as one says them: `A, B og C`. */
export const listed = (language: Language, names: readonly string[]): string => lists[language].format(names);
