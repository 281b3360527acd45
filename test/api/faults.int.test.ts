import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { withClient } from '../support/database.ts';
import {
  answerScreen,
  askAddress,
  formOn,
  go,
  sentBack,
  signIn,
  toConsentScreen,
  visitorOf,
  wordsOf,
} from '../support/flow.ts';
import {
  agreement,
  bearer,
  clientOf,
  newConsent,
  startWorld,
  tokenFor,
  tokenRequest,
  API,
  type Answer,
  type World,
} from '../support/world.ts';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** Every operation of the APIs, as it is asked by a client that does everything right. */
async function askEverything(of: World, tokens: Tokens, id: string): Promise<Answer[]> {
  const { agreementToken, debtToken, eventsToken } = tokens;
  const answers: Answer[] = [];
  for (const request of [
    { method: 'PUT', url: '/v1/consent/agreement', headers: bearer(agreementToken), payload: agreement() },
    { method: 'GET', url: `/v1/debt/${id}`, headers: bearer(debtToken) },
    { method: 'GET', url: '/v1/debt', headers: bearer(debtToken) },
    { method: 'GET', url: `/v1/debt/${id}/status`, headers: bearer(debtToken) },
    { method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(debtToken) },
    { method: 'GET', url: '/feed/v1/consent?fromSequenceNr=2&limit=5', headers: bearer(eventsToken) },
    { method: 'GET', url: '/feed/v1/consent/firstSequenceNr', headers: bearer(eventsToken) },
    { method: 'GET', url: '/feed/v1/consent/lastSequenceNr', headers: bearer(eventsToken) },
  ] as const) {
    answers.push(await of.call(request));
  }
  return answers;
}
/** The operations whose good answers do not end by themselves, or are no JSON: asked for what they say when something is wrong. */
async function askForMuch(of: World, { eventsToken }: Tokens): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const path of ['?fromSequenceNr=2&limit=5&waitSeconds=30', '/stream?fromSequenceNr=2', '/snapshot']) {
    answers.push(await of.call({ method: 'GET', url: `/feed/v1/consent${path}`, headers: bearer(eventsToken) }));
  }
  return answers;
}
interface Tokens {
  agreementToken: string;
  debtToken: string;
  eventsToken: string;
}
const allTokens = async (of: World): Promise<Tokens> => ({
  agreementToken: await tokenFor(of, 'agreement'),
  debtToken: await tokenFor(of, 'debt'),
  eventsToken: await tokenFor(of, 'events'),
});

/** Does something while the database takes no connections, and has cut those that were there. */
async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  const url = new URL(world.database.superuserUrl);
  const name = url.pathname.slice(1);
  const elsewhere = Object.assign(new URL(url), { pathname: '/postgres' }).href;
  await withClient(elsewhere, async (client) => {
    await client.query(`alter database ${name} with allow_connections false`);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  });
  try {
    await work();
  } finally {
    await withClient(elsewhere, (client) => client.query(`alter database ${name} with allow_connections true`));
  }
}

test('E3: a database that is away gives 503 with Retry-After on every API, and service goes on by itself when it is back', async () => {
  const tokens = await allTokens(world);
  const id = await newConsent(world);
  const token = () =>
    world.call(
      tokenRequest(
        { grant_type: 'client_credentials', audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' },
        clientOf(1).basic,
      ),
    );
  await withoutDatabase(async () => {
    for (const answer of [...(await askEverything(world, tokens, id)), ...(await askForMuch(world, tokens))]) {
      assert.equal(answer.status, 503, answer.text);
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
    }
    const refused = await token();
    assert.equal(refused.status, 503);
    assert.match(refused.text, /temporarily_unavailable/);
    assert.equal(refused.headers['retry-after'], '3');
    for (const url of ['/oauth2/revoke', '/oauth2/par']) {
      const answer = await world.call({ ...tokenRequest({ token: 'x' }, clientOf(1).basic), url });
      assert.equal(answer.status, 503, url);
      assert.match(answer.text, /temporarily_unavailable/);
      assert.equal(answer.headers['retry-after'], '3');
    }
    assert.equal((await world.call({ method: 'GET', url: '/health/live' })).status, 200);
    const ready = await world.call({ method: 'GET', url: '/health/ready' });
    assert.equal(ready.status, 503);
    assert.match(String(ready.headers['content-type']), /problem\+json/);
  });
  assert.equal((await world.call({ method: 'GET', url: '/health/ready' })).status, 200);
  assert.equal((await token()).status, 200);
  const answers = await askEverything(world, tokens, await newConsent(world));
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 200, 403, 200, 204, 200, 200, 200],
  );
});

test('E3: with the database away every page is a plain one that says so, and what was begun is finished when it is back', async () => {
  const asked = { scope: 'debt.unsecured.presentation.30' };
  const { visitor, screen } = await toConsentScreen(world, asked);
  const approved = await toConsentScreen(world, asked);
  const { action, fields } = formOn(approved.screen, /\/answer$/);
  await approved.visitor.request(action, { ...fields, answer: 'yes' });
  const done = await approved.visitor.request(`${API}${approved.screen.url.pathname}/done`);
  const person = visitorOf(world);
  await signIn(person);

  await withoutDatabase(async () => {
    for (const [who, address, form] of [
      [visitorOf(world), askAddress(asked)],
      [visitor, screen.url],
      [visitor, action, { ...fields, answer: 'yes' }],
      [approved.visitor, done.next ?? ''],
      ...['/', '/consents', '/accesses', '/accesses.csv', '/my-data.json', '/login?to=%2Fconsents'].map(
        (path) => [person, `${API}${path}`] as const,
      ),
    ] as const) {
      const page = await who.request(address, form);
      assert.equal(page.status, 503, `${page.url.pathname} ${wordsOf(page.text)}`);
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(page.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
      assert.match(wordsOf(page.text), /nede akkurat nå/);
    }
    const help = await person.request(`${API}/help`);
    assert.equal(help.status, 200, 'what needs no database is there');
  });
  assert.equal((await person.request(`${API}/consents`)).status, 200);
  assert.ok(sentBack(await answerScreen(visitor, screen, 'yes'))['code']);
  assert.ok(sentBack(await go(approved.visitor, done.next ?? ''))['code']);
});

test('E1: a failure of our own is 500 with a fixed sentence on every API, and its trace id finds the log line with the cause', async () => {
  const tokens = await allTokens(world);
  const id = await newConsent(world);
  await world.inspect('alter table client rename column enabled to enabled_once');
  try {
    for (const answer of [...(await askEverything(world, tokens, id)), ...(await askForMuch(world, tokens))]) {
      assert.equal(answer.status, 500, answer.text);
      assert.match(answer.text, /An unexpected server error occurred/);
      assert.doesNotMatch(answer.text, /column|enabled|select|at .*\.ts/);
    }
  } finally {
    await world.inspect('alter table client rename column enabled_once to enabled');
  }
});

test('E4: over its limit a client gets 429 with Retry-After on every API, and another client is served', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_PER_MINUTE: '12' }, database: world.database });
  try {
    const tokens = await allTokens(limited);
    const id = await newConsent(limited, { token: tokens.agreementToken });
    const status = () =>
      limited.call({ method: 'GET', url: `/v1/debt/${id}/status`, headers: bearer(tokens.debtToken) });
    for (let at = 0; at < 11; at++) assert.equal((await status()).status, 200);
    for (const answer of [...(await askEverything(limited, tokens, id)), ...(await askForMuch(limited, tokens))]) {
      assert.equal(answer.status, 429, answer.text);
      const wait = Number(answer.headers['retry-after']);
      assert.ok(wait >= 1 && wait <= 60);
    }
    const other = await tokenFor(limited, 'events', { client: 2 });
    assert.equal(
      (await limited.call({ method: 'GET', url: '/feed/v1/consent/lastSequenceNr', headers: bearer(other) })).status,
      200,
    );
    // Wrong secrets in its name count against the sender, and here that is the same address: another one is not stopped by it.
    const wrong = `Basic ${Buffer.from(`${clientOf(2).id}:wrong`).toString('base64')}`;
    const form = {
      grant_type: 'client_credentials',
      audience: `${API}/v1/debt`,
      scope: 'debt.unsecured.processing',
    };
    const from = (remoteAddress: string, authorization: string) =>
      limited.call({ ...tokenRequest(form, authorization), remoteAddress });
    for (let at = 0; at < 12; at++) assert.equal((await from('10.0.0.1', wrong)).status, 401);
    assert.equal((await from('10.0.0.1', wrong)).status, 429);
    assert.equal((await from('10.0.0.2', clientOf(2).basic)).status, 200);
    for (let at = 0; at < 12; at++) await tokenFor(limited, 'events', { client: 2 }).catch(() => undefined);

    const token = await limited.call(
      tokenRequest(
        { grant_type: 'client_credentials', audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' },
        clientOf(2).basic,
      ),
    );
    assert.equal(token.status, 429);
    assert.ok(Number(token.headers['retry-after']) >= 1);
  } finally {
    await limited.close();
  }
});

test('E4: nobody can use up another client’s limit at the token endpoint, whatever they send in its name', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_PER_MINUTE: '8' }, database: world.database });
  try {
    const wrong = `Basic ${Buffer.from(`${clientOf(1).id}:wrong`).toString('base64')}`;
    const form = (more: Record<string, string>) => ({ grant_type: 'client_credentials', ...more });
    for (let at = 0; at < 12; at++) {
      await limited.call({ ...tokenRequest(form({ client_assertion: 'x' }), wrong), remoteAddress: '203.0.113.9' });
      await limited.call({ ...tokenRequest(form({ client_id: 'x' }), wrong), remoteAddress: '203.0.113.9' });
      await limited.call({ ...tokenRequest(form({}), ''), remoteAddress: '203.0.113.9' });
    }
    assert.match(await tokenFor(limited, 'debt'), /./);
  } finally {
    await limited.close();
  }
});

test('E4: whoever opens pages without end from one address is told to wait, by a page; the styles and the APIs are not held up', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_PER_MINUTE: '8' }, database: world.database });
  try {
    const headers = { accept: 'text/html' };
    const statuses: number[] = [];
    for (let at = 0; at < 12; at++)
      statuses.push((await limited.call({ method: 'GET', url: '/help', headers })).status);
    assert.deepEqual(statuses, [...Array<number>(8).fill(200), ...Array<number>(4).fill(429)]);
    for (const url of ['/', '/login', '/interaction/x', askAddress().slice(API.length)]) {
      const page = await limited.call({ method: 'GET', url, headers });
      assert.equal(page.status, 429, url);
      assert.ok(Number(page.headers['retry-after']) >= 1);
    }
    const [, style = ''] =
      /href="(\/assets\/[^"]+\.css)"/.exec((await visitorOf(world).request(`${API}/help`)).text) ?? [];
    assert.equal((await limited.call({ method: 'GET', url: style })).status, 200);
    assert.match(await tokenFor(limited, 'debt'), /./);
  } finally {
    await limited.close();
  }
});

test('E2: elsewhere unknown addresses, wrong methods and malformed addresses are problem details with our code', async () => {
  for (const [method, url, status, code] of [
    ['GET', '/nothing', 404, 'not_found'],
    ['GET', '//', 404, 'not_found'],
    ['POST', '/health/live', 405, 'method_not_allowed'],
    ['GET', '/sandbox/clock', 405, 'method_not_allowed'],
    ['GET', '/%E0%A4%A', 400, 'invalid_request'],
    ['GET', `/v1/${'x'.repeat(600)}`, 404, 'not_found'],
  ] as const) {
    const answer = await world.call({ method, url });
    assert.equal(answer.status, status, url);
    assert.equal(answer.json.code, code);
    assert.match(String(answer.headers['content-type']), /problem\+json/);
    assert.equal(answer.headers['x-trace-id'], answer.json.trace_id);
    assert.equal(answer.headers['cache-control'], 'no-store');
  }
});

test('E2: a browser that comes to nowhere, or sends what is no form, gets a page; scripts and tools still get problem details', async () => {
  const accept = 'text/html,application/xhtml+xml';
  for (const [method, url, status] of [
    ['GET', '/nothing', 404],
    ['GET', '/consents/x/y', 404],
    ['PUT', '/consents', 405],
    ['GET', '/%E0%A4%A', 400],
  ] as const) {
    const page = await world.call({ method, url, headers: { accept } });
    assert.equal(page.status, status, url);
    assert.match(String(page.headers['content-type']), /^text\/html/);
    assert.match(String(page.headers['content-security-policy']), /^default-src 'none'/);
    assert.ok(page.text.includes(String(page.headers['x-trace-id'])), 'a reference that finds the log lines');
  }
  const api = await world.call({ method: 'GET', url: '/v1/debt/x/y', headers: { accept } });
  assert.equal(api.json.error, 'not found', 'the APIs answer as ever');
  for (const [type, payload, status] of [
    ['text/plain', 'answer=yes', 415],
    ['application/x-www-form-urlencoded', `answer=${'y'.repeat(70_000)}`, 413],
  ] as const) {
    const page = await world.call({
      method: 'POST',
      url: '/logout',
      headers: { accept, 'content-type': type },
      payload,
    });
    assert.equal(page.status, status);
    assert.match(String(page.headers['content-type']), /^text\/html/);
  }
});

test('R6: live, ready, and metrics with requests by route and status but no ids', async () => {
  await newConsent(world);
  assert.deepEqual((await world.call({ method: 'GET', url: '/health/live' })).json, { status: 'live' });
  assert.deepEqual((await world.call({ method: 'GET', url: '/health/ready' })).json, { status: 'ready' });
  const metrics = await world.call({ method: 'GET', url: '/metrics' });
  assert.match(String(metrics.headers['content-type']), /^text\/plain/);
  assert.match(
    metrics.text,
    /samtykke_http_request_seconds_count\{method="PUT",route="\/v1\/consent\/agreement",status="200"\} \d+/,
  );
  assert.doesNotMatch(metrics.text, /[0-9a-f]{8}-[0-9a-f]{4}-/);
});

test('R6: not ready while the database lacks a migration', async () => {
  await world.inspect('update schema_migration set version = -version');
  try {
    assert.equal((await world.call({ method: 'GET', url: '/health/ready' })).status, 503);
  } finally {
    await world.inspect('update schema_migration set version = -version');
  }
});

test('X3, X4: the sandbox’s switches refuse what they do not know', async () => {
  const [{ id }] = (await world.call({ method: 'GET', url: '/sandbox/creditors' })).json;
  const set = (creditor: string, payload: object) =>
    world.call({ method: 'POST', url: `/sandbox/creditors/${creditor}`, payload });
  assert.equal((await set(id, { behaviour: 'slow' })).json.behaviour, 'slow');
  assert.equal((await set(id, { behaviour: 'normal' })).status, 200);
  assert.equal((await set('999999999', { behaviour: 'slow' })).status, 404);
  assert.match(
    (await set(id, { behaviour: 'asleep' })).json.detail,
    /behaviour must be one of normal, slow, failing, silent, nonsense/,
  );
  for (const advanceSeconds of [-1, 1.5, '60', null, 1e12]) {
    const answer = await world.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds } });
    assert.equal(answer.status, 400, String(advanceSeconds));
    assert.match(answer.json.detail, /advanceSeconds must be a whole number of seconds/);
  }
});
