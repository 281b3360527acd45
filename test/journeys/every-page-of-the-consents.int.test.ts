import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from '../support/browser/chromium.ts';
import { checkKeyboard } from '../support/browser/keyboard.ts';
import { checkPageEverywhere } from '../support/browser/page-checks.ts';
import { requestAddress, startSandbox, tokenOf, type Sandbox } from '../support/browser/sandbox.ts';
import { screenshot } from '../support/browser/screenshot.ts';
import type { Visitor } from '../support/browser/visitor.ts';
import { agreement, bearer, type Json } from '../support/world.ts';

/** The portal's pages of consents and of who has looked: all languages, wide and narrow, light and dark. */

const browser = useBrowser();
let sandbox: Sandbox;
let visitor: Visitor;
let page: Page;
before(async () => {
  sandbox = await startSandbox();
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
const variants = new Set(
  `help-signed-in accesses-none accesses-chosen consents-withdrawn consent-used consent-withdrawn consent-revoked`.split(
    ' ',
  ),
);

/** Nobody is signed in any more, and then this person is. */
async function logInAs(nin: string): Promise<void> {
  await visitor.context.clearCookies();
  await open('/login');
  await page.locator('#nin').fill(nin);
  await page.locator('form').last().locator('button:not([name])').click();
  await page.waitForURL(`${sandbox.portalUrl}/`);
}

/** A consent that this person gives on the consent screen. */
async function give(nin: string, scope: string): Promise<string> {
  await page.goto(requestAddress(sandbox, { scope, more: { login_hint: `testid:${nin}`, ui_locales: 'nb' } }));
  await page.locator('button[value=yes]').click();
  await page.waitForURL(`${sandbox.organisation.callback}**`);
  return (await sandbox.inspect('select id from consent order by created_at desc, id desc limit 1'))[0].id;
}

async function callOf(client: 1 | 2, method: 'GET' | 'DELETE', consent: string): Promise<Json> {
  const headers = bearer(await tokenOf(sandbox, client));
  return sandbox.node.call({ method, url: `/v1/debt/${consent}`, headers });
}

test('C7: no consents, and nobody has looked', async () => {
  await logInAs('48918391250');
  await see('consents-none', '/consents');
  await see('accesses-none', '/accesses');
});

test('C4, C5, C7, C10: consents of all kinds, their proofs and uses, and how they are withdrawn', async (t) => {
  const nin = '14842249091';
  const active = await give(nin, 'debt.unsecured.presentation.30');
  const withdrawn = await give(nin, 'debt.unsecured.processing.28');
  const used = await give(nin, 'debt.unsecured.processing');
  const revoked = await give(nin, 'debt.unsecured.processing.7');
  for (const consent of [active, active, used, withdrawn]) assert.equal((await callOf(2, 'GET', consent)).status, 200);
  assert.equal((await callOf(2, 'DELETE', revoked)).status, 204);
  const registered = await sandbox.node.call({
    method: 'PUT',
    url: '/v1/consent/agreement',
    headers: bearer(await tokenOf(sandbox, 1, 'agreement')),
    payload: agreement({ nin }),
  });
  const elsewhere: string = registered.json.consent.id;

  await logInAs(nin);
  await open(`/consents/${withdrawn}/withdraw`);
  await page.locator('main form button').click();
  await page.waitForURL(/withdrawn=/);
  const status = page.url();
  for (const [name, address] of Object.entries({
    'consents-withdrawn': status,
    consents: '/consents',
    consent: `/consents/${active}`,
    'consent-used': `/consents/${used}`,
    'consent-withdrawn': `/consents/${withdrawn}`,
    'consent-revoked': `/consents/${revoked}`,
    'consent-elsewhere': `/consents/${elsewhere}`,
    'consent-unknown': '/consents/0190a0b0-0000-7000-8000-000000000000',
    withdraw: `/consents/${active}/withdraw`,
    accesses: '/accesses',
    'accesses-chosen': '/accesses?by=me&year=2001',
    'help-signed-in': '/help',
  })) {
    await t.test(name, () => see(name, address));
  }

  await t.test('with the keyboard', async () => {
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      for (const address of ['/consents', `/consents/${active}`, `/consents/${active}/withdraw`, '/accesses']) {
        await open(address);
        await checkKeyboard(page, `${address} at ${width} px`);
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  await t.test('on paper', async () => {
    await open(`/consents/${active}?lang=nb`);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 720, height: 1000 });
    const printed = (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ');
    await screenshot(page, 'consent-on-paper');
    assert.match(printed, /Ja, jeg samtykker/);
    assert.match(printed, new RegExp(active));
    assert.match(printed, /Navnet på hver långiver/, 'what is folded on the screen is printed');
    for (const control of ['Logg ut', 'Trekk samtykket', 'Last ned', 'Personvern']) {
      assert.doesNotMatch(printed, new RegExp(control), 'nothing to click on is printed');
    }
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 1280, height: 900 });
  });
});
