import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { inPage } from './in-page.ts';

interface Focused {
  /** Among what can be reached, in the order of the page; -1: nothing on the page, -2: something else. */
  readonly place: number;
  readonly name?: string;
  readonly marked?: boolean;
  readonly uncovered?: boolean;
  readonly top?: number;
  /** Something that can be scrolled, which browsers let the keyboard do. */
  readonly scrolls?: boolean;
}

/** Asserts that whoever has only a keyboard reaches everything on the page, in its order, and sees where they are. */
export async function checkKeyboard(page: Page, name: string): Promise<void> {
  assert.deepEqual(await keyboardProblems(page), [], name);
}

/** Goes through the page with the tabulator, from before its first link to the end; a line for each thing that is wrong. */
export async function keyboardProblems(page: Page): Promise<string[]> {
  const names = await inPage<string[]>(page, 'beginKeyboard()');
  const problems: string[] = [];
  const visited: number[] = [];
  for (let presses = 0; presses < names.length + 50; presses++) {
    await page.keyboard.press('Tab');
    const now = await inPage<Focused>(page, 'focused()');
    if (now.place === -1) break;
    if (now.place === -2) {
      if (now.scrolls !== true) problems.push(`${now.name} takes the focus, and cannot be used`);
      continue;
    }
    if (visited.includes(now.place)) break;
    visited.push(now.place);
    if (now.marked !== true) problems.push(`the focus on ${now.name} is not seen`);
    if (now.uncovered !== true) problems.push(`${now.name} lies behind something while it has the focus`);
  }
  const missed = names.filter((_name, place) => !visited.includes(place));
  problems.push(...missed.map((name) => `${name} is not reached`));
  const jump = visited.findIndex((place, turn) => turn > 0 && place < (visited[turn - 1] ?? 0));
  if (jump > 0)
    problems.push(`after ${names[visited[jump - 1] ?? 0]} comes ${names[visited[jump] ?? 0]}, which is before it`);
  return problems;
}

/** Moves the focus by the tabulator to the thing of that name, as shown or as read aloud, as a person would; fails when it is not there. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const names = await inPage<string[]>(page, 'beginKeyboard()');
  for (let presses = 0; presses < names.length + 50; presses++) {
    await page.keyboard.press('Tab');
    const { place, name: reached = '' } = await inPage<Focused>(page, 'focused()');
    if (place === -1) break;
    if (typeof name === 'string' ? reached.includes(`«${name}`) : name.test(reached)) return;
  }
  assert.fail(`${name} cannot be reached by the keyboard: ${names.join(' ')}`);
}
