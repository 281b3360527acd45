import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { formOn, go, visitorOf, wordsOf } from '../support/flow.ts';
import type { Visited, Visitor } from '../support/visitor.ts';
import { API, logOf, newConsent, newSingleUse, startWorld, type World } from '../support/world.ts';

const HAVSULE = '211872543';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

const see = (visitor: Visitor, address: string): Promise<Visited> => go(visitor, `${API}${address}`);

/** Sends the form of a page, as a browser does, with what differs; answers the answer itself. */
async function send(visitor: Visitor, page: string, action: RegExp, changes: Record<string, string> = {}) {
  const { action: address, fields } = formOn(await see(visitor, page), action);
  return visitor.request(address, { ...fields, ...changes });
}

test('X3: programs get the list of creditors as they did, and browsers a page, at the same address', async () => {
  const json = await world.call({ method: 'GET', url: '/sandbox/creditors', headers: { accept: '*/*' } });
  assert.equal(json.json.length, world.servers.creditors.length);
  assert.deepEqual(json.json[1], { id: HAVSULE, name: 'Havsule Finans AS', behaviour: 'normal' });
  const headers = { accept: 'text/html,*/*;q=0.8' };
  const page = await world.call({ method: 'GET', url: '/sandbox/creditors', headers });
  assert.match(String(page.headers['content-type']), /^text\/html/);
  for (const { headers: sent } of [json, page]) assert.equal(sent['vary'], 'accept');
});

test('X3, X4: every form is answered by 303, to a page that says what is so now', async () => {
  const visitor = visitorOf(world);
  const set = await send(visitor, '/sandbox/creditors', new RegExp(`/${HAVSULE}/behaviour$`), { behaviour: 'failing' });
  assert.equal(set.status, 303);
  assert.equal(world.servers.behaviourOf(HAVSULE), 'failing');
  const said = await go(visitor, set.next ?? '');
  assert.match(wordsOf(said.text), /Havsule Finans AS is failing from the next question on/);
  // The address says nothing that is not so: read again, it tells what the creditor does by then.
  await world.call({
    method: 'POST',
    url: `/sandbox/creditors/${HAVSULE}`,
    headers: { 'content-type': 'application/json' },
    payload: { behaviour: 'slow' },
  });
  assert.match(wordsOf((await go(visitor, set.next ?? '')).text), /Havsule Finans AS is slow from/);

  const all = await send(visitor, '/sandbox/creditors', /\/creditors\/normal$/);
  assert.equal(all.status, 303);
  assert.equal(world.servers.behaviourOf(HAVSULE), 'normal');

  const before = world.clock.now().getTime();
  const moved = await send(visitor, '/sandbox', /\/clock$/, { seconds: '3600' });
  assert.equal(moved.status, 303);
  assert.ok(world.clock.now().getTime() - before >= 3_600_000);
  const days = await send(visitor, '/sandbox', /\/clock$/, { days: '365' });
  assert.match(wordsOf((await go(visitor, days.next ?? '')).text), /365 days and 1 hour ahead of real time/);
});

test('X4: a number of days that is none moves nothing, and the page says what to write', async () => {
  const visitor = visitorOf(world);
  const before = world.clock.now().getTime();
  for (const days of ['', '0', '-1', '1.5', 'abc', '3651', '1e3']) {
    const refused = await send(visitor, '/sandbox', /\/clock$/, { days });
    assert.equal(refused.status, 303, days);
    assert.match(wordsOf((await go(visitor, refused.next ?? '')).text), /Write a whole number of days, from 1 to 3650/);
  }
  assert.ok(world.clock.now().getTime() - before < 600_000);
});

test('C5, C6: the operator revokes a consent on its page; one that has ended meanwhile stays what it was', async () => {
  const visitor = visitorOf(world);
  const id = await newConsent(world);
  const form = formOn(await see(visitor, '/sandbox/consents'), new RegExp(`/${id}/revoke$`));
  const revoked = await visitor.request(form.action, form.fields);
  assert.equal(revoked.status, 303);
  const said = await go(visitor, revoked.next ?? '');
  assert.match(wordsOf(said.text), /of Nøktern Multebær to Sparekompis AS has ended: revoked by the operator/);
  assert.equal((await visitor.request(form.action, form.fields)).status, 303);
  const kinds = (await logOf(world, id)).map(({ reason }) => reason).filter((reason) => reason !== null);
  assert.deepEqual(kinds, ['revoked_by_operator']);
  assert.match(wordsOf((await see(visitor, '/sandbox/feed')).text), /Revoked by the operator/);

  const once = await newSingleUse(world);
  const late = formOn(await see(visitor, '/sandbox/consents'), new RegExp(`/${once}/revoke$`));
  await send(visitor, '/sandbox', /\/clock$/, { seconds: '3600' });
  const ended = await visitor.request(late.action, late.fields);
  assert.equal(ended.status, 303);
  assert.match(wordsOf((await go(visitor, ended.next ?? '')).text), /has ended: expired/);
});

test('E1: a form that does not come from a page of the console does nothing, and is answered by a page', async () => {
  const owner = visitorOf(world);
  const { action, fields } = formOn(await see(owner, '/sandbox/creditors'), new RegExp(`/${HAVSULE}/behaviour$`));
  const asked = { ...fields, behaviour: 'silent' };
  const { csrf = '', ...withoutProof } = asked as Record<string, string>;
  const stranger = visitorOf(world);
  await see(stranger, '/sandbox');
  const attempts = [
    await owner.request(action, withoutProof),
    await owner.request(action, { ...asked, csrf: `${csrf}x` }),
    await stranger.request(action, asked),
    await visitorOf(world).request(action, asked),
  ];
  for (const { status, text } of attempts) {
    assert.equal(status, 403);
    assert.match(text, /<html lang="en"/);
  }
  assert.equal(world.servers.behaviourOf(HAVSULE), 'normal');
  const [cookie] = owner.cookies;
  assert.match(cookie?.line ?? '', /HttpOnly/);
  assert.match(cookie?.line ?? '', /SameSite=Lax/);
});

test('E1, E2: what is not there, and what cannot be, is answered by pages', async () => {
  const visitor = visitorOf(world);
  const { action, fields } = formOn(await see(visitor, '/sandbox/creditors'), new RegExp(`/${HAVSULE}/behaviour$`));
  const to = (path: string) => new URL(`/sandbox/console/${path}`, action);
  const answers = [
    [404, await visitor.request(to('creditors/999999999/behaviour'), { ...fields, behaviour: 'silent' })],
    [404, await visitor.request(to('creditors/999999999/collect'), fields)],
    [404, await visitor.request(to('consents/019ab01e-2f3c-7d40-9c1a-5b7e2f0a4c11/revoke'), fields)],
    [404, await visitor.request(to('consents/%27/revoke'), fields)],
    [400, await visitor.request(action, { ...fields, behaviour: 'kind' })],
    [400, await visitor.request(to('push'), { ...fields, creditor: HAVSULE, person: '99', kroner: '1' })],
  ] as const;
  for (const [status, answer] of answers) {
    assert.equal(answer.status, status, answer.url.pathname);
    assert.match(answer.text, /<h1/);
  }
  for (const address of [
    '?clock=x',
    '/creditors?set=x',
    '/creditors?collected=1',
    '/consents?revoked=%00',
    '/feed?refresh=x',
  ]) {
    const page = await visitor.request(`${API}/sandbox${address}`);
    assert.ok(
      page.status === 200 || page.status === 404 || page.headers.get('content-type')?.includes('json'),
      address,
    );
    assert.doesNotMatch(page.text, /role="status"/);
  }
});

test('A9: a link of the console logs in as that person, whoever was there before', async () => {
  const visitor = visitorOf(world);
  const persons = await see(visitor, '/sandbox/persons');
  const links = [...persons.text.matchAll(/href="(http[^"]*\/login\?[^"]*)"/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  );
  assert.equal(links.length, 7);
  const names: string[] = [];
  for (const link of links.slice(0, 2)) {
    const page = await go(visitor, link);
    names.push(wordsOf(/<div class="who">.*?<\/p>/s.exec(page.text)?.[0] ?? ''));
  }
  assert.notEqual(names[0], names[1], names.join(' and '));
});
