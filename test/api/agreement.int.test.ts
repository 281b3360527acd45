import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agreement, bearer, clientOf, putAgreement, startWorld, tokenFor, type World } from '../support/world.ts';

let world: World;
let token: string;
before(async () => {
  world = await startWorld();
  token = await tokenFor(world, 'agreement');
});
after(() => world.close());

interface Counts {
  consents: number;
  events: number;
  logged: number;
}
const counts = async (): Promise<Counts> =>
  (
    await world.inspect(
      `select (select count(*) from consent) as consents,
              (select count(*) from feed_pending) + (select count(*) from feed_event) as events,
              (select count(*) from audit_log where kind = 'consent_registered') as logged`,
    )
  )[0];

/** Sends what must be refused, and makes sure that nothing came of it. */
async function refused(body: unknown, status = 400): Promise<string> {
  const before = await counts();
  const answer = await putAgreement(world, token, body);
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(await counts(), before, 'nothing is made');
  assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'message', 'path', 'requestId', 'status', 'timestamp']);
  assert.equal(answer.json.status, status);
  assert.equal(answer.json.path, '/v1/consent/agreement');
  assert.equal(answer.headers['x-trace-id'], answer.json.requestId);
  return answer.json.message;
}

test('G2: a registered consent is answered with our id, its expiry and its scope', async () => {
  const answer = await putAgreement(world, token, agreement());
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.json).sort(), ['client_consent_id', 'consent']);
  const { client_consent_id, consent } = answer.json;
  assert.equal(client_consent_id, 'loan-application-1');
  assert.match(consent.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(consent.scope_of_consent, 'debt.unsecured.processing');
  assert.match(consent.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const lifetime = Date.parse(consent.expires_at) - world.clock.now().getTime();
  assert.ok(Math.abs(lifetime - 28 * 86_400_000) < 60_000, `expires in 28 days, not in ${lifetime} ms`);
  assert.match(String(answer.headers['cache-control']), /no-store/);
});

test('G3: the same request gives the same answer again, also after the consent has ended; other data gives 409', async () => {
  const body = agreement({ client_consent_id: 'again' });
  const first = await putAgreement(world, token, body);
  assert.deepEqual((await putAgreement(world, token, body)).json, first.json);
  for (const change of [
    { nin: '29868099311' },
    { scope_of_consent: 'debt.unsecured.presentation' },
    { consent_duration_days: 27 },
  ]) {
    await refused({ ...body, ...change }, 409);
  }
  // The maximum of this purpose is 28: more is the same.
  assert.deepEqual((await putAgreement(world, token, { ...body, consent_duration_days: 29 })).json, first.json);
  const debtToken = await tokenFor(world, 'debt');
  await world.call({ method: 'DELETE', url: `/v1/debt/${first.json.consent.id}`, headers: bearer(debtToken) });
  assert.deepEqual((await putAgreement(world, token, body)).json, first.json);
});

test('G3: of fifty equal requests at once one makes the consent, and all answer it', async () => {
  const before = await counts();
  const body = agreement({ client_consent_id: 'fifty', nin: '07857193886' });
  const answers = await Promise.all(Array.from({ length: 50 }, () => putAgreement(world, token, body)));
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
  assert.equal(new Set(answers.map((answer) => answer.json.consent.id)).size, 1);
  const one = { consents: before.consents + 1, events: before.events + 1, logged: before.logged + 1 };
  assert.deepEqual(await counts(), one);
});

test('G3: of fifty requests at once under one id with different data one wins, its like agree, the others get 409', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      putAgreement(world, token, agreement({ client_consent_id: 'fight', consent_duration_days: 1 + (at % 5) })),
    ),
  );
  const won = answers.filter((answer) => answer.status === 200);
  assert.equal(won.length, 10);
  assert.equal(new Set(won.map((answer) => answer.json.consent.id)).size, 1);
  assert.ok(answers.every((answer) => answer.status === 200 || answer.status === 409));
});

test('G3: two clients may use the same id of their own', async () => {
  const mine = await putAgreement(world, token, agreement({ client_consent_id: 'shared' }));
  const theirs = await putAgreement(
    world,
    await tokenFor(world, 'agreement', { client: 2 }),
    agreement({ client_consent_id: 'shared' }),
  );
  assert.equal(theirs.status, 200);
  assert.notEqual(theirs.json.consent.id, mine.json.consent.id);
});

test('G4: days are a whole number of one or more, or a string of digits; above the maximum they become the maximum', async () => {
  for (const [given, days] of [
    [1, 1],
    ['100', 28],
    ['07', 7],
    [29, 28],
    [1e12, 28],
    ['9'.repeat(400), 28],
    [5.0, 5],
  ] as const) {
    const body = agreement({
      client_consent_id: `days ${JSON.stringify(given)}`.slice(0, 255),
      consent_duration_days: given,
    });
    const answer = await putAgreement(world, token, body);
    assert.equal(answer.status, 200, `${given}: ${answer.text}`);
    const lifetime = Date.parse(answer.json.consent.expires_at) - world.clock.now().getTime();
    assert.ok(Math.abs(lifetime - days * 86_400_000) < 60_000, String(given));
  }
  const presentation = agreement({
    client_consent_id: 'long',
    scope_of_consent: 'debt.unsecured.presentation',
    consent_duration_days: '400',
  });
  const answer = await putAgreement(world, token, presentation);
  assert.ok(
    Math.abs(Date.parse(answer.json.consent.expires_at) - world.clock.now().getTime() - 365 * 86_400_000) < 60_000,
  );
});

test('G4, G5: any other duration is refused with a sentence that names the field', async () => {
  for (const days of [0, -1, 1.5, 'ten', '0', '000', '-1', '1.5', '1e3', ' 5', '', null, true, [28], {}]) {
    const message = await refused(agreement({ client_consent_id: 'no', consent_duration_days: days }));
    assert.equal(message, 'consent_duration_days must be a whole number of days, 1 or more', String(days));
  }
  // 1e400 is Infinity to a JSON parser.
  const raw = await world.call({
    method: 'PUT',
    url: '/v1/consent/agreement',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    payload: JSON.stringify(agreement({ consent_duration_days: 0 })).replace(
      '"consent_duration_days":0',
      '"consent_duration_days":1e400',
    ),
  });
  assert.equal(raw.status, 400);
});

test('G5, G6: a number that is not one, or is a real person’s, is refused and not repeated', async () => {
  for (const [nin, why] of [
    ['14842249090', /nin has check digits that do not match/],
    ['1484224909', /nin must be 11 digits/],
    ['148422 49091', /nin must be 11 digits/],
    ['13527248013'.replace('5', '0'), /nin /],
    [14842249091, /nin must be a string of 11 digits/],
    [null, /nin must be a string of 11 digits/],
    [['14842249091'], /nin must be a string of 11 digits/],
  ] as const) {
    const message = await refused(agreement({ client_consent_id: 'no', nin }));
    assert.match(message, why);
    assert.ok(!message.includes(String(nin)));
  }
  // A number of someone born in 1860, if of anyone: it looks real.
  assert.match(
    await refused(agreement({ client_consent_id: 'no', nin: '01016050006' })),
    /looks like the number of a real person|check digits/,
  );
});

test('G3: an id that is no well-formed Unicode, or holds the number itself, is refused: it could not come back as it was', async () => {
  const send = (id: string) =>
    world.call({
      method: 'PUT',
      url: '/v1/consent/agreement',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      payload: JSON.stringify(agreement({ client_consent_id: 'ID' })).replace('"ID"', `"${id}"`),
    });
  for (const id of ['\\ud800', 'x\\udfff', '\\udc00\\ud800']) {
    assert.match((await send(id)).json.message, /^client_consent_id must be well-formed/);
  }
  assert.equal((await send('\\ud83d\\ude00')).json.client_consent_id, '😀');
  for (const id of ['14842249091', 'loan-14842249091-1']) {
    assert.match((await send(id)).json.message, /^client_consent_id must not contain the national identity number/);
  }
});

test('C8: a registration that is refused leaves nothing of the person', async () => {
  const persons = () => world.inspect('select count(*) as count from person');
  await putAgreement(world, token, agreement({ client_consent_id: 'taken' }));
  const before = await persons();
  await refused(agreement({ client_consent_id: 'taken', nin: '05886791269' }), 409);
  await refused(agreement({ client_consent_id: 'free', nin: '05886791260' }), 400);
  assert.deepEqual(await persons(), before);
});

test('G5: missing, misspelt and unknown fields, and what is no object, are named', async () => {
  for (const field of ['nin', 'scope_of_consent', 'consent_duration_days', 'client_consent_id']) {
    const body: Record<string, unknown> = agreement({ client_consent_id: 'no' });
    delete body[field];
    assert.equal(await refused(body), `${field} is missing`);
  }
  assert.equal(
    await refused(agreement({ our_consent_id: 'x' })),
    "'our_consent_id' is not a field of this request: leave it out",
  );
  assert.equal(
    await refused(agreement({ '14842249091': 'x' })),
    "'[nin]' is not a field of this request: leave it out",
  );
  assert.match(await refused(agreement({ scope_of_consent: 'debt.secured' })), /scope_of_consent must be one of/);
  assert.match(await refused(agreement({ scope_of_consent: 'presentation' })), /scope_of_consent must be one of/);
  assert.match(
    await refused(agreement({ client_consent_id: '' })),
    /client_consent_id must be a string of 1 to 255 characters/,
  );
  assert.match(await refused(agreement({ client_consent_id: 'x'.repeat(256) })), /client_consent_id/);
  assert.match(await refused(agreement({ client_consent_id: 'a\0b' })), /NUL/);
  for (const body of [[], [agreement()], 'text', 7, null]) {
    const payload = JSON.stringify(body);
    const headers = { ...bearer(token), 'content-type': 'application/json' };
    const answer = await world.call({ method: 'PUT', url: '/v1/consent/agreement', headers, payload });
    assert.equal(answer.status, 400, payload);
    assert.equal(answer.json.message, 'the body must be a JSON object');
  }
  assert.equal((await putAgreement(world, token, agreement({ client_consent_id: 'ø'.repeat(255) }))).status, 200);
});

test('G5, E2: what is not JSON, not UTF-8, too large or of another type is refused as such', async () => {
  const send = (payload: string | Buffer, type = 'application/json') =>
    world.call({
      method: 'PUT',
      url: '/v1/consent/agreement',
      headers: { ...bearer(token), 'content-type': type },
      payload,
    });
  for (const [payload, type, status, message] of [
    ['{"nin":', 'application/json', 400, 'the body is not valid JSON'],
    ['', 'application/json', 400, 'the body is empty: send a JSON object'],
    ['{"__proto__": {"nin": 1}}', 'application/json', 400, 'the body is not valid JSON'],
    [Buffer.from('{"nin":"\xff"}', 'latin1'), 'application/json', 400, 'the body is not valid UTF-8'],
    ['nin=1', 'application/x-www-form-urlencoded', 415, 'send the body as JSON, with Content-Type: application/json'],
    ['{}', 'text/plain', 415, 'send the body as JSON, with Content-Type: application/json'],
    [`{"nin":"${'1'.repeat(70_000)}"}`, 'application/json', 413, 'the body is larger than 64 KiB'],
    ['x'.repeat(10_000_000), 'application/json', 413, 'the body is larger than 64 KiB'],
  ] as const) {
    const answer = await send(payload, type);
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.message, message);
  }
});

test('G5: no token, a bad one and one that has ended are 401 with an empty body; one for another API or without its scope is 403', async () => {
  const headers = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer x' },
    { authorization: `Basic ${token}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${'x'.repeat(5_000)}` },
    { authorization: 'Bearer a b' },
  ];
  for (const header of headers) {
    const answer = await world.call({
      method: 'PUT',
      url: '/v1/consent/agreement',
      headers: header,
      payload: agreement(),
    });
    assert.equal(answer.status, 401, JSON.stringify(header));
    assert.equal(answer.text, '');
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  for (const api of ['debt', 'events'] as const) {
    const answer = await putAgreement(world, await tokenFor(world, api), agreement());
    assert.equal(answer.status, 403);
    assert.equal(answer.json.error, 'Forbidden');
  }
  assert.equal((await putAgreement(world, token, agreement())).status, 200, 'the word Bearer and the token are enough');
  const lower = await world.call({
    method: 'PUT',
    url: '/v1/consent/agreement',
    headers: { authorization: `bearer ${token}` },
    payload: agreement(),
  });
  assert.equal(lower.status, 200, 'the scheme is case-insensitive (RFC 9110)');
});

test('G5: a client that is not registered for the purpose is refused', async () => {
  const { id } = clientOf(3);
  const tokenOf3 = await tokenFor(world, 'debt', { client: 3, scope: 'debt.unsecured.presentation' });
  assert.equal((await putAgreement(world, tokenOf3, agreement())).status, 403);
  // Registered for agreements from now on, but still for presentation only.
  await world.inspect('update client set may_register_agreements = true where id = $1', [id]);
  const agreementToken = await tokenFor(world, 'agreement', { client: 3 });
  const answer = await putAgreement(world, agreementToken, agreement({ client_consent_id: 'visning' }));
  assert.equal(answer.status, 403);
  assert.match(answer.json.message, /may not register consents for the purpose 'processing'/);
  const allowed = agreement({ client_consent_id: 'visning', scope_of_consent: 'debt.unsecured.presentation' });
  assert.equal((await putAgreement(world, agreementToken, allowed)).status, 200);
});

test('E2: other methods and addresses are refused in this API’s shape', async () => {
  const post = await world.call({
    method: 'POST',
    url: '/v1/consent/agreement',
    headers: bearer(token),
    payload: agreement(),
  });
  assert.equal(post.status, 405);
  assert.equal(post.headers['allow'], 'PUT');
  assert.equal(post.json.error, 'Method Not Allowed');
  const lost = await world.call({
    method: 'PUT',
    url: '/v1/consent/agreement/14842249091',
    headers: bearer(token),
    payload: agreement(),
  });
  assert.equal(lost.status, 404);
  assert.equal(lost.json.path, '/v1/consent/agreement/[nin]');
});
