import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { languages } from '../../src/html/language.ts';
import { useBrowser } from '../support/browser/chromium.ts';
import { checkKeyboard } from '../support/browser/keyboard.ts';
import { checkPageAllOver, checkPageEverywhere } from '../support/browser/page-checks.ts';
import { requestAddress, startSandbox, tokenOf, type Sandbox } from '../support/browser/sandbox.ts';
import type { Visitor } from '../support/browser/visitor.ts';
import { bearer, clientOf } from '../support/world.ts';

/** Every page on the way from an organisation and back: all languages, wide and narrow, light and dark. */

const browser = useBrowser();
let sandbox: Sandbox;
let visitor: Visitor;
let page: Page;
before(async () => {
  sandbox = await startSandbox();
  visitor = await sandbox.newVisitor(await browser());
  ({ page } = visitor);
  // Pages that lead on by themselves are to stay where they are.
  await visitor.context.route(ONWARD, (route) => route.fulfill({ status: 204 }));
});
after(async () => {
  await visitor.leave();
  await sandbox.close();
});

const ONWARD = /\/(oauth2|testid)\/auth\/[^/]+$/;
const person = '14842249091';
const yes = () => page.locator('button[value=yes]');
const no = () => page.locator('button[value=no]');

/** Opens a request, logged in without a click unless told, and answers with its address. */
async function ask(options: { scope?: string; language?: string; hint?: boolean } = {}): Promise<string> {
  const { scope, language = 'nb', hint = true } = options;
  // A language that was chosen before.
  await visitor.context.clearCookies({ name: 'lang' });
  const more = { ui_locales: language, ...(hint ? { login_hint: `testid:${person}` } : {}) };
  await page.goto(requestAddress(sandbox, { ...(scope === undefined ? {} : { scope }), more }));
  return page.url();
}

/** Writes a number on TestID's page. */
async function logIn(nin: string): Promise<void> {
  await page.locator('#nin').fill(nin);
  await page.locator('button:not([name])').last().click();
}

test('A9: TestID’s pages', async () => {
  await ask({ hint: false });
  await checkPageEverywhere(page, { name: 'testid', numbers: true });
  await checkKeyboard(page, 'testid');
  const address = page.url();
  await page.locator('#nin').fill('12345678901');
  await page.locator('button:not([name])').last().click();
  await page.waitForURL(/refused=/);
  await checkPageEverywhere(page, { name: 'testid-refused', variant: true, numbers: true });
  for (const language of languages) {
    await page.goto(`${address.split('?')[0]}?lang=${language}`);
    await logIn(person);
    await page.locator('main a.ds-button').waitFor();
    await checkPageAllOver(page, { name: 'testid-onward', language });
  }
});

test('A10: the consent screen, with a choice of durations, for once, and with a text that has changed', async () => {
  for (const [name, scope] of [
    ['screen', 'debt.unsecured.presentation.365'],
    ['screen-processing', 'debt.unsecured.processing.28'],
    ['screen-once', 'debt.unsecured.presentation'],
  ] as const) {
    await ask({ scope });
    await checkPageEverywhere(page, { name, variant: name === 'screen-processing' });
    await page.goto(page.url());
    await checkKeyboard(page, name);
    await page.setViewportSize({ width: 390, height: 900 });
    await page.goto(page.url());
    await checkKeyboard(page, `${name}, narrow`);
    await page.setViewportSize({ width: 1280, height: 900 });
  }
  const address = await ask();
  await page.goto(`${address.split('?')[0]}?changed=1`);
  await checkPageEverywhere(page, { name: 'screen-changed' });
});

test('A8: the hand-over pages, and what is shown to whoever comes back to a request that was answered', async (t) => {
  await t.test('approved', async () => {
    const address = (await ask()).split('?')[0] ?? '';
    await yes().click();
    await page.waitForURL(/\/done$/);
    await checkPageEverywhere(page, { name: 'hand-over-approved' });
    await page.goto(address);
    await checkPageEverywhere(page, { name: 'answered-approved' });
    const [{ id }] = await sandbox.inspect('select id from consent order by created_at desc limit 1');
    const headers = bearer(await tokenOf(sandbox, 2));
    await sandbox.node.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers });
    await page.goto(address);
    await checkPageEverywhere(page, { name: 'answered-approved-ended', variant: true });
  });
  await t.test('declined', async () => {
    const address = (await ask()).split('?')[0] ?? '';
    await no().click();
    await page.waitForURL(/\/done$/);
    await checkPageEverywhere(page, { name: 'hand-over-declined', variant: true });
    await page.goto(address);
    await checkPageEverywhere(page, { name: 'answered-declined', variant: true });
  });
  await t.test('cancelled', async () => {
    const address = (await ask()).split('?')[0] ?? '';
    await page.goto(`${address}?login=cancelled`);
    await page.waitForURL(/\/done$/);
    await checkPageEverywhere(page, { name: 'hand-over-cancelled', variant: true });
    await page.goto(address);
    await checkPageEverywhere(page, { name: 'answered-cancelled', variant: true });
  });
});

test('A8: the pages of stops', async (t) => {
  await t.test('expired', async () => {
    const address = await ask();
    await sandbox.inspect("update consent_request set answer_by = now() - interval '1 minute' where outcome is null");
    await page.goto(address);
    await checkPageEverywhere(page, { name: 'stop-expired' });
  });
  await t.test('signed out midway, and a login that failed', async () => {
    const address = (await ask()).split('?')[0] ?? '';
    await page.goto(`${address}?login=failed`);
    await checkPageEverywhere(page, { name: 'stop-login-failed', variant: true });
    await visitor.context.clearCookies({ name: /^samtykke-[0-9a-f]{12}$/ });
    await page.goto(`${address}?returned=1`);
    await checkPageEverywhere(page, { name: 'stop-signed-out', variant: true });
  });
  await t.test('a request that nobody knows', async () => {
    await page.goto(`${sandbox.accessUrl}/interaction/nobody-knows-me`);
    await checkPageEverywhere(page, { name: 'stop-unknown', variant: true });
  });
  await t.test('links that are wrong', async () => {
    for (const [name, address] of Object.entries({
      client: requestAddress(sandbox, { more: { client_id: 'a0000000-0000-4000-8000-00000000000f' } }),
      redirect: requestAddress(sandbox, { more: { redirect_uri: 'https://elsewhere.example/callback' } }),
    })) {
      await page.goto(address);
      await checkPageEverywhere(page, { name: `stop-bad-link-${name}`, variant: name === 'redirect' });
    }
  });
  // These two end the request: what is shown the next time is something else.
  await t.test('switched off', async () => {
    const permit = (open: boolean) =>
      sandbox.inspect('update client_purpose set open = $1 where client_id = $2', [open, clientOf(2).id]);
    for (const language of languages) {
      await permit(true);
      const address = await ask({ language });
      await permit(false);
      await page.goto(address);
      await checkPageAllOver(page, { name: 'stop-switched-off', variant: true, language });
    }
    await permit(true);
    await page.goto(page.url().split('?')[0] ?? '');
    await checkPageEverywhere(page, { name: 'answered-failed', variant: true });
  });
  await t.test('somebody else than the one who began', async () => {
    await visitor.context.unroute(ONWARD);
    for (const language of languages) {
      const address = await ask({ language, hint: false });
      await logIn(person);
      await yes().waitFor();
      await visitor.context.clearCookies({ name: /^samtykke-[0-9a-f]{12}$/ });
      await page.goto(page.url().split('?')[0] ?? address);
      await logIn('29868099311');
      await page.waitForURL(/returned=1/);
      await checkPageAllOver(page, { name: 'stop-someone-else', language, variant: language !== 'nb' });
    }
  });
  await t.test('a form that was not ours', async () => {
    for (const language of languages) {
      await ask({ language });
      await page
        .locator('form[action$=answer] input[name=csrf]')
        .evaluate((input) => input.setAttribute('value', 'forged'));
      await yes().click();
      await page.waitForURL(/\/answer$/);
      await checkPageAllOver(page, { name: 'form-refused', language });
    }
  });
});

test('X6: the sandbox’s callback page, before anything came', async () => {
  await page.goto(`${sandbox.portalUrl}/sandbox/callback`);
  await checkPageEverywhere(page, { name: 'sandbox-callback' });
});
