import type { Language } from '../html/language.ts';
import { en } from './texts/en.ts';
import { nb } from './texts/nb.ts';
import { nn } from './texts/nn.ts';

/** What the pages of the redirect flow say, besides the text that is consented to. Bokmål is the source. */
export const texts: Readonly<Record<Language, typeof nb>> = { nb, nn, en };
