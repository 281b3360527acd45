import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { registerClient } from '../../src/clients/register-client.ts';
import { httpLimits } from '../../src/platform/http-limits.ts';
import { recordToken } from '../support/evidence.ts';
import {
  API,
  bearer,
  clientOf,
  startWorld,
  tokenFor,
  tokenRequest,
  type Answer,
  type World,
} from '../support/world.ts';

/** What anybody may cost us before we know who it is: connections that dawdle, and credentials that are no good. */

let world: World;
let port: number;
before(async () => {
  world = await startWorld();
  const { server } = world.app;
  const of = server as typeof server & { connectionsCheckingInterval: number };
  const seconds = (milliseconds: number): number => milliseconds / 1000;
  assert.deepEqual(
    {
      headersSeconds: seconds(of.headersTimeout),
      requestSeconds: seconds(of.requestTimeout),
      lookSeconds: seconds(of.connectionsCheckingInterval),
      idleSeconds: seconds(of.keepAliveTimeout),
      silentSeconds: seconds(of.timeout),
      requestsOverOne: of.maxRequestsPerSocket,
      connections: of.maxConnections,
    },
    {
      headersSeconds: 10,
      requestSeconds: 30,
      lookSeconds: 5,
      idleSeconds: 72,
      silentSeconds: 120,
      requestsOverOne: 10_000,
      connections: 10_000,
    },
  );
  // The same at a hundredth of the time.
  Object.assign(server, {
    headersTimeout: 100,
    requestTimeout: 300,
    connectionsCheckingInterval: 50,
    keepAliveTimeout: 100,
    keepAliveTimeoutBuffer: 0,
    maxRequestsPerSocket: 3,
  });
  await world.app.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = server.address() as AddressInfo);
});
after(() => world.close());

const PATIENCE_MS = 20_000;

/** Speaks over a bare connection until the other side ends it, and answers all that it said. `drip`: sent again and again, in between. */
function speak(text: string, drip?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), 20);
    const patience = setTimeout(() => {
      socket.destroy();
      reject(new Error(`the connection is still open; it said: ${heard}`));
    }, PATIENCE_MS);
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(dripping);
      clearTimeout(patience);
      resolve(heard);
    });
  });
}

const request = (first: string, headers: Readonly<Record<string, string>> = {}, body = ''): string =>
  `${first} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n${body}`;

/** The last answer of a connection. */
function answered(heard: string) {
  const at = heard.lastIndexOf('HTTP/1.1 ');
  const [head = '', body = ''] = heard.slice(at).split('\r\n\r\n', 2);
  return { status: Number(head.split(' ', 2)[1]), head, json: body.startsWith('{') ? JSON.parse(body) : undefined };
}

const isSane = (heard: string, status: number): void => {
  const answer = answered(heard);
  assert.equal(answer.status, status, heard.slice(0, 300));
  assert.match(answer.head, /content-type: application\/problem\+json/i);
  assert.match(answer.head, /x-trace-id: /i);
  assert.deepEqual([answer.json.status, answer.json.code], [status, 'invalid_request']);
};

test('E2: whoever dawdles over a request is told so and cut off in bounded time: nothing said, headers in drips, a body in drips', async () => {
  const token = await tokenFor(world, 'agreement');
  const json = { ...bearer(token), 'content-type': 'application/json', 'content-length': '1000' };
  const form = {
    authorization: clientOf(1).basic,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': '1000',
  };
  const [nothing, headers, ...bodies] = await Promise.all([
    speak(''),
    speak('GET /health/live HTTP/1.1\r\nHost: localhost\r\n', 'X-Drip: drip\r\n'),
    speak(request('PUT /v1/consent/agreement', json, '{"nin":'), ' '),
    speak(request('POST /oauth2/token', form, 'grant_type=client_credentials'), '&'),
    speak(request('POST /oauth2/token', { ...form, 'content-length': '10' }, 'a=b')),
    speak(request('POST /login/frontchannel-logout', form, 'a=b'), '&'),
  ]);
  isSane(nothing, 408);
  isSane(headers, 408);
  for (const heard of bodies) assert.match(heard, /^HTTP\/1\.1 4\d\d /);
  isSane(bodies[0] ?? '', 408);
});

test('E2: headers that are too long or too many, and addresses that are too long, are 431', async () => {
  const many = Object.fromEntries(Array.from({ length: httpLimits.headers }, (_, at) => [`x-${at}`, '1']));
  for (const text of [
    request('GET /health/live', { 'x-long': 'x'.repeat(httpLimits.headerBytes) }),
    request('GET /health/live', { ...many, host: 'localhost' }),
    request(`GET /v1/debt?${'x'.repeat(httpLimits.headerBytes)}`),
  ]) {
    const heard = await speak(text);
    isSane(heard, 431);
    assert.match(heard, /connection: close/i);
  }
  const enough = Object.fromEntries(Object.entries(many).slice(0, 90));
  assert.equal(answered(await speak(request('GET /health/live', { ...enough, connection: 'close' }))).status, 200);
});

test('E2: a body that is too large is 413 in the shape of that API, however it is sent, and is not waited for', async () => {
  const token = await tokenFor(world, 'agreement');
  const json = { ...bearer(token), 'content-type': 'application/json' };
  const chunk = 'x'.repeat(0x8000);
  const [announced, chunked, form] = await Promise.all([
    speak(request('PUT /v1/consent/agreement', { ...json, 'content-length': '10000000' }, '{')),
    speak(
      request(
        'PUT /v1/consent/agreement',
        { ...json, 'transfer-encoding': 'chunked' },
        `8000\r\n${chunk}\r\n8000\r\n${chunk}\r\n8000\r\n${chunk}\r\n`,
      ),
    ),
    speak(
      request('POST /oauth2/token', {
        authorization: clientOf(1).basic,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': '10000000',
      }),
    ),
  ]);
  assert.deepEqual(
    [announced, chunked, form].map((heard) => Number(heard.split(' ', 2)[1])),
    [413, 413, 413],
  );
  assert.equal(
    JSON.parse(announced.slice(announced.indexOf('{'), announced.indexOf('}') + 1)).error,
    'Payload Too Large',
  );
});

test('R5: a connection that is idle is closed, and one that has carried enough is, too', async () => {
  const idle = await speak(request('GET /health/live'));
  assert.equal(answered(idle).status, 200);
  const heard = await speak(request('GET /health/live').repeat(3));
  const heads = heard.split('HTTP/1.1 200').slice(1);
  assert.equal(heads.length, 3);
  assert.match(heads[2] ?? '', /connection: close/i);
});

/** Asks until it is told to wait; answers how often it was let be, and checks the answer that told. */
async function untilLimited(ask: () => Promise<Answer>, most: number): Promise<number> {
  for (let turn = 0; turn <= most; turn++) {
    const answer = await ask();
    if (answer.status !== 429) continue;
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 60, `Retry-After: ${wait}`);
    return turn;
  }
  throw new Error(`not limited within ${most}`);
}

const withForm = (
  url: string,
  form: Record<string, string>,
  authorization: string | undefined,
  remoteAddress: string,
): InjectOptions => {
  const { headers, ...rest } = tokenRequest(form, authorization ?? '');
  const { authorization: given, ...without } = headers as Record<string, string>;
  return {
    ...rest,
    url,
    remoteAddress,
    headers: authorization === undefined ? without : { ...without, authorization: String(given) },
  };
};
const tokenForm = { grant_type: 'client_credentials', audience: `${API}/v1/debt`, scope: 'debt.unsecured.processing' };
const basicOf = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

test('E4: a client that proves itself by assertions is held to its limit like any other, and nobody else can use it up', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_PER_MINUTE: '6' }, database: world.database });
  try {
    const pair = await generateKeyPair('ES256');
    const jwk = await exportJWK(pair.publicKey);
    const added = await registerClient(limited.platform, {
      name: 'Nøkkelbanken AS',
      organisationNumber: '314159268',
      purposes: ['processing'],
      authentication: 'private_key_jwt',
      jwks: jwk,
    });
    assert.ok(added.outcome === 'added');
    const { id } = added.client;
    const assertion = (key: CryptoKey) =>
      new SignJWT({ iss: id, sub: id, aud: API, jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'ES256' })
        .setExpirationTime('1 minute')
        .sign(key);
    const stranger = await generateKeyPair('ES256');
    const ask = async (key: CryptoKey, address: string): Promise<Answer> => {
      const proof = {
        client_assertion: await assertion(key),
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      };
      const answer = await limited.call(withForm('/oauth2/token', { ...tokenForm, ...proof }, undefined, address));
      if (answer.status === 200) recordToken(answer.json.access_token);
      return answer;
    };
    assert.equal(await untilLimited(() => ask(stranger.privateKey, '203.0.113.1'), 10), 6);
    assert.equal(await untilLimited(() => ask(pair.privateKey, '203.0.113.2'), 10), 6);
    const refused = await ask(pair.privateKey, '203.0.113.3');
    assert.deepEqual([refused.status, refused.json.error], [429, 'invalid_request']);
    assert.match(refused.json.error_description, /Retry-After/);
  } finally {
    await limited.close();
  }
});

test('E4: credentials that are no good are bounded for each address, whatever names are made up, at every endpoint where clients prove themselves', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_PER_MINUTE: '6' }, database: world.database });
  try {
    const { id, secret } = clientOf(2);
    const guess = (url: string, address: string, client: string) =>
      limited.call(withForm(url, { token: 'x', ...tokenForm }, basicOf(client, 'wrong'), address));
    for (const [place, url] of ['/oauth2/token', '/oauth2/revoke', '/oauth2/par'].entries()) {
      assert.equal(await untilLimited(() => guess(url, `203.0.113.${place}`, id), 10), 6, url);
      assert.equal(
        await untilLimited(() => guess(url, `198.51.100.${place}`, crypto.randomUUID()), 10),
        6,
        `${url}, made-up names`,
      );
      let at = 0;
      const household = () => guess(url, `2001:db8:0:${place}::${++at}`, id);
      assert.equal(await untilLimited(household, 10), 6, `${url}, addresses of one network`);
    }
    // From elsewhere the same client is let in; and once it has been, from the address of whoever makes up names as well.
    const good = (address: string) => limited.call(withForm('/oauth2/token', tokenForm, basicOf(id, secret), address));
    assert.equal((await good('198.51.100.0')).status, 429);
    assert.equal((await good('192.0.2.1')).status, 200);
    assert.equal((await good('198.51.100.0')).status, 200);
    assert.equal((await good('203.0.113.0')).status, 429, 'where its own name was used for guessing');
  } finally {
    await limited.close();
  }
});

test('E4: tokens that are no good are bounded for each address at the APIs, and good ones from elsewhere are not held up', async () => {
  const limited = await startWorld({ env: { RATE_LIMIT_PER_MINUTE: '6' }, database: world.database });
  try {
    const good = await tokenFor(limited, 'events');
    const call = (token: string, remoteAddress: string, url: string) =>
      limited.call({ method: 'GET', url, headers: bearer(token), remoteAddress });
    const urls = ['/feed/v1/consent/lastSequenceNr', '/v1/debt', `/v1/debt/${crypto.randomUUID()}/status`, '/userinfo'];
    for (const [place, url] of urls.entries()) {
      let at = 0;
      assert.equal(await untilLimited(() => call(`guess${++at}`, `203.0.113.${place}`, url), 10), 6, url);
    }
    const [feed = ''] = urls;
    assert.equal((await call(good, '203.0.113.0', feed)).status, 429);
    assert.equal((await call(good, '192.0.2.1', feed)).status, 200);
  } finally {
    await limited.close();
  }
});
