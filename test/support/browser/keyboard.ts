import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { inPage } from './in-page.ts';

interface Focused {
  /** Among what can be reached, in the order of the page; -1: nothing on the page, -2: something else. */
  readonly place: number;
  readonly name?: string;
  readonly marked?: boolean;
  readonly uncovered?: boolean;
  /** Where on the page it is, however that is scrolled. */
  readonly box?: Box;
  /** Something that can be scrolled, which browsers let the keyboard do. */
  readonly scrolls?: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Asserts that whoever has only a keyboard reaches everything on the page, in its order, and sees where they are. */
export async function checkKeyboard(page: Page, name: string): Promise<void> {
  assert.deepEqual(await keyboardProblems(page), [], name);
}

/** Goes through the page with the tabulator, from before its first link to the end; a line for each thing that is wrong. */
export async function keyboardProblems(page: Page): Promise<string[]> {
  const names = await inPage<string[]>(page, 'beginKeyboard()');
  const problems: string[] = [];
  const visited: Focused[] = [];
  for (let presses = 0; presses < names.length + SCROLLERS; presses++) {
    await page.keyboard.press('Tab');
    const now = await inPage<Focused>(page, 'focused()');
    if (now.place === -1 || visited.some(({ place }) => place === now.place)) break;
    if (now.place === -2) {
      if (now.scrolls !== true) problems.push(`${now.name} takes the focus, and cannot be used`);
      continue;
    }
    if (now.marked !== true) problems.push(`the focus on ${now.name} is not seen`);
    if (now.uncovered !== true) problems.push(`${now.name} lies behind something while it has the focus`);
    const before = visited.at(-1);
    if (before !== undefined && goesBack(before, now))
      problems.push(`after ${before.name} comes ${now.name}, which is before it`);
    visited.push(now);
  }
  const reached = new Set(visited.map(({ place }) => place));
  problems.push(...names.filter((_name, place) => !reached.has(place)).map((name) => `${name} is not reached`));
  return problems;
}

/** How many things on a page may take the focus only to be scrolled. */
const SCROLLERS = 50;

/** In the document, or as people read: back in the line, or up the page. */
function goesBack(before: Focused, now: Focused): boolean {
  if (now.place < before.place) return true;
  if (before.box === undefined || now.box === undefined) return false;
  const above = now.box.bottom <= before.box.top;
  const sameLine = now.box.top < before.box.bottom && before.box.top < now.box.bottom;
  return above || (sameLine && now.box.right <= before.box.left);
}

/** Moves the focus by the tabulator to the thing of that name, as shown or as read aloud, as a person would; fails when it is not there. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const names = await inPage<string[]>(page, 'beginKeyboard()');
  for (let presses = 0; presses < names.length + SCROLLERS; presses++) {
    await page.keyboard.press('Tab');
    const { place, name: reached = '' } = await inPage<Focused>(page, 'focused()');
    if (place === -1) break;
    if (typeof name === 'string' ? reached.includes(`«${name}`) : name.test(reached)) return;
  }
  assert.fail(`${name} cannot be reached by the keyboard: ${names.join(' ')}`);
}
