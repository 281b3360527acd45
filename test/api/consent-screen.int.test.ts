import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  answerScreen,
  askAddress,
  exchange,
  formOn,
  go,
  sentBack,
  toConsentScreen,
  visitorOf,
  wordsOf,
} from '../support/flow.ts';
import { injectedFetch } from '../support/injected-fetch.ts';
import { newVisitor, type Visited, type Visitor } from '../support/visitor.ts';
import { registerConsent } from '../../src/consent/register.ts';
import { Nin } from '../../src/person/nin.ts';
import { clientOf, startWorld, type Json, type World } from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const consents = (): Promise<Json[]> => world.inspect('select * from consent order by created_at');
const lastRequest = async (): Promise<Json> =>
  (await world.inspect('select * from consent_request order by created_at desc, id desc limit 1'))[0];

/** Sends the form of the screen without following where that leads. */
function send(visitor: Visitor, screen: Visited, answer: string, changes: Record<string, string> = {}) {
  const { action, fields } = formOn(screen, /\/answer$/);
  return visitor.request(action, { ...fields, answer, ...changes });
}

test('A10: however often and at once the form is sent, there is one consent, and every window is told that it was given', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const before = (await consents()).length;
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(visitor, screen, 'yes')));
  assert.equal((await consents()).length, before + 1);
  for (const answer of answers) {
    assert.equal(answer.status, 303);
    assert.match(answer.headers.get('location') ?? '', /\/done$/);
  }
  const { code } = sentBack(await go(visitor, `${screen.url.pathname}/done`));
  assert.equal((await exchange(world, code ?? '')).status, 200);
});

test('A10: yes and no sent at once are one answer, and the organisation is told the one that counts', async () => {
  for (let round = 0; round < 6; round++) {
    const { visitor, screen } = await toConsentScreen(world);
    const before = (await consents()).length;
    await Promise.all([send(visitor, screen, 'yes'), send(visitor, screen, 'no')]);
    const back = sentBack(await go(visitor, `${screen.url.pathname}/done`));
    const given = (await consents()).length - before;
    assert.equal((await lastRequest()).outcome, given === 1 ? 'approved' : 'declined');
    if (given === 1) assert.ok(back['code']);
    else assert.equal(back['error'], 'consent_denied');
  }
});

test('A10: going back after the answer, and coming back after the return, show what is true now', async () => {
  const { visitor, screen } = await toConsentScreen(world, { scope: 'debt.unsecured.presentation.30' });
  await send(visitor, screen, 'yes');
  const again = await visitor.request(screen.url);
  assert.equal(again.status, 200);
  assert.match(wordsOf(again.text), /allerede/i);
  assert.doesNotMatch(again.text, /name="answer"/);
  const done = sentBack(await go(visitor, `${screen.url.pathname}/done`));
  assert.ok(done['code']);
  for (const path of ['', '/done']) {
    const after = await visitor.request(new URL(`${screen.url.pathname}${path}`, screen.url));
    assert.equal(after.status, 200);
    assert.match(wordsOf(after.text), /allerede/i);
    assert.doesNotMatch(after.text, /name="answer"|http-equiv="refresh"/);
  }
  const token = await exchange(world, done['code'] ?? '');
  await world.call({
    method: 'DELETE',
    url: `/v1/debt/${(await lastRequest()).consent_id}`,
    headers: { authorization: `Bearer ${token.json.access_token}` },
  });
  const revoked = await visitor.request(screen.url);
  assert.match(wordsOf(revoked.text), /trukket|trakk/i);
});

test('A8: the way back after the answer has been used is a page that says so, not an error and not a second code', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const done = await answerScreen(visitor, screen, 'yes');
  const resume = done.url.pathname.startsWith('/oauth2/auth/') ? done.url : undefined;
  assert.ok(resume, 'the last address of ours is the one that leads to the client');
  const again = await visitor.request(resume);
  assert.equal(again.status, 400);
  assert.equal(again.headers.get('location'), null);
  assert.match(wordsOf(again.text), /allerede/i);
});

test('A10: after its time a request cannot be answered, the page says so, and the way back tells the organisation', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const before = (await consents()).length;
  const { id } = await lastRequest();
  await world.inspect("update consent_request set answer_by = now() - interval '1 second' where id = $1", [id]);
  const late = await send(visitor, screen, 'yes');
  assert.equal(late.status, 410);
  assert.equal((await consents()).length, before);
  assert.match(wordsOf(late.text), /utløpt/i);
  assert.doesNotMatch(wordsOf(late.text), /nei|samtykker ikke/i);
  const page = await visitor.request(screen.url);
  assert.equal(page.status, 410);
  const [, back = ''] = /href="([^"]*\/oauth2\/auth\/[^"]*)"/.exec(page.text) ?? [];
  assert.equal(sentBack(await go(visitor, back))['error'], 'login_cancelled');
  assert.equal((await lastRequest()).outcome, null, 'left unanswered is what it was');
});

test('A9: without the session the answer is not taken; logging in again leads back to the question', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const before = (await consents()).length;
  await world.inspect('delete from session');
  const lost = await go(visitor, formOn(screen, /\/answer$/).action, {
    ...formOn(screen, /\/answer$/).fields,
    answer: 'yes',
  });
  assert.equal(lost.status, 403);
  assert.equal((await consents()).length, before);
  const [, again = ''] = /href="([^"]*\/interaction\/[^"?]*)"/.exec(lost.text) ?? [];
  const back = await go(visitor, again);
  assert.match(back.text, /name="answer"/);
  assert.ok(sentBack(await answerScreen(visitor, back, 'yes'))['code']);
});

test('A10: another browser has nothing to do with a request, whatever address it has', async () => {
  const { screen } = await toConsentScreen(world);
  const stranger = visitorOf(world);
  const before = (await consents()).length;
  for (const path of ['', '/done']) {
    const seen = await stranger.request(new URL(`${screen.url.pathname}${path}`, screen.url));
    assert.doesNotMatch(seen.text, /name="answer"|csrf/);
    assert.equal(seen.status, 404, 'not «expired»: it can be answered where it was begun');
    assert.equal(seen.headers.get('location'), null);
  }
  const sent = await send(stranger, screen, 'yes');
  assert.notEqual(sent.status, 303);
  assert.equal((await consents()).length, before);
  const unknown = await stranger.request(new URL('/interaction/abc', screen.url));
  assert.equal(unknown.status, 404);
});

test('E1: a form without its proof, or with a forged one, is refused and changes nothing', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const other = await toConsentScreen(world, { nin: '29868099311' });
  const before = (await consents()).length;
  const foreign = formOn(other.screen, /\/answer$/).fields['csrf'] ?? '';
  for (const csrf of ['', 'x'.repeat(43), foreign]) {
    for (const answer of ['yes', 'no']) {
      const refused = await send(visitor, screen, answer, { csrf });
      assert.equal(refused.status, 403);
      assert.match(String(refused.headers.get('content-type')), /^text\/html/);
    }
  }
  const logout = await visitor.request(new URL(`${screen.url.pathname}/logout`, screen.url), { csrf: 'x' });
  assert.equal(logout.status, 403);
  assert.equal((await consents()).length, before);
  assert.equal((await lastRequest()).outcome, null);
  assert.ok(sentBack(await answerScreen(visitor, screen, 'yes'))['code']);
});

test('A10: another person than the one who began cannot answer in the same window', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const before = (await consents()).length;
  await world.inspect('delete from session');
  await world.inspect(
    `update oauth_artefact set payload = jsonb_set(payload, '{params,login_hint}', '"testid:29868099311"') where model = 'Interaction'`,
  );
  const stopped = await go(visitor, screen.url.pathname);
  assert.equal(stopped.status, 403);
  assert.doesNotMatch(stopped.text, /name="answer"/);
  assert.equal((await lastRequest()).outcome, 'failed');
  const again = await visitor.request(stopped.url);
  assert.equal(wordsOf(again.text).includes(wordsOf(stopped.text).slice(60, 160)), true, 'the same page, loaded again');
  assert.equal((await consents()).length, before);
  const [, back = ''] = /href="([^"]*\/oauth2\/auth\/[^"]*)"/.exec(stopped.text) ?? [];
  assert.equal(sentBack(await go(visitor, back))['error'], 'server_error');
});

test('C10: nobody agrees to a text that they have not seen: when it has changed since, it is shown again', async () => {
  const { visitor, screen } = await toConsentScreen(world, { scope: 'debt.unsecured.presentation.30' });
  const before = (await consents()).length;
  world.clock.setOffsetSeconds(world.clock.offsetSeconds() + 86_400);
  const shown = await go(visitor, formOn(screen, /\/answer$/).action, {
    ...formOn(screen, /\/answer$/).fields,
    answer: 'yes',
  });
  world.clock.setOffsetSeconds(world.clock.offsetSeconds() - 86_400);
  assert.equal((await consents()).length, before);
  assert.match(shown.text, /name="answer"/);
  await world.inspect("update client set name = 'Sparekompis & Sønner <b>AS</b>' where id = $1", [clientOf(1).id]);
  const renamed = await answerScreen(visitor, screen, 'yes');
  await world.inspect("update client set name = 'Sparekompis AS' where id = $1", [clientOf(1).id]);
  assert.match(renamed.text, /Sparekompis &amp; Sønner &lt;b&gt;AS&lt;\/b&gt;/);
  assert.doesNotMatch(renamed.text, /<b>AS/);
  assert.equal((await consents()).length, before);
});

test('A8, C10: whoever leaves the login, or whose login fails, has given nothing; the record tells the operator', async () => {
  const visitor = visitorOf(world);
  const before = (await consents()).length;
  const { visitor: cancelling, screen } = await toConsentScreen(world, {}, visitor);
  await world.inspect('delete from session');
  const back = await go(cancelling, `${screen.url.pathname}?login=cancelled`);
  assert.deepEqual(sentBack(back), {
    error: 'login_cancelled',
    error_description: '',
    state: 's1',
    iss: 'http://localhost:4000',
  });
  assert.equal((await lastRequest()).outcome, 'cancelled');

  const low = await go(visitorOf(world), askAddress({ more: { login_hint: 'testid:14842249091:idporten-loa-low' } }));
  assert.equal(low.status, 403);
  const record = await lastRequest();
  assert.deepEqual([record.outcome, record.nin_index, record.consent_id], [null, null, null]);
  assert.equal((await consents()).length, before);
});

test('A10: the language can be changed on the screen, and holds for the pages of that request', async () => {
  const { visitor, screen } = await toConsentScreen(world, { more: { ui_locales: 'en' } });
  assert.match(wordsOf(screen.text), /Do you want to share your debt information with Sparekompis AS\?/);
  const changed = await visitor.request(new URL(`${screen.url.pathname}?lang=nn`, screen.url));
  assert.match(changed.text, /<html lang="nn"/);
  await send(visitor, changed, 'no');
  const done = await visitor.request(new URL(`${screen.url.pathname}/done`, screen.url));
  assert.match(done.text, /<html lang="nn"/);
  assert.match(done.text, /http-equiv="refresh"/);
  assert.equal(done.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(done.headers.get('cache-control'), 'no-store');
});

test('A8: two that go back at once with one answer get one code', async () => {
  for (let round = 0; round < 5; round++) {
    const { visitor, screen } = await toConsentScreen(world);
    await send(visitor, screen, 'yes');
    const done = await visitor.request(new URL(`${screen.url.pathname}/done`, screen.url));
    const both = await Promise.all([visitor.request(done.next ?? ''), visitor.request(done.next ?? '')]);
    const codes = both.filter((answer) => answer.next?.searchParams.has('code'));
    assert.ok(codes.length <= 1, `${codes.length} codes`);
  }
});

test('E1: a page of the flow shows neither the number nor a token, keeps nothing, and allows no script and no frame', async () => {
  const { screen } = await toConsentScreen(world);
  assert.doesNotMatch(screen.text, /14842249091|<script|style="/);
  assert.equal(screen.headers.get('cache-control'), 'no-store');
  assert.equal(
    screen.headers.get('content-security-policy'),
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
});

test('A10: a node that ends between the consent and the way back leaves nothing undone: any node hands over', async () => {
  let node = world;
  const visitor = newVisitor(() => injectedFetch(() => node.app));
  const { screen } = await toConsentScreen(world, { scope: 'debt.unsecured.presentation.30 openid' }, visitor);
  // As the answer does, up to the moment at which the process would be killed.
  const request = await lastRequest();
  await registerConsent(world.platform, {
    clientId: clientOf(1).id,
    nin: Nin.fromStored('14842249091'),
    purpose: 'presentation',
    duration: { kind: 'days', days: 30 },
    externalId: null,
    actor: 'person',
    answers: { requestId: request.id, shownHash: request.shown_hash },
    traceId: 'test',
  });
  const second = await startWorld({ database: world.database });
  try {
    node = second;
    const again = await visitor.request(screen.url);
    assert.match(wordsOf(again.text), /allerede/i);
    const { code } = sentBack(await go(visitor, `${screen.url.pathname}/done`));
    const token = await exchange(second, code ?? '');
    assert.equal(token.status, 200, token.text);
    const claims = JSON.parse(Buffer.from(token.json.id_token.split('.')[1], 'base64url').toString());
    assert.equal(claims.consent_id, (await lastRequest()).consent_id);
  } finally {
    await second.close();
  }
});

test('A10: any step of the flow may be answered by any node', async () => {
  const second = await startWorld({ database: world.database });
  try {
    let turns = 0;
    const visitor = newVisitor(() => injectedFetch(() => (turns++ % 2 === 0 ? world : second).app));
    const screen = await go(visitor, askAddress());
    const { code } = sentBack(await answerScreen(visitor, screen, 'yes'));
    assert.equal((await exchange(second, code ?? '')).status, 200);
    assert.ok(turns > 8);
  } finally {
    await second.close();
  }
});

test('C10: a request that has been answered is proof: who serves cannot change it, not even by hand', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  await answerScreen(visitor, screen, 'yes');
  const { id } = await lastRequest();
  for (const change of [
    "shown = '{}'",
    "text_version = '0'",
    'shown_at = now()',
    'consent_id = null',
    "outcome = 'declined'",
  ]) {
    await assert.rejects(
      world.inspect(`update consent_request set ${change} where id = $1`, [id]),
      /is not changed|violates check/,
      change,
    );
  }
  await world.inspect("update consent_request set language = 'en' where id = $1", [id]);
});

test('C10: a yes to a text that is no longer the last one that was shown makes no consent', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const before = (await consents()).length;
  const there = await visitor.request(new URL(`${screen.url.pathname}?lang=en`, screen.url));
  // The language goes back without the screen being shown again, as another window might do between two pages.
  await world.inspect("update consent_request set language = 'nb' where id = $1", [(await lastRequest()).id]);
  const again = await answerScreen(visitor, screen, 'yes');
  assert.match(again.text, /name="answer"/);
  assert.equal((await consents()).length, before);
  assert.match(there.text, /<html lang="en"/);
  assert.ok(sentBack(await answerScreen(visitor, again, 'yes'))['code']);
});

test('A9: who signs out on the screen is signed out at the login provider too, and has answered nothing', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const { action, fields } = formOn(screen, /\/logout$/);
  const out = await visitor.request(action, fields);
  assert.match(out.next?.pathname ?? '', /^\/testid\//);
  const { id } = await lastRequest();
  assert.equal((await world.inspect('select from session where used_for = $1', [id])).length, 0);
  const end = await go(visitor, out.next ?? '');
  assert.equal(end.url.pathname, '/signed-out');
  assert.equal((await lastRequest()).outcome, null);
});

test('C10: a yes in one language does not count for a text that was shown in another since', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  const before = (await consents()).length;
  await visitor.request(new URL(`${screen.url.pathname}?lang=en`, screen.url));
  const again = await answerScreen(visitor, screen, 'yes');
  assert.match(again.text, /<html lang="en"/);
  assert.match(again.text, /name="answer"/);
  assert.equal((await consents()).length, before);
});

test('A9: the session of a request ends with the answer, whichever it is', async () => {
  for (const answer of ['yes', 'no'] as const) {
    const { visitor, screen } = await toConsentScreen(world);
    const { id } = await lastRequest();
    const sessions = () => world.inspect('select from session where used_for = $1', [id]);
    assert.equal((await sessions()).length, 1);
    await send(visitor, screen, answer);
    assert.equal((await sessions()).length, 0);
  }
});

test('A10: the authorization server keeps no session in the browser', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  await answerScreen(visitor, screen, 'yes');
  assert.ok(!visitor.cookies.some(({ name }) => name.startsWith('samtykke-none')));
});

test('C8: a request that nobody ever logged in for is gone after a week, one that was declined stays as long as the log', async () => {
  const { visitor, screen } = await toConsentScreen(world);
  await send(visitor, screen, 'no');
  const declined = (await lastRequest()).id;
  await go(visitorOf(world), askAddress({ more: { login_hint: '' } }));
  const begun = await world.inspect('select id from consent_request where nin_index is null and outcome is null');
  assert.ok(begun.length > 0);
  world.clock.setOffsetSeconds(world.clock.offsetSeconds() + 8 * 86_400);
  await world.inspect('update installation set clock_offset_seconds = clock_offset_seconds + 8 * 86400');
  await world.jobs.runDue();
  assert.equal(
    (await world.inspect('select from consent_request where nin_index is null and outcome is null')).length,
    0,
  );
  assert.equal((await world.inspect('select from consent_request where id = $1', [declined])).length, 1);
});
