import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { answerScreen, formOn, signIn, toConsentScreen, visitorOf } from '../support/flow.ts';
import type { Visitor } from '../support/visitor.ts';
import { csrfOf, get, lookUp, post, said } from '../support/portal.ts';
import { bearer, newConsent, newSingleUse, startWorld, tokenFor, type Json, type World } from '../support/world.ts';

const NIN = '14842249091';
const OTHER = '29868099311';

let world: World;
let me: Visitor;
before(async () => {
  world = await startWorld();
  me = visitorOf(world);
  await signIn(me, NIN, '/consents');
});
after(() => world.close());

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

test('C3: another person’s consent is answered exactly like an unknown one and like what is no id, on every address', async () => {
  const theirs = await newConsent(world, { nin: OTHER });
  const csrf = await csrfOf(me);
  const unknown = '01a206a3-a2c2-70bb-8e96-f2f17e76cab8';
  const answered = async (id: string) => {
    const pages = [
      await get(me, `/consents/${id}`),
      await get(me, `/consents/${id}/receipt.json`),
      await get(me, `/consents/${id}/withdraw`),
      await get(me, `/consents?withdrawn=${id}`),
      await get(me, `/accesses?by=${id}`),
      await post(me, `/consents/${id}/withdraw`, { csrf }),
      await post(me, `/consents/${id}/withdraw`, { csrf: 'forged' }),
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
  assert.equal((await lookUp(world, id)).status, 200);
  const list = await get(me, '/consents');
  assert.match(list.text, new RegExp(`href="/consents/${id}/withdraw"`));
  const question = await get(me, `/consents/${id}/withdraw`);
  assert.match(said(question), /Vil du trekke samtykket til Sparekompis AS\?/);
  const { action, fields } = formOn(question, /\/withdraw$/);
  const done = await me.request(action, fields);
  assert.equal(done.status, 303);
  assert.equal((await stateOf(id)).archived_reason, 'revoked_by_person');
  const refused = await lookUp(world, id);
  assert.equal(refused.status, 403);
  assert.match(refused.json.error_description, /^Consent was revoked at /);
  const page = await get(me, done.headers.get('location') ?? '');
  assert.match(said(page), /Samtykket til Sparekompis AS er trukket\. De kan ikke lenger hente gjelden din med det\./);
  assert.match(said(page), /Du trakk det her 1/);
  // Sent twice, or from another window: the same page, and nothing more happens.
  assert.equal((await me.request(action, fields)).headers.get('location'), done.headers.get('location'));
  assert.equal((await get(me, `/consents/${id}/withdraw`)).headers.get('location'), done.headers.get('location'));
  assert.deepEqual(
    (await eventsOf(id)).map(({ type, reason }) => reason ?? type),
    ['created', 'revoked_by_person'],
  );
});

test('B4: an address that says that a consent was withdrawn is believed only if it is so', async () => {
  const id = await newConsent(world);
  assert.doesNotMatch(said(await get(me, `/consents?withdrawn=${id}`)), /er trukket\. De kan|allerede avsluttet/);
});

test('E2: a form without its proof, or with one of another session or twice the same, is refused and changes nothing', async () => {
  const id = await newConsent(world);
  const other = visitorOf(world);
  await signIn(other, NIN);
  const proofs = ['', 'forged', await csrfOf(other), `${await csrfOf(me)}x`];
  for (const form of [{}, ...proofs.map((csrf) => ({ csrf }))]) {
    const page = await post(me, `/consents/${id}/withdraw`, form);
    assert.equal(page.status, 403, JSON.stringify(form));
    assert.match(page.text, /<html/);
    assert.equal((await post(me, '/logout', form)).status, 403);
  }
  const cookie = me.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const csrf = await csrfOf(me);
  const twice = await world.call({
    method: 'POST',
    url: `/consents/${id}/withdraw`,
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    payload: `csrf=${csrf}&csrf=${csrf}`,
  });
  assert.equal(twice.status, 403);
  assert.equal((await stateOf(id)).archived_at, null);
  assert.equal((await get(me, '/consents')).status, 200, 'and still signed in');
});

test('E2: a form from nobody is told that nobody is signed in, and changes nothing', async () => {
  const id = await newConsent(world);
  const page = await post(visitorOf(world), `/consents/${id}/withdraw`, { csrf: await csrfOf(me) });
  assert.equal(page.status, 403);
  assert.match(said(page), /Du er ikke logget inn/);
  assert.equal((await stateOf(id)).archived_at, null);
});

test('B4, C5: what is withdrawn while a lookup waits for a slow creditor is not disclosed by it', async () => {
  const id = await newConsent(world);
  const csrf = await csrfOf(me);
  world.servers.setBehaviour(creditorIds.lyngtind, 'slow');
  try {
    const looking = lookUp(world, id);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal((await post(me, `/consents/${id}/withdraw`, { csrf })).status, 303);
    assert.equal((await looking).status, 403);
  } finally {
    world.servers.setBehaviour(creditorIds.lyngtind, 'normal');
  }
  assert.match(said(await get(me, `/consents/${id}`)), /Du trakk det her\./);
});

test('B4: a consent that has ended in another way stays as it is, and the list says what is true', async () => {
  const csrf = await csrfOf(me);
  const used = await newSingleUse(world);
  assert.equal((await lookUp(world, used)).status, 200);
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
    const done = await post(me, `/consents/${id}/withdraw`, { csrf });
    assert.equal(done.status, 303);
    const page = said(await get(me, done.headers.get('location') ?? ''));
    assert.match(page, new RegExp(`Samtykket til Sparekompis AS var allerede avsluttet [^:]+: ${why}\\.`));
    assert.equal((await stateOf(id)).archived_reason, reason);
    assert.deepEqual(await eventsOf(id), before);
  }
});

test('C2: what has expired is among the ended ones and cannot be withdrawn, though no job has written it down', async () => {
  const id = await newConsent(world);
  await makeExpired(id);
  const page = await get(me, '/consents');
  assert.doesNotMatch(page.text, new RegExp(`/consents/${id}/withdraw`));
  assert.match(page.text, new RegExp(`/consents/${id}"`));
  assert.match(said(await get(me, `/consents/${id}`)), /Samtykke til Sparekompis AS Avsluttet /);
  assert.equal((await stateOf(id)).archived_at, null);
});

test('B2: how often and when a consent was used is told, each time of it', async () => {
  const visitor = visitorOf(world);
  const nin = '48918391250';
  const id = await newConsent(world, { nin, scope_of_consent: 'debt.unsecured.presentation' });
  await signIn(visitor, nin, '/consents');
  assert.match(
    said(await get(visitor, '/consents')),
    /Aktive samtykker \(1\).*Vise deg gjelden din.*28 dager igjen.*Ikke brukt/,
  );
  for (let time = 0; time < 22; time++) assert.equal((await lookUp(world, id)).status, 200);
  const list = said(await get(visitor, '/consents'));
  assert.match(list, /Se de 20 siste av 22 ganger Sparekompis AS har hentet gjelden din/);
  assert.equal(list.match(/2 av 2 långivere svarte/g)?.length, 20);
  const one = said(await get(visitor, `/consents/${id}`));
  assert.equal(one.match(/Sparekompis AS hentet gjelden din\. 2 av 2 långivere svarte/g)?.length, 22);
  await post(visitor, `/consents/${id}/withdraw`, { csrf: await csrfOf(visitor) });
  assert.match(said(await get(visitor, '/consents')), /Avsluttede samtykker \(1\).*Du trakk det her 22/);
});

test('B2: ended consents are read page by page, each once, the last ended first', async () => {
  const visitor = visitorOf(world);
  const nin = '23879191211';
  const ids: string[] = [];
  const token = await tokenFor(world, 'agreement');
  for (let number = 0; number < 60; number++) ids.push(await newConsent(world, { nin, token }));
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
    const page = await get(visitor, address);
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
  assert.match(said(await get(visitor, '/consents?before=1-1')), /Det er ikke flere i listen/);
});

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
  const page = await get(me, `/consents/${id}`);
  assert.equal(page.status, 200);
  const text = said(page);
  for (const section of shown.sections) {
    for (const sentence of [section.heading, ...section.paragraphs, ...section.bullets]) {
      assert.ok(text.includes(sentence.replaceAll('\u00A0', ' ')), sentence);
    }
  }
  assert.match(text, /på nynorsk, versjon \w+ av teksten/);
  assert.match(page.text, /lang="nn"/);
  const receipt = await get(me, `/consents/${id}/receipt.json`);
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
  assert.match(said(await get(me, `/consents/${id}`)), /Det er de som har teksten du samtykket til/);
  assert.equal(JSON.parse((await get(me, `/consents/${id}/receipt.json`)).text).shown, null);
});
