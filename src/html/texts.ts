import type { Language } from './language.ts';
import { en } from './texts/en.ts';
import { nb } from './texts/nb.ts';
import { nn } from './texts/nn.ts';

/** What stands on every page, and on the pages of errors. Bokmål is the source: a language that lacks a text does not compile. */
export type Texts = typeof nb;

export const texts: Readonly<Record<Language, Texts>> = { nb, nn, en };
