import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { callsOf, type Description } from '../../src/docs/description.ts';
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
  { width: 390, scheme: 'dark' },
  { width: 1280, scheme: 'dark' },
  { width: 390, scheme: 'light' },
] as const) {
  test(`A12: the reference shows all calls, asks nobody else, and breaks no rule of its policy: ${width} px, ${scheme}`, async () => {
    await visit({ width, scheme, language: 'en' }, async (page) => {
      const variant = (width === 1280) === (scheme === 'dark');
      for (const path of variant ? ['/docs'] : ['/docs', '/docs/deliveries']) {
        await see(page, path);
        assert.equal(await page.evaluate("document.body.classList.contains('dark-mode')"), scheme === 'dark');
        await screenshot(page, `reference${path.replaceAll('/', '-')}-${width}-${scheme}`, { whole: false });
      }
    });
  });
}

/** Opens a reference, and goes to its last call. */
async function see(page: Page, path: string): Promise<void> {
  const document = await documentAt(path);
  const calls = callsOf(document);
  await page.goto(`${sandbox.accessUrl}${path}`);
  await page.getByRole('heading', { level: 1, name: String(document.info['title']) }).waitFor();
  assert.equal(await page.locator('.plain').count(), 0, 'what is there without a script is gone');
  const menu = page.getByRole('button', { name: 'Open Menu' });
  if (await menu.isVisible()) await menu.click();
  const sidebar = page.locator('aside:visible');
  for (const { operation } of calls) await sidebar.getByText(operation.summary, { exact: true }).first().waitFor();
  const last = calls.at(-1)?.operation.summary ?? '';
  await sidebar.getByText(last, { exact: true }).first().click();
  const main = page.getByRole('main');
  await main.getByRole('heading', { name: last }).first().waitFor();
  const links = await page.evaluate<string[]>(
    "[...document.querySelectorAll('a[href]')].filter((link) => link.checkVisibility()).map((link) => link.href)",
  );
  const elsewhere = links.filter((link) => !link.startsWith(sandbox.accessUrl) && !OUR_LINKS.test(link));
  assert.deepEqual(elsewhere, [], 'no link leads to those who made the script');
  assert.deepEqual(troublesOf(page), [], path);
}

/** What our own texts lead to. */
const OUR_LINKS = /^https:\/\/(www\.standardwebhooks\.com|your-host\.example)\//;

test('A12: a call can be tried from the page of a sandbox: a click fetches a token, another one sends it', async () => {
  await visit({ width: 1280, language: 'en' }, async (page) => {
    await page.goto(`${sandbox.accessUrl}/docs#tag/consents-feed-api/GET/feed/v1/consent/lastSequenceNr`);
    await page.getByRole('button', { name: 'Test Request (get /feed/v1/consent/lastSequenceNr)' }).click();
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.getByRole('button', { name: 'Clear tokens' }).waitFor();
    await page
      .getByRole('button', { name: /Send get request/ })
      .first()
      .click();
    await page.getByText('200 OK').first().waitFor();
    await screenshot(page, 'reference-tried', { whole: false });
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

/** Errors whose pages have all that such a page can have: of both kinds, of one, with an empty body, for people only. True: much alike. */
const KINDS = { invalid_request: false, missing_authorization: true, consent_denied: true, form_refused: true };

test('E1: the pages of errors keep all rules for pages', async () => {
  await visit({ language: 'en' }, async (page) => {
    const site = 'Samtykke for developers';
    await page.goto(`${sandbox.accessUrl}/docs/errors`);
    await checkPageAllOver(page, { name: 'errors', language: 'en', site, numbers: true });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await checkKeyboard(page, `errors at ${width} px`);
    }
    for (const [name, variant] of Object.entries(KINDS)) {
      await page.goto(`${sandbox.accessUrl}/docs/errors/${name}`);
      await checkPageAllOver(page, { name: `error-${name}`, language: 'en', site, numbers: true, variant });
    }
  });
});
