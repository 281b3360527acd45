import type { Language } from '../html/language.ts';
import { en } from './texts/en.ts';
import { nb } from './texts/nb.ts';
import { nn } from './texts/nn.ts';

/** What each language has to say. Bokmål is the source: a key that is missing elsewhere does not compile. */
export type Texts = typeof nb;

/** The words of a request for consent. Any change of them is a new `TEXT_VERSION`: see `consent-text.test.ts`. */
export const texts: Readonly<Record<Language, Texts>> = { nb, nn, en };
