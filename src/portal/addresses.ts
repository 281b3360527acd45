import type { Place } from '../audit/place.ts';

/** A consent's id in an address. Whether there is such a consent is found out where it is read. */
const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const pages = new RegExp(`^/(?:consents(?:/${ID}(?:/withdraw)?)?|accesses|help|privacy|accessibility)?$`, 'i');
const parameters: readonly string[] = ['by', 'year', 'before', 'withdrawn', 'lang'];

/**
 * Where a login leads back to: a page of the portal with the parameters that pages know, or `/` for whatever else was asked for.
 * Nothing else can be reached by it: no other site, no other part of this one, no file that would be downloaded.
 */
export function pageToReturnTo(asked: unknown): string {
  if (typeof asked !== 'string' || asked.length > 500 || !asked.startsWith('/')) return '/';
  const [path = '', query = ''] = asked.split('?', 2);
  if (!pages.test(path)) return '/';
  const kept = new URLSearchParams(
    [...new URLSearchParams(query)].filter(([name, value]) => parameters.includes(name) && value.length <= 100),
  );
  return kept.size === 0 ? path : `${path}?${kept}`;
}

/** A place in a list as the value of a parameter: the time in milliseconds, and how many of that instant were shown. */
export const placeText = (place: Place): string => `${place.at.getTime()}-${place.skip}`;

/** Reads it back; undefined for whatever is none, so that the list begins at its beginning. */
export function placeOf(text: unknown): Place | undefined {
  const [, time, skip] = (typeof text === 'string' && /^(\d{1,14})-(\d{1,6})$/.exec(text)) || [];
  return time === undefined || skip === undefined ? undefined : { at: new Date(Number(time)), skip: Number(skip) };
}

/** The page that an address of the portal belongs to: of a file to download, the page with the link to it. */
export const pageWith = (address: string): string =>
  address
    .replace(/\/receipt\.json(?=\?|$)/, '')
    .replace(/^\/accesses\.csv(?=\?|$)/, '/accesses')
    .replace(/^\/my-data\.json(?=\?|$)/, '/accesses');
