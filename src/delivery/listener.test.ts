import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { Agent } from 'undici';
import type { MadeCertificate } from '../../sandbox/make-certificates.ts';
import { hours, subjectOf, testAuthority } from '../../test/support/test-authority.ts';
import { systemClock } from '../platform/clock.ts';
import { ConfigError, toConfig, type Env } from '../platform/config.ts';
import { generateKeysFile, parseKeys } from '../platform/keys.ts';
import { openPlatform } from '../serve.ts';
import { refusalSentences, type CertificateRefusal } from './certificate.ts';
import { openPushListener, type PushListener } from './listener.ts';
import { peerOrganisation } from './require-certificate.ts';

const DELIVERER = '318465711';
const OTHER = '211872543';

const authority = await testAuthority();
const otherEnvironment = await testAuthority();
const good = await authority.issue(DELIVERER, { purposes: ['client'], hosts: [] });

const folder = mkdtempSync(join(tmpdir(), 'samtykke-push-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};
const server = await authority.issue('319009000', { purposes: ['server'] });
const logFile = join(folder, 'push.log');
const settings: Env = {
  LOG_FILE: logFile,
  PUSH_PORT: '0',
  PUSH_HOST: '127.0.0.1',
  PUSH_CERT_FILE: file('push.pem', server.cert),
  PUSH_KEY_FILE: file('push.key', server.key),
  PUSH_CA_FILE: file('authority.pem', authority.own.cert),
  SHUTDOWN_SECONDS: '1',
};

let realNow = () => systemClock.realNow();
const platform = openPlatform({
  config: toConfig(settings),
  keys: parseKeys(generateKeysFile({ sandbox: true })),
  clock: { ...systemClock, realNow: () => realNow() },
  servingUrl: 'postgresql://nobody@127.0.0.1:1/none',
  takeOnServingRole: false,
});
const opened: PushListener[] = [];
/** How many requests came past the guard. */
let passed = 0;

async function open(env: Env = {}): Promise<PushListener> {
  const listener = await openPushListener({ ...platform, config: toConfig({ ...settings, ...env }) }, mount);
  opened.push(listener);
  return listener;
}

function mount(app: FastifyInstance): void {
  app.post('/loans', async (request) => {
    passed += 1;
    return { organisation: peerOrganisation(request) };
  });
  app.post('/slow', async () => {
    await sleep(300);
    return {};
  });
}

let direct: PushListener;
let behindProxy: PushListener;
before(async () => {
  direct = await open();
  behindProxy = await open({ PUSH_PROXIES: '10.1.2.3, 127.0.0.0/29', PUSH_CERT_HEADER: 'X-Client-Cert' });
});
after(async () => {
  for (const listener of opened) await listener.close();
  await platform.http.close();
  await platform.db.close();
  platform.log.flush();
  const log = readFileSync(logFile, 'utf8');
  assert.ok(log.includes(`"organisation":"${DELIVERER}"`) && log.includes(refusalSentences.expired));
  assert.ok(!/PRIVATE|BEGIN|\n\s+at /.test(log));
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly json: Readonly<Record<string, unknown>>;
}

interface Post {
  readonly to?: PushListener;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly tls?: ConnectionOptions;
  /** The loopback address that it comes from. */
  readonly from?: string;
}

/** Posts an empty delivery over a connection of its own. */
async function post(certificate: MadeCertificate | undefined, options: Post = {}): Promise<Answer> {
  const { to = direct, path = '/loans', from } = options;
  const agent = new Agent({
    connect: { ca: authority.own.cert, ...certificate, ...(options.tls as { maxVersion?: 'TLSv1.2' }) },
    ...(from === undefined ? {} : { localAddress: from }),
  });
  try {
    const { statusCode, headers, body } = await agent.request({
      origin: `https://127.0.0.1:${to.port}`,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...options.headers },
      body: '{}',
    });
    return { status: statusCode, headers, json: (await body.json()) as Answer['json'] };
  } finally {
    await agent.destroy();
  }
}

async function refused(certificate: MadeCertificate | undefined, why: CertificateRefusal, options: Post = {}) {
  const before = passed;
  const { status, headers, json } = await post(certificate, options);
  assert.deepEqual(
    [status, json['code'], json['detail'], headers['connection'], headers['content-type']],
    [403, 'certificate_refused', refusalSentences[why], 'close', 'application/problem+json'],
  );
  assert.equal(passed, before);
}

const accepted = async (certificate: MadeCertificate | undefined, organisation = DELIVERER, options: Post = {}) => {
  const { status, json } = await post(certificate, options);
  assert.deepEqual([status, json], [200, { organisation }]);
};

test('D3: an organisation delivers with its certificate, over TLS 1.2 and 1.3, and is known by its number', async () => {
  await accepted(good);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    await accepted(good, DELIVERER, { tls: { minVersion: version, maxVersion: version } });
  }
  await accepted(await authority.issue(OTHER, { purposes: ['client'] }), OTHER);
});

test('D3: the old certificate and the new one of an organisation are both good, also one without extended key usage', async () => {
  await accepted(await authority.issue(DELIVERER, { validity: hours(-20, 1) }));
  await accepted(await authority.issue(DELIVERER, { validity: hours(-1, 20), purposes: [] }));
});

test('D3: what lies between a certificate and its authority comes along with it, or is among the authorities', async () => {
  const between = await authority.issueAuthority('Mellomledd');
  const { cert, key } = await between.issue(DELIVERER);
  await accepted({ cert: cert + between.own.cert, key });
  await refused({ cert, key }, 'unknown_authority');
  const to = await open({
    PUSH_CA_FILE: file('both.pem', authority.own.cert + between.own.cert),
    PUSH_PROXIES: '127.0.0.6',
  });
  await accepted({ cert, key }, DELIVERER, { to });
  await accepted(undefined, DELIVERER, { to, from: '127.0.0.6', headers: { 'client-cert': inHeader({ cert, key }) } });
});

const subject = (identifiers: readonly string[], commonName?: string) => ({
  subject: subjectOf(identifiers, commonName),
});
const mine = `NTRNO-${DELIVERER}`;

const bad: readonly [what: string, Promise<MadeCertificate> | undefined, CertificateRefusal][] = [
  ['no certificate', undefined, 'certificate_missing'],
  ['one of another environment', otherEnvironment.issue(DELIVERER), 'unknown_authority'],
  ['one of an unknown authority', testAuthority('Ukjent').then((it) => it.issue(DELIVERER)), 'unknown_authority'],
  ['one that has expired', authority.issue(DELIVERER, { validity: hours(-2, -0.001) }), 'expired'],
  ['one that is not valid yet', authority.issue(DELIVERER, { validity: hours(0.1, 2) }), 'not_yet_valid'],
  ['one for servers only', authority.issue(DELIVERER, { purposes: ['server'] }), 'not_for_clients'],
  ['one that may not sign', authority.issue(DELIVERER, { keyUsage: 'keyAgreement' }), 'not_for_signing'],
  ['one that does not say that it may sign', authority.issue(DELIVERER, { keyUsage: null }), 'not_for_signing'],
  ['one without the attribute', authority.issue('', subject([])), 'organisation_missing'],
  ['one with the attribute twice', authority.issue('', subject([mine, `NTRNO-${OTHER}`])), 'organisation_twice'],
  ['one with the same attribute twice', authority.issue('', subject([mine, mine])), 'organisation_twice'],
  [
    'one with the attribute twice in one set',
    authority.issue('', { subject: [{ '2.5.4.97': [mine, `NTRNO-${OTHER}`] }] }),
    'organisation_twice',
  ],
  [
    'one with a line break and an attribute in its common name',
    authority.issue('', subject([], `Banken\norganizationIdentifier=${mine}\n${mine}`)),
    'organisation_missing',
  ],
  [
    'one whose common name is another attribute',
    authority.issue('', subject([], `organizationIdentifier=${mine}`)),
    'organisation_missing',
  ],
  ...[
    `NTRNO-318465712`,
    `NTRNO-31846571`,
    `NTRNO-${DELIVERER}\n`,
    `NTRNO-${DELIVERER}\u0000`,
    `\nNTRNO-${DELIVERER}`,
    `NTRNO-${DELIVERER},NTRNO-${OTHER}`,
    `NTRNO-٣١٨٤٦٥٧١١`,
    `ntrno-${DELIVERER}`,
    `NTRSE-${DELIVERER}`,
    `PSDNO-FSA-${DELIVERER}`,
    DELIVERER,
    'NTRNO-',
    '',
  ].map((identifier): [string, Promise<MadeCertificate>, CertificateRefusal] => [
    `one of ${JSON.stringify(identifier)}`,
    authority.issue('', subject([identifier])),
    'organisation_malformed',
  ]),
];

for (const [what, certificate, why] of bad) {
  test(`D3: nobody delivers with ${what}: it is told why, and nothing is read`, async () => {
    const shown = await certificate;
    await refused(shown, why);
    if (shown !== undefined) await refused(shown, why, { tls: { maxVersion: 'TLSv1.2' } });
    // A header is not asked, whatever it says.
    const headers = { 'client-cert': inHeader(good), 'x-client-cert': inHeader(good) };
    await refused(shown, why, { headers });
    if (shown === undefined) return;
    const handedOn = { 'x-client-cert': inHeader(shown) };
    await refused(undefined, why, { to: behindProxy, headers: handedOn });
  });
}

const inHeader = ({ cert }: MadeCertificate): string => encodeURIComponent(cert);

test('D3: an authority, or whoever vouches for himself, delivers nothing', async () => {
  for (const { own } of [authority, await testAuthority('Seg selv')]) assert.equal((await post(own)).status, 403);
});

test('D3: whoever was refused is refused at every address, with every method', async () => {
  for (const path of ['/loans', '/', '/health/live', '/metrics', '/nowhere']) {
    assert.equal((await post(undefined, { path })).status, 403, path);
  }
  assert.equal((await post(good, { path: '/nowhere' })).status, 404);
});

test('D3: a proxy hands on certificates as PEM or as in RFC 9440; its own stands for nobody', async () => {
  const to = behindProxy;
  const raw = new X509Certificate(good.cert).raw.toString('base64');
  const bare = good.cert.replace(/\n$/, '').replaceAll('\n', '%0A').replaceAll(' ', '%20');
  for (const header of [inHeader(good), bare, `:${raw}:`]) {
    await accepted(undefined, DELIVERER, { to, headers: { 'x-client-cert': header } });
    await accepted(await authority.issue(OTHER), DELIVERER, { to, headers: { 'x-client-cert': header } });
  }
  await refused(good, 'certificate_missing', { to });
  await refused(good, 'certificate_missing', { to, headers: { 'client-cert': inHeader(good) } });
  await refused(good, 'certificate_missing', { to, headers: { 'x-client-cert': '' } });
});

test('D3: what a proxy hands on and cannot be read stands for nobody', async () => {
  const pem = good.cert;
  for (const header of [
    'x',
    '%',
    mine,
    inHeader({ cert: pem + pem, key: '' }),
    inHeader({ cert: pem.slice(0, 300), key: '' }),
    inHeader({ cert: pem.replaceAll(/[A-Z]/g, 'A'), key: '' }),
    `:${Buffer.from('x').toString('base64')}:`,
    `:${new X509Certificate(pem).raw.toString('base64')}:, :x:`,
    encodeURIComponent(inHeader(good)),
  ]) {
    await refused(good, 'certificate_unreadable', { to: behindProxy, headers: { 'x-client-cert': header } });
  }
  const twice = { 'x-client-cert': [inHeader(good), inHeader(good)] };
  await refused(good, 'certificate_unreadable', { to: behindProxy, headers: twice });
});

test('D3: from an address that is not listed the header is as if it were not there', async () => {
  const headers = { 'x-client-cert': inHeader(good) };
  const elsewhere = { to: behindProxy, headers, from: '127.0.0.77' };
  await refused(undefined, 'certificate_missing', elsewhere);
  await accepted(await authority.issue(OTHER), OTHER, elsewhere);
  await accepted(undefined, DELIVERER, { ...elsewhere, from: '127.0.0.6' });
});

test('D3: behind a proxy the authorities’ own certificate, and one through an expired authority, stand for nobody', async () => {
  const headers = { 'x-client-cert': inHeader(authority.own) };
  await refused(undefined, 'authority_itself', { to: behindProxy, headers });
  try {
    // The authority lasts two days, and this one longer.
    const longer = await authority.issue(DELIVERER, { validity: hours(-1, 100) });
    realNow = () => new Date(Date.now() + 50 * 3_600_000);
    await refused(undefined, 'unknown_authority', { to: behindProxy, headers: { 'x-client-cert': inHeader(longer) } });
  } finally {
    realNow = () => systemClock.realNow();
  }
});

/** A connection that stays, on which requests are sent one after another. */
async function connection(tls: ConnectionOptions): Promise<{ socket: TLSSocket; ask: () => Promise<string> }> {
  const socket = connect({ port: direct.port, host: '127.0.0.1', ca: authority.own.cert, ...tls });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      socket.once('data', (chunk) => resolve(chunk.toString().split('\r\n', 1)[0] ?? '')).once('error', reject);
      socket.write('POST /loans HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}');
    });
  return { socket, ask };
}

test('D3: a certificate that expires while its connection lasts ends there', async () => {
  const { socket, ask } = await connection(good);
  try {
    assert.match(await ask(), /200/);
    assert.match(await ask(), /200/);
    realNow = () => new Date(Date.now() + 25 * 3_600_000);
    assert.match(await ask(), /403/);
  } finally {
    realNow = () => systemClock.realNow();
    socket.destroy();
  }
});

test('D3: no connection resumes another’s session', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const sessions: Buffer[] = [];
    const first = await connection({ ...good, minVersion: version, maxVersion: version });
    first.socket.on('session', (session) => sessions.push(session));
    await first.ask();
    const session = sessions.at(-1) ?? first.socket.getSession();
    first.socket.destroy();
    const second = await connection({
      minVersion: version,
      maxVersion: version,
      ...(session === undefined ? {} : { session }),
    });
    assert.equal(second.socket.isSessionReused(), false);
    assert.match(await second.ask(), /403/);
    second.socket.destroy();
  }
});

test('D3: older TLS, plain HTTP and garbage are cut, and the listener goes on', async () => {
  await assert.rejects(post(good, { tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } }));
  for (const said of ['POST /loans HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}', '\u0016\u0003\u0001zzzz']) {
    const socket = connectPlain(direct.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(said);
    await new Promise((resolve) => socket.once('close', resolve));
    assert.ok(!Buffer.concat(chunks).toString().includes('HTTP'));
  }
  await accepted(good);
});

test('R5: closing finishes what is in flight, and takes nothing more', async () => {
  const listener = await open();
  const slow = post(good, { to: listener, path: '/slow' });
  await sleep(150);
  const begun = performance.now();
  const closing = listener.close();
  assert.equal((await slow).status, 200);
  await closing;
  assert.ok(performance.now() - begun < 900);
  await assert.rejects(post(good, { to: listener }));
});

test('R3: what the listener cannot use is named, all at once, and never quoted', async () => {
  const problemsOf = async (env: Env): Promise<readonly string[]> => {
    const error: unknown = await open(env).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(!/BEGIN|MII|MHc|MIG/.test(error.message.replaceAll(folder, '')));
    return error.problems;
  };
  assert.match((await problemsOf({ PUSH_PORT: String(direct.port) })).join(), /^port \d+ is taken: .*PUSH_PORT/);
  assert.match((await problemsOf({ PUSH_HOST: '203.0.113.7' })).join(), /^PUSH_HOST is '203.0.113.7'/);
  const gone = join(folder, 'gone.pem');
  assert.deepEqual(await problemsOf({ PUSH_CA_FILE: gone, PUSH_CERT_FILE: gone, PUSH_KEY_FILE: gone }), [
    `PUSH_CA_FILE ${gone} cannot be read (ENOENT)`,
    `PUSH_CERT_FILE ${gone} cannot be read (ENOENT)`,
    `PUSH_KEY_FILE ${gone} cannot be read (ENOENT)`,
  ]);
  const otherKey = file('other.key', good.key);
  assert.match((await problemsOf({ PUSH_KEY_FILE: otherKey })).join(), /is not the key of the first certificate/);
  const noKey = settings['PUSH_CERT_FILE'];
  assert.match((await problemsOf({ PUSH_KEY_FILE: noKey })).join(), /^PUSH_KEY_FILE .* holds no private key/);
  assert.match((await problemsOf({ PUSH_CERT_FILE: otherKey })).join(), /^PUSH_CERT_FILE .* holds no certificate/);
  const leaf = file('leaf.pem', good.cert);
  assert.match((await problemsOf({ PUSH_CA_FILE: leaf })).join(), /holds a certificate that is no authority's/);
});
