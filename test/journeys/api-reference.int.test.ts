import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { callsOf, type Description } from '../../src/docs/description.ts';
import { errorNames } from '../../src/docs/error-names.ts';
import { useBrowser } from '../support/browser/chromium.ts';
import { checkKeyboard } from '../support/browser/keyboard.ts';
import { checkPageAllOver } from '../support/browser/page-checks.ts';
import { startSandbox, type Sandbox } from '../support/browser/sandbox.ts';
import { screenshot } from '../support/browser/screenshot.ts';
import { troublesOf, type Visitor } from '../support/browser/visitor.ts';

/** The API reference, which is the one page with a script, and the pages of errors. */

const browser = useBrowser();
let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

const documentAt = async (path: string): Promise<Description> =>
  (await sandbox.node.call({ method: 'GET', url: `${path}/openapi.json` })).json as Description;

async function visit(how: Parameters<Sandbox['newVisitor']>[1], look: (page: Page, visitor: Visitor) => Promise<void>) {
  const visitor = await sandbox.newVisitor(await browser(), how);
  try {
    await look(visitor.page, visitor);
  } finally {
    await visitor.leave();
  }
}

for (const { width, scheme } of [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
] as const) {
  test(`A12: the reference shows all calls, asks nobody else, and breaks no rule of its policy: ${width} px, ${scheme}`, async () => {
    for (const path of ['/docs', '/docs/deliveries']) {
      await visit({ width, scheme, language: 'en' }, async (page) => {
        await page.goto(`${sandbox.accessUrl}${path}`);
        const { info, tags, paths } = await documentAt(path);
        await page.getByRole('heading', { level: 1, name: String(info['title']) }).waitFor();
        assert.equal(await page.locator('.plain').count(), 0, 'what was there without a script is gone');
        const calls = callsOf({ info, paths, openapi: '' });
        assert.ok(calls.length > 0 && (tags?.length ?? 0) > 0);
        // Those further down are drawn when they are come to.
        const last = page.getByRole('heading', { name: calls.at(-1)?.operation.summary ?? '' }).first();
        for (let screens = 0; screens < 200 && !(await last.isVisible()); screens += 1) {
          await page.mouse.wheel(0, 2_000);
          await page.waitForTimeout(20);
        }
        for (const { operation } of calls) {
          await page.getByText(operation.summary, { exact: false }).first().waitFor({ state: 'attached' });
        }
        await screenshot(page, `reference${path.replaceAll('/', '-')}-end-${width}-${scheme}`);
        const dark = await page.evaluate("document.body.classList.contains('dark-mode')");
        assert.equal(dark, scheme === 'dark');
        const elsewhere = await page.evaluate<string[]>(
          "[...document.querySelectorAll('a[href]')].filter((a) => a.checkVisibility()).map((a) => a.href)",
        );
        const { origin } = new URL(sandbox.accessUrl);
        assert.deepEqual(
          elsewhere.filter((address) => !address.startsWith(origin) && !ALLOWED.test(address)),
          [],
          'no link leads to whoever made the script',
        );
        assert.deepEqual(troublesOf(page), [], path);
      });
    }
  });
}

/** What our own texts lead to. */
const ALLOWED = /^(https:\/\/www\.standardwebhooks\.com|https:\/\/(your-host|bank)\.example|blob:|data:)/;

test('A12: a call can be tried from the page of a sandbox, and goes to no other origin', async () => {
  await visit({ width: 1280, language: 'en' }, async (page) => {
    await page.goto(`${sandbox.accessUrl}/docs`);
    await page
      .getByRole('button', { name: /Test Request.*openid-configuration/s })
      .first()
      .click();
    await page.getByRole('button', { name: /^Send/ }).first().click();
    await page.getByText('200 OK').first().waitFor();
    assert.deepEqual(troublesOf(page), []);
  });
});

test('A12: without scripts the reference says where the document is, and lists all calls', async () => {
  await visit({ width: 390, language: 'en', scripts: false }, async (page) => {
    for (const path of ['/docs', '/docs/deliveries']) {
      await page.goto(`${sandbox.accessUrl}${path}`);
      assert.equal(await page.locator('h1').count(), 1);
      const lines = await page.locator('main li code').allTextContents();
      const calls = callsOf(await documentAt(path)).map((call) => `${call.method.toUpperCase()} ${call.path}`);
      assert.deepEqual(lines, calls);
      await page.getByRole('link', { name: `${path}/openapi.json` }).waitFor();
      const beyond = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      assert.ok(Number(await page.evaluate(beyond)) <= 0, 'nothing reaches out sideways');
    }
  });
});

test('E1: the pages of errors keep all rules for pages', async () => {
  await visit({ language: 'en' }, async (page) => {
    const site = 'Samtykke for developers';
    await page.goto(`${sandbox.accessUrl}/docs/errors`);
    await checkPageAllOver(page, { name: 'errors', language: 'en', site, numbers: true });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await checkKeyboard(page, `errors at ${width} px`);
    }
    for (const [place, name] of errorNames.entries()) {
      await page.goto(`${sandbox.accessUrl}/docs/errors/${name}`);
      // They are alike: the first, with the most ways, is looked at in all windows.
      await checkPageAllOver(page, { name: `error-${name}`, language: 'en', site, numbers: true, variant: place > 0 });
    }
  });
});
