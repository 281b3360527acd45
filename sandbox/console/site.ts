import type { FastifyRequest } from 'fastify';
import { html, type Html } from '../../src/html/html.ts';
import type { Frame } from '../../src/html/layout.ts';
import { frameOf } from '../../src/html/send-page.ts';
import type { Platform } from '../../src/platform/platform.ts';

/** The pages of the console, in the order of its navigation. */
export const pages = {
  '/sandbox': 'Overview',
  '/sandbox/persons': 'Persons',
  '/sandbox/creditors': 'Creditors',
  '/sandbox/clients': 'Clients',
  '/sandbox/consents': 'Consents',
  '/sandbox/feed': 'Feed',
} as const;

export type Here = keyof typeof pages;

/** What stands around a page of the console: a part with a name of its own, in English, as the README and the API reference are. */
export function consoleFrame(platform: Platform, request: FastifyRequest, here: Here): Frame {
  const { portalUrl } = platform.config;
  return {
    ...frameOf(platform, request, { language: 'en' }),
    site: {
      name: 'Samtykke sandbox',
      home: '/sandbox',
      sections: Object.entries(pages).map(([href, words]) => ({ href, words, current: href === here })),
      about: [
        { href: '/docs', words: 'API reference' },
        { href: '/docs/errors', words: 'Errors' },
        { href: '/docs/deliveries', words: 'Deliveries by creditors' },
        { href: `${portalUrl}/`, words: 'The person’s portal' },
        { href: '/sandbox/callback', words: 'What a client receives' },
      ],
    },
  };
}

/** What a form has just done, read from the world as it is now: an address that was made up says nothing that is not so. */
export interface Said {
  readonly well: boolean;
  readonly words: Html | string;
}

export const status = (said: Said | null): Html | null =>
  said &&
  html`<div class="ds-alert" data-color="${said.well ? 'success' : 'warning'}" role="status">
<p class="ds-paragraph">${said.words}</p>
</div>`;

/** The field that proves that a form comes from a page of the console. */
export const proof = (csrf: string): Html => html`<input type="hidden" name="csrf" value="${csrf}">`;

/** How a test person's number is read: in two parts. */
export const spaced = (nin: string): string => `${nin.slice(0, 6)}\u00A0${nin.slice(6)}`;
