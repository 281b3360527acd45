import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from '../support/browser/chromium.ts';
import { checkKeyboard } from '../support/browser/keyboard.ts';
import { checkPageAllOver } from '../support/browser/page-checks.ts';
import { requestAddress, startSandbox, tokenOf, type Sandbox } from '../support/browser/sandbox.ts';
import type { Visitor } from '../support/browser/visitor.ts';
import { bearer } from '../support/world.ts';

/** The console of the sandbox as a newcomer meets it, and what is moved there seen by those whom it concerns. */

const PERSON = '14842249091';
const NAME = 'Nøktern Multebær';

const browser = useBrowser();
let sandbox: Sandbox;
let visitor: Visitor;
let page: Page;
before(async () => {
  // Nothing is collected but what the console asks for, and nothing is learnt from waiting long for a creditor.
  sandbox = await startSandbox({ env: { LOOKUP_DEADLINE_MS: '700', COLLECT_AT_ONCE: '0' } });
  visitor = await sandbox.newVisitor(await browser(), { scripts: false, language: 'en' });
  ({ page } = visitor);
});
after(async () => {
  await visitor.leave();
  await sandbox.close();
});

const open = (address: string, on = page) => on.goto(new URL(address, sandbox.portalUrl).href);
const main = () => page.locator('main').innerText();
const said = () => page.locator('[role=status]').innerText();

/** The person says yes to the second client, and its web site looks up with what it gets. */
async function giveConsent(scope: string): Promise<string> {
  await page.goto(requestAddress(sandbox, { scope, more: { login_hint: `testid:${PERSON}`, ui_locales: 'en' } }));
  await page.locator('button[value=yes]').click();
  await page.waitForURL(`${sandbox.organisation.callback}**`);
  const [{ id } = {}] = await sandbox.inspect('select id from consent order by created_at desc limit 1');
  return id;
}

/** How many creditors did not answer a lookup of the second client. */
async function missingAt(id: string): Promise<number> {
  const headers = bearer(await tokenOf(sandbox, 2));
  const { status, json, text } = await sandbox.node.call({ method: 'GET', url: `/v1/debt/${id}`, headers });
  assert.equal(status, 200, text);
  return json.numberOfcreditorsMissing;
}

test('X3: a creditor that is made silent on its page is missing from the next lookup, and is there again when all are normal', async () => {
  const id = await giveConsent('debt.unsecured.processing.28');
  assert.equal(await missingAt(id), 0);
  await open('/sandbox/creditors');
  const row = page.getByRole('row', { name: /Havsule/ });
  await row.getByRole('combobox').selectOption('silent');
  await row.getByRole('button', { name: /^Set/ }).click();
  assert.match(await said(), /Havsule Finans AS is silent from the next question on/);
  assert.equal(await missingAt(id), 1);
  await open('/sandbox');
  assert.match(await main(), /1 not as usual/);
  await open('/sandbox/persons');
  assert.match(String(await page.locator('article').first().textContent()), /Is silent now/);
  await open('/sandbox/creditors');
  await page.getByRole('button', { name: 'Make all of them normal' }).click();
  assert.match(await said(), /normal again/);
  assert.equal(await missingAt(id), 0);
});

test('C6, X4: what a person does on the portal, and what the clock does, are events on the page of the feed', async () => {
  const kept = await giveConsent('debt.unsecured.processing.28');
  const once = await giveConsent('debt.unsecured.processing');

  await open('/sandbox/consents');
  await page.locator(`a[href*="${kept}"]`).click();
  assert.match(page.url(), new RegExp(`/consents/${kept}`), 'the person is logged in by the link');
  await page.getByRole('link', { name: /^Withdraw/ }).click();
  await page.getByRole('button', { name: /^Withdraw/ }).click();

  await open('/sandbox');
  await page.getByRole('button', { name: '+ 1 day' }).click();
  assert.match(await said(), /The clock was moved: .*, 1 day ahead of real time/);

  await open('/sandbox/feed');
  const rows = page.locator('tr').filter({ hasText: NAME });
  assert.match(await rows.filter({ hasText: kept }).first().innerText(), /Withdrawn by the person/);
  assert.match(await rows.filter({ hasText: once }).first().innerText(), /Expired/);
  await open('/sandbox/consents');
  assert.match(await main(), /Expired[^]*Withdrawn by the person/);
});

test('X3, P1: a creditor is collected, and a loan is pushed in its name, and then the person owes it', async () => {
  await open('/sandbox/creditors');
  await page.getByRole('button', { name: 'Collect now from Multebær Betalingskort AS' }).click();
  assert.match(await said(), /Multebær Betalingskort AS, collected .*: Applied, \d+ customers? and \d+ loans?/);
  await page.getByLabel('Creditor', { exact: true }).selectOption({ label: 'Tjeldvik Sparekreditt' });
  await page.getByLabel('Person').selectOption({ index: 2 });
  await page.getByLabel('Amount in kroner').fill('12 345');
  await page.getByRole('button', { name: 'Push it' }).click();
  assert.match(await said(), /Tjeldvik Sparekreditt, pushed .*: Applied, 1 customer and 1 loan/);
  await open('/sandbox/persons');
  await page.getByRole('link', { name: 'Portal as Lettbeint Lerke' }).click();
  assert.match(await main(), /Tjeldvik Sparekreditt[^]*NOK.12,345/);
});

test('X3, X4: every page of the console, wide and narrow, light and dark, and by the keyboard', async (t) => {
  const addresses = {
    console: '/sandbox?clock=moved',
    'console-refused': '/sandbox?refused=days',
    'console-persons': '/sandbox/persons',
    'console-creditors': '/sandbox/creditors?set=211872543',
    'console-creditors-refused': '/sandbox/creditors?refused=kroner',
    'console-clients': '/sandbox/clients',
    'console-consents': '/sandbox/consents',
    'console-feed': '/sandbox/feed',
  };
  const scripted = await sandbox.newVisitor(await browser(), { language: 'en' });
  for (const [name, address] of Object.entries(addresses)) {
    await t.test(name, async () => {
      await open(address, scripted.page);
      const variant = name.endsWith('refused');
      // Test persons' numbers are there to be used.
      const site = 'Samtykke sandbox';
      await checkPageAllOver(scripted.page, { name, language: 'en', site, numbers: true, variant });
      if (variant) return;
      await open(address, scripted.page);
      await checkKeyboard(scripted.page, name);
    });
  }
  await scripted.leave();
});

test('X4: the page of the feed refreshes itself for whoever asks for it, and for nobody else', async () => {
  const feed = (query: string) => sandbox.node.call({ method: 'GET', url: `/sandbox/feed${query}` });
  assert.equal((await feed('')).headers['refresh'], undefined);
  const followed = await feed('?refresh=5');
  assert.equal(followed.headers['refresh'], '5');
  assert.match(followed.text, /refreshes itself every 5 seconds. <a class="ds-link" href="\/sandbox\/feed">Pause<\/a>/);
  for (const other of ['?refresh=0', '?refresh=1', '?refresh=5&refresh=5']) {
    assert.equal((await feed(other)).headers['refresh'], undefined, other);
  }
});
