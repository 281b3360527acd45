import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '../sources.ts';

/** Takes a picture of a whole page (`whole: false`: of the window) into `.screenshots/`, when SAMTYKKE_TEST_SCREENSHOTS is set: to be looked at, never kept in git. */
export async function screenshot(page: Page, name: string, { whole = true } = {}): Promise<void> {
  if ((process.env['SAMTYKKE_TEST_SCREENSHOTS'] ?? '') === '') return;
  const folder = join(ROOT, '.screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
}
