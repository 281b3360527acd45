import type { Purpose } from '../consent/consent.ts';
import type { Language } from '../html/language.ts';
import type { Nin } from '../person/nin.ts';
import { sha256 } from '../platform/crypto.ts';
import { newId } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { ANSWER_MINUTES, type ConsentRequest, type Failure } from './consent-request.ts';
import type { ConsentText } from './consent-text.ts';
import { BIND, END, FIND, OPEN, SHOW, SPEAK, requestOf } from './store.ts';

/** The request of this interaction with the authorization server; undefined when none was opened. */
export async function findRequest(platform: Platform, interaction: string): Promise<ConsentRequest | undefined> {
  const [row] = await platform.db.query(FIND, [sha256(interaction)]);
  return row === undefined ? undefined : requestOf(row);
}

/**
 * Opens the request of an interaction, or answers the one that is there: reloading and other tabs meet the same one, and have the
 * same time to answer. It is what is left for the operator when the person walks away (C10).
 */
export async function openRequest(
  platform: Platform,
  interaction: string,
  ask: { clientId: string; purpose: Purpose; askedDays: number | null; language: Language },
): Promise<ConsentRequest> {
  const known = await findRequest(platform, interaction);
  if (known !== undefined) return known;
  const answerBy = new Date(platform.clock.realNow().getTime() + ANSWER_MINUTES * 60_000);
  const values = [ask.clientId, ask.purpose, ask.askedDays, ask.language, platform.clock.now(), answerBy];
  await platform.db.query(OPEN, [newId(), sha256(interaction), ...values]);
  const request = await findRequest(platform, interaction);
  if (request === undefined) throw new Error('a request that was opened must be there');
  return request;
}

/** From now on the pages of this request are in that language. */
export async function speak(platform: Platform, request: ConsentRequest, language: Language): Promise<ConsentRequest> {
  if (request.language === language) return request;
  await platform.db.query(SPEAK, [request.id, language]);
  return { ...request, language };
}

/** Ties a request to whoever logged in for it first. False: that was somebody else, or it has been answered meanwhile. */
export async function bindPerson(
  platform: Platform,
  request: ConsentRequest,
  person: { nin: Nin; level: string; signedInAt: Date },
): Promise<boolean> {
  const indexes = platform.vault.indexes(person.nin);
  const [index] = indexes;
  const hashes = indexes.map((entry) => entry.hash);
  const login = [person.level, person.signedInAt];
  const bound = await platform.db.query(BIND, [request.id, hashes, index.hash, index.keyId, ...login]);
  return bound.length > 0;
}

/** Keeps what is on the screen now, as the proof of what was shown if the person says yes to it (C10). */
export async function keepShown(platform: Platform, request: ConsentRequest, text: ConsentText): Promise<void> {
  const now = platform.clock.now();
  const hash = hashOfText(text);
  await platform.db.query(SHOW, [request.id, text.version, text.language, now, JSON.stringify(text), hash]);
}

/** What tells a text from any other, 32 bytes: the form of the screen brings it back with the answer. */
export const hashOfText = (text: ConsentText): Buffer => sha256(JSON.stringify(text));

/** How a request ends without a consent. */
export type Ending =
  { readonly outcome: 'declined' | 'cancelled' } | { readonly outcome: 'failed'; readonly why: Failure };

/** Ends a request without a consent. False: it was answered before, and stays as it is. */
export async function endRequest(platform: Platform, request: ConsentRequest, ending: Ending): Promise<boolean> {
  const why = ending.outcome === 'failed' ? ending.why : null;
  const ended = await platform.db.query(END, [request.id, ending.outcome, platform.clock.now(), why]);
  return ended.length > 0;
}
