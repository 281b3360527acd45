import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from '../support/browser/chromium.ts';
import { tabTo } from '../support/browser/keyboard.ts';
import { checkAlike } from '../support/browser/likeness.ts';
import { requestAddress, startSandbox, type Sandbox } from '../support/browser/sandbox.ts';
import type { How, Visitor } from '../support/browser/visitor.ts';
import { recordToken } from '../support/evidence.ts';
import { bearer, clientOf, tokenRequest } from '../support/world.ts';

/** The whole way of a person who comes from an organisation, over HTTPS and on names of their own as in production. */

const browser = useBrowser();
let sandbox: Sandbox;
before(async () => {
  sandbox = await startSandbox({ https: true });
});
after(() => sandbox.close());

const hinted = { login_hint: 'testid:14842249091' };

/** Comes by clicking a link at the organisation, as people do, and does something there. */
async function coming(
  how: Omit<How, 'origins'>,
  more: Record<string, string>,
  act: (page: Page, visitor: Visitor) => Promise<void>,
): Promise<void> {
  const visitor = await sandbox.newVisitor(await browser(), how);
  const { page } = visitor;
  await page.goto(sandbox.organisation.pageWithLink(requestAddress(sandbox, { more })));
  await page.locator('a').click();
  await act(page, visitor);
  await visitor.leave();
}

/** Waits until the organisation is called back once more, and answers with the parameters. */
async function calledBack(page: Page): Promise<Record<string, string>> {
  const there = () => page.waitForURL(`${sandbox.organisation.callback}**`);
  // A second click ends the navigation of the first one.
  await there().catch(there);
  const call = sandbox.organisation.calls.at(-1);
  return Object.fromEntries(new URL(call?.address ?? '', sandbox.organisation.origin).searchParams);
}

const yes = (page: Page) => page.locator('button[value=yes]');
const no = (page: Page) => page.locator('button[value=no]');
const consents = async (): Promise<number> =>
  (await sandbox.inspect('select count(*)::integer as n from consent'))[0].n;

async function tokenOf(code: string | undefined): Promise<string> {
  const form = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: sandbox.organisation.callback };
  const token = await sandbox.node.call(tokenRequest(form, clientOf(2).basic));
  assert.equal(token.status, 200, token.text);
  recordToken(token.json.access_token);
  return token.json.access_token;
}

const debtWith = (token: string) => sandbox.node.call({ method: 'GET', url: '/v1/debt', headers: bearer(token) });
const debtFor = async (code: string | undefined) => debtWith(await tokenOf(code));

for (const [name, how, words] of [
  ['in Bokmål, wide, light', { language: 'nb', width: 1280, scheme: 'light' }, /Vil du dele gjeldsopplysningene dine/],
  ['in Nynorsk, narrow, dark', { language: 'nn', width: 390, scheme: 'dark' }, /Vil du dele gjeldsopplysningane dine/],
  ['in English, narrow, light', { language: 'en', width: 390, scheme: 'light' }, /Do you want to share your debt/],
] as const) {
  test(`A6 to A10, D1: logging in, saying yes, and the debt at the organisation; without script, ${name}`, async () => {
    const state = 'a b+c&d=é/?#"<';
    await coming({ ...how, scripts: false }, { state }, async (page) => {
      await page.locator('#nin').fill('14842249091');
      await page.locator('form').last().locator('button:not([name])').click();
      await yes(page).waitFor();
      assert.match(await page.locator('h1').innerText(), words);
      assert.match(await page.locator('header').innerText(), /Nøktern Multebær/);
      await yes(page).click();
      const back = await calledBack(page);
      assert.equal(back['state'], state);
      assert.equal(sandbox.organisation.calls.at(-1)?.headers['referer'], undefined);
      const debt = await debtFor(back['code']);
      assert.equal(debt.status, 200);
      assert.equal(debt.json.ssn, '14842249091');
    });
  });
}

test('A8: a no, and leaving the login, come back to the organisation with their codes', async () => {
  await coming({ scripts: false }, hinted, async (page) => {
    await no(page).click();
    assert.equal((await calledBack(page))['error'], 'consent_denied');
  });
  await coming({ scripts: false }, {}, async (page) => {
    await page.locator('button[name=cancel]').click();
    assert.equal((await calledBack(page))['error'], 'login_cancelled');
  });
});

for (const [name, how, words] of [
  ['wide, light', { language: 'nb', width: 1280, scheme: 'light' }, /Ja, jeg samtykker/],
  ['narrow, dark', { language: 'en', width: 390, scheme: 'dark' }, /Yes, I consent/],
] as const) {
  test(`A10: with a keyboard only, without script, ${name}: Enter on a duration answers nothing, its button does`, async () => {
    await coming({ ...how, scripts: false }, {}, async (page) => {
      await page.locator('#nin').waitFor();
      await tabTo(page, /Tiriltunge/);
      await page.keyboard.press('Enter');
      await yes(page).waitFor();
      const before = await consents();
      await tabTo(page, /#days-28/);
      await page.keyboard.press('Enter');
      await page.keyboard.press('ArrowDown');
      assert.equal(await page.locator('input[type=radio]:checked').getAttribute('value'), '7');
      assert.equal(await consents(), before);
      await tabTo(page, words);
      await page.keyboard.press('Space');
      const debt = await debtFor((await calledBack(page))['code']);
      assert.equal(debt.json.ssn, '29868099311');
      const days = Math.round((debt.json.consent.exp - Date.now() / 1000) / 86_400);
      assert.equal(days, 7, 'the duration that was chosen');
    });
  });
}

test('A1 of the screen: yes and no are alike in size, colour and weight', async () => {
  for (const [width, scheme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    await coming({ width, scheme }, hinted, async (page) => checkAlike(yes(page), no(page)));
  }
});

test('A10: a double click, going back, and a second window make no second consent, and say what is true', async () => {
  const before = await consents();
  await coming({}, hinted, async (page, visitor) => {
    await yes(page).waitFor();
    const address = page.url();
    const other = await visitor.newWindow();
    await other.goto(address);
    await yes(page).dblclick({ noWaitAfter: true });
    assert.ok((await calledBack(page))['code']);
    assert.equal(await consents(), before + 1);
    await yes(other).click();
    await other.locator('h1', { hasText: /allerede/i }).waitFor();
    await page.goBack();
    assert.ok(page.url().startsWith(address.split('?')[0] ?? ''), page.url());
    assert.match(await page.locator('h1').innerText(), /allerede/i);
    await page.goto(address);
    assert.match(await page.locator('h1').innerText(), /allerede/i);
    assert.equal(await yes(page).count(), 0);
    assert.equal(await consents(), before + 1);
  });
});

test('A10: an answer that comes too late is not taken; the page says so, and leads back to the organisation', async () => {
  const before = await consents();
  await coming({}, hinted, async (page) => {
    await yes(page).waitFor();
    await sandbox.inspect("update consent_request set answer_by = now() - interval '1 second' where outcome is null");
    await yes(page).click();
    await page.getByRole('heading', { name: 'Forespørselen er utløpt' }).waitFor();
    await page.getByRole('link', { name: 'Gå til Fjordbanken ASA' }).click();
    assert.equal((await calledBack(page))['error'], 'login_cancelled');
  });
  assert.equal(await consents(), before);
});

test('A10: two requests in two windows of one browser are answered each by itself', async () => {
  const before = await consents();
  await coming({}, hinted, async (page, visitor) => {
    await yes(page).waitFor();
    const other = await visitor.newWindow();
    await other.goto(requestAddress(sandbox, { more: { login_hint: 'testid:29868099311' } }));
    await yes(other).click();
    assert.equal((await debtFor((await calledBack(other))['code'])).json.ssn, '29868099311');
    await yes(page).click();
    assert.equal((await debtFor((await calledBack(page))['code'])).json.ssn, '14842249091');
  });
  assert.equal(await consents(), before + 2);
});

test('A9: cookies are bound to the host and to https, unseen by scripts, and not sent with forms of other sites', async () => {
  await coming({}, hinted, async (page, visitor) => {
    await yes(page).waitFor();
    const sessions = (await visitor.context.cookies()).filter(({ name }) => name.includes('samtykke'));
    assert.ok(sessions.some(({ name }) => /^__Host-samtykke-[0-9a-f]{12}$/.test(name)));
    for (const cookie of sessions) {
      assert.ok(cookie.secure && cookie.httpOnly && cookie.sameSite === 'Lax', cookie.name);
    }
    await visitor.context.clearCookies({ name: /^__Host-samtykke/ });
    const before = await consents();
    await yes(page).click();
    await page.waitForURL(/returned=1/);
    assert.equal(await yes(page).count(), 0);
    assert.equal(await consents(), before);
    await page.locator('main a.ds-button').first().click();
    await yes(page).click();
    assert.ok((await calledBack(page))['code']);
  });
});

test('C5: a consent that the person withdraws while a lookup waits for a slow creditor yields no debt', async () => {
  await coming({}, hinted, async (page) => {
    await yes(page).click();
    const token = await tokenOf((await calledBack(page))['code']);
    const [{ id }] = await sandbox.inspect('select id from consent order by created_at desc, id desc limit 1');
    const creditors = (await sandbox.node.call({ method: 'GET', url: '/sandbox/creditors' })).json as { id: string }[];
    const behave = (behaviour: string) =>
      Promise.all(
        creditors.map((creditor) =>
          sandbox.node.call({ method: 'POST', url: `/sandbox/creditors/${creditor.id}`, payload: { behaviour } }),
        ),
      );
    await page.goto(`${sandbox.portalUrl}/login?to=%2Fconsents%2F${id}%2Fwithdraw`);
    await page.locator('#nin').fill('14842249091');
    await page.locator('form').last().locator('button:not([name])').click();
    const withdraw = page.locator('form[action$=withdraw] button');
    await withdraw.waitFor();
    await behave('silent');
    const lookup = debtWith(token);
    await withdraw.click();
    await page.waitForURL(/\/consents\?withdrawn=/);
    const refused = await lookup;
    await behave('normal');
    assert.equal(refused.status, 403, refused.text);
    assert.match(refused.json.error_description, /^Consent was revoked at /);
  });
});
