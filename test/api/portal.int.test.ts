import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { dated } from '../../sandbox/holding.ts';
import { testPersons } from '../../sandbox/people.ts';
import { money } from '../../src/html/format.ts';
import { languages } from '../../src/html/language.ts';
import { owedOn } from '../../src/portal/debt-overview.ts';
import { formOn, go, signIn, visitorOf, wordsOf } from '../support/flow.ts';
import type { Visitor } from '../support/visitor.ts';
import { get, post, said } from '../support/portal.ts';
import { newConsent, startWorld, type World } from '../support/world.ts';

const NIN = '14842249091';
const OTHER = '29868099311';

let world: World;
let me: Visitor;
before(async () => {
  world = await startWorld();
  me = visitorOf(world);
  await signIn(me, NIN);
});
after(() => world.close());

test('B1: who is not signed in sees what this is; pages about oneself lead to the login, and from there back', async () => {
  const nobody = visitorOf(world);
  const front = await get(nobody, '/');
  assert.equal(front.status, 200);
  assert.match(front.text, /href="http:\/\/localhost:4000\/login"/);
  const id = await newConsent(world);
  for (const [address, to] of [
    ['/consents', '/consents'],
    [`/consents/${id}`, `/consents/${id}`],
    [`/consents/${id}/withdraw`, `/consents/${id}/withdraw`],
    [`/consents/${id}/receipt.json`, `/consents/${id}`],
    ['/accesses?year=2026', '/accesses?year=2026'],
    ['/accesses.csv', '/accesses'],
    ['/my-data.json', '/accesses'],
  ] as const) {
    const answer = await get(nobody, address);
    assert.equal(answer.status, 303, address);
    assert.equal(answer.headers.get('location'), `/login?to=${encodeURIComponent(to)}`, address);
  }
  const page = await signIn(nobody, NIN, `/consents/${id}`);
  assert.equal(page.url.pathname, `/consents/${id}`);
  assert.equal(page.status, 200);
  assert.equal((await get(nobody, '/login?to=/accesses')).headers.get('location'), '/accesses');
});

test('A9: whoever leaves the login is told so on the front page, and does not go round in circles', async () => {
  const nobody = visitorOf(world);
  const login = await go(nobody, '/login?to=/consents');
  const { action, fields } = formOn(login, /^\/testid\/sign-in\//);
  const page = await go(nobody, action, { ...fields, cancel: 'yes' });
  assert.equal(page.url.pathname, '/');
  assert.equal(page.url.searchParams.get('login'), 'cancelled');
  assert.match(said(page), /avbr[øu]t/i);
  assert.match(page.text, /\/login\?to=%2Fconsents"/);
});

test('B1: what is shown is what the creditors say, to the øre, for every test person', async () => {
  for (const { nin, name, holdings } of testPersons) {
    const visitor = visitorOf(world);
    const page = said(await signIn(visitor, nin));
    const known = holdings.filter((holding) => holding.live || holding.delivered);
    const loans = known.flatMap((holding) => dated(holding.loans, new Date(0)));
    const total = loans.reduce((sum, loan) => sum + owedOn(loan), 0);
    if (holdings.length === 0) {
      assert.match(page, /Ingen långivere har registrert/, name);
      continue;
    }
    const shown = money('nb', total).replaceAll('\u00A0', ' ');
    assert.ok(page.includes(`Du skylder til sammen ${shown} `), `${name}: ${shown}`);
    for (const loan of loans) assert.ok(page.includes(money('nb', owedOn(loan)).replaceAll('\u00A0', ' ')), name);
  }
});

test('B1: a creditor that does not answer is named before the sum, with the age of what is shown, or as unknown', async () => {
  const visitor = visitorOf(world);
  const page = said(await signIn(visitor, OTHER));
  assert.match(
    page,
    /To av seks långivere svarte ikke Tallene fra Solvarde Folkekreditt ASA er fra \d+\. \S+ \d{4} kl\. 0[45]\.00 \((i dag|i går)\)\./,
  );
  assert.match(page, /Hva du skylder Vardeblink Finans AS ?, er ukjent\./);
  assert.ok(page.indexOf('svarte ikke') < page.indexOf('Du skylder til sammen'));
  assert.match(page, /Det du kan skylde Vardeblink Finans AS, er ukjent og ikke regnet med\./);
  assert.match(page, /Vardeblink Finans AS (Ukjent ){5}/);
  assert.match(page, /Vardeblink Finans AS Organisasjonsnummer 315 739 268 E-post: kundeservice@vardeblink\.example/);
});

test('C7: a look at oneself is logged as that, once for each page, and stands in the list; nobody’s consent is used', async () => {
  const visitor = visitorOf(world);
  await signIn(visitor, '19828891203', '/consents');
  const log = () =>
    world.inspect(
      `select kind, actor, client_id, consent_id, purpose, creditors_asked, creditors_answered, trace_id is not null as traced
       from audit_log where actor = 'person' and kind = 'debt_disclosed' and creditors_asked = 2 order by id`,
    );
  const earlier = (await log()).length;
  await get(visitor, '/');
  const [entry, ...more] = (await log()).slice(earlier);
  assert.deepEqual(entry, {
    kind: 'debt_disclosed',
    actor: 'person',
    client_id: null,
    consent_id: null,
    purpose: null,
    creditors_asked: 2,
    creditors_answered: 2,
    traced: true,
  });
  assert.deepEqual(more, []);
  assert.match(
    said(await get(visitor, '/accesses')),
    /Du Ditt eget innsyn Alle lån og kreditter 2 av 2 långivere svarte/,
  );
});

test('C7: somebody who was never met is met by looking, once, also in ten windows at once', async () => {
  const visitor = visitorOf(world);
  const nin = '07857193886';
  await world.inspect(
    'delete from audit_log where person_id in (select id from person where not exists (select from consent where person_id = person.id))',
  );
  await world.inspect('delete from person where not exists (select from consent where person_id = person.id)');
  await signIn(visitor, nin, '/consents');
  const persons = async () => Number((await world.inspect('select count(*) as count from person'))[0].count);
  const rows = async () =>
    Number((await world.inspect("select count(*) as count from audit_log where actor = 'person'"))[0].count);
  const [personsBefore, rowsBefore] = [await persons(), await rows()];
  const pages = await Promise.all(Array.from({ length: 10 }, () => get(visitor, '/')));
  assert.deepEqual(new Set(pages.map((page) => page.status)), new Set([200]));
  assert.equal(await persons(), personsBefore + 1);
  assert.equal(await rows(), rowsBefore + 10);
});

test('C7: what cannot be logged is not shown', async () => {
  await world.inspect("alter table audit_log add constraint broken check (actor <> 'person') not valid");
  try {
    for (const address of ['/', '/my-data.json']) {
      const page = await get(me, address);
      assert.equal(page.status, 500);
      assert.doesNotMatch(page.text, /Lyngtind|96\s?780/);
    }
  } finally {
    await world.inspect('alter table audit_log drop constraint broken');
  }
  assert.match((await get(me, '/')).text, /Lyngtind/);
});

test('B9: signing out ends it here and at the provider, by a page of ours, and leads to a page that says so', async () => {
  const visitor = visitorOf(world);
  const page = await signIn(visitor, NIN, '/consents');
  const { action, fields } = formOn(page, /\/logout$/);
  const sent = await visitor.request(action, fields);
  assert.equal(sent.status, 200, 'no redirect: form-action would stop one to another origin');
  assert.equal(sent.next?.pathname, '/testid/session/end');
  assert.ok(sent.text.includes(`<a class="ds-link" href="${sent.next?.href.replaceAll('&', '&amp;')}"`));
  assert.equal((await get(visitor, '/consents')).status, 303);
  const end = await go(visitor, sent.next ?? '');
  assert.equal(end.url.pathname, '/signed-out');
  assert.equal((await post(visitor, '/logout', { csrf: 'x' })).headers.get('location'), '/signed-out');
});

test('B1–B9: every page is there in three languages, with its policy, whole words, and no personal number', async () => {
  const id = await newConsent(world);
  for (const address of [
    '/',
    '/consents',
    `/consents/${id}`,
    `/consents/${id}/withdraw`,
    '/accesses',
    '/help',
    '/privacy',
    '/accessibility',
  ]) {
    for (const language of languages) {
      const page = await get(me, `${address}?lang=${language}`);
      assert.equal(page.status, 200, address);
      assert.match(page.text, new RegExp(`<html lang="${language}"`), address);
      assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'self';/);
      assert.equal(page.headers.get('cache-control'), 'no-store');
      assert.doesNotMatch(
        wordsOf(page.text),
        /undefined|\bNaN\b|Invalid Date|\[object|\bnull\b/,
        `${address} ${language}`,
      );
      assert.doesNotMatch(page.text, /14842249091|148422\s?49091/);
      assert.match(page.text, /Nøktern Multebær/);
    }
  }
  await get(me, '/consents?lang=nb');
});

test('E1: markup in what clients and creditors are called is text over the whole portal', async () => {
  const visitor = visitorOf(world);
  const id = await newConsent(world, { nin: '19828891203', client: 2 });
  const markup = '<img src=x onerror=alert(1)> & "Søn"';
  const names = await world.inspect(
    'select id, name from client union all select null, name from creditor where id = $1',
    [creditorIds.kvitfjaer],
  );
  await world.inspect('update client set name = $1', [markup]);
  await world.inspect('update creditor set name = $1 where id = $2', [markup, creditorIds.kvitfjaer]);
  try {
    await signIn(visitor, '19828891203', '/consents');
    const escaped = '&lt;img src=x onerror=alert(1)&gt; &amp; &quot;Søn&quot;';
    for (const address of ['/', '/consents', `/consents/${id}`, `/consents/${id}/withdraw`]) {
      const page = await get(visitor, address);
      assert.equal(page.status, 200);
      assert.doesNotMatch(page.text, /<img/, address);
      assert.ok(page.text.includes(escaped), address);
    }
  } finally {
    for (const { id, name } of names) {
      if (id === null)
        await world.inspect('update creditor set name = $1 where id = $2', [name, creditorIds.kvitfjaer]);
      else await world.inspect('update client set name = $1 where id = $2', [name, id]);
    }
  }
});

test('E2: an address that does not exist and a wrong method are told as pages', async () => {
  assert.equal((await get(me, '/consents/x/y')).status, 404);
  const wrong = await post(me, '/consents', { csrf: 'x' });
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.get('allow') ?? '', /GET/);
});
