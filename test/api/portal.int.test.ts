import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { testPersons } from '../../sandbox/people.ts';
import { owedOn } from '../../src/portal/debt-overview.ts';
import { money } from '../../src/html/format.ts';
import { languages } from '../../src/html/language.ts';
import { dated } from '../../sandbox/holding.ts';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { answerScreen, formOn, go, signIn, toConsentScreen, visitorOf, wordsOf } from '../support/flow.ts';
import type { Visited, Visitor } from '../support/login-visitor.ts';
import {
  API,
  bearer,
  newConsent,
  newSingleUse,
  startWorld,
  tokenFor,
  type Json,
  type World,
} from '../support/world.ts';

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

/** A page's words, with ordinary spaces. */
const said = (page: Visited): string => wordsOf(page.text).replaceAll('\u00A0', ' ');
const get = (address: string, visitor = me): Promise<Visited> => visitor.request(new URL(address, API));
const post = (address: string, form: Record<string, string>, visitor = me): Promise<Visited> =>
  visitor.request(new URL(address, API), form);
const csrfOf = async (visitor = me): Promise<string> =>
  formOn(await get('/help', visitor), /\/logout$/).fields['csrf'] ?? '';
const lookUp = async (consentId: string) =>
  world.call({ method: 'GET', url: `/v1/debt/${consentId}`, headers: bearer(await tokenFor(world, 'debt')) });
const stateOf = async (id: string): Promise<Json> =>
  (await world.inspect('select archived_at, archived_reason from consent where id = $1', [id]))[0];
const eventsOf = (id: string): Promise<Json[]> =>
  world.inspect(
    `select type, reason from feed_pending where consent_id = $1
     union all select type, reason from feed_event where consent_id = $1`,
    [id],
  );

/** Moves a consent into the past, as if that time had gone by without any job running. */
const makeExpired = (id: string): Promise<Json[]> =>
  world.inspect(
    "update consent set created_at = created_at - interval '30 days', expires_at = expires_at - interval '30 days' where id = $1",
    [id],
  );

test('B1: who is not signed in sees what this is; pages about oneself lead to the login, and from there back', async () => {
  const nobody = visitorOf(world);
  const front = await get('/', nobody);
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
    const answer = await get(address, nobody);
    assert.equal(answer.status, 303, address);
    assert.equal(answer.headers.get('location'), `/login?to=${encodeURIComponent(to)}`, address);
  }
  const page = await signIn(nobody, NIN, `/consents/${id}`);
  assert.equal(page.url.pathname, `/consents/${id}`);
  assert.equal(page.status, 200);
  assert.equal((await get('/login?to=/accesses', nobody)).headers.get('location'), '/accesses');
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
  assert.match(page, /Uten det du kan skylde Vardeblink Finans AS, som er ukjent\./);
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
  await get('/', visitor);
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
    said(await get('/accesses', visitor)),
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
  const pages = await Promise.all(Array.from({ length: 10 }, () => get('/', visitor)));
  assert.deepEqual(new Set(pages.map((page) => page.status)), new Set([200]));
  assert.equal(await persons(), personsBefore + 1);
  assert.equal(await rows(), rowsBefore + 10);
});

test('C7: what cannot be logged is not shown', async () => {
  await world.inspect("alter table audit_log add constraint broken check (actor <> 'person') not valid");
  try {
    for (const address of ['/', '/my-data.json']) {
      const page = await get(address);
      assert.equal(page.status, 500);
      assert.doesNotMatch(page.text, /Lyngtind|96\s?780/);
    }
  } finally {
    await world.inspect('alter table audit_log drop constraint broken');
  }
  assert.match((await get('/')).text, /Lyngtind/);
});

test('C3: another person’s consent is answered exactly like an unknown one and like what is no id, on every address', async () => {
  const theirs = await newConsent(world, { nin: OTHER });
  const csrf = await csrfOf();
  const unknown = '01a206a3-a2c2-70bb-8e96-f2f17e76cab8';
  const answered = async (id: string) => {
    const pages = [
      await get(`/consents/${id}`),
      await get(`/consents/${id}/receipt.json`),
      await get(`/consents/${id}/withdraw`),
      await get(`/consents?withdrawn=${id}`),
      await get(`/accesses?by=${id}`),
      await post(`/consents/${id}/withdraw`, { csrf }),
      await post(`/consents/${id}/withdraw`, { csrf: 'forged' }),
    ];
    return pages.map(({ status, text, headers }) => ({
      status,
      location: headers.get('location'),
      text: text.replaceAll(id, 'ID').replaceAll(headers.get('x-trace-id') ?? 'none', 'TRACE'),
    }));
  };
  const ofUnknown = await answered(unknown);
  assert.deepEqual(
    ofUnknown.map(({ status }) => status),
    [404, 404, 404, 200, 200, 404, 403],
  );
  assert.deepEqual(await answered(theirs), ofUnknown);
  assert.deepEqual(await answered('not-an-id'), ofUnknown);
  assert.equal((await stateOf(theirs)).archived_at, null);
});

test('B4, C5: withdrawing takes two clicks, makes one event, and nobody gets debt by that consent any more', async () => {
  const id = await newConsent(world);
  assert.equal((await lookUp(id)).status, 200);
  const list = await get('/consents');
  assert.match(list.text, new RegExp(`href="/consents/${id}/withdraw"`));
  const question = await get(`/consents/${id}/withdraw`);
  assert.match(said(question), /Vil du trekke samtykket til Sparekompis AS\?/);
  const { action, fields } = formOn(question, /\/withdraw$/);
  const done = await me.request(action, fields);
  assert.equal(done.status, 303);
  assert.equal((await stateOf(id)).archived_reason, 'revoked_by_person');
  const refused = await lookUp(id);
  assert.equal(refused.status, 403);
  assert.match(refused.json.error_description, /^Consent was revoked at /);
  const page = await get(done.headers.get('location') ?? '');
  assert.match(said(page), /Samtykket til Sparekompis AS er trukket\. De kan ikke lenger hente gjelden din med det\./);
  assert.match(said(page), /Du trakk det her 1/);
  // Sent twice, or from another window: the same page, and nothing more happens.
  assert.equal((await me.request(action, fields)).headers.get('location'), done.headers.get('location'));
  assert.equal((await get(`/consents/${id}/withdraw`)).headers.get('location'), done.headers.get('location'));
  assert.deepEqual(
    (await eventsOf(id)).map(({ type, reason }) => reason ?? type),
    ['created', 'revoked_by_person'],
  );
});

test('B4: an address that says that a consent was withdrawn is believed only if it is so', async () => {
  const id = await newConsent(world);
  assert.doesNotMatch(said(await get(`/consents?withdrawn=${id}`)), /er trukket\. De kan|allerede avsluttet/);
});

test('E2: a form without its proof, or with one of another session or twice the same, is refused and changes nothing', async () => {
  const id = await newConsent(world);
  const other = visitorOf(world);
  await signIn(other, NIN);
  const proofs = ['', 'forged', await csrfOf(other), `${await csrfOf()}x`];
  for (const form of [{}, ...proofs.map((csrf) => ({ csrf }))]) {
    const page = await post(`/consents/${id}/withdraw`, form);
    assert.equal(page.status, 403, JSON.stringify(form));
    assert.match(page.text, /<html/);
    assert.equal((await post('/logout', form)).status, 403);
  }
  const cookie = me.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const csrf = await csrfOf();
  const twice = await world.call({
    method: 'POST',
    url: `/consents/${id}/withdraw`,
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    payload: `csrf=${csrf}&csrf=${csrf}`,
  });
  assert.equal(twice.status, 403);
  assert.equal((await stateOf(id)).archived_at, null);
  assert.equal((await get('/consents')).status, 200, 'and still signed in');
});

test('E2: a form from nobody is told that nobody is signed in, and changes nothing', async () => {
  const id = await newConsent(world);
  const page = await post(`/consents/${id}/withdraw`, { csrf: await csrfOf() }, visitorOf(world));
  assert.equal(page.status, 403);
  assert.match(said(page), /Du er logget ut/);
  assert.equal((await stateOf(id)).archived_at, null);
});

test('B4, C5: what is withdrawn while a lookup waits for a slow creditor is not disclosed by it', async () => {
  const id = await newConsent(world);
  const csrf = await csrfOf();
  world.servers.setBehaviour(creditorIds.lyngtind, 'slow');
  try {
    const looking = lookUp(id);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal((await post(`/consents/${id}/withdraw`, { csrf })).status, 303);
    assert.equal((await looking).status, 403);
  } finally {
    world.servers.setBehaviour(creditorIds.lyngtind, 'normal');
  }
  assert.match(said(await get(`/consents/${id}`)), /Du trakk det her\./);
});

test('B4: a consent that has ended in another way stays as it is, and the list says what is true', async () => {
  const csrf = await csrfOf();
  const used = await newSingleUse(world);
  assert.equal((await lookUp(used)).status, 200);
  const expired = await newConsent(world);
  await makeExpired(expired);
  const byClient = await newConsent(world);
  const token = await tokenFor(world, 'debt');
  await world.call({ method: 'DELETE', url: `/v1/debt/${byClient}`, headers: bearer(token) });
  for (const [id, why, reason] of [
    [used, 'Engangssamtykke, brukt opp', 'used'],
    [expired, 'Tiden gikk ut', null],
    [byClient, 'Du trakk det hos Sparekompis AS', 'revoked_by_client'],
  ] as const) {
    const before = await eventsOf(id);
    const done = await post(`/consents/${id}/withdraw`, { csrf });
    assert.equal(done.status, 303);
    const page = said(await get(done.headers.get('location') ?? ''));
    assert.match(page, new RegExp(`Samtykket til Sparekompis AS var allerede avsluttet [^:]+: ${why}\\.`));
    assert.equal((await stateOf(id)).archived_reason, reason);
    assert.deepEqual(await eventsOf(id), before);
  }
});

test('C2: what has expired is among the ended ones and cannot be withdrawn, though no job has written it down', async () => {
  const id = await newConsent(world);
  await makeExpired(id);
  const page = await get('/consents');
  assert.doesNotMatch(page.text, new RegExp(`/consents/${id}/withdraw`));
  assert.match(page.text, new RegExp(`/consents/${id}"`));
  assert.match(said(await get(`/consents/${id}`)), /Samtykke til Sparekompis AS Avsluttet /);
  assert.equal((await stateOf(id)).archived_at, null);
});

test('B2: how often and when a consent was used is told, each time of it', async () => {
  const visitor = visitorOf(world);
  const nin = '48918391250';
  const id = await newConsent(world, { nin, scope_of_consent: 'debt.unsecured.presentation' });
  await signIn(visitor, nin, '/consents');
  assert.match(
    said(await get('/consents', visitor)),
    /Aktive samtykker \(1\).*Vise deg gjelden din.*28 dager igjen.*Ikke brukt/,
  );
  for (let time = 0; time < 22; time++) assert.equal((await lookUp(id)).status, 200);
  const list = said(await get('/consents', visitor));
  assert.match(list, /Se de 20 siste av 22 ganger Sparekompis AS har hentet gjelden din/);
  assert.equal(list.match(/2 av 2 långivere svarte/g)?.length, 20);
  const one = said(await get(`/consents/${id}`, visitor));
  assert.equal(one.match(/Sparekompis AS hentet gjelden din\. 2 av 2 långivere svarte/g)?.length, 22);
  await post(`/consents/${id}/withdraw`, { csrf: await csrfOf(visitor) }, visitor);
  assert.match(said(await get('/consents', visitor)), /Avsluttede samtykker \(1\).*Du trakk det her 22/);
});

test('B2: ended consents are read page by page, each once, the last ended first', async () => {
  const visitor = visitorOf(world);
  const nin = '23879191211';
  const ids: string[] = [];
  for (let number = 0; number < 60; number++) ids.push(await newConsent(world, { nin, token: await agreementToken() }));
  // Half of them ended at the very same instant.
  await world.inspect(
    `update consent set archived_reason = 'revoked_by_client',
       archived_at = created_at - make_interval(hours => case when place > 30 then 99 else place::integer end)
     from unnest($1::uuid[]) with ordinality as wanted (wanted_id, place) where id = wanted_id`,
    [ids],
  );
  await world.inspect(
    "update consent set created_at = $2, archived_at = date_trunc('hour', archived_at) where id = any ($1)",
    [ids, new Date('2026-01-01T00:00:00Z')],
  );
  await signIn(visitor, nin, '/consents');
  const seen: string[] = [];
  let address = '/consents';
  for (let pages = 0; pages < 10; pages++) {
    const page = await get(address, visitor);
    assert.match(said(page), /Avsluttede samtykker \(60\)/);
    seen.push(
      ...[...page.text.matchAll(/<th scope="row"><a class="ds-link" href="\/consents\/([0-9a-f-]{36})"/g)].map(
        ([, id]) => id ?? '',
      ),
    );
    const next = /href="(\/consents\?before=[^"]*)">Eldre</.exec(page.text)?.[1];
    if (next === undefined) break;
    address = next;
  }
  const inOrder = await world.inspect('select id from consent where id = any ($1) order by archived_at desc, id desc', [
    ids,
  ]);
  assert.deepEqual(
    seen,
    inOrder.map((row) => row.id),
  );
  assert.match(said(await get('/consents?before=1-1', visitor)), /Det er ikke flere i listen/);
});

const agreementToken = (() => {
  let token: Promise<string> | undefined;
  return () => (token ??= tokenFor(world, 'agreement'));
})();

test('B3, C10: one consent shows exactly what was on the screen, in the language in which it was, and the receipt holds it', async () => {
  const { visitor, screen } = await toConsentScreen(world, {
    nin: NIN,
    client: 2,
    scope: 'debt.unsecured.processing.28',
    more: { ui_locales: 'nn' },
  });
  await answerScreen(visitor, screen, 'yes');
  const [{ id, shown }] = await world.inspect(
    'select consent.id, shown from consent join consent_request on consent_id = consent.id order by consent.created_at desc limit 1',
  );
  const page = await get(`/consents/${id}`);
  assert.equal(page.status, 200);
  const text = said(page);
  for (const section of shown.sections) {
    for (const sentence of [section.heading, ...section.paragraphs, ...section.bullets]) {
      assert.ok(text.includes(sentence.replaceAll('\u00A0', ' ')), sentence);
    }
  }
  assert.match(text, /på nynorsk, versjon \w+ av teksten/);
  assert.match(page.text, /lang="nn"/);
  const receipt = await get(`/consents/${id}/receipt.json`);
  assert.equal(receipt.headers.get('content-disposition'), `attachment; filename="samtykke-${id}.json"`);
  const kept = JSON.parse(receipt.text);
  assert.deepEqual(kept.shown.text, shown);
  assert.deepEqual(
    [kept.consentId, kept.purpose, kept.durationDays, kept.shown.language],
    [id, 'processing', 28, 'nn'],
  );
  assert.match(kept.shown.loginLevel, /^idporten-loa-/);
  assert.deepEqual(
    kept.events.map((event: Json) => event.what),
    ['given'],
  );
});

test('B3: of a consent that was given elsewhere the page says who has its text', async () => {
  const id = await newConsent(world);
  assert.match(said(await get(`/consents/${id}`)), /Det er de som har teksten du samtykket til/);
  assert.equal(JSON.parse((await get(`/consents/${id}/receipt.json`)).text).shown, null);
});

test('B9: signing out ends it here and at the provider, by a page of ours, and leads to a page that says so', async () => {
  const visitor = visitorOf(world);
  const page = await signIn(visitor, NIN, '/consents');
  const { action, fields } = formOn(page, /\/logout$/);
  const sent = await visitor.request(action, fields);
  assert.equal(sent.status, 200, 'no redirect: form-action would stop one to another origin');
  assert.equal(sent.next?.pathname, '/testid/session/end');
  assert.ok(sent.text.includes(`<a class="ds-link" href="${sent.next?.href.replaceAll('&', '&amp;')}"`));
  assert.equal((await get('/consents', visitor)).status, 303);
  const end = await go(visitor, sent.next ?? '');
  assert.equal(end.url.pathname, '/signed-out');
  assert.equal((await post('/logout', { csrf: 'x' }, visitor)).headers.get('location'), '/signed-out');
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
    '/signed-out',
  ]) {
    for (const language of languages) {
      const page = await get(`${address}?lang=${language}`);
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
  await get('/consents?lang=nb');
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
      const page = await get(address, visitor);
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
  assert.equal((await get('/consents/x/y')).status, 404);
  const wrong = await post('/consents', { csrf: 'x' });
  assert.equal(wrong.status, 405);
  assert.match(wrong.headers.get('allow') ?? '', /GET/);
});
