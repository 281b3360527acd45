import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What reached an organisation's callback address. */
export interface CalledBack {
  /** Path and query, byte for byte. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** An organisation's own web site, on an origin and a site that are not ours: people begin there, and come back there. */
export interface Organisation {
  readonly origin: string;
  readonly callback: string;
  /** Its page with a link to that address: people come by clicking, as from elsewhere. */
  pageWithLink(address: string): string;
  /** All calls of the callback address so far. */
  readonly calls: readonly CalledBack[];
  close(): Promise<void>;
}

/** Starts one on a free port, at another host than ours has. */
export async function startOrganisation(): Promise<Organisation> {
  const calls: CalledBack[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://organisation.invalid');
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (pathname === '/callback') {
      calls.push({ address: request.url ?? '', headers: request.headers });
      response.end(page('Velkommen tilbake'));
    } else {
      const address = (searchParams.get('to') ?? '').replaceAll('&', '&amp;').replaceAll('"', '&quot;');
      response.end(page(`<a href="${address}">Fortsett</a>`));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    callback: `${origin}/callback`,
    pageWithLink: (address) => `${origin}/?to=${encodeURIComponent(address)}`,
    calls,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const page = (content: string): string =>
  `<!doctype html><html lang="nb"><head><title>En bank</title><link rel="icon" href="data:,"></head><body><main><h1>${content}</h1></main></body></html>`;
