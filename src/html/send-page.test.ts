import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import { test } from 'node:test';
import cookie from '@fastify/cookie';
import { fastify } from 'fastify';
import { toConfig } from '../platform/config.ts';
import type { Platform } from '../platform/platform.ts';
import { assetRoutes, fontToLoadFirst, stylesheet } from './assets.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { frameOf, rememberLanguage, sendPage } from './send-page.ts';

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** A server with one page below all addresses, and nothing behind it. */
async function serverWith(more: Partial<Platform['config']> = {}) {
  const config = { ...toConfig({}), ...more };
  const app = fastify();
  await app.register(cookie);
  app.addHook('onRequest', rememberLanguage(config));
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  assetRoutes(app);
  app.all('/*', async (request, reply) => {
    const frame = frameOf({ config } as Platform, request);
    const options = request.url.startsWith('/hand-over')
      ? ({ status: 202, referrerPolicy: 'no-referrer' } as const)
      : {};
    return sendPage(reply, layout(frame, { title: frame.language, main: html`<h1>${frame.address}</h1>` }), options);
  });
  return app;
}

const HTTPS = { accessUrl: 'https://access.example', portalUrl: 'https://portal.example', mode: 'production' } as const;

test('E1: a page may run no script, be in no frame, and send nothing elsewhere; nor is its address told to others', async () => {
  const app = await serverWith();
  const { headers, statusCode } = await app.inject('/');
  assert.equal(statusCode, 200);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['content-security-policy'], POLICY);
  assert.equal(headers['x-frame-options'], 'DENY');
  assert.equal(headers['referrer-policy'], 'same-origin');
  assert.match(headers['permissions-policy'] as string, /camera=\(\)/);
  assert.equal(headers['strict-transport-security'], undefined);

  const handOver = await app.inject('/hand-over');
  assert.equal(handOver.statusCode, 202);
  assert.equal(handOver.headers['referrer-policy'], 'no-referrer');
});

test('R4: an installation that is reached over https is reached over nothing else', async () => {
  const app = await serverWith(HTTPS);
  const { headers } = await app.inject('/');
  assert.equal(headers['strict-transport-security'], 'max-age=31536000');
});

test('B8: the language is what the address says, else what was chosen before, else what the browser prefers, else Bokmål', async () => {
  const app = await serverWith();
  const languageOf = async (url: string, headers: Record<string, string> = {}): Promise<string | undefined> =>
    /<html lang="(\w+)"/.exec((await app.inject({ url, headers })).body)?.[1];
  const accepts = { 'accept-language': 'de-DE, en-US;q=0.8, nb;q=0.5' };
  assert.equal(await languageOf('/?lang=nn', { cookie: 'lang=nb', ...accepts }), 'nn');
  assert.equal(await languageOf('/', { cookie: 'lang=nn', ...accepts }), 'nn');
  assert.equal(await languageOf('/', accepts), 'en');
  assert.equal(await languageOf('/', { 'accept-language': 'no' }), 'nb');
  assert.equal(await languageOf('/', { 'accept-language': 'de, fr' }), 'nb');
  assert.equal(await languageOf('/?lang=xx&lang=nn', { cookie: 'lang=<b>' }), 'nb');
});

test('B8: a language that was chosen is remembered for a year, and one that pages do not have is not', async () => {
  const app = await serverWith();
  const cookieOf = async (server: typeof app, url: string) => (await server.inject(url)).headers['set-cookie'];
  assert.equal(await cookieOf(app, '/?lang=en'), 'lang=en; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax');
  assert.equal(
    await cookieOf(await serverWith(HTTPS), '/?lang=nn'),
    'lang=nn; Max-Age=31536000; Path=/; HttpOnly; Secure; SameSite=Lax',
  );
  for (const url of ['/', '/?lang=de', '/?lang=en&lang=nn', '/?lang[]=en'])
    assert.equal(await cookieOf(app, url), undefined, url);
});

test('B8: a page that answers a form leads to the front page in other languages, since its own address is no page', async () => {
  const app = await serverWith();
  const { body } = await app.inject({ method: 'POST', url: '/consents/1/withdraw' });
  assert.match(body, /href="\/\?lang=nn"/);
});

test('E1: styles and fonts come from us, below addresses that change with them, and may be kept for good', async () => {
  const app = await serverWith();
  const styles = await app.inject(stylesheet);
  assert.equal(styles.headers['content-type'], 'text/css; charset=utf-8');
  assert.equal(styles.headers['content-encoding'], undefined);
  const fonts = [...styles.body.matchAll(/url\('?(\/assets\/[^')]+)/g)].map(([, address = '']) => address);
  assert.equal(fonts.length, 2);
  assert.ok(fonts.includes(fontToLoadFirst));
  for (const address of [stylesheet, ...fonts]) {
    const answer = await app.inject(address);
    assert.equal(answer.statusCode, 200);
    assert.match(address, /^\/assets\/[0-9a-f]{16}\/[\w-]+\.(css|woff2)$/);
    assert.equal(answer.headers['cache-control'], 'public, max-age=31536000, immutable');
  }
  const elsewhere = [...styles.body.matchAll(/@import|url\(\s*['"]?([^'")]*)/g)]
    .map(([whole, address]) => address ?? whole)
    .filter((address) => !/^(data:|\/assets\/)/.test(address));
  assert.deepEqual(elsewhere, [], 'an address is ours, or holds the picture itself');
  assert.ok((await app.inject('/')).body.includes(`<link rel="stylesheet" href="${stylesheet}">`));
});

test('E1: whoever takes gzip gets the same styles in a seventh of the bytes', async () => {
  const app = await serverWith();
  const plain = await app.inject(stylesheet);
  for (const encoding of ['gzip', 'br, gzip;q=0.5', 'gzip, deflate, br, zstd']) {
    const answer = await app.inject({ url: stylesheet, headers: { 'accept-encoding': encoding } });
    assert.equal(answer.headers['content-encoding'], 'gzip', encoding);
    assert.equal(answer.headers['vary'], 'accept-encoding');
    assert.equal(gunzipSync(answer.rawPayload).toString(), plain.body);
    assert.ok(answer.rawPayload.length < plain.rawPayload.length / 5);
  }
  for (const encoding of ['', 'identity', 'br', 'gzip;q=0', 'x-gzip2'])
    assert.equal(
      (await app.inject({ url: stylesheet, headers: { 'accept-encoding': encoding } })).headers['content-encoding'],
      undefined,
      encoding,
    );
});
