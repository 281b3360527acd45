import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from '../support/browser/chromium.ts';
import { tabTo } from '../support/browser/keyboard.ts';
import { requestAddress, startSandbox, tokenOf, type Sandbox } from '../support/browser/sandbox.ts';
import { bearer } from '../support/world.ts';

/** What people do on their own pages, as `npm start` serves them. */

const browser = useBrowser();
let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

async function logIn(page: Page, nin: string): Promise<void> {
  await page.locator('#nin').fill(nin);
  await page.locator('form').last().locator('button:not([name])').click();
}

const heading = (page: Page) => page.locator('h1').innerText();

test('X6: clicking the link that is printed at start leads to a page with the debt', async () => {
  const visitor = await sandbox.newVisitor(await browser(), { scripts: false });
  const { page } = visitor;
  const [link = ''] = /^ *http\S+\/oauth2\/auth\S+$/m.exec(sandbox.node.welcome) ?? [];
  await page.goto(link.trim());
  await page.locator('button[name=person]').first().click();
  await page.locator('button[value=yes]').click();
  await page.waitForURL(/\/sandbox\/callback\?code=/);
  assert.match(await page.locator('main').innerText(), /"numberOfCreditorsAnswered": 6/);
  await visitor.leave();
});

test('C4, C5, C7: one sees a consent and its uses, withdraws it in two clicks, and sees why each has ended; without script', async () => {
  const visitor = await sandbox.newVisitor(await browser(), { scripts: false });
  const { page } = visitor;
  for (const scope of ['debt.unsecured.processing.28', 'debt.unsecured.processing']) {
    await page.goto(requestAddress(sandbox, { scope, more: { login_hint: 'testid:29868099311' } }));
    await page.locator('button[value=yes]').click();
    await page.waitForURL(`${sandbox.organisation.callback}**`);
  }
  const given = await sandbox.inspect('select id, single_use from consent order by created_at desc limit 2');
  for (const { id } of given) {
    const headers = bearer(await tokenOf(sandbox, 2));
    const debt = await sandbox.node.call({ method: 'GET', url: `/v1/debt/${id}`, headers });
    assert.equal(debt.status, 200, debt.text);
  }

  await page.goto(`${sandbox.portalUrl}/consents`);
  await logIn(page, '29868099311');
  assert.equal(await heading(page), 'Samtykker');
  const ended = page.locator('table');
  assert.match(await ended.innerText(), /Engangssamtykke, brukt opp/);
  assert.match(await page.locator('main').innerText(), /Aktive samtykker \(1\)/);
  await page.locator('main .ds-card details summary').first().click();
  assert.match(await page.locator('main .ds-card').first().innerText(), /4 av 6/);

  await page.getByRole('link', { name: /^Trekk samtykket/ }).click();
  assert.match(await heading(page), /Vil du trekke samtykket til Fjordbanken ASA\?/);
  await page.getByRole('button', { name: 'Trekk samtykket' }).click();
  assert.match(await page.locator('[role=status], .ds-alert').first().innerText(), /Fjordbanken ASA/);
  assert.match(await ended.innerText(), /Du trakk det her/);
  assert.match(await page.locator('main').innerText(), /Aktive samtykker \(0\)/);

  await page.goto(`${sandbox.portalUrl}/accesses`);
  const accesses = await page.locator('table').innerText();
  assert.equal(accesses.match(/Fjordbanken/g)?.length, 2);
  await visitor.leave();
});

test('A9: logging out here logs out at the login provider too, and the pages are nobody’s then, also with the back button', async () => {
  const visitor = await sandbox.newVisitor(await browser());
  const { page } = visitor;
  await page.goto(`${sandbox.portalUrl}/login`);
  await logIn(page, '14842249091');
  await page.waitForURL(`${sandbox.portalUrl}/`);
  assert.equal(await heading(page), 'Gjelden din');
  assert.match(await page.locator('main').innerText(), /Du skylder til sammen/);
  await tabTo(page, /Logg ut/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/signed-out/);
  const cookies = (await visitor.context.cookies()).map(({ name }) => name);
  assert.ok(!cookies.includes('samtykke') && !cookies.includes('testid'), cookies.join(' '));
  await page.goBack();
  await page.goto(`${sandbox.portalUrl}/consents`);
  await page.locator('#nin').waitFor();
  await visitor.leave();
});

test('B1: the debt is shown with the warning before the sum, and the sums are those of the data', async () => {
  const visitor = await sandbox.newVisitor(await browser(), { scripts: false });
  const { page } = visitor;
  await page.goto(`${sandbox.portalUrl}/login`);
  await logIn(page, '29868099311');
  await page.waitForURL(`${sandbox.portalUrl}/`);
  const words = (await page.locator('main').innerText()).replaceAll(/\s+/g, ' ');
  assert.ok(words.indexOf('svarte ikke') < words.indexOf('Du skylder til sammen'));
  assert.match(words, /Ukjent/);
  const [, sum = ''] = /Du skylder til sammen ([\d ,]+) kr/.exec(words) ?? [];
  const rows = await page.locator('table tbody tr').all();
  const owed = await Promise.all(rows.map((row) => row.locator('td').nth(1).innerText()));
  const øre = (text: string) => Math.round(Number(text.replaceAll(/[^\d,]/g, '').replace(',', '.')) * 100);
  assert.equal(
    owed.filter((text) => /\d/.test(text)).reduce((total, text) => total + øre(text), 0),
    øre(sum),
  );
  await visitor.leave();
});
