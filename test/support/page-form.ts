import type { Visited } from './visitor.ts';

/** The fields of the form whose action fits, as the browser would send them without a button. */
export function formOn(page: Visited, action: RegExp): { action: URL; fields: Record<string, string> } {
  for (const [, head = '', body = ''] of page.text.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const target = attributeOf(head, 'action') ?? '';
    if (!action.test(target)) continue;
    const fields: Record<string, string> = {};
    for (const [input] of body.matchAll(/<input[^>]*>/g)) {
      const name = attributeOf(input, 'name');
      const chosen = attributeOf(input, 'type') !== 'radio' || /\bchecked\b/.test(input);
      if (name !== undefined && chosen) fields[name] = attributeOf(input, 'value') ?? '';
    }
    return { action: new URL(target, page.url), fields };
  }
  throw new Error(`no form to ${action} on the page: ${wordsOf(page.text)}`);
}

const attributeOf = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&');

/** The words of a page, without its tags. */
export const wordsOf = (page: string): string =>
  page
    .replaceAll(/<head>.*?<\/head>|<[^>]*>/gs, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
