import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { sandboxCertificates } from '../../sandbox/authority.ts';
import { openPushListener, type PushListener } from '../../src/delivery/listener.ts';
import { peerOrganisation } from '../../src/delivery/require-certificate.ts';
import { deliveryRoutes } from '../../src/delivery/routes.ts';
import { errorNames } from '../../src/docs/error-names.ts';
import { callsOf, type Call, type Description } from '../../src/docs/description.ts';
import type { Exchange } from '../../src/docs/examples.ts';
import { REFERENCE_POLICY } from '../../src/docs/reference.page.ts';
import { openDatabase } from '../../src/platform/db.ts';
import { sendOverTls } from '../support/examples/deliveries.ts';
import { makeExamples } from '../support/examples/make.ts';
import { codeFor } from '../support/flow.ts';
import { bearer, startWorld, tokenFor, type Answer, type World } from '../support/world.ts';

const run = promisify(execFile);
/** Each waits for others most of the time. */
const ALL_AT_ONCE = { concurrency: 4 };

let world: World;
let listener: PushListener;
before(async () => {
  world = await startWorld({ env: { PUSH_PORT: '0', PUSH_HOST: '127.0.0.1' } });
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  listener = await openPushListener(world.platform, (app) => deliveryRoutes(app, world.platform, peerOrganisation));
});
after(async () => {
  await listener.close();
  await world.close();
});

const get = (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  world.call({ method: 'GET', url, headers });

test('X1: the examples of the reference are what a sandbox answers today', async () => {
  const kept = JSON.parse(readFileSync('src/docs/examples.json', 'utf8')) as readonly Exchange[];
  const made = await makeExamples();
  const todo = 'run `npm run examples`, look at the difference, and commit it';
  const names = (exchanges: readonly Exchange[]) => exchanges.map(({ operationId, name }) => `${operationId} ${name}`);
  assert.deepEqual(names(made), names(kept), todo);
  for (const [place, exchange] of made.entries()) assert.deepEqual(exchange, kept[place], todo);
});

test(
  'X1: each sample of the reference works as it is, pasted into a shell beside a sandbox',
  ALL_AT_ONCE,
  async (t) => {
    const documents = [await get('/docs/openapi.json'), await get('/docs/deliveries/openapi.json')];
    const folder = mkdtempSync(join(tmpdir(), 'samtykke-curl-'));
    t.after(() => rmSync(folder, { recursive: true }));
    // What is sent to the sandbox's usual addresses comes here instead.
    const { port } = world.app.server.address() as AddressInfo;
    const to = (from: number, here: number): string => `connect-to = "localhost:${from}:127.0.0.1:${here}"\n`;
    writeFileSync(join(folder, '.curlrc'), `${to(4_000, port)}${to(443, listener.port)}fail-with-body\n`);
    symlinkSync(world.platform.config.dataDir, join(folder, '.data'));
    const calls = documents.flatMap(({ json }) => callsOf(json as Description));
    const attempt = async (call: Call): Promise<void> => {
      const [sample] = call.operation['x-codeSamples'] ?? [];
      if (sample === undefined) return;
      await t.test(call.operation.operationId, async () => expectOf(call, await pasted(call, sample.source, folder)));
    };
    const ofWebhooks = calls.filter(({ path }) => path.includes('/webhooks'));
    const inTurn = async (): Promise<void> => {
      for (const call of ofWebhooks) {
        await attempt(call);
        await removeWebhooks();
      }
    };
    await Promise.all([inTurn(), ...calls.filter((call) => !ofWebhooks.includes(call)).map(attempt)]);
  },
);

/** There may be a few only, and each sample adds one. */
async function removeWebhooks(): Promise<void> {
  const headers = bearer(await tokenFor(world, 'events'));
  const url = '/feed/v1/consent/webhooks';
  const { json } = await get(url, headers);
  for (const { id } of json.webhooks) await world.call({ method: 'DELETE', url: `${url}/${id}`, headers });
}

/** Runs a sample in a folder, and answers what it printed. Where it needs a code, a person has just said yes. */
async function pasted({ path }: Call, sample: string, folder: string): Promise<string> {
  const scope = path === '/userinfo' ? 'debt.unsecured.presentation.30 openid' : 'debt.unsecured.presentation';
  const code = sample.includes('put-the-code-here') ? await codeFor(world, { scope }) : '';
  const script = `set -eu -o pipefail\n${sample.replace('put-the-code-here', code)}`;
  const options = { cwd: folder, env: { PATH: process.env['PATH'], CURL_HOME: folder } };
  const { stdout, stderr } = await run('bash', ['--norc', '-c', script], options).catch((error: unknown) => {
    // A stream is cut off after some seconds, and nothing else is.
    if (path.endsWith('/stream') && isTimeOver(error)) return error as { stdout: string; stderr: string };
    throw error;
  });
  assert.equal(stderr, '');
  return stdout;
}

/** Curl's exit code when `--max-time` is over. */
const isTimeOver = (error: unknown): boolean => (error as { code?: unknown }).code === 28;

/** What a sample prints is what its call answers, with the members that there have to be. */
function expectOf({ operation }: Call, printed: string): void {
  const [response] = Object.values(operation.responses);
  if (operation.operationId === 'askPerson') {
    assert.match(printed, /^http:\/\/localhost:4000\/oauth2\/auth\?client_id=a0000000-/);
  } else if (response?.content === undefined) assert.equal(printed, '', operation.operationId);
  else if ('text/event-stream' in response.content) assert.match(printed, /^event: SAMTYKKE_OPPRETTET$/m);
  else if ('application/x-ndjson' in response.content) assert.match(printed, /^\{"complete":true,"count":\d+\}$/m);
  else {
    const [media] = Object.values(response.content);
    const example = Object.values(media?.examples ?? {})[0]?.value as object;
    assert.deepEqual(Object.keys(JSON.parse(printed) as object).toSorted(), Object.keys(example).toSorted());
  }
}

test('A12: the documents may be kept for some minutes, and are not sent twice', async () => {
  for (const url of ['/docs/openapi.json', '/docs/deliveries/openapi.json']) {
    const plain = await get(url);
    assert.equal(plain.status, 200);
    assert.equal(plain.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(plain.headers['cache-control'], 'public, max-age=300');
    assert.equal(plain.json.openapi, '3.1.0');
    const etag = String(plain.headers['etag']);
    for (const tags of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
      const known = await get(url, { 'if-none-match': tags });
      assert.deepEqual([known.status, known.text, known.headers['etag']], [304, '', etag], tags);
    }
    assert.equal((await get(url, { 'if-none-match': '"other"' })).status, 200);
    const zipped = await world.app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(zipped.rawPayload).toString(), plain.text);
    assert.equal((await get(url, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
  }
});

test('A12: the reference is a page with a policy of its own, which lists all calls without a script', async () => {
  for (const url of ['/docs', '/docs/deliveries']) {
    const { status, headers, text } = await get(url);
    assert.equal(status, 200);
    assert.equal(headers['content-security-policy'], REFERENCE_POLICY);
    assert.equal(headers['x-frame-options'], 'DENY');
    const { json } = await get(`${url}/openapi.json`);
    for (const { path, method } of callsOf(json as Description)) {
      assert.ok(text.includes(`<code>${method.toUpperCase()} ${path}</code>`), `${method} ${path}`);
    }
    assert.ok(text.includes(`<a href="${url}/openapi.json">`));
    assert.equal(/<script(?![^>]*( src="\/docs\/|type="application\/json"))/.exec(text), null, 'nothing inline');
    for (const [, address = ''] of text.matchAll(/ (?:src|href)="([^"]+)"/g)) {
      assert.match(address, /^(\/|data:image)/, 'everything is of ours');
    }
  }
});

test('A12: the script that draws it is made at the first visit, and may be kept for good', async () => {
  const [address = ''] = /\/docs\/scalar\/[\d.]+\/scalar\.js/.exec((await get('/docs')).text) ?? [];
  const ask = (encoding: string) => world.app.inject({ url: address, headers: { 'accept-encoding': encoding } });
  const [first, second] = await Promise.all([ask('gzip'), ask('gzip')]);
  assert.equal(first.statusCode, 200);
  assert.equal(first.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(first.headers['content-type'], 'text/javascript; charset=utf-8');
  assert.deepEqual(first.rawPayload, second.rawPayload);
  const script = gunzipSync(first.rawPayload);
  assert.ok(script.length > 1_000_000);
  assert.deepEqual((await ask('identity')).rawPayload, script);
});

test('E1: each error has a page, with what it means, what to do, and an example of the sandbox or as it would be', async () => {
  const list = await get('/docs/errors');
  assert.equal(list.status, 200);
  for (const name of errorNames) {
    assert.ok(list.text.includes(`href="/docs/errors/${name}"`), name);
    const { status, text } = await get(`/docs/errors/${name}`);
    assert.equal(status, 200, name);
    assert.ok(text.includes(`<code>${name}</code>`) && text.includes('What to do'), name);
  }
  const used = (await get('/docs/errors/consent_used')).text;
  assert.match(used, /Debt API.*403.*invalid consent/s);
  assert.match(used, /Consent was used at 2026-11-23T09:12:30\.412Z/, 'the example is the sandbox’s');
  assert.match((await get('/docs/errors/unavailable')).text, /service unavailable/);
  assert.match((await get('/docs/errors/consent_denied')).text, /error=consent_denied&amp;state=/);
  const none = await get('/docs/errors/no_such_error', { accept: 'text/html' });
  assert.equal(none.status, 404);
  assert.match(String(none.headers['content-type']), /^text\/html/);
});

test('E1: an error leads to its page, in whatever shape its API has', async () => {
  const page = (name: string): string => `<http://localhost:4000/docs/errors/${name}>; rel="help"`;
  const token = await tokenFor(world, 'debt');
  const unknown = await get('/v1/debt/0193a2f4-6b1e-7c3d-9a10-5b2e8d41c7f0', bearer(token));
  assert.deepEqual([unknown.status, unknown.headers['link']], [403, page('no_valid_consent')]);
  const unauthorized = await get('/feed/v1/consent/lastSequenceNr');
  assert.deepEqual([unauthorized.status, unauthorized.text], [401, '']);
  assert.equal(unauthorized.headers['link'], page('missing_authorization'));
  const nowhere = await get('/nowhere');
  assert.equal(nowhere.json.type, 'http://localhost:4000/docs/errors/not_found');
  const refused = await world.call({
    method: 'POST',
    url: '/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: 'grant_type=client_credentials',
  });
  assert.equal(refused.json.error_uri, `http://localhost:4000/docs/errors/${refused.json.error}`);
  assert.equal(refused.headers['link'], page(refused.json.error));
});

test('E3: what is delivered while the database is away is answered 503, with the page that explains it', async () => {
  const { platform } = world;
  const db = openDatabase({
    url: 'postgresql://nobody@127.0.0.1:1/none',
    poolSize: 1,
    onConnectionError: () => undefined,
    tracing: platform.tracing,
  });
  const away = await openPushListener(platform, (app) => deliveryRoutes(app, { ...platform, db }, peerOrganisation));
  try {
    const certificates = await sandboxCertificates(
      join(platform.config.dataDir, 'certificates'),
      platform.clock.realNow(),
    );
    const tls = { ca: certificates.authority.cert, ...certificates.deliverer('318465711') };
    const { status, json } = await sendOverTls(`https://localhost:${away.port}`, tls, {
      method: 'POST',
      path: '/loans',
      headers: { 'content-type': 'application/json' },
      body: '{"providerID":"9908:318465711","customers":[]}',
    });
    assert.equal(status, 503);
    assert.equal(json.type, 'http://localhost:4000/docs/errors/unavailable');
  } finally {
    await away.close();
    await db.close();
  }
});
