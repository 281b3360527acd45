import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { languages } from '../../src/html/language.ts';
import { useBrowser } from '../support/browser/chromium.ts';
import { checkKeyboard } from '../support/browser/keyboard.ts';
import { checkPageAllOver, checkPageEverywhere } from '../support/browser/page-checks.ts';
import { startSandbox, type Sandbox } from '../support/browser/sandbox.ts';
import type { Visitor } from '../support/browser/visitor.ts';

/** The pages of the portal for everybody, and the debt: all languages, wide and narrow, light and dark. */

const browser = useBrowser();
let sandbox: Sandbox;
let visitor: Visitor;
let page: Page;
before(async () => {
  // Two creditors never answer: nothing is learnt from waiting long for them.
  sandbox = await startSandbox({ env: { LOOKUP_DEADLINE_MS: '500' } });
  visitor = await sandbox.newVisitor(await browser());
  ({ page } = visitor);
});
after(async () => {
  await visitor.leave();
  await sandbox.close();
});

const open = (address: string) => page.goto(new URL(address, sandbox.portalUrl).href);

async function see(name: string, address: string): Promise<void> {
  await open(address);
  await checkPageEverywhere(page, { name, variant: variants.has(name) });
}

/** Pages that differ from another one in words only. */
const variants = new Set(['front-failed', 'debt-none', 'debt-joint']);

/** Nobody is signed in any more, and then this person is. */
async function logInAs(nin: string): Promise<void> {
  await visitor.context.clearCookies();
  await open('/login');
  await page.locator('#nin').fill(nin);
  await page.locator('form').last().locator('button:not([name])').click();
  await page.waitForURL(`${sandbox.portalUrl}/`);
}

test('E2: what everybody may read, and an address where there is nothing', async (t) => {
  for (const [name, address] of Object.entries({
    front: '/',
    'front-cancelled': '/?login=cancelled',
    'front-failed': '/?login=failed&to=%2Fconsents',
    help: '/help',
    privacy: '/privacy',
    accessibility: '/accessibility',
    'signed-out': '/signed-out',
    'not-found': '/nowhere',
  })) {
    await t.test(name, () => see(name, address));
  }
});

test('D3: the debt, for whom all, not all, and none answer, and in a long list', async (t) => {
  for (const [name, nin] of Object.entries({
    debt: '14842249091',
    'debt-missing': '29868099311',
    'debt-none': '07857193886',
    'debt-long': '05886791269',
    'debt-joint': '19828891203',
  })) {
    await t.test(name, async () => {
      await logInAs(nin);
      await see(name, '/');
    });
  }
});

test('A9: the page between signing out here and at the login provider', async () => {
  // It leads on by itself, and is to stay where it is.
  await visitor.context.route(/\/testid\/session\/end/, (route) => route.fulfill({ status: 204 }));
  for (const language of languages) {
    await logInAs('14842249091');
    await open(`/help?lang=${language}`);
    await page.locator('header form button').click();
    await page.waitForURL(/\/logout$/);
    await checkPageAllOver(page, { name: 'signing-out', language });
  }
});

test('B1: the debt with the keyboard', async () => {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const address of ['/', '/help']) {
      await open(address);
      await checkKeyboard(page, `${address} at ${width} px`);
    }
  }
});
