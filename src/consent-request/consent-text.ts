import { expiryOf, type Duration, type Purpose } from '../consent/consent.ts';
import { clockTime, day, organisationNumber } from '../html/format.ts';
import type { Language } from '../html/language.ts';
import { texts, type Texts } from './texts.ts';

/**
 * The version of what people read before they answer. It is kept with every consent (C10), so each change of the words, or of
 * what stands where, is a new version; `consent-text.test.ts` fails until it is.
 */
export const TEXT_VERSION = '1';

/** The parts of the text, in the order in which they are read. Texts of years ago are still read: no name is ever taken away. */
export const sectionIds = ['who', 'use', 'see', 'duration', 'change_mind', 'say_no'] as const;

export interface ConsentSection {
  readonly id: (typeof sectionIds)[number];
  readonly heading: string;
  readonly paragraphs: readonly string[];
  readonly bullets: readonly string[];
  /** What follows the bullets; in `duration`, what stands above the choices. */
  readonly after: readonly string[];
  readonly details: { readonly summary: string; readonly items: readonly string[] } | null;
}

/**
 * All that a person reads before saying yes or no. Plain JSON: it is stored as the proof of what was shown, and read back years
 * later. It is data, not HTML: a name with markup in it stands here as it is.
 */
export interface ConsentText {
  readonly version: string;
  readonly language: Language;
  /** The question. */
  readonly title: string;
  readonly lead: string;
  readonly sections: readonly ConsentSection[];
  /** What can be chosen, with its last day: first what was asked for, then shorter times. `days: null` is once. */
  readonly durations: readonly { readonly days: number | null; readonly label: string }[];
  readonly yes: string;
  readonly no: string;
  /** Where the person goes next, whatever the answer. */
  readonly next: string;
  /** Until what time the question can be answered. */
  readonly answerBy: string;
}

/** What an organisation asks of a person, and when. */
export interface Ask {
  readonly language: Language;
  readonly client: { readonly name: string; readonly organisationNumber: string };
  readonly purpose: Purpose;
  /** Days asked for, as clamped; null: once. */
  readonly askedDays: number | null;
  /** Business time: a yes at this instant is what the dates are reckoned from. */
  readonly now: Date;
  /** The last instant at which the person can answer. */
  readonly answerBy: Date;
}

const shorterTimes = [180, 90, 30, 7, 1];
const MOST_SHORTER_TIMES = 3;

/** What a person can choose between: the time asked for, or at most three shorter ones; never a longer one. Once is once. */
export const durationChoices = (askedDays: number | null): readonly (number | null)[] =>
  askedDays === null
    ? [null]
    : [askedDays, ...shorterTimes.filter((days) => days < askedDays).slice(0, MOST_SHORTER_TIMES)];

/**
 * The text for one ask. The last day is the day in Oslo on which a consent given now expires, which is N × 24 hours later
 * whatever summer time does (C2); the text has to be made again when the person answers, and is another one after midnight. For
 * a single use the time is the latest possible: of a yes in the last instant.
 */
export function consentText(ask: Ask): ConsentText {
  const { language, purpose, askedDays, now, answerBy } = ask;
  const text = texts[language];
  const client = ask.client.name;
  return {
    version: TEXT_VERSION,
    language,
    title: text.title(client),
    lead: text.lead(client),
    sections: [
      section('who', text.who.heading, {
        paragraphs: [client, text.who.organisationNumber(organisationNumber(ask.client.organisationNumber))],
      }),
      section('use', text.use.heading, { paragraphs: [text.use[purpose](client), text.use.nothingElse] }),
      section('see', text.see.heading, {
        bullets: text.see.bullets,
        after: [text.see.notSeen],
        details: { summary: text.see.summary, items: text.see.fields },
      }),
      section('duration', text.duration.heading, durationWords(text, ask)),
      section('change_mind', text.changeMind.heading, {
        paragraphs: [
          askedDays === null ? text.changeMind.once : text.changeMind.days,
          text.changeMind.alreadyFetched(client),
        ],
      }),
      section('say_no', text.sayNo.heading, { paragraphs: [text.sayNo.nothing(client), text.sayNo[purpose]] }),
    ],
    durations: durationChoices(askedDays).map((days, place) => {
      const choice =
        days === null ? text.duration.once(latestUse(ask)) : text.duration.choice(days, lastDay(language, now, days));
      return { days, label: place === 0 && days !== null ? text.duration.asked(choice) : choice };
    }),
    yes: text.yes,
    no: text.no,
    next: text.next(client),
    answerBy: text.answerBy(client, clockTime(language, answerBy)),
  };
}

const section = (
  id: ConsentSection['id'],
  heading: string,
  content: Partial<Omit<ConsentSection, 'id' | 'heading'>>,
): ConsentSection => ({ id, heading, paragraphs: [], bullets: [], after: [], details: null, ...content });

function durationWords(text: Texts, ask: Ask): Partial<ConsentSection> {
  const { duration: words } = text;
  if (ask.askedDays === null) {
    const minutes = (expiryOf(ask.answerBy, once).getTime() - ask.answerBy.getTime()) / 60_000;
    return { paragraphs: [`${words.once(latestUse(ask))}.`, words.onceWithin(minutes)] };
  }
  const whole = words.forDays(ask.askedDays, lastDay(ask.language, ask.now, ask.askedDays));
  const choosing = durationChoices(ask.askedDays).length > 1;
  return {
    paragraphs: [choosing ? `${whole} ${words.shorter}` : whole, words.manyTimes],
    after: choosing ? [words.choose] : [],
  };
}

const once: Duration = { kind: 'single_use' };
const latestUse = (ask: Ask): string => clockTime(ask.language, expiryOf(ask.answerBy, once));
const lastDay = (language: Language, now: Date, days: number): string =>
  day(language, expiryOf(now, { kind: 'days', days }));
