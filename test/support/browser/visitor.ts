import assert from 'node:assert/strict';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Response } from 'playwright-core';
import type { Language } from '../../../src/html/language.ts';

/** A person in front of a browser of their own, with everything watched that goes wrong without being seen. */
export interface Visitor {
  readonly context: BrowserContext;
  /** The first of their windows. */
  readonly page: Page;
  /** One more window, with the same cookies. */
  newWindow(): Promise<Page>;
  /** Closes their browser; fails when something went wrong that no check has told yet. */
  leave(): Promise<void>;
}

export interface How {
  /** Where pages may be; anything that they load must come from their own. */
  readonly origins: readonly string[];
  readonly language?: Language;
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
  readonly scripts?: boolean;
  readonly more?: BrowserContextOptions;
}

/** What went wrong in a window, and the document that it shows, as it was served. */
interface Watched {
  readonly troubles: string[];
  document: Response | undefined;
  readonly scripts: boolean;
}

const watched = new WeakMap<Page, Watched>();

export async function newVisitor(browser: Browser, how: How): Promise<Visitor> {
  const context = await browser.newContext({
    locale: { nb: 'nb-NO', nn: 'nn-NO', en: 'en-GB' }[how.language ?? 'nb'],
    viewport: { width: how.width ?? 1280, height: 900 },
    colorScheme: how.scheme ?? 'light',
    reducedMotion: 'reduce',
    javaScriptEnabled: how.scripts ?? true,
    ...how.more,
  });
  // Long enough for a machine that does much else at the same time; nothing waits that long when all is well.
  context.setDefaultTimeout(60_000);
  const pages: Page[] = [];
  const newWindow = async (): Promise<Page> => {
    const page = await context.newPage();
    watch(page, how);
    pages.push(page);
    return page;
  };
  return {
    context,
    page: await newWindow(),
    newWindow,
    leave: async () => {
      const troubles = pages.flatMap((page) => troublesOf(page));
      await context.close();
      assert.deepEqual(troubles, [], 'something went wrong in the browser');
    },
  };
}

/** What went wrong since this was asked last: policy violations, errors in the console, requests to where none belong. */
export const troublesOf = (page: Page): string[] => watched.get(page)?.troubles.splice(0) ?? [];

/** The document that a window shows, as the server sent it. */
export function documentOf(page: Page): Response {
  const document = watched.get(page)?.document;
  if (document === undefined) throw new Error('a window that nobody watches, or in which nothing was opened');
  return document;
}

export const mayRunScripts = (page: Page): boolean => watched.get(page)?.scripts !== false;

/** The document of a window as it was served, opened once more where scripts may run; the server is not asked for it again. */
export async function copyOf(page: Page): Promise<{ copy: Page; close: () => Promise<void> }> {
  const document = documentOf(page);
  const context = await page
    .context()
    .browser()
    ?.newContext({ viewport: page.viewportSize(), reducedMotion: 'reduce' });
  if (context === undefined) throw new Error('a window without a browser');
  const copy = await context.newPage();
  const body = await document.text();
  const colorScheme = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'");
  await copy.emulateMedia({ colorScheme: colorScheme === 'dark' ? 'dark' : 'light' });
  await copy.route(page.url(), (route) =>
    route.fulfill({ status: document.status(), headers: document.headers(), body }),
  );
  await copy.goto(page.url());
  return { copy, close: () => context.close() };
}

function watch(page: Page, { origins, scripts = true }: How): void {
  const seen: Watched = { troubles: [], document: undefined, scripts };
  watched.set(page, seen);
  const addresses = new Set<string>();
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    const opens = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (opens) addresses.add(request.url());
    // Where a window is before its first page there is nothing that could load anything.
    const own = opens ? origins.includes(origin) : page.url().startsWith(`${origin}/`);
    if (protocol !== 'data:' && !own) seen.troubles.push(`a request to ${origin}`);
  });
  page.on('response', (response) => {
    const opens = response.request().isNavigationRequest() && response.frame() === page.mainFrame();
    // Redirects, and files that are downloaded, leave the document where it is.
    if (opens && response.headers()['content-type']?.startsWith('text/html') === true) seen.document = response;
  });
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // A page that says 404 by its status is told of in the console too.
    const status = message.text().startsWith('Failed to load resource: the server responded with a status');
    if (status && addresses.has(message.location().url)) return;
    const kind = message.text().includes('Content Security Policy') ? 'policy' : 'console';
    seen.troubles.push(`${kind}: ${message.text()}`);
  });
  page.on('pageerror', (error) => seen.troubles.push(`error: ${error.message}`));
}
