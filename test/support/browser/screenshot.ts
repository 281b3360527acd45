import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '../sources.ts';

/** Whether SAMTYKKE_TEST_SCREENSHOTS asks for pictures. */
export const takesPictures = (process.env['SAMTYKKE_TEST_SCREENSHOTS'] ?? '') !== '';

/** Takes a picture of a whole page (`whole: false`: of the window) into `.screenshots/`, when somebody asked for them: to be looked at, never kept in git. */
export async function screenshot(page: Page, name: string, { whole = true } = {}): Promise<void> {
  if (!takesPictures) return;
  const folder = join(ROOT, '.screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
}
