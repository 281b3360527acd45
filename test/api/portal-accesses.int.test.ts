import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signIn, tokenFromFlow, visitorOf } from '../support/flow.ts';
import type { Visited, Visitor } from '../support/visitor.ts';
import { get, lookUp, said } from '../support/portal.ts';
import { bearer, clientOf, newConsent, startWorld, type Json, type World } from '../support/world.ts';

const NIN = '14842249091';

let world: World;
let me: Visitor;
let personId: string;
let consentId: string;
before(async () => {
  world = await startWorld();
  me = visitorOf(world);
  consentId = await newConsent(world, { nin: NIN });
  const [consent] = await world.inspect('select person_id from consent where id = $1', [consentId]);
  personId = consent.person_id;
  await signIn(me, NIN, '/consents');
});
after(() => world.close());

/** Writes disclosures into the log, as lookups at those times would have. */
async function disclosed(times: readonly string[], more: { client?: 1 | 2 | 3 | null; person?: string } = {}) {
  const { client = 1, person = personId } = more;
  await world.inspect(
    `insert into audit_log (at, kind, actor, client_id, consent_id, person_id, purpose, creditors_asked, creditors_answered)
     select at, 'debt_disclosed', $2, $3, $4, $5, 'processing', 6, 5 from unnest($1::timestamptz[]) as wanted (at)`,
    [
      times,
      client === null ? 'person' : 'client',
      client === null ? null : clientOf(client).id,
      client === null ? null : consentId,
      person,
    ],
  );
}

const empty = (): Promise<Json[]> => world.inspect("delete from audit_log where kind = 'debt_disclosed'");
const timesOn = (page: Visited): string[] =>
  [...page.text.matchAll(/<th scope="row"><span class="unbroken">([^<]*)</g)].map(([, time = '']) =>
    time.replaceAll('\u00A0', ' '),
  );
const olderOn = (page: Visited): string | undefined =>
  /href="(\/accesses\?[^"]*)">Eldre</.exec(page.text)?.[1]?.replaceAll('&amp;', '&');

test('B5: nobody has looked, and the page says so and asks for no choice', async () => {
  await empty();
  const page = await get(me, '/accesses');
  assert.match(said(page), /Ingen har hentet gjelden din\./);
  assert.doesNotMatch(page.text, /<select/);
  assert.match(said(page), /Loggen går ikke lenger tilbake enn til \d+\. \S+ \d{4}\./);
});

test('B5: each lookup is told once: when, who, with which consent, and what they saw; only to the person whose debt it was', async () => {
  await empty();
  assert.equal((await lookUp(world, consentId)).status, 200);
  const page = await get(me, '/accesses');
  assert.match(
    said(page),
    /1 gang .*Sparekompis AS Samtykke: Vurdere søknaden din om kreditt Alle lån og kreditter 6 av 6 långivere svarte/,
  );
  assert.ok(page.text.includes(`href="/consents/${consentId}"`));
  const other = visitorOf(world);
  await signIn(other, '29868099311', '/accesses');
  assert.match(said(await get(other, '/accesses')), /Ingen har hentet gjelden din\./);
});

test('B5: what a client saw when creditors were missing, or when there were none, is told in words', async () => {
  await empty();
  await disclosed(['2026-11-20T10:00:00Z']);
  assert.match(said(await get(me, '/accesses')), /Lån og kreditter, ikke alt oppdatert 5 av 6 långivere svarte/);
  await world.inspect('update audit_log set creditors_asked = 0, creditors_answered = 0');
  assert.match(said(await get(me, '/accesses')), /At ingen har registrert noe på deg/);
  assert.match(said(await get(me, `/consents/${consentId}`)), /Ingen långivere hadde registrert noe på deg/);
});

test('B5: read page by page, every access comes once and in order, also where many are of the same instant', async () => {
  await empty();
  const times = Array.from({ length: 70 }, (_, place) =>
    new Date(Date.UTC(2026, 9, 1, 12, place > 20 && place < 60 ? 20 : place)).toISOString(),
  );
  await disclosed(times);
  const read: string[] = [];
  let address: string | undefined = '/accesses';
  for (let pages = 0; address !== undefined && pages < 10; pages++) {
    const page: Visited = await get(me, address);
    assert.match(said(page), /70 ganger/);
    read.push(...timesOn(page));
    assert.equal(/Til de nyeste/.test(page.text), pages > 0);
    address = olderOn(page);
  }
  const expected = await world.inspect(
    `select to_char(at at time zone 'Europe/Oslo', 'FMDD. "oktober" YYYY "kl." HH24.MI') as told from audit_log
     where kind = 'debt_disclosed' order by at desc, id desc`,
  );
  assert.deepEqual(
    read,
    expected.map((row) => row.told),
  );
  const beyond = await get(me, '/accesses?before=1-1');
  assert.match(said(beyond), /Det er ikke flere i listen/);
});

test('B5: what is looked up between two pages moves nothing: the older page goes on where the newer ended', async () => {
  await empty();
  await disclosed(Array.from({ length: 30 }, (_, place) => new Date(Date.UTC(2026, 9, 1, 12, place)).toISOString()));
  const first = await get(me, '/accesses');
  await disclosed(['2026-10-02T10:00:00Z', '2026-10-02T11:00:00Z']);
  const second = await get(me, olderOn(first) ?? '');
  assert.equal(new Set([...timesOn(first), ...timesOn(second)]).size, 30);
});

test('B5: the list is filtered by who and by year, together too, and pages and file keep the filter', async () => {
  await empty();
  await disclosed(Array.from({ length: 27 }, (_, place) => new Date(Date.UTC(2025, 4, 1 + place, 10)).toISOString()));
  await disclosed(['2025-06-01T10:00:00Z', '2026-06-01T10:00:00Z'], { client: 2 });
  await disclosed(['2026-07-01T10:00:00Z'], { client: null });
  const counted = async (address: string) => Number(/(\d+) gang(?:er)? /.exec(said(await get(me, address)))?.[1]);
  const [one, two] = [clientOf(1).id, clientOf(2).id];
  assert.equal(await counted('/accesses'), 30);
  assert.equal(await counted(`/accesses?by=${one}`), 27);
  assert.equal(await counted(`/accesses?by=${two}`), 2);
  assert.equal(await counted(`/accesses?by=${two}&year=2025`), 1);
  assert.equal(await counted('/accesses?by=&year=2026'), 2);
  assert.equal(await counted('/accesses?by=me'), 1);
  assert.match(said(await get(me, `/accesses?by=me&year=2025`)), /Ingen oppslag passer til det du har valgt/);
  const page = await get(me, `/accesses?by=${one}&year=2025`);
  assert.match(page.text, new RegExp(`<option value="${one}" selected>Sparekompis AS</option>`));
  assert.match(page.text, /<option value="2025" selected>/);
  const older = olderOn(page) ?? '';
  assert.ok(older.startsWith(`/accesses?by=${one}&year=2025&before=`), older);
  assert.equal(timesOn(await get(me, older)).length, 2);
  assert.ok(page.text.includes(`href="/accesses.csv?by=${one}&amp;year=2025"`));
  const file = await get(me, `/accesses.csv?by=${two}&year=2025`);
  assert.equal(file.text.trimEnd().split('\r\n').length, 2);
});

test('B5: what nobody can choose, and what is there twice, is no filter', async () => {
  await empty();
  await disclosed(['2026-06-01T10:00:00Z']);
  for (const query of [
    'by=x',
    `by=${clientOf(3).id}`,
    'by=me',
    'year=1999',
    'year=2026&year=2025',
    "year=2026'",
    'before=x',
  ]) {
    const page = await get(me, `/accesses?${query}`);
    assert.equal(page.status, 200, query);
    assert.equal(timesOn(page).length, 1, query);
  }
});

test('B5: years and times are those of Oslo, over new year and both clock changes', async () => {
  await empty();
  await disclosed([
    '2025-12-31T22:59:00Z',
    '2025-12-31T23:00:00Z',
    '2026-03-29T00:59:00Z',
    '2026-03-29T01:00:00Z',
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:30:00Z',
  ]);
  assert.deepEqual(timesOn(await get(me, '/accesses?year=2026')), [
    '25. oktober 2026 kl. 02.30',
    '25. oktober 2026 kl. 02.30',
    '29. mars 2026 kl. 03.00',
    '29. mars 2026 kl. 01.59',
    '1. januar 2026 kl. 00.00',
  ]);
  assert.deepEqual(timesOn(await get(me, '/accesses?year=2025')), ['31. desember 2025 kl. 23.59']);
});

test('B5: the file is what Norwegian spreadsheets open, holds all that is meant, and no formula', async () => {
  await empty();
  await disclosed(Array.from({ length: 1_100 }, (_, place) => new Date(Date.UTC(2026, 0, 1, 0, place)).toISOString()));
  await disclosed(['2026-11-20T10:00:05Z'], { client: 2 });
  await world.inspect('update client set name = $1 where id = $2', [
    '=HYPERLINK("https://x.example";"Bank")',
    clientOf(2).id,
  ]);
  try {
    const answer = await world.call({
      method: 'GET',
      url: '/accesses.csv',
      headers: { cookie: me.cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8');
    assert.match(
      String(answer.headers['content-disposition']),
      /^attachment; filename="hvem-har-sett-\d{4}-\d\d-\d\d\.csv"$/,
    );
    const [head = '', first = '', ...more] = answer.text.split('\r\n');
    assert.ok(head.startsWith('\uFEFF"Tidspunkt (norsk tid)";"Hvem";'));
    assert.equal(
      first,
      `"2026-11-20 11:00:05";"'=HYPERLINK(""https://x.example"";""Bank"")";"314159276";"Samtykke";"Vurdere søknaden din om kreditt";"${consentId}";"6";"5"`,
    );
    assert.equal(more.length, 1_101);
    assert.equal(more.at(-1), '');
  } finally {
    await world.inspect("update client set name = 'Fjordbanken ASA' where id = $1", [clientOf(2).id]);
  }
});

test('B5: everything about oneself is one file: consents with what was shown, who has looked, this look too, and the debt', async () => {
  await empty();
  const visitor = visitorOf(world);
  const nin = '19828891203';
  await newConsent(world, { nin });
  const token = await tokenFromFlow(world, { nin });
  assert.equal((await world.call({ method: 'GET', url: '/v1/debt', headers: bearer(token) })).status, 200);
  await signIn(visitor, nin, '/accesses');
  const answer = await get(visitor, '/my-data.json');
  assert.match(
    answer.headers.get('content-disposition') ?? '',
    /^attachment; filename="my-data-\d{4}-\d\d-\d\d\.json"$/,
  );
  assert.doesNotMatch(answer.text, /19828891203/);
  const data = JSON.parse(answer.text);
  assert.deepEqual(data.person, { name: 'Samstemt Svane', born: '19.02.1988', nationalIdentityNumber: '198288 •••••' });
  assert.deepEqual(
    data.accesses.map((access: Json) => access.by.name ?? access.by),
    ['yourself', 'Sparekompis AS'],
  );
  assert.deepEqual(
    data.consents.map((consent: Json) => [
      consent.active,
      consent.shown?.text.title.includes('Sparekompis AS') ?? null,
      consent.timesUsed,
    ]),
    [
      [true, null, 0],
      [false, true, 1],
    ],
  );
  assert.deepEqual(
    data.consents[1].events.map((event: Json) => event.reason ?? event.what),
    ['given', 'debt_disclosed', 'used'],
  );
  const [havsule, kvitfjaer] = data.debt.creditors;
  assert.deepEqual([havsule.loans[0].nonInterestBearingBalance, kvitfjaer.loans[0].balance], [5_430_20, 187_420_00]);
  assert.equal(kvitfjaer.contact.email, 'kundeservice@kvitfjaer.example');
});
