import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { copyOf, mayRunScripts } from './visitor.ts';

const own = readFileSync(join(import.meta.dirname, 'in-page.js'), 'utf8');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Evaluates an expression inside a page, with `inPage` of `in-page.js` at hand. It comes in by the browser's own tools, so the page's
 * policy does not stop it; and it works where pages may not run scripts, as long as nothing has to be waited for.
 */
export async function inPage<Result>(page: Page, expression: string): Promise<Result> {
  if ((await page.evaluate('typeof inPage')) === 'undefined') await page.evaluate(`${own}; undefined`);
  return page.evaluate(`inPage.${expression}`);
}

/** Which of axe's rules: those of these tags, or these. */
export interface RunOnly {
  readonly type: 'tag' | 'rule';
  readonly values: readonly string[];
}

/**
 * What axe finds in the page as it is now. It waits for timers, which a window without scripts does not have: the same document is
 * opened in one that has them then. Nothing is asked of the server for that but styles and fonts.
 */
export async function axeViolations(page: Page, runOnly: RunOnly): Promise<string[]> {
  if (!mayRunScripts(page)) {
    const { copy, close } = await copyOf(page);
    try {
      return await axeViolations(copy, runOnly);
    } finally {
      await close();
    }
  }
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(`${axe}; undefined`);
  return inPage(page, `axeViolations(${JSON.stringify(runOnly)})`);
}
