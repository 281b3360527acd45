import type { Language } from '../html/language.ts';
import { en } from './static-texts/en.ts';
import { nb } from './static-texts/nb.ts';
import { nn } from './static-texts/nn.ts';

/** What stands on the pages that are the same for everybody. */
export const staticTexts: Readonly<Record<Language, typeof nb>> = { nb, nn, en };
