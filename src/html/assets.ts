import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

/**
 * What pages load: one file of styles and two of a font, served from memory. An address holds the hash of what it leads to, so
 * browsers may keep it for good, and a new version is a new address.
 */

interface Asset {
  readonly address: string;
  readonly type: string;
  readonly body: Buffer;
  /** Not for what is compressed already. */
  readonly zipped: Buffer | undefined;
}

const require = createRequire(import.meta.url);
const fileOf = (specifier: string): Buffer => readFileSync(require.resolve(specifier));

function asset(name: string, type: string, body: Buffer, zip: boolean): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { address: `/assets/${hash}/${name}`, type, body, zipped: zip ? gzipSync(body) : undefined };
}

const font = (subset: 'latin' | 'latin-ext'): Asset =>
  asset(
    `inter-${subset}.woff2`,
    'font/woff2',
    fileOf(`@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`),
    false,
  );
const latin = font('latin');
const latinExtended = font('latin-ext');

// The parts of Designsystemet that pages use, in the order and layers of its own index.css. A part that is missing here has no effect.
const base = ['base', 'heading', 'label', 'paragraph', 'validation-message'];
const components = [
  'link',
  'skip-link',
  'button',
  'alert',
  'list',
  'card',
  'details',
  'fieldset',
  'field',
  'input',
  'table',
  'tag',
];

const designsystemet = (names: readonly string[]): string =>
  names.map((name) => fileOf(`@digdir/designsystemet-css/${name}.css`).toString()).join('\n');

const ownStyles = readFileSync(new URL('style.css', import.meta.url), 'utf8')
  .replaceAll('inter-latin-ext.woff2', latinExtended.address)
  .replaceAll('inter-latin.woff2', latin.address);

const styles = asset(
  'style.css',
  'text/css; charset=utf-8',
  Buffer.from(
    [
      '@layer ds.theme, ds.base, ds.components;',
      fileOf('@digdir/designsystemet-css/theme.css').toString(),
      `@layer ds.base {${designsystemet(base)}}`,
      `@layer ds.components {${designsystemet(components)}}`,
      ownStyles,
    ].join('\n'),
  ),
  true,
);

/** The address of the styles of all pages. */
export const stylesheet = styles.address;

/** The address of the font that every page needs, so that it can be asked for before the styles have been read. */
export const fontToLoadFirst = latin.address;

/** Serves them, without a guard: there is nothing in them about anybody. */
export function assetRoutes(app: FastifyInstance): void {
  for (const { address, type, body, zipped } of [styles, latin, latinExtended]) {
    app.get(
      address,
      {
        schema: { hide: true },
        // Of the route itself, so that it comes after the hook that forbids to keep any answer.
        onSend: async (_request, reply) => {
          if (reply.statusCode === 200) reply.header('cache-control', 'public, max-age=31536000, immutable');
        },
      },
      async (request, reply) => {
        reply.type(type);
        if (zipped === undefined) return reply.send(body);
        reply.header('vary', 'accept-encoding');
        const takesZipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/.test(request.headers['accept-encoding'] ?? '');
        return takesZipped ? reply.header('content-encoding', 'gzip').send(zipped) : reply.send(body);
      },
    );
  }
}
