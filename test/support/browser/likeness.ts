import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { inPage } from './in-page.ts';

/**
 * Asserts that nothing but their words and their places tells two things apart: box, colours, font, border, and what their words stand
 * on (and so the contrast). The pointer and the focus must be elsewhere.
 */
export async function checkAlike(one: Locator, other: Locator): Promise<void> {
  assert.deepEqual(await differences(one, other), []);
}

/** In what two things differ, a line for each. */
export async function differences(one: Locator, other: Locator): Promise<string[]> {
  const page = one.page();
  // What is still coming changes the one between the two looks.
  await page.waitForLoadState('load');
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  const [first, second] = [await appearanceOf(one), await appearanceOf(other)];
  const names = Object.keys(first).filter((name) => first[name] !== second[name]);
  return names.map((name) => `${name}: ${first[name]} and ${second[name]}`);
}

async function appearanceOf(thing: Locator): Promise<Readonly<Record<string, string>>> {
  await inPage(thing.page(), 'frame()');
  return thing.evaluate((element) => (globalThis as unknown as InPage).inPage.appearance(element));
}

/** What `in-page.js` leaves in the page, as far as it is called from here. */
interface InPage {
  readonly inPage: { appearance(element: unknown): Record<string, string> };
}
